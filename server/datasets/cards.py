"""Full card numbers in cells, as ClickHouse expressions: they must never be stored.

Source of the rule: PCI DSS 3 (a primary account number is kept unreadable or not at all). A Luhn
check alone finds a card number in one of ten random ones; so a number counts only when it stands
alone between other characters, begins as one of a card scheme, has that scheme's length, and
passes Luhn (ISO/IEC 7812-1). Numbers are looked for as they stand, and as people group them.
"""

from server.datasets.cutting import Cut
from server.datasets.declaration import Column, ColumnType, Dataset
from server.datasets.layout import Layout
from server.datasets.sql import quoted

CARD_NUMBER = "a card number"
"""What a statement says that was stopped because of one; the number is never in it."""

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
# Alone; four by four (and up to three more); as American Express prints them; any single blanks.
_WRITTEN = (
    "[0-9]+",
    "(?:^|[^0-9])([0-9]{4}(?:[ -][0-9]{4}){3})(?:[^0-9]|$)",
    "(?:^|[^0-9])([0-9]{4}(?:[ -][0-9]{4}){3}[ -][0-9]{1,3})(?:[^0-9]|$)",
    "(?:^|[^0-9])([0-9]{4}[ -][0-9]{6}[ -][0-9]{4,5})(?:[^0-9]|$)",
    "[0-9](?:[ -]?[0-9])+",
)
_SCHEMES = (
    "4([0-9]{12}|[0-9]{15}|[0-9]{18})",  # Visa
    "5[1-5][0-9]{14}",  # Mastercard
    "2(22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}",
    "3[47][0-9]{13}",  # American Express
    "(6011|64[4-9][0-9]|65[0-9]{2})[0-9]{12,15}",  # Discover
    "3(0[0-5]|[689][0-9])[0-9]{11,16}",  # Diners Club
    "35(2[89]|[3-8][0-9])[0-9]{12,15}",  # JCB
    "62[0-9]{14,17}",  # UnionPay
    "(50|5[6-9]|6[0-9])[0-9]{11,17}",  # Maestro
)


def card_number_in(text: str) -> str:
    """Return the condition that the text holds a card number; cheap for texts that do not."""
    has_run = f"position({_alike(text)}, '{_RUN}') > 0"
    # In UUIDs, digits that pass for a card's come by chance (one in two thousand).
    is_uuid = f"bitAnd(length({text}) = {_UUID_LENGTH}, toUUIDOrZero({text}) != {_NO_UUID})"
    found = ", ".join(f"extractAll({text}, {quoted(written)})" for written in _WRITTEN)
    digits = f"arrayMap(x -> replaceRegexpAll(x, '[ -]', ''), arrayConcat({found}))"
    scheme = quoted(f"^({'|'.join(_SCHEMES)})$")
    holds = f"arrayExists(d -> match(d, {scheme}) AND {_luhn('d')} % 10 = 0, {digits})"
    # Each branch is worked out only for the rows that take it.
    return f"if({has_run}, if({is_uuid}, 0, {holds}), 0)"


def holds_no_control(text: str) -> str:
    """Return the condition that the text holds no control character but TAB, LF and CR.

    Here, because ClickHouse works out an expression once that stands twice in one statement: the
    text as `card_number_in` looks through it.
    """
    return f"(position({_alike(text)}, '\\x01') = 0)"


def refused(dataset: Dataset, layout: Layout, cut: Cut) -> list[tuple[str, str]]:
    """Return (label, condition) of every cell that may hold no card number.

    Cells of columns that the dataset does not know, and cells beyond the header, are among them.
    """
    conditions = []
    for place, (label, name) in enumerate(zip(layout.labels, layout.columns, strict=True)):
        if name is not None and not _is_refused(dataset.column(name)):
            continue
        # What was sent, where a mapping judges something else: it is what the reports keep.
        is_reworded = layout.mapping is not None and layout.mapping.rewords(name)
        text = layout.cell(place) if name is None or is_reworded else f"s_{name}"
        conditions.append((label, card_number_in(text)))
    if layout.is_positional:
        conditions.append((BEYOND_HEADER, card_number_in(cut.surplus)))
    return conditions


def _alike(text: str) -> str:
    return f"translate({text}, '{_FROM}', '{_TO}')"


def _is_refused(column: Column) -> bool:
    # Other types leave no room for one; of a provider's numbers, some look like one by chance.
    return column.type in (ColumnType.TEXT, ColumnType.ID) and not column.provider_id


def _luhn(digits: str) -> str:
    each = f"arrayMap(x -> toInt16(x), extractAll(reverse({digits}), '[0-9]'))"
    doubled = "if(i % 2 = 0, c * 2 - if(c > 4, 9, 0), c)"
    return f"arraySum((c, i) -> {doubled}, {each}, arrayEnumerate({each}))"
