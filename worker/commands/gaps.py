"""How a backup with gaps is told: it is written, and something was lost before it."""

from collections.abc import Mapping, Sequence
from typing import Final

import click

from worker.backup.gaps import Gaps

_NAMED_AT_MOST: Final = 20


class WithGaps(click.ClickException):
    """The backup is whole and noted; scripts go on, and a person reads what is lost."""

    exit_code = 3

    def __init__(self, gaps: Gaps) -> None:
        told = [f"The backup is written and can be restored, with {len(gaps.files())} files less:"]
        if gaps.originals:
            told.append(
                f"Not in the store: the bytes of {_named(gaps.originals)}. Their rows are kept;"
                " downloads, checking again and `tallydock rebuild` need the bytes. Bring them back"
                " from a copy of the store's own, or ask for the files again."
            )
        if gaps.rows:
            told.append(
                f"Not all in ClickHouse: the rows of {_named(gaps.rows)}."
                " `tallydock rebuild` makes them again from the bytes."
            )
        super().__init__("\n".join(told))


def gaps_in_short(about: Mapping[str, object]) -> str:
    """Return what a list says of a backup's gaps, by its `about.json`; nothing when it has none."""
    gaps = about.get("gaps")
    if not isinstance(gaps, dict):
        return ""
    count = len({file for files in gaps.values() for file in files})
    return f"  gaps in {count} files" if count else ""


def _named(files: Sequence[str]) -> str:
    more = len(files) - _NAMED_AT_MOST
    named = ", ".join(files[:_NAMED_AT_MOST])
    return f"{len(files)} files ({named}{f', and {more} more: see about.json' if more > 0 else ''})"
