"""The real side: files room, jobs and engine in this process, and workers that can be killed.

A worker dies at a border: before or after one of its statements or transactions. From then on
nothing of it reaches the outside, as after `kill -9`.
"""

import asyncio
import inspect
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast
from uuid import UUID, uuid4

from sqlmodel import col, select, update

from server.access.principal import Principal
from server.access.scopes import ALL_SCOPES
from server.analytics.gateway import Analytics
from server.datasets.tables import current_table, history_table
from server.files.models import File, Publication
from server.files.tickets import UploadTicket
from server.unit_of_work import UnitOfWork, UnitsOfWork
from tests.fixtures.files import Desk, asked, put
from tests.fixtures.rows import good, to_csv
from tests.histories.model import LEASE_SECONDS, ONE, Row, Shown
from worker.context import Context
from worker.jobs import JOBS
from worker.maintenance.reconcile import Reconciler

# Longer than a lease and a lock.
_LATER = 2 * LEASE_SECONDS


class Killed(BaseException):
    """The worker is dead; no `except Exception` of it sees that."""


class Fuse:
    """How many borders a worker passes before it dies; None for all."""

    def __init__(self, borders: int | None) -> None:
        self._left = borders
        self.has_burnt = False

    def pass_border(self) -> None:
        """Go on, or die here; who is dead stays dead."""
        if self._left is None:
            return
        if self._left == 0:
            self.has_burnt = True
            raise Killed
        self._left -= 1


class MortalAnalytics:
    """The gateway, as a worker that may die uses it: before or after any call to the outside."""

    def __init__(self, real: Analytics, fuse: Fuse) -> None:
        self._real = real
        self._fuse = fuse

    def __getattr__(self, name: str) -> object:
        """Return what the gateway has; its calls pass two borders."""
        found = getattr(self._real, name)
        if not inspect.iscoroutinefunction(found):
            return found

        async def call(*told: object, **asked: object) -> object:
            self._fuse.pass_border()
            answer = await found(*told, **asked)
            self._fuse.pass_border()
            return answer

        return call


class MortalUnits:
    """Transactions of a worker that may die: before one, in it, or right after its commit."""

    def __init__(self, real: UnitsOfWork, fuse: Fuse) -> None:
        self._real = real
        self._fuse = fuse

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        """See UnitsOfWork."""
        self._fuse.pass_border()
        async with self._real.begin() as unit:
            yield unit
            self._fuse.pass_border()
        self._fuse.pass_border()


@dataclass
class World:
    """One workspace of the house, and workers on it."""

    desk: Desk
    context: Context
    dataset: str

    def __post_init__(self) -> None:
        self.principal = Principal(str(uuid4()), "key:history", ALL_SCOPES, "key")

    async def send(self, data: bytes, arrived: datetime | None, **options: object) -> File:
        """Have a file arrive, at this very moment when one is given; nobody works on it yet."""
        wish = {"datasetType": self.dataset, "options": {"maxRejectedRatio": 1, **options}}
        ticket = await self.desk.service.uploads.request(self.principal, asked(wish))
        assert isinstance(ticket, UploadTicket)
        file_id = UUID(ticket.id)
        await put(ticket.upload_url, data)
        await self.desk.service.arrivals.pin(file_id, "storage")
        if arrived is not None:
            await self.desk.set(file_id, uploaded_at=arrived)
        return await self.desk.row(file_id)

    async def work(self, job: str, file_id: UUID, borders: int | None) -> bool:
        """Run a job until it ends or its worker dies; return whether it died."""
        self.desk.clock.turn(seconds=_LATER)
        fuse = Fuse(borders)
        mortal = replace(
            self.context,
            analytics=cast(Analytics, MortalAnalytics(self.context.analytics, fuse)),
            units=cast(UnitsOfWork, MortalUnits(self.context.units, fuse)),
        )
        with suppress(Killed):
            await JOBS[job](mortal, file_id)
        if fuse.has_burnt:
            # What it left running dies at its next border. Not cancelled: a transaction that was
            # cut while it rolled back would stay open, as no dead process's does.
            others = asyncio.all_tasks() - {asyncio.current_task()}
            await asyncio.gather(*others, return_exceptions=True)
            self.desk.clock.turn(seconds=_LATER)
        return fuse.has_burnt

    async def work_together(self, file_ids: Sequence[UUID]) -> list[UUID]:
        """Have several workers take a file each, all at once.

        Returns:
            The files that were swapped in, in that order.
        """
        self.desk.clock.turn(seconds=_LATER)
        before = {publication.publication_id for publication in await self._publications()}
        workers = [
            replace(self.context, worker_name=f"test-{number}") for number in range(len(file_ids))
        ]
        await asyncio.gather(
            *(JOBS["ingest"](*pair) for pair in zip(workers, file_ids, strict=True))
        )
        new = [one for one in await self._publications() if one.publication_id not in before]
        return [one.file_id for one in sorted(new, key=lambda one: one.generation)]

    async def lose_object(self, file_id: UUID) -> None:
        """Have the file's bytes be gone from the store."""
        row = await self.desk.row(file_id)
        assert row.object_version is not None
        await self.desk.storage.remove_version(row.object_key, row.object_version)

    async def reconcile(self) -> None:
        """Have the reconciler look for what the dead left behind."""
        await Reconciler(self.context).round()

    async def merge(self) -> None:
        """Have the engine merge all parts of both tables."""
        for table in self._tables:
            await self.context.analytics.command(f"OPTIMIZE TABLE {table} FINAL", comment="test")

    async def generation(self) -> str:
        """Return what tells one swap from the next."""
        found = await self.context.analytics.query(
            "SELECT comment FROM system.tables WHERE database = {database:String}"
            " AND name = {name:String}",
            parameters={
                "database": self.context.analytics.database,
                "name": self._tables[0].partition(".")[2],
            },
            comment="test",
        )
        return str(found.one()["comment"])

    async def shown(self) -> Shown:
        """Return the rows that readers see."""
        return await rows_seen(
            self.context.analytics,
            self.dataset,
            "_workspace = {workspace:String}",
            workspace=self.principal.workspace_id,
        )

    async def waits_no_longer(self, file_id: UUID) -> None:
        """Let a file be tried at once."""
        async with self.desk.units.begin() as unit:
            await unit.session.exec(
                update(File).where(col(File.file_id) == file_id).values(not_before=None)
            )

    async def _publications(self) -> list[Publication]:
        async with self.desk.units.begin() as unit:
            found = await unit.session.exec(
                select(Publication).where(
                    Publication.workspace_id == self.principal.workspace_id,
                    Publication.state == "published",
                )
            )
            return list(found)

    @property
    def _tables(self) -> tuple[str, str]:
        dataset = self.context.catalogue.get(self.dataset)
        assert dataset is not None
        database = self.context.analytics.database
        return f"{database}.{current_table(dataset)}", f"{database}.{history_table(dataset)}"


async def rows_seen(
    analytics: Analytics, dataset: str, condition: str, **parameters: object
) -> Shown:
    """Return the rows of a dataset that readers see and that meet a condition."""
    key, amount = (
        ("transaction_id", "amount")
        if dataset == ONE
        else ("provider_payment_reference", "settlement_amount")
    )
    found = await analytics.query(
        f"SELECT _file, _row, toUInt32(extract({key}, '[0-9]+')) AS key,"
        f" toMonth(created_at) AS month, toUInt32({amount} * 100) AS cents"
        f" FROM {analytics.database}.{dataset}_current WHERE {condition}",
        parameters=parameters,
        comment="test",
    )
    return Counter(
        (UUID(str(file)), int(str(row)), Row(*(int(str(value)) for value in values)))
        for file, row, *values in found.rows
    )


def file_of(dataset: str, rows: Sequence[Row]) -> bytes:
    """Return the file of the rows."""
    return to_csv([_cells(dataset, row) for row in rows]).encode()


def counts_in(file: File) -> dict[str, int]:
    """Return the counts of rows in a record that are not zero."""
    statistics: Mapping[str, object] = file.statistics or {}
    found = {
        name[4:].lower(): int(str(count))
        for name, count in statistics.items()
        if name.startswith("rows")
    }
    return {name: count for name, count in found.items() if count}


def _cells(dataset: str, row: Row) -> dict[str, str]:
    created_at = f"2025-{row.month:02d}-01 10:30:00"
    amount = f"{row.cents / 100:.2f}"
    if dataset == ONE:
        return good(row.key, dataset, created_at=created_at, amount=amount)
    # The event time is part of a settlement's key: it cannot move.
    return good(row.key, dataset, settlement_amount=amount)
