"""How times and zones are read and judged, as ClickHouse expressions.

A value is ISO 8601 / RFC 3339 with `T` or a space; date alone is midnight. Without an offset of
its own it is local to the row's zone column, else to the mapping's zone, else UTC. The offset of a
local time comes from the dictionary `zones` (`server/analytics/zones.py`), per row: ClickHouse's
own functions want one constant zone.
"""

from server.analytics.zones import KIND_BITS, zone_names
from server.datasets.column import Column
from server.datasets.declaration import Dataset
from server.datasets.issues import IssueCode, Severity
from server.datasets.judgement import Judgement, Rule, required, unreadable
from server.datasets.sql import array, both

# Kinds of a local time in the zones dictionary; 3 is what an unknown zone gives.
GAP, OVERLAP, UNKNOWN = 1, 2, 3

_SHAPE = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([ Tt][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?"
    r"([Zz]|[+-]([01][0-9]|2[0-3]):?[0-5][0-9])?)?$"
)
_OFFSET = r"[ Tt][0-9:.]+([Zz]|[+-][0-9]{2}:?[0-9]{2})$"
_SECONDS = r"^.{16}:([0-9]{2})"
_FRACTION = r"^.{19}[.]([0-9]{1,6})"
_PLAIN_LENGTH = 19  # YYYY-MM-DD hh:mm:ss
_FIRST_YEAR = 2000
_FUTURE_HOURS = 48


def zone_steps(dataset: Dataset) -> tuple[tuple[str, str], ...]:
    """Return `z`, the number of the zone of the row's local times; 0 is unknown.

    Looked up by number: a dictionary finds a number three times as fast as a name, and the zone
    cells go by dictionary themselves (LowCardinality), so naming them costs nothing per row.
    """
    if dataset.zone is None:
        return (("z", "{zone:UInt64}"),)
    # What a dataset calls by a name of its own, it means: `CET` may be Amsterdam's time.
    own = dataset.zone_abbreviations
    zones = {name: place for place, name in enumerate(zone_names(), start=1)}
    zones |= {name: zones[zone] for name, zone in own.items()}
    text, numbers = f"s_{dataset.zone}", ", ".join(str(number) for number in zones.values())
    listed = f"toUInt64(transform({text}, {array(zones)}, [{numbers}], 0))"
    return (("z", f"if(empty({text}), {{zone:UInt64}}, {listed})"),)


def judge_zone(dataset: Dataset, column: Column) -> Judgement:
    """Return how the zone column is judged: it matters when the event time has no offset."""
    name, text = column.name, f"s_{column.name}"
    event = dataset.event_time
    unknown = f"({_kind(event)} = {UNKNOWN})"
    is_needed = f"empty(o_{event})"
    rules = (
        *unreadable(column, Severity.ERROR, is_needed),
        *unreadable(column, Severity.WARNING),
        Rule(is_needed, IssueCode.TIMEZONE_UNKNOWN, Severity.ERROR),
        Rule("1", IssueCode.TIMEZONE_UNKNOWN, Severity.WARNING),
    )
    clean = f"bitOr(empty({text}), {unknown} = 0)"
    return Judgement(name, ((f"v_{name}", text),), clean, rules, "''")


def judge_datetime(dataset: Dataset, column: Column, severity: Severity) -> Judgement:
    """Return how a time is judged; the event time also by its range."""
    name, text = column.name, f"s_{column.name}"
    is_event = name == dataset.event_time
    plain = f"(length({text}) = {_PLAIN_LENGTH} AND substring({text}, 11, 1) = ' ')"
    seconds = f"extract({text}, '{_SECONDS}')"
    rebuilt = (
        f"concat(substring({text}, 1, 10), ' ',"
        f" if(length({text}) = 10, '00:00', substring({text}, 12, 5)), ':',"
        f" if(empty({seconds}), '00', {seconds}))"
    )
    zone = f"extract({text}, '{_OFFSET}')"
    digits = f"replaceRegexpAll(o_{name}, '[^0-9]', '')"
    own_offset = (
        f"if(o_{name} IN ('Z', 'z'), 0, if(startsWith(o_{name}, '-'), -1, 1) *"
        f" (toInt32OrZero(substring({digits}, 1, 2)) * 3600"
        f" + toInt32OrZero(substring({digits}, 3, 2)) * 60))"
    )
    fraction = f"extract({text}, '{_FRACTION}')"
    micros = f"toInt64OrZero(rightPad({fraction}, 6, '0'))"
    instant = (
        f"fromUnixTimestamp64Micro((l_{name} - u_{name}) * 1000000"
        f" + if({plain}, 0, {micros}), 'UTC')"
    )
    found = f"dictGetOrDefault({{zones:String}}, 'packed_offset', z, l_{name}, toInt32({UNKNOWN}))"
    if column.utc:
        found = "toInt32(0)"
    steps = (
        # b: 'YYYY-MM-DD hh:mm:ss' of the value, without fraction and offset.
        (f"b_{name}", f"if({plain}, {text}, {rebuilt})"),
        # Not toDateTime64OrNull, which lets 30 February and hour 25 roll over.
        (f"t_{name}", f"parseDateTimeOrNull(b_{name}, '%Y-%m-%d %H:%i:%s', 'UTC')"),
        (f"l_{name}", f"toInt64(assumeNotNull(t_{name}))"),
        (f"o_{name}", f"if({plain}, '', {zone})"),
        # k: the zone's offset then and its kind, as `zones.packed_offset` has them.
        (f"k_{name}", found),
        (f"u_{name}", f"if(empty(o_{name}), bitShiftRight(k_{name}, {KIND_BITS}), {own_offset})"),
        (f"v_{name}", instant if column.required else f"if(isNull(t_{name}), NULL, {instant})"),
    )
    shaped = f"match({text}, '{_SHAPE}')"
    readable = both(f"isNotNull(t_{name})", f"if({plain}, 1, {shaped})")
    local = f"empty(o_{name})"
    kind = _kind(name)
    clean = both(readable, f"if({local}, {kind} = 0, 1)")
    rules = [
        *required(column, severity),
        *_unreadable(name, readable, shaped, severity, is_event=is_event),
        Rule(f"{local} AND {kind} = {GAP}", IssueCode.TIME_NONEXISTENT, severity),
    ]
    if is_event:
        in_range = (
            f"(v_{name} BETWEEN toDateTime64('{_FIRST_YEAR}-01-01 00:00:00', 6, 'UTC') AND"
            f" {{uploaded_at:DateTime64(6, 'UTC')}} + INTERVAL {_FUTURE_HOURS} HOUR)"
        )
        clean = both(clean, in_range)
        known = f"NOT ({local} AND {kind} = {UNKNOWN})"
        rules.append(Rule(f"{known} AND NOT ({in_range})", IssueCode.DATE_OUT_OF_RANGE, severity))
    rules.append(
        Rule(
            f"{local} AND {kind} = {OVERLAP}",
            IssueCode.TIME_AMBIGUOUS,
            Severity.WARNING,
            keeps_value=True,
        )
    )
    if not column.required:
        clean = f"bitOr(empty({text}), {clean})"
    empty = "toDateTime64(0, 6, 'UTC')" if column.required else "NULL"
    return Judgement(name, steps, clean, tuple(rules), empty)


def judge_date(column: Column, severity: Severity) -> Judgement:
    """Return how a day is judged: YYYY-MM-DD, a day that there is, from 1900 to 2299."""
    name, text, value = column.name, f"s_{column.name}", f"v_{column.name}"
    shaped = f"match({text}, '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$')"
    # Read back, because the parser lets 30 February roll over and clamps what it cannot store.
    exists = f"ifNull(toString({value}) = {text}, 0)"
    stored = f"({text} BETWEEN '1900-01-01' AND '2299-12-31')"
    clean = both(shaped, exists, stored)
    if not column.required:
        clean = f"bitOr(empty({text}), {clean})"
    rules = (*required(column, severity), Rule("1", IssueCode.TYPE_ERROR, severity))
    empty = "toDate32('1970-01-01')" if column.required else "NULL"
    return Judgement(name, ((value, f"toDate32OrNull({text})"),), clean, rules, empty)


def _kind(name: str) -> str:
    return f"bitAnd(k_{name}, {2**KIND_BITS - 1})"


def _unreadable(
    name: str, readable: str, shaped: str, severity: Severity, *, is_event: bool
) -> list[Rule]:
    rules = [Rule(f"NOT {readable}", IssueCode.TYPE_ERROR, severity)]
    if is_event:
        # The parser's years are 1970 to 2106; a day beyond them exists when it does in 2000.
        beyond = f"NOT (substring(b_{name}, 1, 4) BETWEEN '1970' AND '2105')"
        that_day = f"parseDateTimeOrNull(concat('2000', substring(b_{name}, 5)),"
        exists = f"isNotNull({that_day} '%Y-%m-%d %H:%i:%s'))"
        elsewhere = f"isNull(t_{name}) AND {beyond} AND {shaped} AND {exists}"
        rules.insert(0, Rule(elsewhere, IssueCode.DATE_OUT_OF_RANGE, severity))
    return rules
