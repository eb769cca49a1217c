"""Tables follow their declaration while files come in; what would bend them is refused."""

import asyncio
from dataclasses import replace
from typing import cast

import pytest

from server.analytics.gateway import Analytics
from server.datasets.catalogue import Catalogue
from server.datasets.column import Column, ColumnType
from server.datasets.declaration import Dataset
from server.datasets.evolution import changes
from server.datasets.provision import provision
from server.errors import CatalogueRefused
from server.files.lifecycle import Stage
from tests.fixtures.files import ALICE
from tests.fixtures.rows import good, to_csv
from tests.fixtures.workshop import Workshop, some_csv
from tests.maintenance.sleeper import Sleeper
from worker.context import Context
from worker.jobs import JOBS
from worker.prepare import prepare

_BUILT_IN = Catalogue.built_in().get("transactions")
assert _BUILT_IN is not None
TRANSACTIONS = _BUILT_IN


def added(name: str, kind: ColumnType = ColumnType.TEXT, **said: object) -> Column:
    return Column.model_validate({"name": name, "type": kind, "description": "New", **said})


def declared(context: Context, *columns: Column, at: int = 18) -> Context:
    """Return the context of a worker whose declaration of transactions has more columns."""
    known = context.catalogue.get("transactions")
    assert known is not None
    more = (*known.columns[:at], *columns, *known.columns[at:])
    dataset = known.model_copy(update={"columns": more, "version": known.version + 1})
    return replace(context, catalogue=Catalogue({"transactions": dataset}))


@pytest.fixture(autouse=True)
async def _first_tables(workshop: Workshop) -> None:
    """Begin with the tables as they were declared first."""
    for kind in ("current", "history", "rejected"):
        table = f"{workshop.analytics.database}.transactions_{kind}"
        await workshop.run(f"DROP TABLE IF EXISTS {table} SYNC")
    await provision(workshop.analytics, workshop.context.catalogue)


async def shown(workshop: Workshop, provider: str, *columns: str) -> list[tuple[object, ...]]:
    found = await workshop.analytics.query(
        f"SELECT transaction_id, {', '.join(columns)} FROM"
        f" {workshop.analytics.database}.transactions_current"
        " WHERE provider_code = {provider:String} ORDER BY transaction_id",
        parameters={"provider": provider},
        comment="test",
    )
    return [tuple(row) for row in found.rows]


async def structures(workshop: Workshop) -> list[list[str]]:
    """Return the columns of the dataset's three tables, in their order."""
    found = await workshop.analytics.query(
        "SELECT table, groupArray(name) FROM (SELECT table, name FROM system.columns"
        " WHERE database = {database:String} AND startsWith(table, 'transactions_')"
        " ORDER BY table, position) GROUP BY table ORDER BY table",
        parameters={"database": workshop.analytics.database},
        comment="test",
    )
    return [list(cast(list[str], names)) for _, names in found.rows]


async def test_a_column_that_is_added_later_takes_files_before_and_after_and_undo(
    workshop: Workshop,
) -> None:
    old = await workshop.ingested(3, provider_code="evolving")
    context = declared(workshop.context, added("shop"), added("tip", ColumnType.DECIMAL))
    context = declared(context, added("till"), at=1)

    await prepare(context)
    row = good(2, provider_code="evolving")
    data = to_csv([{**row, "shop": "Bonn", "tip": "1.50", "till": "7"}])
    new = await workshop.desk.send_and_pin(data=data.encode())
    await JOBS["ingest"](context, new)

    empty, told = ("", None, ""), ("Bonn", 1.5, "7")
    after = await shown(workshop, "evolving", "shop", "tip", "till")
    assert [(name, shop, tip and float(str(tip)), till) for name, shop, tip, till in after] == [
        ("t-1", *empty),
        ("t-2", *told),
        ("t-3", *empty),
    ]
    names = [column.name for column in context.catalogue.all()[0].columns]
    assert all(found[: len(names)] == names for found in await structures(workshop))
    await workshop.desk.service.undo(ALICE, new)
    await JOBS["undo"](context, new)
    assert await shown(workshop, "evolving", "shop") == [(f"t-{n}", "") for n in (1, 2, 3)]
    assert await workshop.rows("transactions_history", old.file_id) == {1: 3}


async def test_workers_that_start_at_once_add_it_once(workshop: Workshop) -> None:
    context = declared(workshop.context, added("shop"), added("tip", ColumnType.DECIMAL))

    await asyncio.gather(*(prepare(replace(context, worker_name=f"w{n}")) for n in range(4)))

    (dataset,) = context.catalogue.all()
    names = [column.name for column in dataset.columns]
    assert all(found[: len(names)] == names for found in await structures(workshop))
    assert await changes(workshop.analytics, dataset) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "occurrence"),
    [
        ("ATTACH PARTITION 197001", 1),  # rows set aside, before the dataset's lock
        ("INSERT INTO", 1),
        ("INSERT INTO", 2),
    ],
)
async def test_a_file_that_is_being_read_when_a_column_is_added_still_comes_in(
    workshop: Workshop, words: str, occurrence: int
) -> None:
    provider = f"reading{len(words)}{occurrence}"
    sleeper = Sleeper(workshop.analytics, words, occurrence)
    paused = replace(workshop.context, analytics=cast(Analytics, sleeper))
    # A day in another month, and an older row of a key, so that partitions are written anew.
    await workshop.ingested(12, provider_code=provider, created_at="2025-04-01 00:00:00")
    rows = [good(n, provider_code=provider) for n in range(1, 20)]
    rows.append(good(20, provider_code=provider, amount="abc"))
    file_id = await workshop.desk.send_and_pin(data=to_csv(rows).encode())
    reading = asyncio.create_task(JOBS["ingest"](paused, file_id))
    await sleeper.sleeps.wait()

    await prepare(declared(workshop.context, added("till"), at=1))
    sleeper.may_wake.set()
    await reading

    row = await workshop.desk.row(file_id)
    assert (row.is_at, row.attempt) == (Stage.COMPLETED, 1)
    assert await shown(workshop, provider, "till") == sorted((f"t-{n}", "") for n in range(1, 20))
    assert await workshop.rows("transactions_rejected", file_id) == {1: 1}


@pytest.mark.slow
async def test_a_publisher_that_was_paused_before_its_swap_does_not_bring_the_old_table_back(
    workshop: Workshop,
) -> None:
    sleeper = Sleeper(workshop.analytics, "EXCHANGE TABLES", 1)
    paused = replace(workshop.context, analytics=cast(Analytics, sleeper))
    slow = await workshop.desk.send_and_pin(data=some_csv(4, provider_code="stale"))
    sleeping = asyncio.create_task(JOBS["ingest"](paused, slow))
    await sleeper.sleeps.wait()

    workshop.desk.clock.turn(seconds=31)
    context = declared(workshop.context, added("till"), at=1)
    await prepare(context)
    sleeper.may_wake.set()
    await sleeping
    workshop.desk.clock.turn(seconds=31)
    await JOBS["ingest"](context, slow)

    assert [name for found in await structures(workshop) for name in found].count("till") == 3
    assert await shown(workshop, "stale", "till") == [(f"t-{n}", "") for n in range(1, 5)]


@pytest.mark.slow
async def test_a_publication_that_runs_is_waited_for(workshop: Workshop) -> None:
    sleeper = Sleeper(workshop.analytics, "EXCHANGE TABLES", 1)
    paused = replace(workshop.context, analytics=cast(Analytics, sleeper))
    file_id = await workshop.desk.send_and_pin(data=some_csv(4, provider_code="running"))
    running = asyncio.create_task(JOBS["ingest"](paused, file_id))
    await sleeper.sleeps.wait()

    preparing = asyncio.create_task(prepare(declared(workshop.context, added("till"))))
    await asyncio.sleep(0.3)
    is_waiting = not preparing.done()
    sleeper.may_wake.set()
    await asyncio.gather(running, preparing)

    row = await workshop.desk.row(file_id)
    assert is_waiting
    assert (row.is_at, row.attempt) == (Stage.COMPLETED, 1)
    assert len(await shown(workshop, "running", "till")) == 4


def without(name: str) -> Dataset:
    kept = tuple(column for column in TRANSACTIONS.columns if column.name != name)
    return TRANSACTIONS.model_copy(update={"columns": kept})


def changed(name: str, **said: object) -> Dataset:
    columns = tuple(
        column.model_copy(update=said) if column.name == name else column
        for column in TRANSACTIONS.columns
    )
    return TRANSACTIONS.model_copy(update={"columns": columns})


@pytest.mark.parametrize(
    ("dataset", "told"),
    [
        (without("card_type"), "column card_type is not declared any more"),
        (changed("batch_number", type=ColumnType.TEXT), "stores it as Nullable(Int64)"),
        (changed("amount", scale=8), "column amount would be stored as Decimal(38, 8)"),
        (changed("card_type", few_values=False), "column card_type would be stored as String"),
        (
            TRANSACTIONS.model_copy(
                update={
                    "columns": (
                        *TRANSACTIONS.columns,
                        added("tip", ColumnType.DECIMAL, required=True),
                    )
                }
            ),
            "column tip is new and a required decimal",
        ),
        (TRANSACTIONS.model_copy(update={"key": ("transaction_id",)}), "cannot change once"),
    ],
)
async def test_what_would_bend_the_rows_that_are_there_is_refused(
    workshop: Workshop, dataset: Dataset, told: str
) -> None:
    context = replace(workshop.context, catalogue=Catalogue({"transactions": dataset}))
    before = await structures(workshop)

    with pytest.raises(CatalogueRefused, match=r"^transactions: ") as caught:
        await prepare(context)

    assert told in str(caught.value)
    assert await structures(workshop) == before


async def test_what_is_declared_as_it_was_changes_nothing(workshop: Workshop) -> None:
    for dataset in workshop.context.catalogue.all():
        assert await changes(workshop.analytics, dataset) == []
