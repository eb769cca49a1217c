"""What has to add up in a file (`controls.py`), as SELECTs over its staged rows.

Every one answers rows of (currency, expected, actual, off): two sums in the currency, or two
counts where the currency is empty, and how many rows or groups are further off than they may be.
Amounts are decimals throughout: nothing is rounded but what a provider rounds itself, which is why
a row or a group may be off by one minor unit.
"""

from server.datasets.canonical import Amount
from server.datasets.canonical_sql import amount_of
from server.datasets.controls import Control, Converted, GroupControl, RowControl, SumControl
from server.datasets.currencies import EXPONENTS
from server.datasets.sql import array
from server.datasets.tables import GOOD

# A product of an amount (8 digits after the point) and a rate (16) needs more than 128 bits.
_WIDE = "toDecimal256({}, 16)"
_USUAL_EXPONENT = 2


def control_select(control: Control, staged: str) -> str:
    """Return the SELECT of a control.

    Args:
        control: what has to add up.
        staged: the table of the file's judged rows.
    """
    rows = f"{staged} WHERE _verdict = {GOOD}"
    match control:
        case SumControl():
            return _sum(control, rows)
        case RowControl():
            return _row(control, rows)
        case GroupControl():
            return _group(control, rows)
        case _:
            return (
                "SELECT '' AS currency, toDecimal128(least(n, 1), 8) AS expected,"
                " toDecimal128(n, 8) AS actual, toUInt64(n > 1) AS off"
                f" FROM (SELECT uniqExact({control.column}) AS n FROM {rows})"
            )


def _sum(control: SumControl, rows: str) -> str:
    return (
        f"SELECT toString({control.currency}) AS currency, toDecimal128(0, 8) AS expected,"
        f" sum({amount_of(control.amount)}) AS actual, toUInt64(actual != 0) AS off"
        f" FROM {rows} GROUP BY currency ORDER BY currency"
    )


def _row(control: RowControl, rows: str) -> str:
    expected, looked_at = _converted(control.expected, control.currency)
    off = f"countIf({_is_off(f'({_wide(control.actual)} - {expected})', control.currency)})"
    return (
        "SELECT '' AS currency, toDecimal128(0, 8) AS expected, toDecimal128(off, 8) AS actual,"
        f" {off} AS off FROM {rows} AND {looked_at}"
    )


def _converted(amount: Converted, currency: str) -> tuple[str, str]:
    """Return the amount in the control's currency, and the condition of rows that have one."""
    wide, looked_at = _wide(amount), "1"
    if amount.rate is not None:
        one = f"if({amount.currency} = {currency}, 1, NULL)" if amount.currency else "NULL"
        rate = f"ifNull({_WIDE.format(amount.rate)}, {_WIDE.format(one)})"
        # A row of the whole batch has no gross: there is nothing to convert.
        has_amount = " OR ".join(f"isNotNull({name})" for name in (*amount.plus, *amount.minus))
        wide, looked_at = f"{wide} * {rate}", f"isNotNull({rate}) AND ({has_amount})"
    return f"({wide} + {_wide(amount.then)})", looked_at


def _group(control: GroupControl, rows: str) -> str:
    amount = amount_of(control.amount)
    words = array(word.lower() for word in control.total_is)
    is_total = f"lower(trimBoth({control.total})) IN {words}"
    is_off = _is_off("(toDecimal256(stated, 8) - added)", "currency")
    return (
        "SELECT currency, sum(stated) AS expected, sum(added) AS actual,"
        f" countIf({is_off}) AS off FROM ("
        f"SELECT toString({control.currency}) AS currency, -sumIf({amount}, {is_total}) AS stated,"
        f" sumIf({amount}, NOT ({is_total})) AS added FROM {rows}"
        f" GROUP BY currency, {control.group} HAVING countIf({is_total}) > 0"
        ") GROUP BY currency ORDER BY currency"
    )


def _wide(amount: Amount) -> str:
    return f"toDecimal256({amount_of(Amount(plus=amount.plus, minus=amount.minus))}, 8)"


def _is_off(difference: str, currency: str) -> str:
    """Return the condition that a difference is more than one minor unit of the currency."""
    unusual = {code: digits for code, digits in EXPONENTS.items() if digits != _USUAL_EXPONENT}
    units = ", ".join(str(10**digits) for digits in unusual.values())
    per_unit = f"transform(toString({currency}), {array(unusual)}, [{units}], 100)"
    return f"abs({difference}) * {per_unit} > 1"
