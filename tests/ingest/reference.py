"""A second judge of rows in plain Python, written from `API.md` and not from the SQL.

Slow and plain on purpose: what it says of a row is what the engine must say. Of a declaration it
takes what is declared (types, ranges, patterns), and none of the code that reads it.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo, available_timezones

from server.datasets.column import Column, ColumnType
from server.datasets.countries import COUNTRIES
from server.datasets.currencies import EXPONENTS
from server.datasets.declaration import Dataset

Cells = Mapping[str, str]
Codes = dict[str, str]
"""Column → code."""

FLAGS = {"true", "false", "yes", "no", "t", "f", "y", "n", "1", "0"}
_ZONES = available_timezones()
_GAPS = "[ '\u2019\u00a0\u202f]"
_THOUSANDS = re.compile(
    rf"[+-]?\d{{1,3}}((,|{_GAPS})\d{{3}})+(\.\d+)?"
    rf"|[+-]?\d{{1,3}}((\.|{_GAPS})\d{{3}})+,\d+"
    r"|[+-]?\d{1,3}(\.\d{3}){2,}",
    re.ASCII,
)
_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})"
    r"(?:[Tt ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?([Zz]|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# Bytes that are not UTF-8 come as lone surrogates (PEP 383).
_NOT_TEXT = re.compile(r"[\ud800-\udfff]")
_DAMAGED = re.compile(r"[0-9]([.,][0-9]+)?[eE]\+[0-9]+")


def codes_of(dataset: Dataset, cells: Cells, uploaded_at: datetime) -> Codes:
    """Return the code that each faulty cell earns; columns that are not sent are empty."""
    found = {
        column.name: judge_bytes(text) or judge_cell(dataset, column, cells, uploaded_at)
        for column in dataset.columns
        for text in [cells.get(column.name, "")]
    }
    return {column: code for column, code in found.items() if code is not None}


def is_rejected(dataset: Dataset, cells: Cells, codes: Codes) -> bool:
    """Return whether the row is set aside."""
    needs_zone = not has_offset(cells.get(dataset.event_time, ""))
    for name, code in codes.items():
        if code in ("time-ambiguous", "pan-suspected"):
            continue
        rejects = needs_zone if name == dataset.zone else rejecting(dataset, dataset.column(name))
        if rejects:
            return True
    return False


def rejecting(dataset: Dataset, column: Column) -> bool:
    """Return whether a fault in the column sets its row aside."""
    if column.on_fault is not None:
        return str(column.on_fault) == "reject"
    roles = dataset.roles
    decisive = {*dataset.key, dataset.event_time, roles.amount, roles.currency, roles.type}
    return column.required or column.name in decisive


def judge_bytes(text: str) -> str | None:
    """Judge what no text holds."""
    if _NOT_TEXT.search(text):
        return "encoding-error"
    return "control-character" if _CONTROL.search(text) else None


def judge_cell(dataset: Dataset, column: Column, cells: Cells, uploaded_at: datetime) -> str | None:
    """Judge a cell that is text, by what its column is declared to be."""
    text = cells.get(column.name, "")
    if column.required and not text.strip(" "):
        return "required-value"
    return judge_content(dataset, column, cells, uploaded_at) if text else None


def judge_content(
    dataset: Dataset, column: Column, cells: Cells, uploaded_at: datetime
) -> str | None:
    """Judge a cell that has something in it."""
    text = cells[column.name]
    match column.type:
        case ColumnType.DATETIME:
            zone = cells.get(dataset.zone, "") if dataset.zone else ""
            is_event = column.name == dataset.event_time
            return judge_time(text, zone_of(dataset, zone), uploaded_at if is_event else None)
        case ColumnType.ZONE:
            return None if zone_of(dataset, text) else "timezone-unknown"
        case ColumnType.DECIMAL:
            currency = cells.get(column.exponent_of, "") if column.exponent_of else None
            return judge_decimal(column, text, currency)
        case ColumnType.INTEGER:
            return judge_integer(column, text)
        case _:
            return judge_word(column, text)


def judge_word(column: Column, text: str) -> str | None:
    """Judge text, or a word of a closed list."""
    word = text.strip(" ")
    match column.type:
        case ColumnType.ENUM:
            is_known = word.lower() in {value.lower() for value in column.enum}
            return None if is_known else "enum-error"
        case ColumnType.COUNTRY:
            return None if word.upper() in COUNTRIES else "enum-error"
        case ColumnType.CURRENCY:
            return None if word.upper() in EXPONENTS else "currency-unknown"
        case ColumnType.BOOLEAN:
            return None if word.lower() in FLAGS else "type-error"
        case ColumnType.DATE:
            return judge_day(text)
        case _:
            return judge_text(column, text)


def judge_text(column: Column, text: str) -> str | None:
    """Judge free text or an id."""
    if column.type is ColumnType.ID and _DAMAGED.fullmatch(text):
        return "spreadsheet-damage"
    is_free = column.pattern is None or re.fullmatch(column.pattern, text)
    return None if is_free else "pattern-error"


def judge_day(text: str) -> str | None:
    """Judge a day, as it is written out."""
    try:
        is_day = 1900 <= date.fromisoformat(text).year <= 2299
    except ValueError:
        is_day = False
    return None if is_day and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else "type-error"


def judge_decimal(column: Column, text: str, currency: str | None) -> str | None:
    """Judge a decimal; of an unknown currency it may have the digits that can be stored."""
    told = judge_number(text)
    if told is not None:
        return told
    number = Decimal(text)
    digits = 18 if column.scale <= 4 else 38
    if number.copy_abs() >= Decimal(10) ** (digits - column.scale) or out_of_range(column, number):
        return "out-of-range"
    places = column.scale
    if currency is not None:
        places = EXPONENTS.get(currency.strip(" ").upper(), column.scale)
    _, _, fraction = text.partition(".")
    return "too-precise" if len(fraction.rstrip("0")) > places else None


def judge_integer(column: Column, text: str) -> str | None:
    """Judge a whole number that has to fit 64 bits."""
    told = judge_number(text)
    if told is not None:
        return told
    if "." in text:
        return "type-error"
    number = int(text)
    fits = -(2**63) <= number < 2**63
    return None if fits and not out_of_range(column, Decimal(number)) else "out-of-range"


def out_of_range(column: Column, number: Decimal) -> bool:
    """Return whether the number is outside of what is declared."""
    return (
        (column.above_zero and number <= 0)
        or (column.minimum is not None and number < column.minimum)
        or (column.maximum is not None and number > column.maximum)
    )


def judge_number(text: str) -> str | None:
    """Return what a text is that is no plain number."""
    if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?[eE][+-]?[0-9]+", text):
        return "scientific-notation"
    if _THOUSANDS.fullmatch(text):
        return "thousands-separator"
    if re.fullmatch(r"[+-]?[0-9]+,[0-9]+", text):
        return "decimal-comma"
    return None if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) else "type-error"


def zone_of(dataset: Dataset, text: str) -> str | None:
    """Return the IANA zone meant, UTC where none is said; None for an unknown one."""
    meant = dataset.zone_abbreviations.get(text, text)
    return (meant or "UTC") if not meant or meant in _ZONES else None


def has_offset(text: str) -> bool:
    """Return whether a readable time brings its offset."""
    read = _TIME.fullmatch(text)
    return bool(read and read[5])


def judge_time(text: str, zone: str | None, uploaded_at: datetime | None) -> str | None:
    """Judge a time; the event time, which comes with uploaded_at, also by its range."""
    local = read_local(text)
    if local is None:
        return "type-error"
    if not 1970 <= int(local[:4]) <= 2105:
        return "date-out-of-range" if uploaded_at else "type-error"  # in whatever zone
    if has_offset(text):
        return judge_instant(datetime.fromisoformat(local + offset_of(text)), uploaded_at)
    if zone is None:
        return None  # which is the fault of the zone
    moment = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone))
    return judge_clock(moment) or judge_instant(moment, uploaded_at) or judge_fold(moment)


def judge_clock(moment: datetime) -> str | None:
    """Judge whether clocks ever show that time."""
    back = moment.astimezone(UTC).astimezone(moment.tzinfo)
    is_shown = back.replace(tzinfo=None) == moment.replace(tzinfo=None)
    return None if is_shown else "time-nonexistent"


def judge_instant(moment: datetime, uploaded_at: datetime | None) -> str | None:
    """Judge whether an event can have been then."""
    if uploaded_at is None:
        return None
    earliest = datetime(2000, 1, 1, tzinfo=UTC)
    is_possible = earliest <= moment.astimezone(UTC) <= uploaded_at + timedelta(hours=48)
    return None if is_possible else "date-out-of-range"


def judge_fold(moment: datetime) -> str | None:
    """Judge whether clocks show that time twice."""
    is_twice = moment.replace(fold=1).utcoffset() != moment.utcoffset()
    return "time-ambiguous" if is_twice else None


def read_local(text: str) -> str | None:
    """Return the time without its offset, None for what is no time."""
    read = _TIME.fullmatch(text)
    if read is None:
        return None
    day, minutes, seconds, fraction, offset = read.groups()
    local = f"{day}T{minutes or '00:00'}:{seconds or '00'}.{(fraction or '').ljust(6, '0')[:6]}"
    try:
        datetime.fromisoformat(local)
    except ValueError:
        return None
    if offset and offset not in "Zz":
        hours, rest = int(offset[1:3]), int(offset[-2:])
        if hours > 23 or rest > 59:
            return None
    return local


def offset_of(text: str) -> str:
    """Return the offset at the end of a readable time."""
    read = _TIME.fullmatch(text)
    return read[5].upper() if read and read[5] else ""
