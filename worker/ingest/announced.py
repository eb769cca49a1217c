"""Compares the totals that a request announced with what would load: rows and amount by currency.

Comes after the verdict; joins the dataset's own controls (`controls.py`) in the file's statistics,
however the file ends.
"""

from decimal import Decimal

from server.files.claims import Claim
from worker.ingest.controls import Checked
from worker.ingest.verdict import Verdict

EXPECTED_ROWS = "expected rows"
EXPECTED_AMOUNT = "expected amount"

_Total = tuple[int, Decimal]
_NOTHING: _Total = (0, Decimal(0))


def announced_totals(claim: Claim, verdict: Verdict) -> tuple[Checked, ...]:
    """Return what was announced beside what came out, each as a control that may fail the file.

    A currency that would load and was not announced is expected to have no rows.
    """
    announced = claim.options.get("expectedTotals")
    if not isinstance(announced, list):
        return ()
    found: dict[str, _Total] = {}
    for total in verdict.totals:
        count, amount = found.get(total.currency, _NOTHING)
        found[total.currency] = (count + total.count, amount + total.amount)
    wanted: dict[str, _Total] = {
        str(total["currency"]): (int(str(total["count"])), Decimal(str(total["amount"])))
        for total in announced
    }
    return tuple(
        checked
        for currency in [*wanted, *sorted(found.keys() - wanted.keys())]
        for checked in _compared(
            currency, wanted.get(currency, _NOTHING), found.get(currency, _NOTHING)
        )
    )


def _compared(currency: str, wanted: _Total, found: _Total) -> tuple[Checked, Checked]:
    rows = Checked(
        EXPECTED_ROWS,
        currency or None,
        Decimal(wanted[0]),
        Decimal(found[0]),
        is_off=wanted[0] != found[0],
        fails=True,
        is_count=True,
    )
    amount = Checked(
        EXPECTED_AMOUNT,
        currency or None,
        wanted[1],
        found[1],
        is_off=wanted[1] != found[1],
        fails=True,
    )
    return rows, amount
