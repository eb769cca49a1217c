"""How words are judged, as ClickHouse expressions: free text, ids, and those of closed lists."""

from types import MappingProxyType

from server.datasets.cards import card_number_in, holds_no_control
from server.datasets.column import Column, ColumnType
from server.datasets.countries import COUNTRIES
from server.datasets.currencies import EXPONENTS
from server.datasets.issues import IssueCode, Severity
from server.datasets.judgement import Judgement, Rule, required
from server.datasets.sql import array, both, quoted

FLAGS = MappingProxyType(
    {"true": True, "false": False, "yes": True, "no": False, "t": True, "f": False,
     "y": True, "n": False, "1": True, "0": False}
)  # fmt: skip
"""The words a boolean is read from, in any case."""

# As spreadsheets and data frames write a long number: 4.11E+15, 4,11E+15, 4.11e+15.
_DAMAGED = r"^[0-9]([.,][0-9]+)?[eE][+][0-9]+$"


def judge_text(column: Column, severity: Severity) -> Judgement:
    """Return how free text and ids are judged: by their bytes, and by what is declared of them."""
    name, text = column.name, f"s_{column.name}"
    formed: list[str] = []
    rules = list(required(column, severity))
    if column.required:
        # Begins with something visible: cheaper than trimming every cell.
        formed.append(f"{text} >= '!'")
    if column.type is ColumnType.ID:
        damaged = f"match({text}, '{_DAMAGED}')"
        formed.append(f"(position({text}, '+') = 0 OR NOT {damaged})")
        rules.append(Rule(damaged, IssueCode.SPREADSHEET_DAMAGE, severity))
    if column.pattern is not None:
        fits = f"match({text}, {quoted(f'^(?:{column.pattern})$')})"
        formed.append(fits if column.required else f"bitOr(empty({text}), {fits})")
        rules.append(Rule(f"NOT {fits}", IssueCode.PATTERN_ERROR, severity))
    # Words, numbers and times cannot hold what these look for: they are compared whole.
    clean = [f"isValidUTF8({text})", holds_no_control(text), *formed]
    if column.provider_id:
        looks = card_number_in(text)
        clean.append(f"NOT {looks}")
        suspected = Rule(looks, IssueCode.PAN_SUSPECTED, Severity.WARNING, keeps_value=True)
        rules.append(suspected)
    steps = ((f"v_{name}", text),)
    return Judgement(name, steps, both(*clean), tuple(rules), "''", both("1", *formed))


def judge_enum(column: Column, severity: Severity) -> Judgement:
    """Return how a word of a closed list is judged; its value is in the declared case."""
    folded = array([word.lower() for word in column.enum])
    canonical = f"transform(lower(trimBoth(s_{column.name})), {folded}, {array(column.enum)}, '')"
    return _judge_word(column, severity, canonical, IssueCode.ENUM_ERROR)


def judge_currency(column: Column, severity: Severity) -> Judgement:
    """Return how a currency code is judged; its value is in upper case."""
    codes = array(EXPONENTS)
    canonical = f"transform(upper(trimBoth(s_{column.name})), {codes}, {codes}, '')"
    return _judge_word(column, severity, canonical, IssueCode.CURRENCY_UNKNOWN)


def judge_country(column: Column, severity: Severity) -> Judgement:
    """Return how a country code is judged; its value is in upper case."""
    codes = array(COUNTRIES)
    canonical = f"transform(upper(trimBoth(s_{column.name})), {codes}, {codes}, '')"
    return _judge_word(column, severity, canonical, IssueCode.ENUM_ERROR)


def judge_boolean(column: Column, severity: Severity) -> Judgement:
    """Return how a boolean is judged; `FLAGS` are its words."""
    text, value = f"s_{column.name}", f"v_{column.name}"
    # toNullable: transform wants one type of both, and NULL for all other words.
    flags = ", ".join(
        "toNullable(true)" if flag else "toNullable(false)" for flag in FLAGS.values()
    )
    read = f"transform(lower(trimBoth({text})), {array(FLAGS)}, [{flags}], NULL)"
    rules = (*required(column, severity), Rule("1", IssueCode.TYPE_ERROR, severity))
    is_read = f"isNotNull({value})"
    clean = is_read if column.required else f"bitOr(empty({text}), {is_read})"
    empty = "false" if column.required else "NULL"
    return Judgement(column.name, ((value, read),), clean, rules, empty)


def _judge_word(column: Column, severity: Severity, canonical: str, code: IssueCode) -> Judgement:
    # The cells are read by dictionary (LowCardinality), so this runs once per different word.
    name, text, value = column.name, f"s_{column.name}", f"v_{column.name}"
    clean = f"notEmpty({value})" if column.required else f"(notEmpty({value}) OR empty({text}))"
    rules = (*required(column, severity), Rule("1", code, severity))
    return Judgement(name, ((value, canonical),), clean, rules, "''")
