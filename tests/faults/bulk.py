"""Large files, made quickly, whose sums are known."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import uuid4

HEADER = "transaction_id,transaction_type,created_at,provider_code,currency,amount"


@dataclass(frozen=True)
class Bulk:
    """The rows first to last of a provider, all of one amount and month.

    Files with the same provider and overlapping numbers speak of the same keys.
    """

    first: int
    last: int
    amount: str
    month: str = "2025-03"
    provider: str = ""

    @property
    def count(self) -> int:
        """Return how many rows there are."""
        return self.last - self.first + 1

    @property
    def data(self) -> bytes:
        """Return the file."""
        rest = f",Capture,{self.month}-15 10:30:00,{self.provider},EUR,{self.amount}"
        lines = [f"{number}{rest}" for number in range(self.first, self.last + 1)]
        return "\n".join([HEADER, *lines, ""]).encode()

    @property
    def sums(self) -> dict[tuple[str, str], tuple[int, Decimal]]:
        """Return what the dashboards show when this is all there is."""
        return {("EUR", "Capture"): (self.count, self.count * Decimal(self.amount))}


def new_provider() -> str:
    """Return a provider nobody else has."""
    # No digits: with a row's number behind them they would look like a card's now and then.
    letters = uuid4().hex[:12].translate(str.maketrans("0123456789", "ghijklmnop"))
    return f"provider-{letters}"
