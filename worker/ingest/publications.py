"""What a swap is to bring, written down before it: how a crash between the two is settled.

The generation travels with the exchanged table, so the generation readers see tells of every
prepared publication whether its swap happened.
"""

from uuid import UUID

from sqlmodel import col, select, update

from server.files.claims import Claim, Ending
from server.files.ids import new_id
from server.files.models import Publication
from server.unit_of_work import UnitOfWork
from worker.ingest.attempt import Attempt
from worker.ingest.dataset_lock import Held
from worker.ingest.ending import write_ending
from worker.ingest.swap import drop_foreign_next, generation_of


async def settle_publications(attempt: Attempt) -> None:
    """Tell of every prepared publication whether its swap happened; fence whoever is paused.

    Called by who has just taken the dataset's lock.
    """
    await drop_foreign_next(attempt)
    generation = await generation_of(attempt)
    async with attempt.context.units.begin() as unit:
        for state, happened in (
            ("published", col(Publication.generation) == generation),
            ("abandoned", col(Publication.generation) != generation),
        ):
            await unit.session.exec(
                update(Publication)
                .where(
                    col(Publication.dataset_type) == attempt.dataset.name,
                    col(Publication.state) == "prepared",
                    happened,
                )
                .values(state=state)
                .execution_options(synchronize_session=False)
            )


async def prepare_publication(
    attempt: Attempt, ending: Ending, *, generation: int, held: Held
) -> UUID:
    """Write down what the swap to this generation brings; return the publication's id.

    Raises:
        LeaseLost: the dataset's lock is another publisher's now. Written without it, the line
            would name the generation that publisher brings, and pass for its swap.
    """
    publication_id = new_id()
    async with attempt.context.units.begin() as unit:
        await held.hold_until_commit(unit)
        unit.session.add(
            Publication(
                publication_id=publication_id,
                dataset_type=attempt.dataset.name,
                generation=generation,
                file_id=attempt.claim.file_id,
                workspace_id=attempt.claim.workspace_id,
                attempt=attempt.claim.attempt,
                state="prepared",
                result=write_ending(ending),
                created_at=attempt.context.clock(),
            )
        )
    return publication_id


async def mark_published(unit: UnitOfWork, publication_id: UUID) -> None:
    """Note that the swap happened."""
    await unit.session.exec(
        update(Publication)
        .where(col(Publication.publication_id) == publication_id)
        .values(state="published")
    )


async def unfinished_publication(unit: UnitOfWork, claim: Claim) -> Publication | None:
    """Return the file's newest publication that its record does not show yet, or None."""
    found = await unit.session.exec(
        select(Publication)
        .where(
            Publication.file_id == claim.file_id,
            col(Publication.state).in_(("prepared", "published")),
            col(Publication.attempt) > (claim.published_attempt or claim.judged_attempt or 0),
        )
        .order_by(col(Publication.generation).desc())
        .limit(1)
    )
    return found.first()
