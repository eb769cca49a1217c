"""Full card numbers in cells, as ClickHouse expressions: they must never be stored.

The rule is that of `card_numbers.py`, in a form that costs nearly nothing for cells without one.
"""

from collections.abc import Collection, Sequence

from server.datasets.card_numbers import HASHED, SCHEME, WRITTEN
from server.datasets.column import Column, ColumnType
from server.datasets.cutting import Cut
from server.datasets.declaration import Dataset
from server.datasets.judgement import Judgement
from server.datasets.layout import Layout
from server.datasets.sql import quoted

CARD_NUMBER = "a card number"
"""What a statement says that was stopped because of one; the number is never in it."""

_OF_ANY_TEXT = (ColumnType.TEXT, ColumnType.ID)

BEYOND_HEADER = "(beyond the header)"
"""What cells are called that no label stands over."""

# The shortest number there is has thirteen digits. Nearly no cell has as many digits, blanks and
# hyphens in a row; mapping them all to one character and looking for thirteen of those takes half
# the time of any pattern. Control characters (`judgement.py`) are mapped to one in the same pass,
# so that looking for them costs next to nothing.
_CONTROLS = [code for code in range(0x20) if chr(code) not in "\t\n\r"] + [0x7F]
_FROM = "0123456789 -" + "".join(f"\\x{code:02x}" for code in _CONTROLS)
_TO = "0" * 12 + r"\x01" * len(_CONTROLS)
_RUN = "0" * 13
_UUID_LENGTH = 36
_NO_UUID = "toUUID('00000000-0000-0000-0000-000000000000')"


def card_number_in(text: str) -> str:
    """Return the condition that the text holds a card number; cheap for texts that do not."""
    has_run = holds_run(text)
    is_uuid = f"bitAnd(length({text}) = {_UUID_LENGTH}, toUUIDOrZero({text}) != {_NO_UUID})"
    # Bound to a name by arrayMap: the same words five times would be five times to analyse.
    found = ", ".join(f"extractAll(plain, {quoted(written)})" for written in WRITTEN)
    plain = f"replaceRegexpAll({text}, '{HASHED}', ' ')"
    written = f"arrayFlatten(arrayMap(plain -> [{found}], [{plain}]))"
    digits = f"arrayMap(x -> replaceRegexpAll(x, '[ -]', ''), {written})"
    holds = f"arrayExists(d -> match(d, {quoted(SCHEME)}) AND {_luhn('d')} % 10 = 0, {digits})"
    # Each branch is worked out only for the rows that take it.
    return f"if({has_run}, if({is_uuid}, 0, {holds}), 0)"


def card_number_in_any(texts: Sequence[str]) -> str:
    """Return the condition that one of the texts holds a card number.

    To analyse it takes no longer than for one text; to work it out puts the texts of a row into an
    array, so it is for the few rows that have to be looked into.
    """
    return f"arrayExists(text -> {card_number_in('text')}, [{', '.join(texts)}])"


def holds_run(text: str) -> str:
    """Return the condition that there are as many digits in a row as a card number has."""
    return f"(position({_alike(text)}, '{_RUN}') > 0)"


def holds_no_control(text: str) -> str:
    """Return the condition that the text holds no control character but TAB, LF and CR.

    Here, because ClickHouse works out an expression once that stands twice in one statement: the
    text as `card_number_in` looks through it.
    """
    return f"(position({_alike(text)}, '\\x01') = 0)"


def refused(
    dataset: Dataset, layout: Layout, cut: Cut, *, but: Collection[str] = ()
) -> list[tuple[str, str]]:
    """Return (label, condition) of every cell that may hold no card number.

    Cells of columns that the dataset does not know, and cells beyond the header, are among them;
    those of exempt columns are not.

    Args:
        dataset: what the file is of.
        layout: how it is cut into cells.
        cut: where its cells come from.
        but: columns that are left out.
    """
    conditions = []
    for place, (label, name) in enumerate(zip(layout.labels, layout.columns, strict=True)):
        if name is not None and (name in but or not is_refused(dataset.column(name))):
            continue
        if label in layout.exempt:
            continue
        # What was sent, where a mapping judges something else: it is what the reports keep.
        is_reworded = layout.mapping is not None and layout.mapping.rewords(name)
        text = layout.cell(place) if name is None or is_reworded else f"s_{name}"
        conditions.append((label, card_number_in(text)))
    if layout.is_positional:
        conditions.append((BEYOND_HEADER, card_number_in(cut.surplus)))
    return conditions


def misplaced(
    dataset: Dataset, layout: Layout, judgements: Sequence[Judgement]
) -> list[tuple[str, str]]:
    """Return (label, text) of the faulty cells whose columns leave no room for a card number.

    A number, a time or a word of a list holds none; a cell that is none of these may, and it would
    be kept with its row's fault. The text is `''` for a cell without fault.
    """
    texts = []
    for judgement in judgements:
        name = judgement.column
        if name not in layout.columns or dataset.column(name).type in _OF_ANY_TEXT:
            continue
        place = layout.columns.index(name)
        label = layout.labels[place]
        if label not in layout.exempt:
            texts.append((label, f"if({judgement.clean}, '', {layout.cell(place)})"))
    return texts


def _alike(text: str) -> str:
    return f"translate({text}, '{_FROM}', '{_TO}')"


def is_refused(column: Column) -> bool:
    """Return whether a card number in a cell of the column ends the file.

    Other types leave no room for one; of a provider's numbers, some look like one by chance.
    """
    return column.type in _OF_ANY_TEXT and not column.provider_id


def _luhn(digits: str) -> str:
    each = f"arrayMap(x -> toInt16(x), extractAll(reverse({digits}), '[0-9]'))"
    doubled = "if(i % 2 = 0, c * 2 - if(c > 4, 9, 0), c)"
    return f"arraySum((c, i) -> {doubled}, {each}, arrayEnumerate({each}))"
