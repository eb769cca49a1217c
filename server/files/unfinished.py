"""What an attempt that died, or broke off, left undecided: whether readers see its rows.

The swap is written down before it happens and recorded after it; between the two only ClickHouse
knows. `worker/ingest/publish.py` asks it; until then a file must not end as Failed (`claims.py`).
"""

from sqlmodel import col, select

from server.files.attempt import Claim
from server.files.models import Publication
from server.unit_of_work import UnitOfWork


class MayBeVisible(Exception):
    """Readers may see rows of the file: it cannot end as if they saw none."""


async def unfinished_publication(unit: UnitOfWork, claim: Claim) -> Publication | None:
    """Return the file's newest publication that its record does not show yet, or None."""
    found = await unit.session.exec(
        select(Publication)
        .where(
            Publication.file_id == claim.file_id,
            col(Publication.state).in_(("prepared", "published")),
            col(Publication.attempt) > (claim.judged_attempt or 0),
        )
        .order_by(col(Publication.generation).desc())
        .limit(1)
    )
    return found.first()
