"""How an attempt at a file ends: imported, failed, or put back for a retry.

Comes after the lease (`leases.py`), which every write here still needs; `worker/ingest` finishes,
`worker/outcomes.py` fails and puts back.
"""

from collections.abc import Mapping
from datetime import datetime

from server.files.attempt import Claim, DatasetBusy, LeaseLost
from server.files.endings import UNJUDGED, Ending, JudgedAndFailed, idle, judged
from server.files.failures import FileFailed
from server.files.lifecycle import Outcome, Stage
from server.files.repaired import count_repaired
from server.files.repository import Cause, find_file
from server.files.standing import read_standing
from server.files.undos import Undos
from server.files.unfinished import MayBeVisible, unfinished_publication
from server.unit_of_work import UnitOfWork

__all__ = ["Claim", "ClaimBoard", "DatasetBusy", "Ending", "JudgedAndFailed", "LeaseLost"]


class ClaimBoard(Undos):
    """Leases, undos, and the ends an attempt can come to."""

    async def finish(
        self,
        claim: Claim,
        ending: Ending,
        *,
        detail: Mapping[str, object] | None = None,
        attempt: int | None = None,
        unit: UnitOfWork | None = None,
    ) -> None:
        """End the attempt as Completed; readers must see its rows by then.

        Args:
            claim: the attempt.
            ending: how it ended.
            detail: for the history.
            attempt: the one whose rows readers see, when an earlier one died after its swap.
            unit: the transaction to be part of.

        Raises:
            LeaseLost: the claim does not hold any more.
        """
        before = await self.stage_before(claim, Stage.COMPLETED, unit)
        seen = claim.attempt if attempt is None else attempt
        is_visible = ending.outcome in (Outcome.IMPORTED, Outcome.IMPORTED_WITH_REJECTIONS)
        now = self.clock()
        values = {
            **idle(),
            "outcome": str(ending.outcome),
            "faults": 0,
            "outages": 0,
            "published_attempt": seen if is_visible else claim.published_attempt,
            "completed_at": now,
            "failure": None,
            "standing": None,
            "undone_at": None,
            "undo_requested_at": None,
            "undo_until": self.undo_until() if is_visible else None,
            **judged(ending, seen),
            "stage": str(Stage.COMPLETED),
        }
        cause = Cause(
            self.actor,
            "file.completed",
            now,
            {"outcome": str(ending.outcome), "attempt": claim.attempt, **(detail or {})},
        )
        async with self.joined(unit) as one:
            # What it repairs may have been found in the file itself, after the claim.
            file = await self.write(claim, cause, values, before=before, unit=one)
            await count_repaired(one, file.repair_of)

    async def fail(
        self,
        claim: Claim,
        failure: FileFailed,
        *,
        unit: UnitOfWork | None = None,
    ) -> None:
        """End the attempt as Failed; what is shown of it is what it judged, or nothing.

        A reprocess that fails leaves the file as it was before it: Completed, its rows visible;
        the history tells of the failure.

        Args:
            claim: the attempt.
            failure: why; a JudgedAndFailed brings what was judged before it failed.
            unit: the transaction to be part of.

        Raises:
            LeaseLost: the claim does not hold any more.
            MayBeVisible: an attempt wrote down what its swap brings, and nobody knows whether it
                happened; nothing is written.
        """
        told: dict[str, object] = {"code": str(failure.code), "attempt": claim.attempt}
        async with self.joined(unit) as one:
            if await unfinished_publication(one, claim) is not None:
                raise MayBeVisible
            standing = await self._standing(claim, one)
            to_stage = Stage.FAILED if standing is None else Stage.COMPLETED
            before = await self.stage_before(claim, to_stage, one)
            now = self.clock()
            if standing is not None:
                values = {**idle(), **read_standing(standing), "stage": str(to_stage)}
                cause = Cause(self.actor, "reprocess.failed", now, told)
            else:
                values = {**idle(), **_failed(failure, claim.attempt, now)}
                cause = Cause(self.actor, "file.failed", now, told)
            await self.write(claim, cause, values, before=before, unit=one)

    async def release(
        self,
        claim: Claim,
        code: str,
        not_before: datetime,
        *,
        is_fault: bool = True,
        is_outage: bool = False,
    ) -> None:
        """Put the file back in the queue.

        Args:
            claim: the attempt, over now.
            code: the failure code it would have ended with, or why else it is put back.
            not_before: when the next attempt may begin.
            is_fault: False when nothing went wrong (the worker is being stopped), and in an
                outage, which is no fault of anybody who works on the file.
            is_outage: another system is away.

        Raises:
            LeaseLost: the claim does not hold any more.
        """
        before = await self.stage_before(claim, Stage.QUEUED, None)
        faults = claim.faults + is_fault
        outages = claim.outages + is_outage
        detail = {"code": code, "faults": faults, "outages": outages, "attempt": claim.attempt}
        values = {
            **idle(),
            "stage": str(Stage.QUEUED),
            "faults": faults,
            "outages": outages,
            "not_before": not_before,
        }
        cause = Cause(self.actor, "file.put-back", self.clock(), detail)
        await self.write(claim, cause, values, before=before)

    async def _standing(self, claim: Claim, unit: UnitOfWork) -> dict[str, object] | None:
        file = await find_file(unit, claim.file_id)
        if file is None:
            raise LeaseLost
        return file.standing


def _failed(failure: FileFailed, attempt: int, now: datetime) -> dict[str, object]:
    ending = failure.ending if isinstance(failure, JudgedAndFailed) else None
    return {
        **(judged(ending, attempt) if ending is not None else UNJUDGED),
        "stage": str(Stage.FAILED),
        "outcome": str(Outcome.FAILED),
        "failure": failure.as_json(),
        "completed_at": now,
    }
