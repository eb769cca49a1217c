"""Files of the `transactions` dataset of a given size: valid ones, and ones with 1 % bad rows.

ClickHouse writes them itself, some hundred MB a second: every row is drawn from the hash of its
number, so the same size always gives the same bytes.
"""

from dataclasses import dataclass
from pathlib import Path

from server.analytics.gateway import Analytics
from server.datasets.declaration import Dataset
from server.datasets.sql import array, quoted
from server.datasets.template import template_csv

# Measured; a file comes out within half a percent of its size.
_ROW_BYTES = 240
# One row in so many is bad.
_BAD_EVERY = 100
_COMMENT = "bench:data"

_ZONES = ("Etc/UTC", "Europe/Berlin", "America/New_York")
_PROVIDERS = ("adyen", "checkout", "stripe", "braintree")
_CURRENCIES = ("EUR", "USD", "GBP")


@dataclass(frozen=True)
class Sample:
    """A file for the benchmark, and what must come out of it."""

    path: Path
    rows: int
    rows_bad: int

    @property
    def size_bytes(self) -> int:
        """Return the size of the file."""
        return self.path.stat().st_size


@dataclass(frozen=True)
class _Bad:
    """One way for a row to be bad: a cell to put into a column, as CSV text."""

    column: str
    cell: str


_BAD_CELLS = (
    _Bad("amount", '"100,50"'),
    _Bad("amount", '"1,000.50"'),
    _Bad("amount", "abc"),
    _Bad("amount", ""),
    _Bad("amount", "-5.00"),
    _Bad("amount", "1.5E+3"),
    _Bad("amount", "100.505"),
    _Bad("currency", "EURO"),
    _Bad("transaction_type", "Chargeback"),
    _Bad("transaction_id", ""),
    _Bad("transaction_id", "1.23E+022"),
    _Bad("created_at", "2025-02-30 10:00:00"),
    _Bad("created_at", "31.12.2025 10:00"),
    _Bad("timezone", "Mars/Olympus_Mons"),
)
# After those, in this order: a row that ends too early, and one with cells too many.
_MISSING, _EXTRA = len(_BAD_CELLS) + 1, len(_BAD_CELLS) + 2
_KINDS = _EXTRA


def rows_for(size_bytes: int) -> int:
    """Return how many rows make a file of about that size."""
    return max(size_bytes // _ROW_BYTES, 1)


async def write_sample(
    analytics: Analytics, dataset: Dataset, path: Path, *, rows: int, has_bad_rows: bool
) -> Sample:
    """Write the file anew.

    Args:
        analytics: the engine that writes it, on this machine.
        dataset: `transactions`.
        path: where to; absolute.
        rows: data rows, beside the header.
        has_bad_rows: 1 % of them are bad, of every kind in turn.
    """
    _write(path, template_csv(dataset))
    bad = "0"
    if has_bad_rows:
        bad = f"if(n % {_BAD_EVERY} = 0, 1 + intDiv(n, {_BAD_EVERY}) % {_KINDS}, 0)"
    cells = _cells()
    texts = [
        _cell(column.name, cells[column.name], is_clean=not has_bad_rows)
        for column in dataset.columns
    ]
    line = f"concat({', '.join(_joined(texts))})"
    if has_bad_rows:
        short = f"concat({', '.join(_joined(texts[:9]))})"
        long = f"concat({line}, ',more,cells')"
        line = f"multiIf(bad = {_MISSING}, {short}, bad = {_EXTRA}, {long}, {line})"
    # ClickHouse appends to what is there: the header.
    await analytics.command(
        f"INSERT INTO FUNCTION file({quoted(str(path))}, 'TSVRaw', 'line String')"
        f" SELECT {line} FROM (SELECT number AS n, {bad} AS bad FROM numbers_mt({rows}))",
        comment=_COMMENT,
    )
    return Sample(path, rows, -(-rows // _BAD_EVERY) if has_bad_rows else 0)


def _write(path: Path, text: str) -> None:
    path.write_text(text)


def _joined(texts: list[str]) -> list[str]:
    return [part for text in texts for part in ("','", text)][1:]


def _cell(column: str, text: str, *, is_clean: bool) -> str:
    if is_clean:
        return text
    cases = [
        f"bad = {number}, {quoted(bad.cell)}"
        for number, bad in enumerate(_BAD_CELLS, start=1)
        if bad.column == column
    ]
    return f"multiIf({', '.join(cases)}, {text})" if cases else text


def _cells() -> dict[str, str]:
    """Return a ClickHouse expression over the row's number n for every column."""
    # 8 to 20 o'clock: no clock is ever changed then.
    moment = (
        "toDateTime('2025-01-01 08:00:00', 'UTC')"
        f" + toIntervalDay({_drawn(1, 365)}) + toIntervalSecond({_drawn(2, 12 * 3600)})"
    )
    # No digits: sixteen in a row would look like a card number.
    letters = "translate(hex(intHash64(n)), '0123456789', 'GHJKLMNPQR')"
    return {
        "transaction_id": "toString(reinterpretAsUUID(sipHash128(n, 1)))",
        "transaction_type": f"if({_drawn(3, 5)} = 0, 'Refund', 'Capture')",
        "created_at": f"toString({moment})",
        "timezone": _one_of(_ZONES, 4),
        "merchant_reference": "concat('northwind-eu-order-', leftPad(toString(n), 10, '0'))",
        "provider_reference": f"concat('PSP', leftPad(toString(n), 12, '0'), 'X', {letters})",
        "payment_id": "toString(reinterpretAsUUID(sipHash128(n, 2)))",
        "provider_code": _one_of(_PROVIDERS, 5),
        "currency": _one_of(_CURRENCIES, 6),
        "amount": _money(7, 2000),
        "payment_method_code": _one_of(("card", "paypal", "ideal", "klarna"), 9),
        "card_last4": f"leftPad(toString({_drawn(10, 10_000)}), 4, '0')",
        "card_network": _one_of(("visa", "mastercard", "amex"), 11),
        "card_type": _one_of(("credit", "debit"), 12),
        "installment_count": f"toString({_drawn(13, 12)} + 1)",
        "installment_cost": _money(14, 10),
        "batch_number": f"toString({_drawn(16, 900)} + 100)",
        "coupon_number": f"toString({_drawn(17, 900_000)} + 100000)",
    }


def _drawn(seed: int, below: int) -> str:
    return f"intHash64(n * 32 + {seed}) % {below}"


def _money(seed: int, below: int) -> str:
    cents = f"leftPad(toString({_drawn(seed + 1, 100)}), 2, '0')"
    return f"concat(toString({_drawn(seed, below)}), '.', {cents})"


def _one_of(words: tuple[str, ...], seed: int) -> str:
    return f"{array(words)}[{_drawn(seed, len(words))} + 1]"
