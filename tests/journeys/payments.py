"""Made-up payments for journeys: every test its own provider, so that tests share an appliance."""

import random
from datetime import date, timedelta

import pytest

from tests.faults.bulk import new_provider
from tests.fixtures.rows import TRANSACTION, to_csv

Row = dict[str, str]

COLUMNS = tuple(TRANSACTION)
_FIRST_DAY = date(2025, 1, 1)


class Payments:
    """Rows of one provider nobody else has.

    Args:
        seed: what they are drawn from.
    """

    def __init__(self, seed: str) -> None:
        self.provider = new_provider()
        self._chance = random.Random(seed)
        self._made = 0

    def rows(self, count: int, **cells: str) -> list[Row]:
        """Return new rows, whose keys have not been before; cells override."""
        return [self.row(**cells) for _ in range(count)]

    def row(self, **cells: str) -> Row:
        """Return a new good row; cells override."""
        chance, self._made = self._chance, self._made + 1
        day = _FIRST_DAY + timedelta(days=chance.randrange(365))
        made = {
            **TRANSACTION,
            "transaction_id": f"{self.provider}-{self._made}",
            "transaction_type": chance.choice(["Capture", "Capture", "Capture", "Refund"]),
            "created_at": f"{day} {chance.randrange(24):02d}:{chance.randrange(60):02d}:00",
            "provider_code": self.provider,
            "currency": chance.choice(["EUR", "USD", "GBP"]),
            "amount": f"{chance.randrange(1, 500_000) / 100:.2f}",
        }
        return {**made, **cells}

    def file(self, count: int, **cells: str) -> tuple[list[Row], bytes]:
        """Return new rows, and the file that holds them."""
        rows = self.rows(count, **cells)
        return rows, to_csv(rows).encode()


@pytest.fixture
def payments(request: pytest.FixtureRequest) -> Payments:
    """Give payments of the test's own provider."""
    return Payments(str(request.node.name))
