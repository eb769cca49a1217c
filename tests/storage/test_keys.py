"""The scheme of object keys, and the way back."""

from datetime import datetime, timedelta, timezone

import pytest

from server.storage.keys import derived_key, file_id_of, object_key

FILE = "019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5b"


def test_a_key_is_workspace_day_and_file() -> None:
    evening_in_new_york = datetime(2026, 11, 5, 22, 0, tzinfo=timezone(timedelta(hours=-5)))

    assert object_key("w1", FILE, evening_in_new_york) == f"incoming/w1/2026/11/06/{FILE}"


@pytest.mark.parametrize("key", [f"incoming/w1/2026/11/05/{FILE}", derived_key("w1", FILE, 2)])
def test_the_file_is_read_back_from_its_keys(key: str) -> None:
    assert file_id_of(key) == FILE


@pytest.mark.parametrize(
    "key",
    [
        "",
        FILE,
        f"incoming/w1/{FILE}",
        f"incoming/w1/2026/11/05/{FILE}/more",
        f"incoming/w1/2026/xx/05/{FILE}",
        f"incoming/w1/2026/11/05/{FILE.upper()}",
        "incoming/w1/2026/11/05/report.csv",
        f"derived/w1/{FILE}/x",
        f"elsewhere/w1/2026/11/05/{FILE}",
    ],
)
def test_a_key_of_another_scheme_is_no_file(key: str) -> None:
    assert file_id_of(key) is None


@pytest.mark.parametrize("workspace", ["", "a/b", "../x"])
def test_an_id_is_one_segment(workspace: str) -> None:
    with pytest.raises(ValueError, match="not one segment"):
        derived_key(workspace, FILE, 1)
