"""Card numbers end a file: told by place, stored nowhere, and the bytes are destroyed."""

import contextlib
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fixtures.appliance import Appliance
from tests.fixtures.client import Client, failure_of
from tests.fixtures.rows import to_csv
from tests.journeys.payments import Payments

# Passes Luhn and begins as a Visa card; made up for this test, so it stands nowhere else.
NUMBER = "4929871276345018"


def holding(appliance: Appliance) -> list[Path]:
    """Return the files of the appliance that hold the number, as it stands or in groups."""
    found = []
    for encoding in ("utf-8", "utf-16-le"):
        gap = f"(?:{re.escape(' '.encode(encoding).decode('latin-1'))})?".encode("latin-1")
        written = re.compile(gap.join(re.escape(digit.encode(encoding)) for digit in NUMBER))
        # ClickHouse and the store remove files and folders while we look.
        for folder, _, names in os.walk(appliance.home):
            for path in (Path(folder, name) for name in names):
                with contextlib.suppress(OSError):
                    if path.is_file() and written.search(path.read_bytes()):
                        found.append(path)
    return found


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for what happens in the background."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_card_number_ends_the_file_and_is_kept_nowhere(
    appliance: Appliance, client: Client, payments: Payments, encoding: str
) -> None:
    rows = payments.rows(20)
    rows[6]["merchant_reference"] = NUMBER
    # A row with another fault, whose cells would be kept for the report.
    rows[9]["merchant_reference"] = f"card {NUMBER[:4]} {NUMBER[4:8]} {NUMBER[8:12]} {NUMBER[12:]}"
    rows[9]["amount"] = "x"
    data = to_csv(rows).encode(encoding)

    file_id, url = client.ask()
    client.put(url, data)
    file = client.ended(file_id)

    assert failure_of(file) == "pan-detected"
    assert "merchant_reference (2 rows, first 7)" in str(file.failure)
    assert client.shown(payments.provider) == {}
    wait_until(lambda: not holding(appliance))
    # The URL is still valid: what is sent to it again must not stay either.
    client.put(url, data)
    wait_until(lambda: not holding(appliance))


@pytest.mark.parametrize("column", ["transaction_type", "amount", "created_at", "currency"])
def test_a_card_number_that_slipped_into_another_kind_of_column_is_not_kept_with_its_row(
    appliance: Appliance, client: Client, payments: Payments, column: str
) -> None:
    rows = payments.rows(20)
    rows[3][column] = f"{NUMBER[:4]} {NUMBER[4:8]} {NUMBER[8:12]} {NUMBER[12:]}"

    file = client.send(to_csv(rows))

    assert failure_of(file) == "pan-detected"
    assert f"{column} (1 rows, first 4)" in str(file.failure)
    wait_until(lambda: not holding(appliance))


def test_a_long_number_where_numbers_belong_is_one(client: Client, payments: Payments) -> None:
    rows = payments.rows(20)
    # Another one than the number that must stand nowhere: it is kept, as a number.
    rows[3]["batch_number"] = "4111111111111111"
    rows[3]["amount"] = "x"

    file = client.send(to_csv(rows))

    assert client.rows(file.id) == {4: ["amount:type-error"]}


@pytest.mark.parametrize("place", ["name", "note", "key"])
def test_a_card_number_in_a_request_is_refused_and_not_quoted(
    appliance: Appliance, client: Client, place: str
) -> None:
    name = f"paid {NUMBER}.csv" if place == "name" else "a.csv"
    metadata = {"note": f"x {NUMBER}"} if place == "note" else {NUMBER: "x"}
    body = {"datasetType": "transactions", "file": {"name": name, "type": "csv"}}

    answer = client.http.post(
        "/analytics/files/upload",
        json=body if place == "name" else {**body, "metadata": metadata},
    )

    assert answer.status_code == 400
    assert answer.json()["code"] == "malformed"
    (fault,) = answer.json()["errors"]
    assert fault["code"] == "pan-detected"
    assert fault["pointer"] == ("/file/name" if place == "name" else "/metadata")
    assert NUMBER not in answer.text
    assert holding(appliance) == []


def test_a_card_number_in_the_header_ends_the_file(
    appliance: Appliance, client: Client, payments: Payments
) -> None:
    headless = to_csv(payments.rows(3, merchant_reference=NUMBER)).split("\n", 1)[1]
    labelled = to_csv([{**payments.row(), NUMBER: "x"}])

    files = [client.send(headless), client.send(labelled)]

    assert [failure_of(file) for file in files] == ["pan-detected"] * 2
    for file in files:
        assert NUMBER not in client.http.get(file.links.self).text
        assert NUMBER not in client.http.get(file.links.history).text
    wait_until(lambda: not holding(appliance))


def test_a_security_codes_column_is_refused_by_its_name(client: Client, payments: Payments) -> None:
    file = client.send(to_csv([{**payments.row(), "CVV2": "123"}]))
    assert failure_of(file) == "sensitive-column"
    assert "CVV2" in str(file.failure)


def test_a_card_number_beyond_the_header_is_found_too(client: Client, payments: Payments) -> None:
    header, first, *others = to_csv(payments.rows(5)).splitlines()

    file = client.send("\n".join([header, f"{first},note,{NUMBER}", *others]).encode())

    assert failure_of(file) == "pan-detected"
    assert "(beyond the header) (1 rows, first 1)" in str(file.failure)
