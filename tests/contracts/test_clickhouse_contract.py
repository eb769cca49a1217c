"""The gateway's promises, on every ClickHouse there is: in process, over HTTP, a real server."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from server.analytics.gateway import Analytics
from server.errors import AnalyticsUnavailable, QueryRejected
from tests.fixtures.cable import Cable
from tests.fixtures.clickhouse.server import ClickHouseServer, clickhouse_dsn, clickhouse_server
from tests.fixtures.files import until

# Runs for hours unless it is stopped.
ENDLESS = "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)"


@pytest.fixture(scope="module", params=["embedded", "http", "server"])
def dsn(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give each kind of ClickHouse in turn."""
    kind = str(request.param)
    with clickhouse_dsn(kind, tmp_path_factory.mktemp(kind)) as dsn:
        yield dsn


@pytest.fixture
def analytics(dsn: str) -> Iterator[Analytics]:
    """Give a gateway with a database of its own."""
    gateway = Analytics(dsn, database=f"contract_{uuid4().hex}", threads=2)
    asyncio.run(gateway.create_database())
    yield gateway
    asyncio.run(gateway.command(f"DROP DATABASE {gateway.database} SYNC", comment="contract"))
    gateway.close()


async def test_values_come_back_as_they_were_sent(analytics: Analytics) -> None:
    awkward = "it's a \\ tab\t{x:String} %s 'ü'\n"
    found = await analytics.query(
        "SELECT {text:String} AS text, {number:UInt64} AS number, toUUID({file:String}) AS file,"
        " toDecimal64('1.50', 2) AS amount, toDateTime64('2026-01-02 03:04:05.678901', 6, 'UTC')"
        " AS moment, ['a', 'b'] AS list, toLowCardinality('low') AS low, NULL AS nothing,"
        " CAST('error', 'Enum8(\\'error\\' = 1)') AS kind",
        parameters={"text": awkward, "number": 2**63, "file": str(UUID(int=7)), "unnamed": 1},
        comment="contract",
    )

    row = found.one()
    moment = row.pop("moment")
    assert isinstance(moment, datetime)
    assert moment.replace(tzinfo=UTC) == datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)
    assert row == {
        "text": awkward,
        "number": 2**63,
        "file": UUID(int=7),
        "amount": Decimal("1.50"),
        "list": ["a", "b"],
        "low": "low",
        "nothing": None,
        "kind": "error",
    }


async def test_rows_that_are_inserted_are_there(analytics: Analytics) -> None:
    await analytics.command(
        f"CREATE TABLE {analytics.database}.t (file UUID, n UInt32) ENGINE = MergeTree ORDER BY n",
        comment="contract",
    )
    rows = [(str(uuid4()), number) for number in range(3000)]

    await analytics.insert("t", rows, ("file", "n"), comment="contract")

    found = await analytics.query(
        f"SELECT toString(file), n FROM {analytics.database}.t ORDER BY n", comment="contract"
    )
    assert found.rows == rows
    nothing = await analytics.query(
        f"SELECT n FROM {analytics.database}.t WHERE n > 9999", comment="contract"
    )
    assert nothing.rows == []


async def test_a_long_parameter_and_a_long_statement_pass(analytics: Analytics) -> None:
    long = "x" * 70_000
    found = await analytics.query(
        f"SELECT length({{text:String}}) + length('{long}') AS n",
        parameters={"text": long},
        settings={"max_query_size": 10_000_000},
        comment="contract",
    )
    assert found.one() == {"n": 140_000}


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("SELECT * FROM nowhere.nothing", 81),
        ("SELECT nothing", 47),
        ("SELECT 1 FORM x y", 62),
        ("SELECT throwIf(1, 'told')", 395),
        ("SELECT toUInt8('x')", 6),
    ],
)
async def test_a_refusal_carries_its_number(
    analytics: Analytics, statement: str, code: int
) -> None:
    for ask in (analytics.query, analytics.command):
        with pytest.raises(QueryRejected) as refused:
            await ask(statement, comment="contract")
        assert refused.value.code == code


async def test_what_may_pass_by_itself_is_told_from_refusals(analytics: Analytics) -> None:
    with pytest.raises(AnalyticsUnavailable):
        await analytics.query(ENDLESS, comment="contract", timeout_seconds=1)
    with pytest.raises(AnalyticsUnavailable):
        await analytics.query(
            "SELECT length(groupArray(number)) FROM numbers(100000000)",
            settings={"max_memory_usage": 20_000_000},
            comment="contract",
        )


async def test_settings_hold_for_their_statement_only(analytics: Analytics) -> None:
    asked = "SELECT getSetting('max_block_size') AS size, getSetting('log_comment') AS comment"
    told = await analytics.query(asked, settings={"max_block_size": 4321}, comment="one")
    after = await analytics.query(asked, comment="two")

    assert told.one() == {"size": 4321, "comment": "one"}
    assert after.one() != told.one()


async def test_a_statement_is_seen_and_stopped_by_its_comment(analytics: Analytics) -> None:
    other = asyncio.create_task(analytics.query(ENDLESS, comment="other"))
    running = asyncio.create_task(analytics.query(ENDLESS, comment="mine"))
    await until(lambda: runs(analytics, "mine"))
    await until(lambda: runs(analytics, "other"))

    await analytics.kill("mine")

    with pytest.raises(AnalyticsUnavailable):
        await running
    assert not await runs(analytics, "mine")
    assert await runs(analytics, "other")
    await analytics.kill("other")
    await asyncio.gather(other, return_exceptions=True)


async def test_who_is_cancelled_leaves_nothing_running(analytics: Analytics) -> None:
    table = f"{analytics.database}.t"
    await analytics.command(
        f"CREATE TABLE {table} (n UInt64) ENGINE = MergeTree ORDER BY n", comment="contract"
    )
    inserting = asyncio.create_task(
        analytics.command(f"INSERT INTO {table} {ENDLESS}", comment="mine")
    )
    await until(lambda: runs(analytics, "mine"))

    inserting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await inserting

    assert not await runs(analytics, "mine")


async def test_others_are_stopped_and_ones_own_statement_goes_on(analytics: Analytics) -> None:
    comments = ("ingest:a:1:dead", "ingest:a:2:mine", "ingest:b:1:other")
    running = [asyncio.create_task(analytics.query(ENDLESS, comment=one)) for one in comments]
    for comment in comments:
        await until(lambda comment=comment: runs(analytics, comment))  # type: ignore[misc]

    await analytics.kill_others("ingest:a:", but="ingest:a:2:mine")

    assert [await runs(analytics, comment) for comment in comments] == [False, True, True]
    for comment in comments:
        await analytics.kill(comment)
    await asyncio.gather(*running, return_exceptions=True)


async def runs(analytics: Analytics, comment: str) -> bool:
    """Return whether a statement of that comment is under way."""
    found = await analytics.query(
        "SELECT count() AS n FROM system.processes"
        " WHERE Settings['log_comment'] = {comment:String}",
        parameters={"comment": comment},
        comment="watch",
    )
    return bool(found.one()["n"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    """Give a server that tests take away."""
    with clickhouse_server(tmp_path_factory.mktemp("away")) as server:
        yield server


async def test_a_server_that_goes_away_comes_back_with_what_it_had(
    server: ClickHouseServer,
) -> None:
    analytics = Analytics(server.dsn, database="away")
    await analytics.create_database()
    await analytics.command(
        "CREATE TABLE away.t (n UInt64) ENGINE = MergeTree ORDER BY n", comment="contract"
    )
    await analytics.command("INSERT INTO away.t SELECT number FROM numbers(7)", comment="contract")
    running = asyncio.create_task(analytics.query(ENDLESS, comment="mine"))
    await until(lambda: runs(analytics, "mine"))

    await asyncio.to_thread(server.kill)

    with pytest.raises(AnalyticsUnavailable):
        await running
    with pytest.raises(AnalyticsUnavailable):
        await analytics.ping()
    await asyncio.to_thread(server.start)
    found = await analytics.query("SELECT count() AS n FROM away.t", comment="contract")
    assert found.one() == {"n": 7}
    analytics.close()


async def test_an_insert_outlives_its_client_until_it_is_killed(server: ClickHouseServer) -> None:
    writer, other = (Analytics(server.dsn, database="outlived") for _ in range(2))
    await writer.create_database()
    await writer.command(
        "CREATE TABLE outlived.t (n UInt64) ENGINE = MergeTree ORDER BY n", comment="contract"
    )
    # As a worker that is killed: nobody cancels anything, the connection just ends.
    process = await asyncio.create_subprocess_exec(
        "curl",
        f"http://127.0.0.1:{server.port}/?log_comment=orphan",
        "--data-binary",
        f"INSERT INTO outlived.t {ENDLESS}",
        stderr=asyncio.subprocess.DEVNULL,
    )
    await until(lambda: runs(other, "orphan"))
    process.kill()
    await process.wait()

    assert await runs(other, "orphan")
    await other.kill("orphan")
    assert not await runs(other, "orphan")
    for gateway in (writer, other):
        gateway.close()


async def test_an_insert_whose_connection_breaks_is_stopped_before_anybody_hears_of_it(
    server: ClickHouseServer,
) -> None:
    with Cable(server.port) as cable:
        cut, other = (Analytics(dsn, database="cut") for dsn in (cable.dsn, server.dsn))
        await other.create_database()
        await other.command(
            "CREATE TABLE cut.t (n UInt64) ENGINE = MergeTree ORDER BY n", comment="contract"
        )
        inserting = asyncio.create_task(cut.command(f"INSERT INTO cut.t {ENDLESS}", comment="mine"))
        await until(lambda: runs(other, "mine"))

        cable.cut()
        with pytest.raises(AnalyticsUnavailable):
            await inserting

        assert not await runs(other, "mine")
        for gateway in (cut, other):
            gateway.close()
