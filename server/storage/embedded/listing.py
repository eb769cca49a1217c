"""Lists keys and versions in S3's order, page by page, straight from the disk.

A page costs what it shows and the folders on the way, not the whole store: subtrees that cannot
hold a key of the prefix, or that lie before the marker, are not entered. All functions block.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from server.storage.embedded.disk import Disk, Version
from server.storage.embedded.names import HOLDER, folder_below, segment_of

# Greater than every character of a key: the place just behind all keys that begin so.
_LAST = "\U0010ffff"


@dataclass(frozen=True)
class Listing:
    """What to list: S3's parameters, which all three list calls share."""

    prefix: str
    delimiter: str
    after_key: str
    """List what comes behind this key; empty from the beginning."""
    after_version: str
    """Within after_key, list the versions older than this one; empty: none of it."""
    limit: int


@dataclass
class Page:
    """One page of a listing; versions and prefixes are each in key order."""

    versions: list[tuple[Version, bool]] = field(default_factory=list)
    """Versions and delete markers, and whether each is the newest of its key."""
    prefixes: list[str] = field(default_factory=list)
    is_truncated: bool = False
    last_key: str = ""
    """The key or common prefix shown last, which a next page begins behind."""
    last_version: str = ""

    @property
    def count(self) -> int:
        """Return the number of things on the page."""
        return len(self.versions) + len(self.prefixes)


def list_newest(disk: Disk, listing: Listing) -> Page:
    """Return the objects: of every key the newest version, unless it is a delete marker."""
    return _fill(disk, listing, newest_only=True)


def list_versions(disk: Disk, listing: Listing) -> Page:
    """Return all versions and delete markers, for each key newest first."""
    return _fill(disk, listing, newest_only=False)


def _fill(disk: Disk, listing: Listing, *, newest_only: bool) -> Page:
    page = Page()
    if listing.limit == 0:
        return page
    for key, version, is_latest in _found(disk, listing, newest_only=newest_only):
        if page.count == listing.limit:
            page.is_truncated = True
            break
        page.last_key = key
        if version is None:
            page.prefixes.append(key)
            page.last_version = ""
        else:
            page.versions.append((version, is_latest))
            page.last_version = version.version_id
    return page


def _found(
    disk: Disk, listing: Listing, *, newest_only: bool
) -> Iterator[tuple[str, Version | None, bool]]:
    """Yield in order (key, version, is it the newest) and (common prefix, None, False)."""
    after = listing.after_key
    if listing.delimiter and after.endswith(listing.delimiter) and after > listing.prefix:
        # It was a common prefix: all it stands for has been shown.
        after += _LAST
    while True:
        for key in keys_from(disk, listing.prefix, after):
            if key == after and not listing.after_version:
                continue
            common = _common_prefix(key, listing)
            shown = _shown(disk, listing, key, newest_only=newest_only)
            if common and any(True for _ in shown):
                yield common, None, False
                after = common + _LAST
                break
            if not common:
                yield from shown
        else:
            return


def _shown(
    disk: Disk, listing: Listing, key: str, *, newest_only: bool
) -> Iterator[tuple[str, Version, bool]]:
    if newest_only:
        newest = disk.newest(key)
        if newest and not newest.about.is_delete_marker:
            yield key, newest, True
        return
    marker = listing.after_version if key == listing.after_key else ""
    for position, version in enumerate(disk.versions(key)):
        if not marker or version.version_id < marker:
            yield key, version, position == 0


def _common_prefix(key: str, listing: Listing) -> str:
    if not listing.delimiter:
        return ""
    end = key.find(listing.delimiter, len(listing.prefix))
    return key[: end + len(listing.delimiter)] if end >= 0 else ""


def keys_from(disk: Disk, prefix: str, after: str) -> Iterator[str]:
    """Yield the keys that begin with prefix and are not less than after, in order.

    A key is yielded while its folder is there; it may have no version any more.
    """
    # Python compares strings by code point, which is the order of their UTF-8, S3's order.
    start = folder_below(prefix)
    if start is None:
        return
    pending = [(start[1], disk.objects / start[0], True)]
    while pending:
        name, folder, is_subtree = pending.pop()
        if not is_subtree:
            yield name
            continue
        inside = [
            entry
            for entry in _entries(folder, name)
            if _may_hold(entry, prefix=prefix, after=after)
        ]
        pending += sorted(inside, reverse=True)


def _entries(folder: Path, above: str) -> Iterator[tuple[str, Path, bool]]:
    """Yield (key, folder, False) and (prefix of a subtree, folder, True)."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - names are all we need
    except FileNotFoundError:
        return
    for name in names:
        if name.endswith(HOLDER):
            yield above + segment_of(name.removesuffix(HOLDER)), folder / name, False
        else:
            yield f"{above}{segment_of(name)}/", folder / name, True


def _may_hold(entry: tuple[str, Path, bool], *, prefix: str, after: str) -> bool:
    name, _, is_subtree = entry
    if not is_subtree:
        return name.startswith(prefix) and name >= after
    is_below = name.startswith(prefix) or prefix.startswith(name)
    return is_below and (name >= after or after.startswith(name))
