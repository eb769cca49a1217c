"""However many keys a file has, an undo holds a bounded number of them at once."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from server.analytics.gateway import Analytics
from tests.faults.bulk import Bulk
from tests.fixtures.files import ALICE
from tests.fixtures.workshop import Workshop
from worker.ingest import keys
from worker.jobs import JOBS

ROWS = 400_000
# Enough for a bucket of keys, and not for all of them.
MEMORY_BYTES = 110 * 2**20


@pytest.fixture
def tight(engine: Analytics) -> Iterator[Analytics]:
    """Give the engine with memory for a bucket of keys, and not for all of them."""
    gateway = Analytics(engine._dsn, database=engine.database, threads=1, memory_bytes=MEMORY_BYTES)
    yield gateway
    gateway.close()


@pytest.mark.slow
async def test_an_undo_keeps_within_its_memory(
    workshop: Workshop, tight: Analytics, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, provider = workshop.desk, f"many-{workshop.desk.clock.now:%H%M%S%f}"
    files = [Bulk(1, ROWS, amount, provider=provider) for amount in ("1.00", "2.00")]
    older, newer = [await desk.send_and_pin(data=rows.data) for rows in files]
    for file_id in (older, newer):
        await JOBS["ingest"](workshop.context, file_id)
    await desk.service.undo(ALICE, newer)
    context = replace(workshop.context, analytics=tight)

    # All keys in one statement: it would be put back for ever.
    monkeypatch.setattr(keys, "RESOLVED_PER_BUCKET", ROWS)
    await JOBS["undo"](context, newer)
    refused = await desk.row(newer)
    monkeypatch.setattr(keys, "RESOLVED_PER_BUCKET", ROWS // 20)
    monkeypatch.setattr(keys, "KEYS_PER_BUCKET", ROWS // 20)
    desk.clock.turn(seconds=60)
    await JOBS["undo"](context, newer)

    assert (refused.undone_at, refused.faults) == (None, 1)
    assert (await desk.row(newer)).undone_at is not None
    assert await workshop.rows("transactions_current", older) == {1: ROWS}
    assert await workshop.rows("transactions_current", newer) == {}
