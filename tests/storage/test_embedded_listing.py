"""Listings straight from the disk give what sorting all keys in memory would."""

import secrets
from collections.abc import Iterator
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.storage.embedded.disk import About, Disk, part_name
from server.storage.embedded.listing import Listing, Page, list_newest, list_versions

# Few letters around the slash in the order of bytes, so that prefixes and near misses abound.
SEGMENTS = st.text(alphabet="-/0aü", min_size=1, max_size=5)
KEYS = st.lists(SEGMENTS, max_size=12)


def disk_with(folder: Path, keys: list[str]) -> Disk:
    disk = Disk(folder / secrets.token_hex(8))
    for key in keys:
        with disk.staging() as staged:
            (staged / part_name(1)).write_bytes(b"")
            disk.commit(staged, About(key, "etag", (0,)))
    return disk


def pages(
    disk: Disk, prefix: str, delimiter: str, limit: int, *, newest_only: bool
) -> Iterator[Page]:
    after_key = after_version = ""
    while True:
        listing = Listing(prefix, delimiter, after_key, after_version, limit)
        page = list_newest(disk, listing) if newest_only else list_versions(disk, listing)
        yield page
        if not page.is_truncated:
            return
        after_key = page.last_key
        after_version = "" if newest_only else page.last_version


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    keys=KEYS,
    prefix=st.text(alphabet="-/0aü", max_size=3),
    delimiter=st.sampled_from(["", "/", "0"]),
    limit=st.integers(1, 4),
)
def test_objects_come_page_by_page_in_key_order(
    tmp_path: Path, keys: list[str], prefix: str, delimiter: str, limit: int
) -> None:
    matching = sorted({key for key in keys if key.startswith(prefix)})
    folded = {
        key: key[: at + 1]
        for key in matching
        if delimiter and (at := key.find(delimiter, len(prefix))) >= 0
    }

    found = list(pages(disk_with(tmp_path, keys), prefix, delimiter, limit, newest_only=True))

    shown = [version.about.key for page in found for version, _ in page.versions]
    assert shown == [key for key in matching if key not in folded]
    assert [name for page in found for name in page.prefixes] == sorted(set(folded.values()))
    assert all(page.count == limit for page in found[:-1])


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(keys=st.lists(SEGMENTS, max_size=8), limit=st.integers(1, 3))
def test_versions_come_page_by_page_newest_first(
    tmp_path: Path, keys: list[str], limit: int
) -> None:
    twice = keys + keys[::2]
    disk = disk_with(tmp_path, twice)

    found = list(pages(disk, "", "", limit, newest_only=False))

    shown = [
        (version.about.key, version.version_id, is_latest)
        for page in found
        for version, is_latest in page.versions
    ]
    assert shown == [
        (key, version_id, position == 0)
        for key in sorted(set(twice))
        for position, version_id in enumerate(disk.version_ids(key))
    ]


def test_removing_the_last_version_leaves_no_folders(tmp_path: Path) -> None:
    disk = disk_with(tmp_path, ["a/b/c", "a/d"])

    for key in ("a/b/c", "a/d"):
        disk.remove(key, disk.version_ids(key)[0])

    assert list(disk.objects.iterdir()) == []
