"""The way of a claimed file: inspect → load → publish, and the ends it can come to.

Called by `worker/jobs.py` with a claim; every step may run twice, in another process, after a
crash. What is raised here is turned into a retry or a failure by `worker/outcomes.py`.
"""

from dataclasses import replace
from decimal import Decimal

from server.datasets.declaration import Dataset
from server.files.claims import Claim, Ending, JudgedAndFailed
from server.files.failures import FailureCode
from server.files.lifecycle import Outcome, Stage
from worker.context import Context
from worker.ingest.attempt import Attempt
from worker.ingest.ending import Imported, money, withheld_ending
from worker.ingest.identical import stand_back
from worker.ingest.inspect import Inspection, inspect
from worker.ingest.load import load
from worker.ingest.publish import publish, resume
from worker.ingest.room import check_room
from worker.ingest.verdict import Verdict
from worker.ingest.watch import Watch


async def ingest(context: Context, claim: Claim) -> None:
    """Take the claimed file to its end.

    Raises:
        FileFailed: the file's fault.
        AdapterError: an outside system's; to be tried again.
        LeaseLost: another worker has the file now.
        DatasetBusy: nothing is wrong; to be tried again when another file has been published.
    """
    dataset = context.catalogue.get(claim.dataset_type)
    if dataset is None:
        message = f"dataset {claim.dataset_type} is not in the catalogue any more"
        raise LookupError(message)
    attempt = Attempt(context, claim, dataset)
    if claim.attempt > 1:
        await attempt.stop_earlier()
    if await resume(attempt):
        return
    await check_room(attempt)
    watch = Watch(claim)
    try:
        inspection = await inspect(context, claim, dataset)
        watch.lap("inspect")
        repair = inspection.repair
        # The same bytes in other words are another file (`identical.py`).
        claim = replace(claim, mapping=repair.mapping)
        attempt = replace(attempt, claim=claim)
        changes = _known(inspection)
        if await stand_back(attempt, changes):
            return
        told = {**changes, "repair_of": repair.repair_of}
        if repair.mapping is not None:
            told |= repair.mapping.as_columns()
        await context.claims.advance(
            claim,
            Stage.LOADING,
            "file.inspected",
            changes=told,
            detail={"schemaVersion": dataset.version},
        )
        verdict = await load(attempt, inspection)
        watch.lap("load")
        imported = Imported(verdict, changes, watch)
        apply_policy(claim, dataset, imported)
        if claim.options.get("dryRun"):
            await context.claims.finish(claim, withheld_ending(imported, Outcome.DRY_RUN))
            return
        await context.claims.advance(claim, Stage.PUBLISHING, "file.loaded")
        await publish(attempt, imported)
    finally:
        await attempt.drop_all()


def apply_policy(claim: Claim, dataset: Dataset, imported: Imported) -> None:
    """Refuse what the request's options, or the dataset's defaults, do not let load.

    Raises:
        JudgedAndFailed: aborted-on-error, too-many-rejected, control-total-mismatch; nothing
            loads, and the statistics tell what was judged.
    """
    verdict = imported.verdict
    ending = withheld_ending(imported, Outcome.FAILED)
    on_error = claim.options.get("onError") or dataset.defaults.on_error
    rejected, total = verdict.rows_rejected, verdict.rows_total
    if rejected and on_error == "abort":
        detail = f"{rejected} of {total} rows were set aside, and the file loads as a whole."
        raise JudgedAndFailed(FailureCode.ABORTED_ON_ERROR, detail, ending)
    most = claim.options.get("maxRejectedRatio")
    ratio = float(str(most)) if most is not None else dataset.defaults.max_rejected_ratio
    if rejected > ratio * total:
        detail = f"{rejected} of {total} rows were set aside; at most {ratio:.0%} may be."
        raise JudgedAndFailed(FailureCode.TOO_MANY_REJECTED, detail, ending)
    _check_controls(verdict, ending)
    _check_totals(claim, verdict, ending)


def _check_controls(verdict: Verdict, ending: Ending) -> None:
    failed = [checked for checked in verdict.controls if checked.result == "failed"]
    if failed:
        names = ", ".join(dict.fromkeys(checked.name for checked in failed))
        detail = f"The file does not add up: {names}. Its controls tell by how much."
        raise JudgedAndFailed(FailureCode.CONTROL_TOTAL_MISMATCH, detail, ending)


def _check_totals(claim: Claim, verdict: Verdict, ending: Ending) -> None:
    expected = claim.options.get("expectedTotals")
    if not isinstance(expected, list):
        return
    found: dict[str, tuple[int, Decimal]] = {}
    for total in verdict.totals:
        count, amount = found.get(total.currency, (0, Decimal(0)))
        found[total.currency] = (count + total.count, amount + total.amount)
    for wanted in expected:
        currency = str(wanted["currency"])
        count, amount = found.pop(currency, (0, Decimal(0)))
        if count != int(str(wanted["count"])) or amount != Decimal(str(wanted["amount"])):
            detail = f"{currency}: {count} rows over {money(amount)} would load."
            raise JudgedAndFailed(FailureCode.CONTROL_TOTAL_MISMATCH, detail, ending)
    if found:
        detail = f"No total was announced for {', '.join(sorted(found))}."
        raise JudgedAndFailed(FailureCode.CONTROL_TOTAL_MISMATCH, detail, ending)


def _known(inspection: Inspection) -> dict[str, object]:
    return {
        "compression": inspection.compression,
        "encoding": inspection.encoding,
        "delimiter": inspection.layout.delimiter,
        "header": inspection.alignment.as_json(),
        "labels": list(inspection.layout.labels),
        **({"sha256": inspection.sha256} if inspection.sha256 else {}),
    }
