"""Files that speak of the same keys at the same time: the newest by arrival wins."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from tests.faults.bulk import Bulk, new_provider
from tests.fixtures.appliance import Appliance, started
from tests.fixtures.client import Client, counts_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def appliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """Give an appliance that works on several files at once."""
    with started(tmp_path_factory.mktemp("overlaps"), jobs_at_once=4) as appliance:
        yield appliance


def test_a_small_newer_file_wins_over_a_large_older_one(client: Client) -> None:
    provider = new_provider()
    older = Bulk(1, 200_000, "1.00", provider=provider)
    newer = Bulk(100_001, 101_000, "5.00", month="2025-05", provider=provider)
    (first, first_url), (second, second_url) = client.ask(), client.ask()

    client.put(first_url, older.data)
    client.put(second_url, newer.data)
    old, new = client.ended(first), client.ended(second)

    assert old.uploaded_at is not None
    assert new.uploaded_at is not None
    assert old.uploaded_at < new.uploaded_at
    assert counts_of(old)["imported"] == 200_000
    assert counts_of(new)["imported"] == 1000
    # Whichever was published first: the other one met its keys.
    assert counts_of(old).get("outdated", 0) + counts_of(new).get("replaced", 0) == 1000
    amount = 199_000 * Decimal("1.00") + 1000 * Decimal("5.00")
    assert client.shown(provider) == {("EUR", "Capture"): (200_000, amount)}


def test_many_files_of_the_same_keys_at_once(client: Client) -> None:
    provider = new_provider()
    files = [
        Bulk(1, 3000, f"{number}.00", month=f"2025-{number:02d}", provider=provider)
        for number in range(1, 9)
    ]
    tickets = [client.ask() for _ in files]

    with ThreadPoolExecutor(len(files)) as pool:
        sent = [
            pool.submit(client.put, url, rows.data)
            for rows, (_, url) in zip(files, tickets, strict=True)
        ]
        assert [put.result() for put in sent] == [200] * len(files)
    ended = [client.ended(file_id) for file_id, _ in tickets]

    newest = max(range(len(files)), key=lambda place: (ended[place].uploaded_at, ended[place].id))
    assert client.shown(provider) == files[newest].sums
    assert all(counts_of(file)["imported"] == 3000 for file in ended)
    # Of one key's eight rows one was new; every other met an older or a newer one.
    assert sum(counts_of(file).get("inserted", 0) for file in ended) == 3000


def test_readers_see_all_of_a_file_or_nothing(client: Client) -> None:
    provider = new_provider()
    before = Bulk(1, 40_000, "1.00", provider=provider)
    after = Bulk(1, 40_000, "2.00", month="2025-08", provider=provider)
    client.send(before.data)
    file_id, url = client.ask()

    client.put(url, after.data)
    seen = []
    while client.get(file_id).status != "Completed":
        seen.append(client.shown(provider))

    assert all(shown in (before.sums, after.sums) for shown in seen)
    assert client.shown(provider) == after.sums


def test_the_same_bytes_at_once_are_imported_once(client: Client) -> None:
    rows = Bulk(1, 30_000, "1.00", provider=new_provider())
    tickets = [client.ask() for _ in range(5)]

    with ThreadPoolExecutor(len(tickets)) as pool:
        sent = [pool.submit(client.put, url, rows.data) for _, url in tickets]
        assert [put.result() for put in sent] == [200] * len(tickets)
    ended = [client.ended(file_id) for file_id, _ in tickets]

    assert client.shown(rows.provider) == rows.sums
    (original,) = (file for file in ended if file.outcome == "imported")
    assert counts_of(original) == {"total": 30_000, "imported": 30_000, "inserted": 30_000}
    for file in ended:
        if file is not original:
            assert (file.outcome, file.duplicate_of) == ("duplicate", original.id)
            assert counts_of(file) == {"total": 30_000, "duplicate": 30_000}

    # Whichever stays takes the place of what is undone.
    client.undo(original.id)

    assert client.shown(rows.provider) == rows.sums
    outcomes = Counter(client.get(file_id).outcome for file_id, _ in tickets)
    assert outcomes == {"undone": 1, "imported": 1, "duplicate": 3}
