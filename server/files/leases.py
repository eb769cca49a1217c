"""Workers' leases on files: who works on which, and what may be written while the lease holds.

A worker claims a file, renews the lease while it works, and writes through its `Claim`: every
write is a compare-and-set on attempt and lease owner, so a worker that was paused past its lease
can write nothing any more. Comes after `service.py` queued the file; undos are in
`undos.py`, the ends of an attempt in `claims.py`.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col

from server.clock import Clock
from server.files.attempt import (
    Claim,
    LeaseLost,
    claim_of,
    held_by,
    is_free,
    lease_unchanged,
)
from server.files.lifecycle import Stage, may_move
from server.files.models import File
from server.files.repository import Cause, change, find_file
from server.operations.repository import is_draining
from server.unit_of_work import UnitOfWork, UnitsOfWork


class Leases:
    """Leases on files. Every call is a transaction of its own, unless one is handed in.

    Args:
        units: maker of transactions.
        clock: the time.
        lease: a lease that was not renewed for this long is lost.
        worker: name of this worker, for the history.
        undo_for: how long after its end a file can be undone; None: always.
    """

    def __init__(
        self,
        units: UnitsOfWork,
        clock: Clock,
        lease: timedelta,
        worker: str,
        *,
        undo_for: timedelta | None = None,
    ) -> None:
        self.units = units
        self.clock = clock
        self._lease = lease
        self._undo_for = undo_for
        self.actor = f"worker:{worker}"[:120]

    async def claim(self, file_id: UUID, owner: str) -> Claim | None:
        """Take the file if it waits to be worked on, or if whoever had it lost the lease.

        Args:
            file_id: the file.
            owner: unique to this run of the job; it fences all writes.

        Returns:
            The claim, or None when there is nothing to do now: not queued, retry not yet due,
            another worker has it, the appliance is being drained, or no such file.
        """
        async with self.units.begin() as unit:
            file = await find_file(unit, file_id)
            now = self.clock()
            if file is None or not is_free(file, now) or await is_draining(unit):
                return None
            before = file.is_at
            # A lease that ran out is the trace of a worker that died: it counts as a fault of
            # ours, so that a file that kills its worker is not tried for ever.
            died = before is not Stage.QUEUED
            taken = await change(
                unit,
                file_id,
                Cause(
                    self.actor,
                    "file.reclaimed" if died else "file.claimed",
                    now,
                    {"attempt": file.attempt + 1},
                ),
                values={
                    "stage": str(Stage.INSPECTING),
                    "attempt": file.attempt + 1,
                    "faults": file.faults + (1 if died else 0),
                    "not_before": None,
                    "lease_owner": owner,
                    "lease_expires_at": now + self._lease,
                    "started_at": file.started_at or now,
                    "progress": {"bytesDone": 0, "bytesTotal": file.size_bytes or 0, "rowsDone": 0},
                },
                where=[
                    col(File.stage) == str(before),
                    col(File.attempt) == file.attempt,
                    *lease_unchanged(file),
                ],
                before=before,
            )
        return claim_of(taken, now) if taken is not None else None

    async def end_all(self) -> None:
        """End every lease: for who knows that no worker lives but those it is about to start."""
        async with self.units.begin() as unit:
            now = self.clock()
            await unit.session.exec(
                update(File)
                .where(col(File.lease_expires_at) >= now)
                .values(lease_expires_at=now - timedelta(microseconds=1))
            )

    def undo_until(self) -> datetime | None:
        """Return until when a file that ends now can be undone; None: always."""
        return self.clock() + self._undo_for if self._undo_for is not None else None

    @asynccontextmanager
    async def joined(self, unit: UnitOfWork | None) -> AsyncIterator[UnitOfWork]:
        """Give the transaction to be part of: the one handed in, or one of its own."""
        if unit is not None:
            yield unit
            return
        async with self.units.begin() as own:
            yield own

    async def renew(self, claim: Claim) -> bool:
        """Prolong the lease; False when it is lost.

        An attempt that has just written its end holds no lease any more, and has lost none.
        """
        async with self.units.begin() as unit:
            values = {"lease_expires_at": self.clock() + self._lease}
            if await change(unit, claim.file_id, None, values=values, where=held_by(claim)):
                return True
            file = await find_file(unit, claim.file_id)
            return file is not None and (file.lease_owner, file.attempt) == (None, claim.attempt)

    async def progress(
        self, claim: Claim, *, bytes_done: int, bytes_total: int, rows_done: int
    ) -> None:
        """Show how far the attempt is; prolongs the lease too.

        Raises:
            LeaseLost: the claim does not hold any more.
        """
        done = {"bytesDone": bytes_done, "bytesTotal": bytes_total, "rowsDone": rows_done}
        values = {"progress": done, "lease_expires_at": self.clock() + self._lease}
        await self.write(claim, None, values)

    async def advance(
        self,
        claim: Claim,
        to_stage: Stage,
        what: str,
        *,
        changes: Mapping[str, object] | None = None,
        detail: Mapping[str, object] | None = None,
        unit: UnitOfWork | None = None,
    ) -> None:
        """Move on to the next stage of the attempt.

        Args:
            claim: the attempt.
            to_stage: LOADING or PUBLISHING.
            what: for the history, as noun.verb (`file.inspected`).
            changes: columns of `File` to set with it (`encoding`, `delimiter`, `header`, …).
            detail: for the history.
            unit: the transaction to be part of.

        Raises:
            LeaseLost: the claim does not hold any more.
        """
        before = await self.stage_before(claim, to_stage, unit)
        now = self.clock()
        values = {
            **(changes or {}),
            "stage": str(to_stage),
            "lease_expires_at": now + self._lease,
        }
        cause = Cause(self.actor, what, now, detail or {})
        await self.write(claim, cause, values, before=before, unit=unit)

    async def stage_before(self, claim: Claim, to_stage: Stage, unit: UnitOfWork | None) -> Stage:
        """Return the stage the file is in, for the history.

        Raises:
            LeaseLost: the file is gone, or not in a stage from which the move could be made.
        """
        async with self.joined(unit) as one:
            file = await find_file(one, claim.file_id)
        if file is None or file.lease_owner != claim.lease_owner:
            raise LeaseLost
        if not may_move(file.is_at, to_stage):
            message = f"a file does not move from {file.is_at} to {to_stage}"
            raise ValueError(message)
        return file.is_at

    async def write(
        self,
        claim: Claim,
        cause: Cause | None,
        values: Mapping[str, object],
        *,
        before: Stage | None = None,
        unit: UnitOfWork | None = None,
    ) -> File:
        """Set columns of the claimed row; return it as it is then.

        Raises:
            LeaseLost: the claim does not hold any more.
        """
        where = held_by(claim)
        async with self.joined(unit) as one:
            file = await change(
                one, claim.file_id, cause, values=values, where=where, before=before
            )
        if file is None:
            raise LeaseLost
        return file
