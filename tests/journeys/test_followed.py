"""One file id is enough to follow a file through the log, and nothing of the file is in it.

At the level that says most: what a library of ours tells then must hold nothing of a file either.
"""

import json
import re
from pathlib import Path

import httpx
import pytest

from tests.fixtures.appliance import started
from tests.fixtures.client import failure_of
from tests.fixtures.rows import good, to_csv

pytestmark = pytest.mark.slow

SECRET = "cell-that-no-log-may-hold"
# Passes Luhn and begins as a Visa card; made up for this test.
NUMBER = "4929871276345018"


def test_a_file_is_followed_by_its_id_from_the_request_to_the_end(tmp_path: Path) -> None:
    with started(tmp_path, log_level="DEBUG", log_format="json") as appliance:
        with appliance.client() as client:
            for name, rows in _with_card_numbers().items():
                assert failure_of(client.send(rows, name)) == "pan-detected"
            data = to_csv([good(number, transaction_id=f"{SECRET}-{number}") for number in (1, 2)])
            file_id, url = client.ask()
            client.put(url, data.encode())
            client.ended(file_id)
            shown = client.http.get("/metrics")
        log = appliance.log
        assert appliance.stop() == 0

    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    told = [line for line in lines if line.get("file_id") == file_id]
    events = [line["event"] for line in told]
    wanted = ["upload.requested", "object.pinned", "file.claimed", "file.completed"]
    assert [event for event in events if event in wanted] == wanted
    assert [line["stage"] for line in told if line["event"] == "stage.ended"] == [
        "inspect",
        "load",
        "publish",
    ]
    # The request's id leads on to the request's own line, as the proxy wrote it too.
    request_id = told[0]["request_id"]
    (answered,) = [
        line
        for line in lines
        if line.get("request_id") == request_id and line["event"] == "request.completed"
    ]
    assert answered["path"] == "/analytics/files/upload"
    assert SECRET not in log
    assert any(line["level"] == "debug" for line in lines)
    assert not re.search("[ -]?".join(NUMBER), log)
    assert "X-Amz-Signature" not in log
    _counts(shown)


def _with_card_numbers() -> dict[str, str]:
    """Return files that hold a card number: in a row without and with another fault."""
    rows = [good(3, merchant_reference=NUMBER), good(4, payment_id=NUMBER, amount=SECRET)]
    return {
        "a.csv": to_csv(rows),
        "a.jsonl": "".join(f"{json.dumps(row)}\n" for row in rows),
        "beyond.csv": to_csv([good(5)]).rstrip() + f",{NUMBER[:4]} {NUMBER[4:8]} {NUMBER[8:12]}"
        f" {NUMBER[12:]}\n",
        "header.csv": to_csv([good(6) | {NUMBER: "x"}]),
    }


def _counts(shown: httpx.Response) -> None:
    values = dict(
        line.rsplit(" ", 1) for line in shown.text.splitlines() if not line.startswith("#")
    )
    assert float(values['tallydock_rows_total{result="imported"}']) == 2
    assert float(values["tallydock_judged_bytes_total"]) > 0
    assert float(values['tallydock_clickhouse_statement_seconds_count{kind="command"}']) > 0
    assert any(name.startswith("tallydock_build_info{") for name in values)
