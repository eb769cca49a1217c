"""How each type of cell is read and judged, as ClickHouse expressions.

For a column `x` the expressions see `s_x` (the cell's text, `''` when empty or absent) and leave
`v_x` (its value). A rule is a condition on a faulty cell and the code it earns; the first that
holds speaks, so a fault has one code. `clean` is the cheap test that almost every cell passes:
the diagnosis behind it is evaluated only for cells that fail it (short circuit). Techniques and
the reasons for them stand beside them; what ClickHouse's parsers silently accept is undone here:

* `toDecimal64OrNull` takes `-`, `+5`, `5.`, `1..5` and `1E3`, and rounds what is too precise;
* `toDateTime64OrNull` takes 30 February, hour 25 and Unix times.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from server.datasets.cards import card_number_in
from server.datasets.countries import COUNTRIES
from server.datasets.currencies import EXPONENTS
from server.datasets.declaration import Column, ColumnType, Dataset, OnFault
from server.datasets.issues import IssueCode, Severity
from server.datasets.judgement import Judgement, Rule, required
from server.datasets.moments import judge_date, judge_datetime, judge_zone
from server.datasets.sql import array, both, quoted
from server.datasets.storing import NARROW_SCALE

FLAGS = MappingProxyType(
    {"true": True, "false": False, "yes": True, "no": False, "t": True, "f": False,
     "y": True, "n": False, "1": True, "0": False}
)  # fmt: skip
"""The words a boolean is read from, in any case."""

_NUMBER = r"^-?[0-9]+(\\.[0-9]+)?$"
_SCIENTIFIC = r"^[-+]?[0-9]+(\\.[0-9]+)?[eE][-+]?[0-9]+$"
_COMMA = r"^[-+]?[0-9]+,[0-9]+$"
_GROUPED = (
    r"^[-+]?[0-9]{1,3}("
    r"([, \\x{00A0}\\x{202F}''\\x{2019}][0-9]{3})+([.][0-9]+)?"
    r"|([. \\x{00A0}\\x{202F}''\\x{2019}][0-9]{3})+,[0-9]+"
    r"|([.][0-9]{3}){2,}"
    r")$"
)
_DAMAGED = r"^[0-9]([.][0-9]+)?E[+][0-9]+$"


def judge(dataset: Dataset, column: Column) -> Judgement:
    """Return how a column of the dataset is judged."""
    severity = Severity.ERROR if dataset.on_fault(column) is OnFault.REJECT else Severity.WARNING
    match column.type:
        case ColumnType.DATETIME:
            return judge_datetime(dataset, column, severity)
        case ColumnType.ZONE:
            return judge_zone(dataset, column)
        case _:
            return _JUDGES[column.type](column, severity)


def _judge_text(column: Column, severity: Severity) -> Judgement:
    name, text = column.name, f"s_{column.name}"
    clean: list[str] = []
    rules = list(required(column, severity))
    if column.required:
        # Begins with something visible: cheaper than trimming every cell.
        clean.append(f"{text} >= '!'")
    if column.type is ColumnType.ID:
        damaged = f"match({text}, '{_DAMAGED}')"
        clean.append(f"(position({text}, 'E+') = 0 OR NOT {damaged})")
        rules.append(Rule(damaged, IssueCode.SPREADSHEET_DAMAGE, severity))
    if column.pattern is not None:
        fits = f"match({text}, {quoted(f'^(?:{column.pattern})$')})"
        clean.append(fits if column.required else f"bitOr(empty({text}), {fits})")
        rules.append(Rule(f"NOT {fits}", IssueCode.PATTERN_ERROR, severity))
    if column.provider_id:
        looks = card_number_in(text)
        clean.append(f"NOT {looks}")
        suspected = Rule(looks, IssueCode.PAN_SUSPECTED, Severity.WARNING, keeps_value=True)
        rules.append(suspected)
    return Judgement(name, ((f"v_{name}", text),), both("1", *clean), tuple(rules), "''")


def _judge_enum(column: Column, severity: Severity) -> Judgement:
    folded = array([word.lower() for word in column.enum])
    canonical = f"transform(lower(trimBoth(s_{column.name})), {folded}, {array(column.enum)}, '')"
    return _judge_word(column, severity, canonical, IssueCode.ENUM_ERROR)


def _judge_currency(column: Column, severity: Severity) -> Judgement:
    codes = array(EXPONENTS)
    canonical = f"transform(upper(trimBoth(s_{column.name})), {codes}, {codes}, '')"
    return _judge_word(column, severity, canonical, IssueCode.CURRENCY_UNKNOWN)


def _judge_country(column: Column, severity: Severity) -> Judgement:
    codes = array(COUNTRIES)
    canonical = f"transform(upper(trimBoth(s_{column.name})), {codes}, {codes}, '')"
    return _judge_word(column, severity, canonical, IssueCode.ENUM_ERROR)


def _judge_boolean(column: Column, severity: Severity) -> Judgement:
    text, value = f"s_{column.name}", f"v_{column.name}"
    # toNullable: transform wants one type of both, and NULL for all other words.
    flags = ", ".join(
        "toNullable(true)" if flag else "toNullable(false)" for flag in FLAGS.values()
    )
    read = f"transform(lower(trimBoth({text})), {array(FLAGS)}, [{flags}], NULL)"
    rules = (*required(column, severity), Rule("1", IssueCode.TYPE_ERROR, severity))
    clean = _unless_empty(column, f"isNotNull({value})")
    empty = "false" if column.required else "NULL"
    return Judgement(column.name, ((value, read),), clean, rules, empty)


def _judge_word(column: Column, severity: Severity, canonical: str, code: IssueCode) -> Judgement:
    # The cells are read by dictionary (LowCardinality), so this runs once per different word.
    name, text, value = column.name, f"s_{column.name}", f"v_{column.name}"
    clean = f"notEmpty({value})" if column.required else f"(notEmpty({value}) OR empty({text}))"
    rules = (*required(column, severity), Rule("1", code, severity))
    return Judgement(name, ((value, canonical),), clean, rules, "''")


def _judge_decimal(column: Column, severity: Severity) -> Judgement:
    name, text, parsed = column.name, f"s_{column.name}", f"d_{column.name}"
    width = 64 if column.scale <= NARROW_SCALE else 128
    steps = [(parsed, f"toDecimal{width}OrNull({text}, {column.scale})")]
    allowed = str(column.scale)
    fits = []
    if column.exponent_of is not None:
        steps += [
            (f"p_{name}", f"position({text}, '.')"),
            (f"f_{name}", f"if(p_{name} = 0, 0, length({text}) - p_{name})"),
            (f"e_{name}", _digits_allowed(column)),
        ]
        allowed = f"e_{name}"
        fits = [f"f_{name} <= e_{name}"]
    in_range = _in_range(column, f"assumeNotNull({parsed})")
    # One pattern for all that the parser takes beyond our grammar; it is simple enough to cost
    # less than looking for the dot.
    sign = "" if _is_never_negative(column) else "-?"
    plain = f"match({text}, '^{sign}[0-9]+([.][0-9]{{1,{column.scale}}})?$')"
    # Zeros at the end do not make a number too precise: 100.00 JPY is 100.
    trimmed = f"length(extract({text}, '[.]([0-9]*[1-9])0*$'))"
    rules = (
        *required(column, severity),
        *_number_faults(text, severity),
        Rule(f"NOT match({text}, '{_NUMBER}')", IssueCode.TYPE_ERROR, severity),
        Rule(f"isNull({parsed}) OR NOT {in_range}", IssueCode.OUT_OF_RANGE, severity),
        Rule(f"{trimmed} > {allowed}", IssueCode.TOO_PRECISE, severity),
    )
    clean = _unless_empty(column, both(f"isNotNull({parsed})", in_range, plain, *fits))
    steps.append((f"v_{name}", parsed))
    return Judgement(name, tuple(steps), clean, rules, _empty_number(column))


def _judge_integer(column: Column, severity: Severity) -> Judgement:
    name, text, value = column.name, f"s_{column.name}", f"v_{column.name}"
    in_range = _in_range(column, f"assumeNotNull({value})")
    # The parser also takes a plus sign.
    sign = "" if _is_never_negative(column) else "-?"
    fits = both(f"isNotNull({value})", in_range, f"match({text}, '^{sign}[0-9]+$')")
    rules = (
        *required(column, severity),
        *_number_faults(text, severity),
        Rule(f"NOT match({text}, '^-?[0-9]+$')", IssueCode.TYPE_ERROR, severity),
        Rule(f"isNull({value}) OR NOT {in_range}", IssueCode.OUT_OF_RANGE, severity),
    )
    steps = ((value, f"toInt64OrNull({text})"),)
    return Judgement(name, steps, _unless_empty(column, fits), rules, _empty_number(column))


def _is_never_negative(column: Column) -> bool:
    return column.above_zero or (column.minimum is not None and column.minimum >= 0)


def _unless_empty(column: Column, fits: str) -> str:
    return fits if column.required else f"bitOr(empty(s_{column.name}), {fits})"


def _number_faults(text: str, severity: Severity) -> tuple[Rule, ...]:
    return (
        Rule(f"match({text}, '{_SCIENTIFIC}')", IssueCode.SCIENTIFIC_NOTATION, severity),
        Rule(f"match({text}, '{_GROUPED}')", IssueCode.THOUSANDS_SEPARATOR, severity),
        Rule(f"match({text}, '{_COMMA}')", IssueCode.DECIMAL_COMMA, severity),
    )


def _in_range(column: Column, number: str) -> str:
    bounds = [f"({number} > 0)"] if column.above_zero else []
    if column.minimum is not None:
        bounds.append(f"({number} >= {column.minimum})")
    if column.maximum is not None:
        bounds.append(f"({number} <= {column.maximum})")
    return both(*bounds) if bounds else "1"


def _digits_allowed(column: Column) -> str:
    unusual = {code: digits for code, digits in EXPONENTS.items() if digits != 2}  # noqa: PLR2004 - the usual exponent is the default below
    digits = f"[{', '.join(str(number) for number in (column.scale, *unusual.values()))}]"
    currency = f"v_{column.exponent_of}"
    # An unknown currency is a fault of its own column; the amount is not judged by it.
    return f"transform({currency}, {array(['', *unusual])}, {digits}, 2)"


def _empty_number(column: Column) -> str:
    return "0" if column.required else "NULL"


_JUDGES: Mapping[ColumnType, Callable[[Column, Severity], Judgement]] = MappingProxyType(
    {
        ColumnType.TEXT: _judge_text,
        ColumnType.ID: _judge_text,
        ColumnType.ENUM: _judge_enum,
        ColumnType.CURRENCY: _judge_currency,
        ColumnType.DECIMAL: _judge_decimal,
        ColumnType.INTEGER: _judge_integer,
        ColumnType.DATE: judge_date,
        ColumnType.BOOLEAN: _judge_boolean,
        ColumnType.COUNTRY: _judge_country,
    }
)
