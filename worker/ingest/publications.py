"""What a swap is to bring, written down before it: how a crash between the two is settled.

The generation travels with the exchanged table, so the generation readers see tells of every
prepared publication whether its swap happened.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from uuid import UUID

from sqlmodel import col, select, update

from server.files.claims import Ending
from server.files.ids import new_id
from server.files.models import Publication
from server.files.repository import change, find_file
from server.unit_of_work import UnitOfWork
from worker.ingest.attempt import Attempt
from worker.ingest.dataset_lock import Held
from worker.ingest.ending import read_ending, write_ending
from worker.ingest.sources import follow_swap, tell_readers
from worker.ingest.swap import drop_foreign_next, generation_of


@dataclass(frozen=True)
class Bringing:
    """What a swap does to one file."""

    file_id: UUID
    attempt: int
    """Whose rows come, or go."""
    result: dict[str, object]
    """The file's end, as `write_ending` writes it; or `UNDONE`."""


UNDONE: Final[Mapping[str, object]] = MappingProxyType({"undone": True})
"""The result of a swap that takes the rows of a file back."""
_IN_PLACE_OF: Final = "inPlaceOf"


def in_place_of(file_id: UUID, ending: Ending) -> dict[str, object]:
    """Return the result of a duplicate that takes the place of the file, which is being undone."""
    return {**write_ending(ending), _IN_PLACE_OF: str(file_id)}


async def settle_publications(attempt: Attempt, held: Held) -> None:
    """Tell of every prepared publication whether its swap happened; fence whoever is paused.

    Called by who has just taken the dataset's lock. From then on the records name exactly the rows
    that readers see, also when whoever swapped them in, or out, died before it could say so.

    Raises:
        LeaseLost: the lock is another publisher's now, whose publication must not pass for one
            that was left behind.
    """
    await drop_foreign_next(attempt)
    generation = await generation_of(attempt)
    async with attempt.context.units.begin() as unit:
        await held.hold_until_commit(unit)
        await record_swap(unit, attempt, generation)
        await unit.session.exec(
            update(Publication)
            .where(
                col(Publication.dataset_type) == attempt.dataset.name,
                col(Publication.state) == "prepared",
            )
            .values(state="abandoned")
            .execution_options(synchronize_session=False)
        )
    await tell_readers(attempt)


async def prepare_publications(
    attempt: Attempt, brought: Sequence[Bringing], *, generation: int, held: Held
) -> None:
    """Write down what the swap to this generation brings, file by file.

    Raises:
        LeaseLost: the dataset's lock is another publisher's now. Written without it, the lines
            would name the generation that publisher brings, and pass for its swap.
    """
    async with attempt.context.units.begin() as unit:
        await held.hold_until_commit(unit)
        for one in brought:
            unit.session.add(
                Publication(
                    publication_id=new_id(),
                    dataset_type=attempt.dataset.name,
                    generation=generation,
                    file_id=one.file_id,
                    workspace_id=attempt.claim.workspace_id,
                    attempt=one.attempt,
                    state="prepared",
                    result=one.result,
                    created_at=attempt.context.clock(),
                )
            )


async def record_swap(unit: UnitOfWork, attempt: Attempt, generation: int) -> None:
    """Note that the swap to this generation happened, and which attempts readers see since."""
    found = await unit.session.exec(
        select(Publication)
        .where(
            Publication.dataset_type == attempt.dataset.name,
            Publication.state == "prepared",
            Publication.generation == generation,
        )
        .order_by(col(Publication.publication_id))
    )
    recorded = list(found)
    for publication in recorded:
        publication.state = "published"
        unit.session.add(publication)
        await _record(unit, attempt, publication)
    await follow_swap(unit, attempt, [publication.file_id for publication in recorded])


async def _record(unit: UnitOfWork, attempt: Attempt, publication: Publication) -> None:
    result, file_id = publication.result, publication.file_id
    seen: int | None = publication.attempt
    if "undone" in result:
        seen = None
    elif _IN_PLACE_OF in result:
        undone = UUID(str(result[_IN_PLACE_OF]))
        ending = read_ending(result)
        promote = attempt.context.claims.promote
        if await promote(
            file_id, ending, attempt=publication.attempt, in_place_of=undone, unit=unit
        ):
            return
        # A reprocess was asked for meanwhile: that ends it, over the rows that are there.
    await change(unit, file_id, None, values={"published_attempt": seen})


async def published_attempt(unit: UnitOfWork, file_id: UUID) -> int | None:
    """Return the attempt whose rows readers see; true as long as the dataset's lock is held."""
    file = await find_file(unit, file_id)
    return file.published_attempt if file is not None else None
