"""A server that drops no large table or partition by default has its large datasets published."""

from collections.abc import Iterator
from dataclasses import replace

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client

from server.analytics.gateway import Analytics
from server.errors import QueryRejected
from tests.faults.bulk import Bulk, new_provider
from tests.fixtures.files import ALICE
from tests.fixtures.workshop import Workshop
from worker.jobs import JOBS

REFUSED = 359  # TABLE_SIZE_EXCEEDS_MAX_DROP_SIZE_LIMIT


@pytest.fixture
def guarded(engine: Analytics, monkeypatch: pytest.MonkeyPatch) -> Iterator[Analytics]:
    """Give the engine as one to which a byte is a lot; the default is 50 GB."""
    open_client = clickhouse_connect.get_client

    def opened(*, dsn: str) -> Client:
        client = open_client(dsn=dsn)
        for what in ("table", "partition"):
            client.set_client_setting(f"max_{what}_size_to_drop", 1)
        return client

    monkeypatch.setattr(clickhouse_connect, "get_client", opened)
    gateway = Analytics(engine._dsn, database=engine.database, threads=1)
    yield gateway
    gateway.close()


async def test_files_are_published_and_undone_where_tables_are_larger_than_what_is_dropped(
    workshop: Workshop, guarded: Analytics
) -> None:
    context, desk = replace(workshop.context, analytics=guarded), workshop.desk
    provider = new_provider()
    files = [
        Bulk(1, 100, "1.00", provider=provider),
        # A month loses half of its rows, and the other month comes and goes.
        Bulk(51, 100, "3.00", month="2025-04", provider=provider),
    ]
    await workshop.run(
        "CREATE TABLE tallydock.large ENGINE = MergeTree ORDER BY n AS SELECT 1 AS n"
    )
    with pytest.raises(QueryRejected) as refused:
        await guarded._pool.run("other", lambda one: one.command("DROP TABLE tallydock.large"))
    await guarded.command("DROP TABLE tallydock.large", comment="test")

    older, newer = [await desk.send_and_pin(data=rows.data) for rows in files]
    for file_id in (older, newer):
        await JOBS["ingest"](context, file_id)
    corrected = await workshop.rows("transactions_current", older)
    await desk.service.undo(ALICE, newer)
    await JOBS["undo"](context, newer)

    assert refused.value.code == REFUSED
    assert corrected == {1: 50}
    assert (await desk.row(newer)).undone_at is not None
    assert await workshop.rows("transactions_current", older) == {1: 100}
    assert await workshop.tables() == set()
