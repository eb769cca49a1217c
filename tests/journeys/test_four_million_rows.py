"""A file as large as a busy day's: every row counted, the last one's fault told by its number."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.fixtures.client import Client, counts_of, curl_put
from tests.journeys.payments import Payments

ROWS = 4_000_000
FAULTY = (1, ROWS)
HEADER = "transaction_id,transaction_type,created_at,provider_code,currency,amount\n"
# Writing, sending and loading them takes half a minute on two idle cores.
PATIENCE_SECONDS = 280


@pytest.mark.slow
def test_faults_in_the_first_and_the_four_millionth_row_are_told_and_the_rest_is_shown(
    client: Client, payments: Payments, tmp_path: Path
) -> None:
    path = tmp_path / "day.csv"
    write_rows(path, payments.provider)
    file_id, url = client.ask(path.name, "transactions", {})

    status = curl_put(url, path)
    file = client.ended(file_id, PATIENCE_SECONDS)

    assert status == 200
    assert counts_of(file) == {
        "total": ROWS,
        "imported": ROWS - 2,
        "inserted": ROWS - 2,
        "rejected": 2,
    }
    assert client.rows(file.id) == {number: ["amount:type-error"] for number in FAULTY}
    assert client.shown(payments.provider) == {
        ("EUR", "Capture"): (ROWS - 2, sum(map(amount_of, range(2, ROWS)), Decimal()))
    }


def write_rows(path: Path, provider: str) -> None:
    """Write the file; every day of a month has as many rows as the next."""
    with path.open("w") as file:
        file.write(HEADER)
        file.writelines(
            f"{provider}-{number},Capture,2025-01-{number % 28 + 1:02d} 10:30:00,{provider},EUR,"
            f"{'twelve' if number in FAULTY else amount_of(number)}\n"
            for number in range(1, ROWS + 1)
        )


def amount_of(number: int) -> Decimal:
    """Return the amount of a row."""
    return Decimal(number % 10_000 + 1).scaleb(-2)
