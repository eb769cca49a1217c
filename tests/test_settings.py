"""Where settings come from."""

from pathlib import Path

import pytest

from server.analytics.gateway import Analytics
from server.settings import Settings


def test_a_secret_is_read_from_a_file_and_the_environment_is_stronger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tallydock_storage_secret_key").write_text("from a file\n")
    (tmp_path / "tallydock_metrics_token").write_text("from a file\n")
    (tmp_path / "postgres_password").write_text("of another program\n")
    monkeypatch.setattr("server.settings.SECRETS", tmp_path)
    monkeypatch.setenv("TALLYDOCK_METRICS_TOKEN", "from the environment")

    read = Settings()

    assert read.storage_secret_key.get_secret_value() == "from a file"
    assert read.metrics_token.get_secret_value() == "from the environment"
    assert "from a file" not in repr(read)


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLYDOCK_UNDO_DAYS", "")
    monkeypatch.setenv("TALLYDOCK_STORAGE_BUCKET", "")

    assert (Settings().undo_days, Settings().storage_bucket) == (0, "tallydock")


def test_the_credentials_of_a_dsn_are_those_it_names() -> None:
    named = Analytics("clickhouse://tallydock:p%40ss@clickhouse:8123/", database="tallydock")
    unnamed = Analytics("chdb:///data/clickhouse", database="tallydock")

    assert named.credentials == ("tallydock", "p@ss")
    assert unnamed.credentials is None
    named.close()
    unnamed.close()
