"""How the columns of a declared dataset are filled with made-up cells.

Every cell follows from its column's declaration: role, type, pattern, samples, example; nothing
here knows a dataset. Used by `sample.py`.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from itertools import accumulate
from typing import Final

from server.datasets.column import Column, ColumnType
from server.datasets.declaration import Dataset
from server.datasets.movements import METHODS, Movement

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LAST_NUMBER: Final = re.compile(r"[0-9]+(?=[^0-9]*$)")
_CLASS: Final = re.compile(r"\[([^\]\\]+)\]\{([0-9]+)\}")
_RANGE: Final = re.compile(r"(.)-(.)")
# Examples with a number this long show a padded serial; shorter ones a plain one.
_PADDED_FROM: Final = 8
# ... and up to this one of a few hundred, so that people come back.
_POOLED_UP_TO: Final = 2
_POOL: Final = 500
_CARD_NUMBER_LENGTHS: Final = range(13, 20)


@dataclass(frozen=True)
class Row:
    """What a row tells of, before it is written into columns."""

    movement: Movement
    type: str
    """The movement's kind, or fee."""
    amount: Decimal
    """Signed: what goes from the merchant is below zero."""


Cell = Callable[[Row], str]


def types_of(dataset: Dataset) -> dict[str, str]:
    """Return the kinds of movement that the dataset knows: folded → as declared."""
    if dataset.roles.type is None:
        return {}
    return {word.lower(): word for word in dataset.column(dataset.roles.type).enum}


class Cells:
    """How each column of a dataset is filled."""

    def __init__(
        self, dataset: Dataset, seed: int, chance: random.Random, present: datetime
    ) -> None:
        self._dataset = dataset
        self._seed = seed
        self._chance = chance
        self._present = present
        self._types = types_of(dataset)
        self._names = {column.name for column in dataset.columns}
        others = [c.name for c in dataset.columns if c.type is ColumnType.DATETIME]
        self._days = [c.name for c in dataset.columns if c.type is ColumnType.DATE]
        key = [dataset.column(name) for name in dataset.key]
        self._has_serial = any(c.type is ColumnType.ID for c in key)
        self._later = [name for name in others if name != dataset.event_time]
        self._fill = {column.name: self._if_it_applies(column) for column in dataset.columns}
        self._count = 0

    def row(self, row: Row) -> list[str]:
        """Return the row's cells in the order of the columns."""
        self._count += 1
        made: dict[str, str] = {}
        for column in self._dataset.columns:
            by, words = column.samples_by, None
            if by is not None:
                words = by.words.get(made[by.column])
            if words is None:
                made[column.name] = self._fill[column.name](row)
            else:
                made[column.name] = self._drawn(words)(row) if words else ""
        return list(made.values())

    def _if_it_applies(self, column: Column) -> Cell:
        """Leave `fee_type` empty on captures, and `card_last4` on what no card paid."""
        fill = self._cell(column)
        if column.required:
            return fill
        prefix = next((w for w in self._types if column.name.startswith(f"{w}_")), None)
        if prefix is not None:
            return lambda row: fill(row) if row.type == prefix else ""
        methods = METHODS if self._dataset.roles.payment_method else ()
        prefix = next((w for w in methods if column.name.startswith(f"{w}_")), None)
        if prefix is not None:
            return lambda row: fill(row) if row.movement.method == prefix else ""
        return fill

    def _cell(self, column: Column) -> Cell:
        drawn = self._drawn(column.samples) if column.samples else None
        by_role = self._by_role(column)
        return by_role or drawn or self._by_type(column) or self._by_example(column)

    def _by_role(self, column: Column) -> Cell | None:
        roles = self._dataset.roles
        by_name: dict[str | None, Cell] = {
            roles.provider: lambda row: row.movement.provider,
            roles.account: lambda row: row.movement.account,
            roles.payment_method: lambda row: row.movement.method,
            roles.type: self._type_of(column),
        }
        return by_name.get(column.name)

    def _by_type(self, column: Column) -> Cell | None:
        match column.type:
            case ColumnType.CURRENCY:
                return lambda row: row.movement.currency
            case ColumnType.DATETIME:
                return self._moment(column)
            case ColumnType.DATE:
                return self._day(column)
            case ColumnType.ENUM | ColumnType.BOOLEAN:
                return self._drawn(column.enum or ("false", "true"))
            case _:
                return self._number(column)

    def _number(self, column: Column) -> Cell | None:
        if column.type is ColumnType.DECIMAL and self._is_amount(column):
            is_signed = column.minimum is None and not column.above_zero
            return lambda row: f"{row.amount if is_signed else abs(row.amount):f}"
        if column.type is ColumnType.INTEGER and column.example.isdigit():
            low, high = max(column.minimum or 1, 1), int(column.example)
            return lambda _: str(self._chance.randint(min(low, high), high))
        return None

    def _by_example(self, column: Column) -> Cell:
        if column.type is ColumnType.ZONE:
            return lambda _: "Etc/UTC"
        if column.pattern is not None:
            return self._patterned(column)
        if column.type is ColumnType.ID and _UUID.fullmatch(column.example):
            serial = self._serial(column)
            return lambda row: self._uuid(column.name, serial(row))
        if column.type is ColumnType.ID and (number := _LAST_NUMBER.search(column.example)):
            return self._numbered(column, *number.span())
        fallback = column.example or (f"{column.name} 1" if column.required else "")
        return lambda _: fallback

    def _type_of(self, column: Column) -> Cell:
        known, other = self._types, self._drawn(column.enum) if column.enum else None

        def fill(row: Row) -> str:
            return known.get(row.type) or (other(row) if other else row.type)

        return fill

    def _is_amount(self, column: Column) -> bool:
        beside = column.name.removesuffix("amount") + "currency"
        is_named = column.name.endswith("amount") and beside in self._names
        # A further amount in the currency of the first, such as what was captured of it.
        is_further = column.exponent_of == self._dataset.roles.currency
        return is_named or is_further or column.name == self._dataset.roles.amount

    def _moment(self, column: Column) -> Cell:
        separator, end = ("T", "Z") if "T" in column.example else (" ", "")

        def text(moment: datetime, timespec: str = "seconds") -> str:
            return moment.replace(tzinfo=None).isoformat(separator, timespec) + end

        if column.name == self._dataset.event_time:
            if self._has_serial:
                return lambda row: text(row.movement.happened_at)
            return lambda row: text(self._told_apart(row.movement.happened_at), "microseconds")
        # What follows the event follows at midnight, in the order of the columns.
        days = timedelta(days=2 + self._later.index(column.name))

        def later(row: Row) -> str:
            moment = row.movement.happened_at.replace(hour=0, minute=0, second=0) + days
            if moment < self._present:
                return text(moment)
            return text(row.movement.happened_at) if column.required else ""

        return later

    def _told_apart(self, moment: datetime) -> datetime:
        """Return the moment with the row's number behind it, where nothing else is in the key."""
        return moment.replace(microsecond=self._count % 10**6)

    def _day(self, column: Column) -> Cell:
        days = timedelta(days=1 + self._days.index(column.name))

        def day(row: Row) -> str:
            moment = row.movement.happened_at + days
            is_told = column.required or moment < self._present
            return moment.date().isoformat() if is_told else ""

        return day

    def _drawn(self, words: tuple[str, ...]) -> Cell:
        weights = list(accumulate(0.5**place for place in range(len(words))))
        return lambda _: self._chance.choices(words, cum_weights=weights)[0]

    def _patterned(self, column: Column) -> Cell:
        pattern = column.pattern or ""

        def fill(_: Row) -> str:
            return _CLASS.sub(lambda found: self._word(found[1], int(found[2])), pattern)

        def example(_: Row) -> str:
            return column.example

        # Classes with a count are made; for any other pattern the example has to do.
        is_simple = not re.search(r"[\\(|*+?.^$\[\]{}]", _CLASS.sub("", pattern))
        return fill if is_simple else example

    def _word(self, letters: str, length: int) -> str:
        spelled = _RANGE.sub(lambda r: "".join(map(chr, range(ord(r[1]), ord(r[2]) + 1))), letters)
        word = "".join(self._chance.choices(spelled, k=length))
        while length in _CARD_NUMBER_LENGTHS and word.isdigit() and _passes_luhn(word):
            word = "".join(self._chance.choices(spelled, k=length))
        return word

    def _numbered(self, column: Column, begin: int, end: int) -> Cell:
        before, after, length = column.example[:begin], column.example[end:], end - begin
        serial = self._serial(column)

        def fill(row: Row) -> str:
            if length <= _POOLED_UP_TO:
                number = str(self._chance.randint(1, _POOL))
            elif length < _PADDED_FROM:
                number = str(serial(row) % 10**_PADDED_FROM)
            else:
                number = f"{serial(row):0{min(length, 11)}d}"
            return f"{before}{number}{after}"

        return fill

    def _serial(self, column: Column) -> Callable[[Row], int]:
        """Return the movement's own serial for its own id, else that of its payment."""
        ids = [n for n in self._dataset.key if self._dataset.column(n).type is ColumnType.ID]
        is_own = "transaction" in column.name or ids == [column.name]
        return lambda row: row.movement.serial if is_own else row.movement.payment

    def _uuid(self, name: str, serial: int) -> str:
        made = blake2b(f"{self._seed}/{name}/{serial}".encode(), digest_size=16).hexdigest()
        # Letters at fixed places: no run of digits is long enough to look like a card number.
        return f"{made[:8]}-a{made[9:12]}-4{made[13:16]}-b{made[17:20]}-c{made[21:]}"


def _passes_luhn(digits: str) -> bool:
    doubled = (int(d) * (1 + place % 2) for place, d in enumerate(reversed(digits)))
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0
