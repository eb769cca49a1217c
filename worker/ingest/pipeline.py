"""The way of a claimed file: inspect → load → publish, and the ends it can come to.

Called by `worker/jobs.py` with a claim; every step may run twice, in another process, after a
crash. What is raised here is turned into a retry or a failure by `worker/outcomes.py`.
"""

from dataclasses import replace

from server.files.claims import Claim
from server.files.lifecycle import Outcome, Stage
from worker.context import Context
from worker.ingest.announced import announced_totals
from worker.ingest.attempt import Attempt
from worker.ingest.ending import Imported, withheld_ending
from worker.ingest.exemptions import with_exemptions
from worker.ingest.identical import stand_back
from worker.ingest.inspect import Inspection, inspect
from worker.ingest.json_lines import with_all_lines
from worker.ingest.load import load
from worker.ingest.policy import apply_policy
from worker.ingest.publish import complete_visible, publish
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
    if await resume(context, claim):
        return
    attempt = Attempt(context, claim, dataset)
    await check_room(attempt)
    watch = Watch(claim)
    try:
        inspection = await inspect(context, claim, dataset)
        watch.lap("inspect")
        repair = inspection.repair
        # The same bytes in other words are another file (`identical.py`).
        claim = replace(claim, mapping=repair.mapping)
        attempt = replace(attempt, claim=claim)
        inspection = await with_all_lines(attempt, inspection)
        inspection = await with_exemptions(attempt, inspection)
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
            detail={"schemaVersion": dataset.version, **_told(inspection)},
        )
        verdict = await load(attempt, inspection)
        announced = announced_totals(claim, verdict)
        verdict = replace(verdict, controls=(*verdict.controls, *announced))
        watch.lap("load")
        # Polled while it loads, and a small file is through before: the last word is the verdict's.
        progress = _all_done(claim, verdict)
        imported = Imported(verdict, {**changes, **progress}, watch)
        apply_policy(claim, dataset, imported)
        if claim.options.get("dryRun"):
            await context.claims.finish(claim, withheld_ending(imported, Outcome.DRY_RUN))
            return
        await context.claims.advance(claim, Stage.PUBLISHING, "file.loaded", changes=progress)
        await publish(attempt, imported)
    finally:
        await attempt.drop_all()


async def resume(context: Context, claim: Claim) -> bool:
    """Complete the file if an earlier attempt died after its swap; stop what is left of it.

    Returns:
        True when the file is Completed now; False when none of its rows are visible.

    Raises:
        AnalyticsUnavailable: nobody knows; to be tried again.
        LeaseLost: another worker has the file, or the dataset's lock.
        DatasetBusy: to be tried again when another file has been published.
    """
    dataset = context.catalogue.get(claim.dataset_type)
    if dataset is None or claim.attempt == 1:
        return False
    attempt = Attempt(context, claim, dataset)
    await attempt.stop_earlier()
    return await complete_visible(attempt)


def _all_done(claim: Claim, verdict: Verdict) -> dict[str, object]:
    size_bytes, rows = claim.size_bytes, verdict.rows_total
    return {"progress": {"bytesDone": size_bytes, "bytesTotal": size_bytes, "rowsDone": rows}}


def _told(inspection: Inspection) -> dict[str, object]:
    exempt = sorted(inspection.layout.exempt)
    return {"notSearchedForCardNumbers": exempt} if exempt else {}


def _known(inspection: Inspection) -> dict[str, object]:
    return {
        "compression": inspection.compression,
        "encoding": None if inspection.layout.kinds else inspection.encoding,
        "delimiter": inspection.layout.delimiter,
        "header": inspection.alignment.as_json(),
        "labels": list(inspection.layout.labels),
        **({"sha256": inspection.sha256} if inspection.sha256 else {}),
    }
