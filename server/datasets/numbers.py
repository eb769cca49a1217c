"""How numbers are judged, as ClickHouse expressions.

What ClickHouse's parser silently accepts is undone here: `toDecimal64OrNull` takes `-`, `+5`, `5.`,
`1..5` and `1E3`, and rounds what is too precise.
"""

from server.datasets.column import Column
from server.datasets.currencies import EXPONENTS
from server.datasets.issues import IssueCode, Severity
from server.datasets.judgement import Judgement, Rule, required
from server.datasets.sql import array, both
from server.datasets.storing import NARROW_SCALE

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


def judge_decimal(column: Column, severity: Severity) -> Judgement:
    """Return how a decimal is judged: its form, its range, the digits its currency has."""
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


def judge_integer(column: Column, severity: Severity) -> Judgement:
    """Return how a whole number is judged."""
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
