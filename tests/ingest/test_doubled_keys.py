"""Keys that occur more than once in one file: copies drop out, contradictions are set aside."""

from tests.fixtures.ingest import Judge
from tests.fixtures.rows import good
from worker.ingest.duplicates import Doubled


async def test_identical_copies_after_the_first_are_duplicates(judge: Judge) -> None:
    sheet = await judge.rows([good(1), good(2), good(1), good(1)])

    assert sheet.verdicts == {1: "good", 2: "good"}
    assert sheet.doubled == Doubled(duplicates=2, ambiguous=0)
    assert (sheet.verdict.rows_total, sheet.verdict.rows_good) == (4, 2)


async def test_one_key_with_two_contents_sets_all_its_rows_aside(judge: Judge) -> None:
    rows = [good(1), good(2), good(1, amount="7.00"), good(1)]

    sheet = await judge.rows(rows)

    assert sheet.issues == [(n, "error", "", "ambiguous-key") for n in (1, 3, 4)]
    assert sheet.verdicts == {1: "rejected", 2: "good", 3: "rejected", 4: "rejected"}
    assert [row.cells for row in sheet.rows] == [
        list(rows[0].values()),
        [],
        list(rows[2].values()),
        list(rows[3].values()),
    ]
    assert (sheet.verdict.rows_total, sheet.verdict.rows_rejected) == (4, 3)


async def test_contents_are_compared_by_value_not_by_spelling(judge: Judge) -> None:
    rows = [good(1), good(1, amount="12.5", currency="eur", created_at="2025-06-01T10:30:00Z")]

    sheet = await judge.rows(rows)

    assert sheet.doubled == Doubled(duplicates=1, ambiguous=0)
    assert sheet.verdicts == {1: "good"}


async def test_a_rejected_row_contradicts_nobody(judge: Judge) -> None:
    sheet = await judge.rows([good(1), good(1, amount="abc"), good(1)])

    assert sheet.issues == [(2, "error", "amount", "type-error")]
    assert sheet.verdicts == {1: "good", 2: "rejected"}
    assert sheet.doubled == Doubled(duplicates=1, ambiguous=0)


async def test_copies_may_stand_in_different_months_than_the_contradictions(judge: Judge) -> None:
    rows = [
        good(1, created_at="2025-01-01 00:00:00"),
        good(1, created_at="2025-02-01 00:00:00"),
        good(2, created_at="2025-02-01 00:00:00"),
        good(2, created_at="2025-02-01 00:00:00"),
        good(3, created_at="2025-02-01 00:00:00"),
    ]

    sheet = await judge.rows(rows)

    assert sheet.verdicts == {1: "rejected", 2: "rejected", 3: "good", 5: "good"}
    assert sheet.doubled == Doubled(duplicates=1, ambiguous=2)


async def test_the_parts_of_a_key_are_not_run_together(judge: Judge) -> None:
    rows = [
        good(1, provider_code="a", transaction_id="bc"),
        good(2, provider_code="ab", transaction_id="c"),
        good(3, provider_code="A", transaction_id="bc"),
    ]

    sheet = await judge.rows(rows)

    assert set(sheet.verdicts.values()) == {"good"}
    assert len(sheet.rows) == 3


async def test_where_many_rows_share_a_key_all_are_kept(judge: Judge) -> None:
    twins = [good(1, "settlements"), good(1, "settlements"), good(1, "settlements", fx_rate="2")]

    sheet = await judge.rows(twins, "settlements")

    assert sheet.verdicts == {1: "good", 2: "good", 3: "good"}
    assert sheet.doubled == Doubled()


async def test_the_time_is_part_of_an_orders_key(judge: Judge) -> None:
    rows = [
        good(1, "orders"),
        good(1, "orders", created_at="2025-06-01T10:30:01Z"),
        good(1, "orders", created_at="2025-06-01T12:30:00+02:00"),
    ]

    sheet = await judge.rows(rows, "orders")

    assert sheet.verdicts == {1: "good", 2: "good"}
    assert sheet.doubled == Doubled(duplicates=1, ambiguous=0)
