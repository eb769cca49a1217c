"""Made-up rows of a provider's report: valid, and adding up as the report's controls say.

Comes after `movements.py` and `cells.py`; called by `sample.py` for datasets that say what their
rows are as settlements. Money is put where the declaration reads it: what it reads as capture,
refund, fee and payout is what is written here. The last rows pay everything out.
"""

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from server.datasets.canonical import Amount, Canonical
from server.datasets.cells import Cells, Row
from server.datasets.column import ColumnType
from server.datasets.controls import GroupControl, RowControl, SumControl
from server.datasets.declaration import Dataset
from server.datasets.movements import CAPTURE, CARD, Movement, Window, movements, rounded

_RATES: Final[Mapping[str, Decimal]] = MappingProxyType(
    {
        "interchange": Decimal("0.002"),
        "scheme fee": Decimal("0.001"),
        "psp add-on": Decimal("0.003"),
        "processing fee": Decimal("0.008"),
    }
)
_FEE: Final = "fee"
_PAYOUT: Final = "payout"
_SERIAL: Final = re.compile(r"[0-9]{8,}")
_NUMBER: Final = re.compile(r"[0-9]+")
# More movements than there are rows, in case some need a payout for which there is no room.
_SPARE: Final = 200


def report_rows(dataset: Dataset, *, rows: int, seed: int, window: Window) -> Iterator[list[str]]:
    """Yield exactly that many rows, cells in the order of the columns; see sample_rows."""
    yield from _Report(dataset, seed, window).rows(rows)


class _Report:
    def __init__(self, dataset: Dataset, seed: int, window: Window) -> None:
        if dataset.canonical is None:
            message = f"{dataset.name} does not say what its rows are as settlements"
            raise ValueError(message)
        self._dataset = dataset
        self._canonical: Canonical = dataset.canonical
        chance = random.Random(f"{dataset.name} of {seed}")  # noqa: S311 - made up, nothing secret
        self._cells = Cells(dataset, seed, chance, window.ends)
        self._seed = seed
        self._window = window
        self._names = [column.name for column in dataset.columns]
        self._pays_out = any(isinstance(c, SumControl | GroupControl) for c in dataset.controls)

    def rows(self, rows: int) -> Iterator[list[str]]:
        owed: dict[str, Decimal] = {}
        left, last = rows, self._window.begins
        # What happens does not depend on how many movements are made, only when: so they are gone
        # through twice, first to find how many fill the rows, then spread over the whole window.
        needed = max((number for number, _, _ in self._taken(rows + _SPARE, rows)), default=1)
        for _, movement, room in self._taken(needed, rows):
            last = movement.happened_at
            for cells, net in self._told(movement, room):
                owed[movement.currency] = owed.get(movement.currency, Decimal(0)) + net
                left -= 1
                yield self._ordered(cells)
        for currency, amount in self._payouts(owed, left):
            yield self._ordered(self._payout(currency, amount, last))

    def _payouts(self, owed: dict[str, Decimal], left: int) -> list[tuple[str, Decimal]]:
        if not self._pays_out:
            return []
        # A file of one row pays out nothing.
        return list(owed.items()) or [("EUR", Decimal(0))] * left

    def _taken(self, count: int, rows: int) -> Iterator[tuple[int, Movement, int]]:
        """Yield the movements that the rows tell of: which it is, and how many rows are left."""
        left, currencies = rows, set[str]()
        made = movements(count, seed=self._seed, window=self._window)
        for number, movement in enumerate(made, start=1):
            if left <= self._payouts_for(currencies):
                return
            room = left - self._payouts_for({*currencies, movement.currency})
            if room < 1:
                continue  # a currency that would need a payout too many
            currencies.add(movement.currency)
            left -= min(room, self._size(movement))
            yield number, replace(movement, provider=self._canonical.provider), room

    def _payouts_for(self, currencies: set[str]) -> int:
        return len(currencies) if self._pays_out else 0

    def _size(self, movement: Movement) -> int:
        has_fees = movement.kind == CAPTURE and not self._canonical.parts
        return 1 + (len(self._fees(movement)) if has_fees else 0)

    def _told(self, movement: Movement, room: int) -> Iterator[tuple[dict[str, str], Decimal]]:
        is_capture = movement.kind == CAPTURE
        gross = movement.amount if is_capture else -movement.amount
        fees = self._fees(movement) if is_capture else {}
        if self._canonical.parts:
            net = gross - sum(fees.values())
            cells = self._row(movement, self._raw(movement.kind), gross, net)
            for part in self._canonical.parts:
                _put(cells, part.amount, Decimal(0) - fees.get(part.fee_type, Decimal(0)))
            yield self._solved(cells), net
            return
        yield self._row(movement, self._raw(movement.kind), gross, gross), gross
        for fee_type, fee in list(fees.items())[: room - 1]:
            yield self._row(movement, self._raw(_FEE, fee_type), -fee, -fee), -fee

    def _fees(self, movement: Movement) -> dict[str, Decimal]:
        """Return the fees that the report can tell; a blended one is told instead of the others."""
        if self._canonical.parts:
            known = {part.fee_type for part in self._canonical.parts}
        else:
            known = {meaning.fee_type for meaning in self._canonical.meanings}
        kinds = [kind for kind in _RATES if kind in known]
        if "psp add-on" in known:
            is_card = movement.method == CARD
            kinds = [kind for kind in kinds if (kind != "processing fee") == is_card]
        return {k: rounded(movement.amount * _RATES[k], movement.currency) for k in kinds}

    def _raw(self, kind: str, fee_type: str = "") -> str:
        return next(
            word
            for meaning in self._canonical.meanings
            for word in meaning.raw
            if (meaning.type, meaning.fee_type) == (kind, fee_type) and "*" not in word
        )

    def _row(
        self, movement: Movement, raw: str, transaction: Decimal, net: Decimal
    ) -> dict[str, str]:
        row = Row(movement, movement.kind, transaction)
        cells = dict(zip(self._names, self._cells.row(row), strict=True))
        own = self._canonical.columns.get("provider_transaction_reference", ())
        for name in own:
            cells[name] = _SERIAL.sub(f"{movement.serial:011d}", cells[name])
        for column in self._dataset.columns:
            is_unasked = column.type is ColumnType.DATETIME and not column.example
            if column.type is ColumnType.DECIMAL or is_unasked:
                cells[column.name] = ""
        for name in self._canonical.columns.get("created_at", ()):
            # When it was asked for, in a report that is dated by when it was done.
            cells[name] = cells[name] and cells[self._dataset.event_time]
        cells |= self._constants()
        for name in self._canonical.columns.get("fx_rate", ()):
            cells[name] = "1"
        cells[self._canonical.type] = raw
        _put(cells, self._canonical.transaction, transaction)
        _put(cells, self._canonical.settlement, net)
        return cells

    def _constants(self) -> dict[str, str]:
        """Return what all rows share: the whole file is one batch, or one payout."""
        shared = {}
        for name in (self._canonical.account, *self._dataset.key):
            column = self._dataset.column(name)
            if column.type is ColumnType.ID:
                shared[name] = column.example
        batch = self._dataset.key[-1]
        shared[batch] = _NUMBER.sub(str(1000 + self._seed), self._dataset.column(batch).example)
        return shared

    def _payout(self, currency: str, amount: Decimal, at: datetime) -> dict[str, str]:
        movement = Movement(
            serial=0, payment=0, kind=_PAYOUT, happened_at=at, provider=self._canonical.provider,
            account=f"Northwind{currency[:2]}", currency=currency, amount=amount, method="",
        )  # fmt: skip
        cells = self._row(movement, self._raw(_PAYOUT), -amount, -amount)
        kept = {
            *self._dataset.key, self._dataset.event_time, self._canonical.type,
            *self._canonical.settlement.names(),
            *(column.name for column in self._dataset.columns if column.required),
        }  # fmt: skip
        return {name: cell if name in kept else "" for name, cell in cells.items()}

    def _solved(self, cells: dict[str, str]) -> dict[str, str]:
        """Fill the amounts that only the controls of a row speak of, such as a whole deduction."""
        controls = [one for one in self._dataset.controls if isinstance(one, RowControl)]
        unsolved = [control for control in controls if control.expected.rate is None]
        while unsolved:
            control = next((one for one in unsolved if len(_unknown(one, cells)) <= 1), None)
            if control is None:
                return cells
            unsolved.remove(control)
            if unknown := _unknown(control, cells):
                (name,) = unknown
                is_left = name in control.actual.names()
                known = _sum(cells, control.expected) - _sum(cells, control.actual)
                cells[name] = f"{known if is_left else -known:f}"
        return cells

    def _ordered(self, cells: Mapping[str, str]) -> list[str]:
        return [cells[name] for name in self._names]


def _unknown(control: RowControl, cells: Mapping[str, str]) -> list[str]:
    sides = (control.expected, control.actual)
    return [name for side in sides for name in (*side.plus, *side.minus) if not cells[name]]


def _sum(cells: Mapping[str, str], amount: Amount) -> Decimal:
    added = sum((Decimal(cells[name] or 0) for name in amount.plus), Decimal(0))
    return added - sum((Decimal(cells[name] or 0) for name in amount.minus), Decimal(0))


def _put(cells: dict[str, str], amount: Amount, value: Decimal) -> None:
    """Write an amount into the columns that it is read from."""
    is_added = amount.plus and (value >= 0 or not amount.minus)
    name = (amount.plus if is_added else amount.minus)[0]
    # Not `-value`, which would be -0 of nothing.
    cells[name] = f"{value if is_added else 0 - value:f}"
