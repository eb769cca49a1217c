"""Reports about the same money are counted once, whatever happens in which order."""

from decimal import Decimal

import pytest
from sqlmodel import col, delete, select

from server.audit.trail import AuditQuery, AuditTrail
from server.errors import AnalyticsUnavailable, NotFound, StateConflict, UnknownDataset
from server.settlements.backfill import name_earlier_accounts
from server.settlements.mirror import mirror
from server.settlements.models import (
    SettlementAccount,
    SettlementSource,
    SettlementSourceChange,
)
from server.settlements.sources import Actor
from tests.fixtures.books import (
    ADYEN_REPORT,
    BREAKDOWN_REPORT,
    ENTITY,
    FAR_REPORT,
    NORTHWIND,
    Books,
    settlement,
    settlements,
)
from tests.fixtures.reports import (
    adyen_batch,
    breakdown,
    far_payout,
)
from tests.fixtures.rows import to_csv
from worker.ingest import publish
from worker.jobs import JOBS


async def test_of_two_reports_about_an_account_the_first_counts(books: Books) -> None:
    await books.ingested(ADYEN_REPORT, adyen_batch())
    before = await books.told()

    file = await books.ingested("settlements", settlements("12.20"))

    assert file.outcome == "imported"
    assert await books.told() == before
    assert await books.named() == {NORTHWIND: ADYEN_REPORT}


async def test_accounts_are_counted_by_themselves(books: Books) -> None:
    await books.ingested(ADYEN_REPORT, adyen_batch())
    other = settlements("12.20", provider_merchant_account="NorthwindUS")

    await books.ingested("settlements", other)

    assert await books.settled() == Decimal("12.20")


@pytest.mark.parametrize("spelling", ["Adyen", " adyen ", "ADYEN"])
async def test_a_provider_in_another_spelling_is_the_same(books: Books, spelling: str) -> None:
    await books.ingested(ADYEN_REPORT, adyen_batch())

    await books.ingested("settlements", settlements("12.20", provider_name=spelling))

    assert await books.settled() == 0


async def test_two_reports_about_the_same_payouts_are_counted_once(books: Books) -> None:
    await books.ingested(FAR_REPORT, far_payout())
    await books.ingested(BREAKDOWN_REPORT, breakdown())
    assert await books.settled() == 0

    await books.choose(ENTITY, BREAKDOWN_REPORT)

    assert await books.settled() == Decimal("89.35")


async def test_a_choice_can_be_taken_back(books: Books) -> None:
    await books.ingested(ADYEN_REPORT, adyen_batch())
    await books.ingested("settlements", settlements("12.20"))
    chosen = await books.choose(NORTHWIND, "settlements")
    assert (chosen.dataset_type, chosen.is_chosen) == ("settlements", True)
    assert await books.settled() == Decimal("12.20")

    released = await books.choose(NORTHWIND, None)

    assert (released.dataset_type, released.is_chosen) == (ADYEN_REPORT, False)
    assert await books.settled() == 0


async def test_every_change_of_a_source_is_kept(books: Books) -> None:
    await books.ingested(ADYEN_REPORT, adyen_batch())
    await books.ingested("settlements", settlements("12.20"))
    await books.choose(NORTHWIND, "settlements")

    async with books.shop.desk.units.begin() as unit:
        order = col(SettlementSourceChange.change_id)
        changes = list(await unit.session.exec(select(SettlementSourceChange).order_by(order)))
    assert [(c.cause, c.dataset_before, c.dataset_after) for c in changes] == [
        ("source.named", None, ADYEN_REPORT),
        ("source.chosen", ADYEN_REPORT, "settlements"),
    ]
    assert changes[1].actor == "key:alice"
    lines = await AuditTrail(books.shop.desk.units).page(books.owner.workspace_id, AuditQuery())
    assert [(line.action, line.subject) for line in lines] == [
        ("settlement-source.chosen", "adyen NorthwindEU")
    ]


async def test_undoing_the_first_report_lets_the_other_one_count(books: Books) -> None:
    first = await books.ingested(ADYEN_REPORT, adyen_batch())
    await books.ingested("settlements", settlements("12.20"))

    await books.undone(first)

    assert await books.told() == [("capture", "", Decimal("12.20"))]


async def test_undoing_the_chosen_report_lets_the_other_one_count(books: Books) -> None:
    await books.ingested(ADYEN_REPORT, adyen_batch())
    second = await books.ingested("settlements", settlements("12.20"))
    await books.choose(NORTHWIND, "settlements")

    await books.undone(second)

    assert len(await books.told()) == 13


async def test_the_source_does_not_depend_on_the_order_of_processing(books: Books) -> None:
    early = await books.sent(ADYEN_REPORT, adyen_batch())
    late = await books.sent("settlements", settlements("12.20"))

    await JOBS["ingest"](books.shop.context, late)
    assert await books.settled() == Decimal("12.20")
    await JOBS["ingest"](books.shop.context, early)

    assert await books.named() == {NORTHWIND: ADYEN_REPORT}
    assert len(await books.told()) == 13


async def test_an_account_named_by_a_publisher_that_died_is_free(books: Books) -> None:
    await books.ingested(ADYEN_REPORT, adyen_batch(), dryRun=True)
    first = await books.ingested(ADYEN_REPORT, adyen_batch())
    await books.undone(first)
    assert await books.named() == {NORTHWIND: ADYEN_REPORT}

    await books.ingested("settlements", settlements("12.20"))

    assert await books.named() == {NORTHWIND: "settlements"}
    assert await books.settled() == Decimal("12.20")


async def test_a_copy_that_lags_counts_once(books: Books) -> None:
    first = await books.ingested(ADYEN_REPORT, adyen_batch())
    await books.ingested("settlements", settlements("12.20"))
    table = f"{books.shop.analytics.database}.settlement_sources"
    await books.shop.run(f"CREATE TABLE {table}_before CLONE AS {table}")
    await books.undone(first)

    await books.shop.run(f"EXCHANGE TABLES {table}_before AND {table}")
    lagging = await books.told()
    await books.shop.run(f"EXCHANGE TABLES {table}_before AND {table}")
    await books.shop.run(f"DROP TABLE {table}_before SYNC")

    assert lagging == []
    assert await books.settled() == Decimal("12.20")


async def test_a_copy_written_twice_is_the_same(books: Books) -> None:
    await books.ingested(ADYEN_REPORT, adyen_batch())
    table = f"{books.shop.analytics.database}.settlement_sources"

    await books.shop.run(f"INSERT INTO {table} SELECT * FROM {table}")

    assert await mirror(books.shop.desk.units, books.shop.analytics) == 0
    assert len(await books.told()) == 13


async def test_walls_hold_between_sources(books: Books, neighbour: Books) -> None:
    await books.ingested("settlements", settlements("12.20"))

    await neighbour.ingested(ADYEN_REPORT, adyen_batch())

    assert len(await neighbour.told()) == 13
    assert await books.settled() == Decimal("12.20")
    with pytest.raises(NotFound):
        await books.choose(ENTITY, FAR_REPORT)


async def test_only_what_tells_of_the_account_can_be_chosen(books: Books) -> None:
    await books.ingested(ADYEN_REPORT, adyen_batch())

    with pytest.raises(StateConflict):
        await books.choose(NORTHWIND, "settlements")
    with pytest.raises(UnknownDataset):
        await books.choose(NORTHWIND, "orders")


async def test_sources_come_in_pages(books: Books) -> None:
    rows = [settlement(n, provider_merchant_account=f"Shop{n}") for n in range(1, 6)]
    await books.ingested("settlements", to_csv(rows))

    seen: list[str] = []
    after: str | None = None
    while True:
        page = await books.sources.page(books.owner.workspace_id, size=2, after=after)
        seen += [source.account.account for source in page.sources]
        after = page.next
        if after is None:
            break
    assert seen == ["Shop1", "Shop2", "Shop3", "Shop4", "Shop5"]


async def test_an_account_may_be_called_anything(books: Books) -> None:
    names = ["", "x" * 5000, "Müller & Söhne", "a'b\\c"]
    rows = [
        settlement(n, "1.00", provider_merchant_account=name)
        for n, name in enumerate(names, start=1)
    ]

    file = await books.ingested("settlements", to_csv(rows))

    assert file.outcome == "imported", file.failure
    assert await books.settled() == 4


async def test_files_of_an_earlier_version_are_named_in_their_order(books: Books) -> None:
    await books.ingested(ADYEN_REPORT, adyen_batch())
    await books.ingested("settlements", settlements("12.20"))
    async with books.shop.desk.units.begin() as unit:
        for table in (SettlementAccount, SettlementSource):
            await unit.session.exec(delete(table))
    context = books.shop.context
    actor = Actor("worker:test", context.clock())

    named = await name_earlier_accounts(context.units, context.analytics, context.catalogue, actor)

    assert named == 2
    assert await books.named() == {NORTHWIND: ADYEN_REPORT}
    again = await name_earlier_accounts(context.units, context.analytics, context.catalogue, actor)
    assert again == 0


async def test_who_settles_for_a_dead_publisher_may_be_of_another_workspace(
    books: Books, neighbour: Books
) -> None:
    early = await books.sent(ADYEN_REPORT, adyen_batch())
    await books.ingested("settlements", settlements("12.20"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publish, "record_swap", _die)
        await JOBS["ingest"](books.shop.context, early)
    assert await books.named() == {NORTHWIND: "settlements"}

    await neighbour.ingested(ADYEN_REPORT, adyen_batch())

    assert await books.named() == {NORTHWIND: ADYEN_REPORT}
    assert len(await books.told()) == 13


async def _die(*_: object) -> None:
    raise AnalyticsUnavailable
