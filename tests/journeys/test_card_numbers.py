"""Card numbers end a file: told by place, stored nowhere, and the bytes are destroyed."""

import re

from tests.fixtures.appliance import Appliance
from tests.fixtures.client import Client, failure_of
from tests.fixtures.rows import to_csv
from tests.journeys.payments import Payments

# Passes Luhn and begins as a Visa card; made up for this test, so it stands nowhere else.
NUMBER = "4929871276345018"


def test_a_card_number_ends_the_file_and_is_kept_nowhere(
    appliance: Appliance, client: Client, payments: Payments
) -> None:
    rows = payments.rows(20)
    rows[6]["merchant_reference"] = NUMBER
    # A row with another fault, whose cells would be kept for the report.
    rows[9]["merchant_reference"] = f"card {NUMBER[:4]} {NUMBER[4:8]} {NUMBER[8:12]} {NUMBER[12:]}"
    rows[9]["amount"] = "x"

    file = client.send(to_csv(rows))

    assert failure_of(file) == "pan-detected"
    assert "merchant_reference (2 rows, first 7)" in str(file.failure)
    assert client.shown(payments.provider) == {}
    written = re.compile(rb"[ -]?".join(bytes([digit]) for digit in NUMBER.encode()))
    holding = [
        path
        for path in appliance.home.rglob("*")
        if path.is_file() and written.search(path.read_bytes())
    ]
    assert holding == []


def test_a_security_codes_column_is_refused_by_its_name(client: Client, payments: Payments) -> None:
    file = client.send(to_csv([{**payments.row(), "CVV2": "123"}]))
    assert failure_of(file) == "sensitive-column"
    assert "CVV2" in str(file.failure)
