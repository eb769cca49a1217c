"""Undo: who takes a file's rows back, and what its record and its duplicate's say afterwards.

Comes after `service.py` marked the wish; the rows themselves are the work of
`worker/ingest/publish.py`.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col

from server.files.attempt import Claim, awaits_undo, claim_of, lease_unchanged
from server.files.endings import Ending, idle, judged
from server.files.leases import Leases
from server.files.lifecycle import Outcome, Stage
from server.files.models import File
from server.files.repaired import count_repaired
from server.files.repository import Cause, change, find_file
from server.operations.repository import is_draining
from server.unit_of_work import UnitOfWork


class Undos(Leases):
    """Leases on files that are to be undone."""

    async def claim_undo(self, file_id: UUID, owner: str) -> Claim | None:
        """Take a completed file whose undo was asked for and is not done; see claim.

        Stage and attempt stay as they are.
        """
        async with self.units.begin() as unit:
            file = await find_file(unit, file_id)
            now = self.clock()
            if file is None or not awaits_undo(file, now) or await is_draining(unit):
                return None
            died = file.lease_owner is not None
            taken = await change(
                unit,
                file_id,
                Cause(self.actor, "undo.reclaimed" if died else "undo.claimed", now),
                values={
                    "lease_owner": owner,
                    "lease_expires_at": now + self._lease,
                    "faults": file.faults + (1 if died else 0),
                    "not_before": None,
                },
                where=[
                    col(File.stage) == str(Stage.COMPLETED),
                    col(File.undone_at).is_(None),
                    *lease_unchanged(file),
                ],
            )
        return claim_of(taken, now) if taken is not None else None

    async def finish_undo(
        self,
        claim: Claim,
        *,
        detail: Mapping[str, object] | None = None,
        unit: UnitOfWork | None = None,
    ) -> None:
        """Mark the file as undone; readers must not see its rows by then.

        Raises:
            LeaseLost: the claim does not hold any more.
        """
        now = self.clock()
        values = {
            **idle(),
            "outcome": str(Outcome.UNDONE),
            "undone_at": now,
            "published_attempt": None,
        }
        cause = Cause(self.actor, "file.undone", now, detail or {})
        async with self.joined(unit) as one:
            file = await self.write(claim, cause, values, unit=one)
            await count_repaired(one, file.repair_of)

    async def release_undo(
        self, claim: Claim, code: str, not_before: datetime, *, is_fault: bool = True
    ) -> None:
        """Put the undo off; it stays asked for. Arguments as in release.

        Raises:
            LeaseLost: the claim does not hold any more.
        """
        faults = claim.faults + (1 if is_fault else 0)
        values = {**idle(), "faults": faults, "not_before": not_before}
        cause = Cause(self.actor, "undo.put-back", self.clock(), {"code": code, "faults": faults})
        await self.write(claim, cause, values)

    async def reserve_attempt(self, heir: File) -> int | None:
        """Return a new attempt of a duplicate, for the copies of rows that one undo makes.

        No other undo, before or after a crash, writes rows under the same number.

        Returns:
            None when the file is no such duplicate any more.
        """
        async with self.units.begin() as unit:
            reserved = await change(
                unit,
                heir.file_id,
                None,
                values={"attempt": heir.attempt + 1},
                where=[
                    col(File.attempt) == heir.attempt,
                    col(File.stage) == str(Stage.COMPLETED),
                    col(File.outcome) == str(Outcome.DUPLICATE),
                ],
            )
        return reserved.attempt if reserved is not None else None

    async def promote(
        self,
        file_id: UUID,
        ending: Ending,
        *,
        attempt: int,
        in_place_of: UUID,
        unit: UnitOfWork,
    ) -> bool:
        """Let a completed duplicate stand in for the file it doubled, which is being undone.

        Other duplicates of that file become duplicates of this one.

        Args:
            file_id: the duplicate.
            ending: its own outcome and statistics from now on.
            attempt: its reserved attempt, under which its rows are visible.
            in_place_of: the file that is undone.
            unit: the transaction.

        Returns:
            False when it is no such duplicate any more.
        """
        cause = Cause(
            self.actor, "duplicate.promoted", self.clock(), {"inPlaceOf": str(in_place_of)}
        )
        promoted = await change(
            unit,
            file_id,
            cause,
            values={
                "outcome": str(ending.outcome),
                "duplicate_of": None,
                **judged(ending, attempt),
                "published_attempt": attempt,
                "undo_until": self.undo_until(),
            },
            where=[
                col(File.attempt) == attempt,
                col(File.stage) == str(Stage.COMPLETED),
                col(File.outcome) == str(Outcome.DUPLICATE),
                col(File.duplicate_of) == in_place_of,
            ],
        )
        # Those of the undone file are duplicates of this one now, whoever made it visible.
        await unit.session.exec(
            update(File)
            .where(
                col(File.duplicate_of) == in_place_of,
                col(File.outcome) == str(Outcome.DUPLICATE),
                col(File.file_id) != file_id,
            )
            .values(duplicate_of=file_id, version=File.version + 1)
            .execution_options(synchronize_session=False)
        )
        if promoted is not None:
            await count_repaired(unit, promoted.repair_of)
        return promoted is not None
