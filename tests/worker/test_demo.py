"""`make demo`: months of made-up files, the same at every run, sent as any client would."""

import csv
import io
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.datasets.catalogue import Catalogue
from server.datasets.declaration import Dataset
from server.datasets.movements import Window
from tests.fixtures.appliance import ROOT, running_appliance
from worker.demo import Client, DemoStopped, Month, files_of, main, months

NOW = datetime(2026, 2, 14, 9, 30, tzinfo=UTC)
TOMORROW = datetime(2026, 2, 15, 9, 30, tzinfo=UTC)
FEBRUARY = Window(datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))


def transactions() -> Dataset:
    dataset = Catalogue.built_in().get("transactions")
    assert dataset is not None
    return dataset


def lines(path: Path, now: datetime) -> list[str]:
    Month(transactions(), FEBRUARY).write(path, movement_count=300, now=now)
    return path.read_text().splitlines()


def test_the_months_end_with_the_present_one() -> None:
    begins = [window.begins for window in months(3, NOW)]

    assert [f"{moment:%Y-%m-%d}" for moment in begins] == ["2025-12-01", "2026-01-01", "2026-02-01"]
    assert [window.ends for window in months(3, NOW)][-1] == FEBRUARY.ends


def test_a_file_is_named_after_dataset_and_month() -> None:
    assert Month(transactions(), FEBRUARY).name == "demo_transactions_2026-02.csv"


def test_nothing_lies_ahead_and_tomorrow_only_adds(tmp_path: Path) -> None:
    today = lines(tmp_path / "a.csv", NOW)
    tomorrow = lines(tmp_path / "b.csv", TOMORROW)

    rows = list(csv.DictReader(io.StringIO("\n".join(today))))
    assert rows[-1]["created_at"] <= "2026-02-14 09:30:00"
    assert len(tomorrow) > len(today)
    assert tomorrow[: len(today)] == today


def test_a_month_tells_of_all_that_the_dashboards_read(tmp_path: Path) -> None:
    path, written = tmp_path / "a.csv", {}
    for month in files_of(FEBRUARY):
        month.write(path, movement_count=800, now=NOW)
        rows = list(csv.DictReader(io.StringIO(path.read_text())))
        written[month.dataset.name] = {row.get("merchant_reference", "") for row in rows}
        assert len(rows) >= (4 if month.every > 1 else 300)

    assert set(written) >= {"transactions", "orders", "settlements", "payments", "disputes"}
    assert "payouts" in written
    # One merchant's: what is disputed was sold.
    assert written["disputes"] <= written["transactions"]


def test_without_an_appliance_it_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x")

    with pytest.raises(DemoStopped, match="make up"):
        Client("http://127.0.0.1:1", "key").send("a.csv", "transactions", path)


def test_without_a_first_run_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TALLYDOCK_HOME", str(tmp_path))

    told = CliRunner().invoke(main)

    assert told.exit_code == 1
    assert "make up" in told.output


@pytest.mark.slow
def test_a_running_appliance_shows_the_rows(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "worker.demo", "--months", "2", "--movements", "60"]

    with running_appliance(tmp_path) as environment:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        again = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

    assert done.returncode == 0, done.stderr
    assert "rows are on your dashboards: http://127.0.0.1:" in done.stdout
    assert again.returncode == 0, again.stderr
