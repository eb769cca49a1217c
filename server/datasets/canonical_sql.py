"""The settlements of all sources as one view, compiled from the declarations.

    settlements_canonical = the current rows of `settlements`
                            + the current rows of each report, told as settlements (`canonical.py`)

A view and not a second table: a file is published by one swap of its own dataset's table, and what
the view tells changes in that very moment. All or nothing, newest wins and undo hold by
construction, because there is nothing to keep in step.

A row of a report becomes one row for the movement and one for each part of its net that is not
zero (interchange, scheme fee, …); together they are exactly the net. `_file` and `_row` lead back
to the row as sent, `_part` is 0 for the movement.

Money is counted once: of the reports about one account only the source of record is told
(`source_of_record.py`), and a row that was sent before it had a payout is told only until the
payout's own rows are there (`late_rows.py`).
"""

from collections.abc import Sequence

from server.datasets.canonical import Amount, Canonical, Meaning
from server.datasets.declaration import Dataset
from server.datasets.late_rows import not_told_again
from server.datasets.sql import array, quoted
from server.datasets.storing import storage_type
from server.datasets.tables import current_table

SETTLEMENTS = "settlements"
CANONICAL_VIEW = "settlements_canonical"

_LABEL_BYTES = 200
_DECIMAL = "Decimal(38, 8)"
_ZERO = "toDecimal128(0, 8)"

_LINEAGE = (
    ("_workspace", "LowCardinality(String)"),
    ("_file", "UUID"),
    ("_row", "UInt64"),
    ("_uploaded_at", "DateTime64(6, 'UTC')"),
    ("_dataset", "LowCardinality(String)"),
    ("_part", "UInt8"),
)


def amount_of(amount: Amount) -> str:
    """Return the expression of a signed amount; a `Decimal(38, 8)` that is never NULL."""
    terms = [f"+ {_term(name)}" for name in amount.plus]
    terms += [f"- {_term(name)}" for name in amount.minus]
    return f"({_ZERO} {' '.join(terms)})"


def _term(name: str) -> str:
    return f"ifNull(toDecimal128({name}, 8), {_ZERO})"


def meaning_of(canonical: Canonical) -> tuple[str, str]:
    """Return the expressions of the canonical type and the fee type of a row of the report."""
    net = amount_of(canonical.settlement)
    found = [(_fits(canonical.type, net, meaning), meaning) for meaning in canonical.meanings]
    types = "".join(f"{fits}, {quoted(meaning.type)}, " for fits, meaning in found)
    fees = "".join(f"{fits}, {quoted(meaning.fee_type)}, " for fits, meaning in found)
    return f"multiIf({types}'other')", f"multiIf({fees}'')"


def _fits(column: str, net: str, meaning: Meaning) -> str:
    text = f"lower(trimBoth({column}))"
    plain = [word.lower() for word in meaning.raw if "*" not in word]
    choices = [f"{text} IN {array(plain)}"] if plain else []
    choices += [f"{text} LIKE {quoted(_pattern(w))}" for w in meaning.raw if "*" in w]
    is_word = f"({' OR '.join(choices)})"
    if meaning.direction is None:
        return is_word
    return f"({is_word} AND {net} {'>' if meaning.direction == 'credit' else '<'} 0)"


def _pattern(word: str) -> str:
    escaped = word.lower().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return escaped.replace("*", "%")


def money_of(dataset: Dataset) -> tuple[str, str, str]:
    """Return the expressions of a row's currency, type and amount, as a file's totals tell them.

    A report's are those of the settlement: currency, canonical type, net.
    """
    if dataset.canonical is None:
        roles = dataset.roles
        return roles.currency, roles.type or "''", f"ifNull({roles.amount or 0}, 0)"
    kind, _ = meaning_of(dataset.canonical)
    settlement = dataset.canonical.settlement
    return settlement.currency, kind, amount_of(settlement)


def account_of(dataset: Dataset) -> tuple[str, str] | None:
    """Return the expressions of provider and account, by which a source of record is named.

    None for a dataset whose rows are no settlements.
    """
    if dataset.canonical is not None:
        return quoted(dataset.canonical.provider), _label(_text(dataset.canonical.account))
    if dataset.name != SETTLEMENTS:
        return None
    # Spelled as it may be, a provider is one provider: in two spellings it would count twice.
    provider, account = dataset.roles.provider, dataset.roles.account
    return _label(f"lower({_text(str(provider))})"), _label(_text(str(account)))


def _label(text: str) -> str:
    """Return the text as it is when it can be a name; a hash of what is too long, or no text."""
    # What the database takes in a key: PostgreSQL stores no NUL, and indexes no long text.
    is_name = f"length({text}) <= {_LABEL_BYTES} AND position({text}, '\\0') = 0"
    return f"if({is_name} AND isValidUTF8({text}), {text}, lower(hex(SHA256({text}))))"


def _text(name: str) -> str:
    return f"trimBoth(toString({name}))"


def view_columns(settlements: Dataset) -> list[tuple[str, str]]:
    """Return (name, ClickHouse type) of every column of the view."""
    own = [(column.name, storage_type(column)) for column in settlements.columns]
    return [*own, *_LINEAGE]


def view_select(settlements: Dataset, reports: Sequence[Dataset], database: str) -> str:
    """Return the SELECT of all settlements, whatever the source; the view puts the sources right.

    Beside the view's columns it has `_provider` and `_account`.
    """
    tellings = [_own_rows(settlements, database)]
    tellings += [_told_rows(settlements, report, database) for report in reports]
    return "\nUNION ALL\n".join(tellings)


def _own_rows(settlements: Dataset, database: str) -> str:
    lineage = {"_dataset": quoted(settlements.name), "_part": "0"}
    return _select(settlements, settlements, lineage, f"{database}.{current_table(settlements)}")


def _told_rows(settlements: Dataset, report: Dataset, database: str) -> str:
    canonical = report.canonical
    if canonical is None:
        message = f"{report.name} does not say what its rows are as settlements"
        raise ValueError(message)
    kind, fee = meaning_of(canonical)
    parts = [amount_of(part.amount) for part in canonical.parts]
    rest = " - ".join([amount_of(canonical.settlement), *parts])
    told = [f"(toUInt8(0), {kind}, {fee}, CAST({rest}, '{_DECIMAL}'), '')"]
    told += [
        f"(toUInt8({place}), {quoted(part.type)}, {quoted(part.fee_type)},"
        f" CAST({amount}, '{_DECIMAL}'), {quoted(' '.join(part.amount.names()))})"
        for place, (part, amount) in enumerate(zip(canonical.parts, parts, strict=True), start=1)
    ]
    # A row whose whole net is its fees tells of no movement; one without any money still is there.
    movement = f"{rest} != 0 OR {amount_of(canonical.transaction)} != 0"
    nothing = " AND ".join(f"{part} = 0" for part in parts) or "1"
    is_told = f"if(t.1 = 0, {movement} OR ({nothing}), t.4 != 0)"
    rows = (
        f"(SELECT *, arrayJoin(arrayFilter(t -> {is_told}, [{', '.join(told)}])) AS _told"
        f" FROM {database}.{current_table(report)}{not_told_again(report, database)})"
    )
    return _select(settlements, report, _cells(settlements, report, canonical), rows)


def _cells(settlements: Dataset, report: Dataset, canonical: Canonical) -> dict[str, str]:
    """Return the expressions of the view's columns over the report's rows and `_told`."""
    net = "tupleElement(_told, 4)"
    is_part = "tupleElement(_told, 1) != 0"
    transaction, settled_in = canonical.transaction, canonical.settlement.currency
    # A fee in the currency of the settlement never stands on a line of the transaction's.
    is_settled = f"({is_part} OR empty({transaction.currency}))"
    first = {to: _first(report, names) for to, names in canonical.columns.items()}
    joined = {
        to: f"arrayStringConcat([{', '.join(_text(name) for name in names)}], ':')"
        for to, names in canonical.joined.items()
    }
    details = first.pop("fee_details", "''")
    cells: dict[str, str] = {
        "created_at": report.event_time,
        **({"timezone": report.zone} if report.zone else {}),
        "fee_group_id": "concat(toString(_file), '/', toString(_row))",
        **first,
        **joined,
        "provider_name": quoted(canonical.provider),
        "provider_merchant_account": canonical.account,
        "transaction_type": "tupleElement(_told, 2)",
        "fee_type": "tupleElement(_told, 3)",
        "fee_details": f"if({is_part}, tupleElement(_told, 5), {details})",
        "transaction_currency": f"if({is_settled}, {settled_in}, {transaction.currency})",
        "transaction_amount": f"if({is_settled}, {net}, {amount_of(transaction)})",
        "settlement_currency": settled_in,
        "settlement_amount": net,
        "raw_type": canonical.type,
        "_dataset": quoted(report.name),
        "_part": "tupleElement(_told, 1)",
    }
    known = dict(view_columns(settlements))
    if unknown := set(cells) - set(known):
        message = f"{report.name}: settlements have no column {', '.join(sorted(unknown))}"
        raise ValueError(message)
    empty = {name: _empty(kind) for name, kind in known.items() if not name.startswith("_")}
    return {**empty, **cells}


def _first(report: Dataset, names: Sequence[str]) -> str:
    """Return the first of the columns that is not empty."""
    if len(names) == 1:
        return names[0]
    if storage_type(report.column(names[0])).endswith("String"):
        tries = "".join(f"notEmpty({name}), toString({name}), " for name in names[:-1])
        return f"multiIf({tries}toString({names[-1]}))"
    return f"coalesce({', '.join(names)})"


def _empty(kind: str) -> str:
    return "NULL" if kind.startswith("Nullable") else "''" if "String" in kind else "0"


def _select(settlements: Dataset, source: Dataset, cells: dict[str, str], rows: str) -> str:
    known = view_columns(settlements)
    provider, account = account_of(source) or ("''", "''")
    # In two steps: a column of the view may be named as one of the rows that means something else.
    worked_out = [f"{cells.get(name, name)} AS _c{n}" for n, (name, _) in enumerate(known)]
    worked_out += [f"toString({provider}) AS _provider", f"{account} AS _account"]
    told = [
        f"{_as(kind, f'_c{n}', source, cells.get(name, name))} AS {name}"
        for n, (name, kind) in enumerate(known)
    ]
    return (
        f"SELECT {', '.join(told)}, _provider, _account"
        f" FROM (SELECT {', '.join(worked_out)} FROM {rows})"
    )


def _as(kind: str, alias: str, source: Dataset, expression: str) -> str:
    """Return the value in the view's type; as it is where it has it, so that an index serves."""
    stored = {column.name: storage_type(column) for column in source.columns} | dict(_LINEAGE)
    return alias if stored.get(expression) == kind else f"CAST({alias}, {quoted(kind)})"
