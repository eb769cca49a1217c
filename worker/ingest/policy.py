"""What the request's options, or the dataset's defaults, do not let load.

Applied to the verdict on the whole file, between `load.py` and `publish.py`: all rows are judged
whatever is refused, so that one look at the report is enough to mend the file.
"""

from collections.abc import Mapping
from decimal import Decimal

from server.datasets.declaration import Dataset
from server.files.claims import Claim, Ending, JudgedAndFailed
from server.files.failures import FailureCode
from server.files.lifecycle import Outcome
from server.files.tolerance import too_many_set_aside
from worker.ingest.ending import Imported, money, withheld_ending
from worker.ingest.verdict import Verdict


def apply_policy(claim: Claim, dataset: Dataset, imported: Imported) -> None:
    """Refuse a file that must not load as it was judged.

    Raises:
        JudgedAndFailed: aborted-on-error, too-many-rejected, control-total-mismatch; nothing
            loads, and the statistics tell what was judged.
    """
    verdict = imported.verdict
    ending = withheld_ending(imported, Outcome.FAILED)
    refusal = too_many_set_aside(
        dataset, claim.options, rejected=verdict.rows_rejected, total=verdict.rows_total
    )
    if refusal is not None:
        raise JudgedAndFailed(refusal.code, refusal.detail, ending)
    if mismatches := list(_mismatches(claim.options, verdict)):
        told = " ".join(str(mismatch.pop("told")) for mismatch in mismatches)
        raise JudgedAndFailed(
            FailureCode.CONTROL_TOTAL_MISMATCH, told, ending, mismatches=mismatches
        )
    _check_controls(verdict, ending)


def _check_controls(verdict: Verdict, ending: Ending) -> None:
    failed = [checked for checked in verdict.controls if checked.result == "failed"]
    if failed:
        names = ", ".join(dict.fromkeys(checked.name for checked in failed))
        detail = f"The file does not add up: {names}. Its controls tell by how much."
        raise JudgedAndFailed(FailureCode.CONTROL_TOTAL_MISMATCH, detail, ending)


def _mismatches(options: Mapping[str, object], verdict: Verdict) -> list[dict[str, object]]:
    expected = options.get("expectedTotals")
    if not isinstance(expected, list):
        return []
    wanted = {
        str(total["currency"]): (int(str(total["count"])), Decimal(str(total["amount"])))
        for total in expected
    }
    found: dict[str, tuple[int, Decimal]] = {}
    for total in verdict.totals:
        count, amount = found.get(total.currency, (0, Decimal(0)))
        found[total.currency] = (count + total.count, amount + total.amount)
    nothing = (0, Decimal(0))
    return [
        _mismatch(currency, wanted.get(currency), found.get(currency, nothing))
        for currency in [*wanted, *sorted(found.keys() - wanted)]
        if wanted.get(currency) != found.get(currency, nothing)
    ]


def _mismatch(
    currency: str, wanted: tuple[int, Decimal] | None, found: tuple[int, Decimal]
) -> dict[str, object]:
    would_load = f"{found[0]} rows over {money(found[1])} would load"
    announced = f"{wanted[0]} over {money(wanted[1])} were" if wanted else "none was"
    return {
        "currency": currency,
        "expected": {"count": wanted[0], "amount": money(wanted[1])} if wanted else None,
        "actual": {"count": found[0], "amount": money(found[1])},
        "told": f"{currency or 'Without a currency'}: {would_load}, {announced} announced.",
    }
