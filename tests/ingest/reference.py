"""A second judge of transactions in plain Python, written from `API.md` and not from the SQL.

Slow and plain on purpose: what it says of a row is what the engine must say.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo, available_timezones

from server.datasets.currencies import EXPONENTS

Codes = dict[str, str]
"""Column → code."""

REJECTING = (
    "transaction_id",
    "transaction_type",
    "created_at",
    "provider_code",
    "currency",
    "amount",
)
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


def codes_of(cells: Mapping[str, str], uploaded_at: datetime) -> Codes:
    """Return the code that each faulty cell earns."""
    time, zone = judge_time(cells["created_at"], cells["timezone"], uploaded_at)
    found = {
        "transaction_id": judge_id(cells["transaction_id"], is_required=True),
        "transaction_type": judge_word(cells["transaction_type"]),
        "created_at": time,
        "timezone": zone,
        "merchant_reference": judge_id(cells["merchant_reference"], is_required=False),
        "provider_code": None if cells["provider_code"].strip(" ") else "required-value",
        "currency": judge_currency(cells["currency"]),
        "amount": judge_amount(cells["amount"], cells["currency"]),
        "card_last4": judge_last4(cells["card_last4"]),
        "installment_count": judge_count(cells["installment_count"]),
    }
    return {column: code for column, code in found.items() if code is not None}


def is_rejected(cells: Mapping[str, str], codes: Codes) -> bool:
    """Return whether the row is set aside."""
    errors = {column for column in codes if column in REJECTING}
    if codes.get("created_at") == "time-ambiguous":
        errors.discard("created_at")
    if "timezone" in codes and not has_offset(cells["created_at"]):
        errors.add("timezone")
    return bool(errors)


def judge_id(text: str, *, is_required: bool) -> str | None:
    """Judge an identifier."""
    if is_required and not text.strip(" "):
        return "required-value"
    damaged = re.fullmatch(r"[0-9]([.,][0-9]+)?[eE]\+[0-9]+", text)
    return "spreadsheet-damage" if damaged else None


def judge_word(text: str) -> str | None:
    """Judge a transaction's type."""
    word = text.strip(" ").lower()
    if not word:
        return "required-value"
    return None if word in ("capture", "refund") else "enum-error"


def judge_currency(text: str) -> str | None:
    """Judge a currency."""
    code = text.strip(" ").upper()
    if not code:
        return "required-value"
    return None if code in EXPONENTS else "currency-unknown"


def judge_amount(text: str, currency: str) -> str | None:
    """Judge an amount of zero or more with at most 14 digits before the point."""
    if not text.strip(" "):
        return "required-value"
    told = judge_number(text)
    if told is not None:
        return told
    number = Decimal(text)
    if number < 0 or number.copy_abs() >= Decimal(10) ** 14:
        return "out-of-range"
    # An amount of an unknown currency is judged by what can be stored.
    places = EXPONENTS.get(currency.strip(" ").upper(), 4)
    _, _, fraction = text.partition(".")
    return "too-precise" if len(fraction.rstrip("0")) > places else None


def judge_count(text: str) -> str | None:
    """Judge an optional whole number of zero or more."""
    if not text:
        return None
    told = judge_number(text)
    if told is not None:
        return told
    if "." in text:
        return "type-error"
    return None if 0 <= int(text) < 2**63 else "out-of-range"


def judge_number(text: str) -> str | None:
    """Return what a text is that is no plain number."""
    if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?[eE][+-]?[0-9]+", text):
        return "scientific-notation"
    if _THOUSANDS.fullmatch(text):
        return "thousands-separator"
    if re.fullmatch(r"[+-]?[0-9]+,[0-9]+", text):
        return "decimal-comma"
    return None if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) else "type-error"


def judge_last4(text: str) -> str | None:
    """Judge the last digits of a card."""
    return None if not text or re.fullmatch(r"[0-9]{4}", text) else "pattern-error"


def has_offset(text: str) -> bool:
    """Return whether a readable time brings its offset."""
    read = _TIME.fullmatch(text)
    return bool(read and read[5])


def judge_time(text: str, zone: str, uploaded_at: datetime) -> tuple[str | None, str | None]:
    """Return the codes of the event time and of its zone."""
    zone_code = None if not zone or zone in _ZONES else "timezone-unknown"
    local = read_local(text)
    if local is None:
        return ("type-error" if text.strip(" ") else "required-value"), zone_code
    if not 1970 <= int(local[:4]) <= 2105:
        return "date-out-of-range", zone_code  # in whatever zone
    if has_offset(text):
        return judge_instant(
            datetime.fromisoformat(local + offset_of(text)), uploaded_at
        ), zone_code
    if zone_code is not None:
        return None, zone_code
    moment = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone or "UTC"))
    return judge_clock(moment) or judge_instant(moment, uploaded_at) or judge_fold(moment), None


def judge_clock(moment: datetime) -> str | None:
    """Judge whether clocks ever show that time."""
    back = moment.astimezone(UTC).astimezone(moment.tzinfo)
    is_shown = back.replace(tzinfo=None) == moment.replace(tzinfo=None)
    return None if is_shown else "time-nonexistent"


def judge_instant(moment: datetime, uploaded_at: datetime) -> str | None:
    """Judge whether an event can have been then."""
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
