"""Repairs: the rows that `repair.js` lays out, the files they came back with, what came of them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from server.datasets.declaration import Dataset
from server.datasets.header import REPORT_LABELS
from server.files.answers import FileAnswer
from server.files.lifecycle import Outcome
from server.portal.counts import counted
from server.portal.figures import count
from server.portal.file_parts import RepairForm, RepairLine
from server.portal.parts import Action, Banner, Chip, Tone
from server.portal.texts import gettext as _
from server.portal.texts import ngettext
from server.portal.words import chip_of

MOST_ROWS = 500
"""Rows a page repairs at most; beyond it a spreadsheet is the better place."""

ROWS_KEY = "repairedRows"
"""Metadata in which a repair names the rows it brings; counted on when 2,000 letters are full."""

_IS_IN = (None, Outcome.IMPORTED, Outcome.IMPORTED_WITH_REJECTIONS)
_SPAN = re.compile(r"(\d{1,18})(?:-(\d{1,18}))?")


@dataclass(frozen=True)
class Family:
    """What a file's page knows of repairs."""

    repaired: FileAnswer | None = None
    """The file that this one repairs."""
    repairs: tuple[FileAnswer, ...] = ()
    """Files that arrived to repair this one, newest first."""
    may_send: bool = False
    """Whether the reader may send files."""


def repair_form(
    file: FileAnswer, dataset: Dataset | None, labels: Sequence[str], repairs: Iterable[FileAnswer]
) -> RepairForm | None:
    """Return what the page needs to repair rows in place; None when there is nothing to repair.

    Args:
        file: whose rows were set aside.
        dataset: of the file; None when it is not declared any more.
        labels: the file's own header.
        repairs: files that repair this one.
    """
    aside = file.statistics.rows_rejected if file.statistics else 0
    is_open = file.outcome is Outcome.IMPORTED_WITH_REJECTIONS and file.undone_at is None
    if not aside or not is_open or dataset is None or "csv" not in dataset.file_types:
        return None
    download_href = file.links.rejected_rows_csv
    if download_href is None:
        return None
    sent: set[int] = set().union(*(rows_of(it) for it in repairs if _counts(it)))
    if len(sent) >= aside:
        return None
    stem = file.file.name.partition(".")[0][:230] or "file"
    return RepairForm(
        data={
            "fileId": file.id,
            "rows": f"{file.links.rejected_rows}?page[size]=100",
            "dataset": dataset.name,
            "mapping": _mapping(file),
            "labels": [it for it in dict.fromkeys(labels) if it.strip() and not _is_ours(it)],
            "isByLine": file.file.type in ("csv", "tsv"),
            "name": f"{stem}-repaired.csv",
            "most": MOST_ROWS,
            "aside": aside,
            "sent": sorted(sent),
            "rowsKey": ROWS_KEY,
        },
        download_href=download_href,
        left=aside - len(sent),
        is_begun=bool(sent),
    )


def repair_lines(repairs: Iterable[FileAnswer]) -> tuple[RepairLine, ...]:
    """Return the files that brought rows back, newest first."""
    return tuple(
        RepairLine(it.file.name, f"/files/{it.id}", chip_of(it), _brought(it)) for it in repairs
    )


def came_back(repairs: Iterable[FileAnswer]) -> Mapping[int, Chip]:
    """Return what is known of the rows that came back with repairs which hold, by row number.

    Rows are named by their sender. Which of them a repair took is known when it took all.
    """
    found: dict[int, Chip] = {}
    for it in repairs:
        if not _counts(it):
            continue
        chip = Chip(Tone.INFO, _("Sent again"))
        if it.outcome is Outcome.IMPORTED:
            chip = Chip(Tone.OK, _("Came in since"))
        for row in rows_of(it):
            # A row that came in is in, whatever became of its other repairs.
            if row not in found or chip.tone is Tone.OK:
                found[row] = chip
    return found


def offering_repair(banner: Banner, form: RepairForm) -> Banner:
    """Return the banner of a file whose rows can be repaired in its page: that comes first."""
    here = Action(_("Repair here"), "#repair")
    if form.is_begun:
        text = counted(
            "Repair the %(number)s row that is left here and send it again; nothing else needs to "
            "be done.",
            "Repair the %(number)s rows that are left here and send them again; nothing else needs "
            "to be done.",
            form.left,
        )
    else:
        text = ngettext(
            "Repair it here and send it again; nothing else needs to be done.",
            "Repair them here and send them again; nothing else needs to be done.",
            form.left,
        )
    if form.left > MOST_ROWS:
        text = _(
            "Repair the first %(most)s here, or all of them as a file, and send them again."
        ) % {"most": count(MOST_ROWS)}
    return replace(banner, text=text, actions=(here, *banner.actions[:1]))


def with_repaired(banner: Banner, file: FileAnswer, repaired: FileAnswer | None) -> Banner:
    """Return the banner of a repair, which also says what it did for the file it repairs."""
    if repaired is None:
        return banner
    back = Action(_("Back to the repaired file"), f"/files/{repaired.id}")
    told = _repaired(file, repaired)
    if repaired.outcome is Outcome.FAILED or file.outcome not in (
        Outcome.IMPORTED,
        Outcome.IMPORTED_WITH_REJECTIONS,
    ):
        told = f"{banner.text} {told}"
    kept = banner.actions[:1] if file.outcome is Outcome.IMPORTED_WITH_REJECTIONS else ()
    return replace(banner, text=told, actions=(*kept, back))


def _repaired(file: FileAnswer, repaired: FileAnswer) -> str:
    """Return what a repair did for the file it repairs."""
    name = repaired.file.name
    if repaired.outcome is Outcome.FAILED:
        return _("It was sent in place of “%(file)s”, of which nothing had loaded.") % {
            "file": name
        }
    aside = repaired.statistics.rows_rejected if repaired.statistics else 0
    since = repaired.statistics.rows_repaired if repaired.statistics else 0
    if file.outcome not in (Outcome.IMPORTED, Outcome.IMPORTED_WITH_REJECTIONS):
        return _("It repairs “%(file)s”.") % {"file": name}
    if since >= aside:
        return _("It repairs “%(file)s”: every row that was set aside there has come in.") % {
            "file": name
        }
    told = counted(
        "It repairs “%(file)s”: %(since)s of %(number)s row set aside came in.",
        "It repairs “%(file)s”: %(since)s of %(number)s rows set aside came in.",
        aside,
        file=name,
        since=count(since),
    )
    if file.outcome is not Outcome.IMPORTED_WITH_REJECTIONS:
        return told
    more = _("What is still at fault can be repaired here once more.")
    return f"{told} {more}"


def _brought(repair: FileAnswer) -> str:
    if repair.statistics is None or not repair.status.is_final:
        return _("On its way")
    total, imported = repair.statistics.rows_total, repair.statistics.rows_imported
    if not _counts(repair):
        return _("None of its rows came in")
    return counted(
        "%(imported)s of %(number)s row came in",
        "%(imported)s of %(number)s rows came in",
        total,
        imported=count(imported),
    )


def _counts(repair: FileAnswer) -> bool:
    """Return whether the repair holds its rows: one that failed, or was undone, gave them back."""
    return repair.outcome in _IS_IN and repair.undone_at is None


def rows_of(repair: FileAnswer) -> set[int]:
    """Return the numbers of the rows a repair says it brings, as `3, 7-9` in its metadata.

    Metadata is its sender's and may be anything; what is no number is passed over.
    """
    found: set[int] = set()
    for part in rows_named(repair).split(","):
        span = _SPAN.fullmatch(part.strip())
        if span is None:
            continue
        first, last = int(span[1]), int(span[2] or span[1])
        found |= set(range(first, min(last, first + MOST_ROWS - 1) + 1))
    return found


def rows_named(repair: FileAnswer) -> str:
    """Return the rows as the repair names them; empty for a file that names none."""
    told = [text for key, text in sorted(repair.metadata.items()) if key.startswith(ROWS_KEY)]
    return ", ".join(text.strip(" ,") for text in told)


def told_of(file: FileAnswer) -> Mapping[str, str]:
    """Return the metadata that its sender gave it, without the rows that a repair names."""
    return {key: text for key, text in file.metadata.items() if not key.startswith(ROWS_KEY)}


def _mapping(file: FileAnswer) -> str | None:
    if file.mapping is None:
        return None
    return f"/analytics/mappings/{file.mapping.id}?version={file.mapping.version}"


def _is_ours(label: str) -> bool:
    return label.strip() in REPORT_LABELS
