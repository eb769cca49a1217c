"""What is true of a file now, and what to do about it."""

from collections.abc import Mapping
from datetime import datetime

from server.access.scopes import Scope
from server.files.answers import FileAnswer, Statistics
from server.files.lifecycle import Outcome, Stage
from server.portal.actions import again, are
from server.portal.dates import moment_in_words
from server.portal.figures import count, plural
from server.portal.parts import Action, Banner, Tone
from server.portal.words import STAGES, advice_of, progress_of

_NEW_FILE = Action("Send another file", "/files", needs=Scope.FILES_WRITE)
_DASHBOARD = Action("See the dashboard", "/", needs=Scope.INSIGHTS_READ)


def banner_of(file: FileAnswer, *, now: datetime, zone: str) -> Banner:
    """Return the banner of the file's page."""
    statistics = file.statistics or Statistics()
    match file.outcome:
        case None:
            return _under_way(file, now, zone)
        case Outcome.IMPORTED_WITH_REJECTIONS:
            return _with_rejections(file, statistics)
        case Outcome.IMPORTED | Outcome.DRY_RUN | Outcome.DUPLICATE | Outcome.UNDONE:
            return _plain_end(file, statistics)
        case Outcome.FAILED | Outcome.NEVER_UPLOADED | Outcome.CANCELLED:
            return _failed(file, statistics)


def undoing_banner() -> Banner:
    """Return the banner of a file whose undo was asked for and is not done."""
    return Banner(
        Tone.INFO,
        "The import is being undone.",
        "Its rows leave your dashboards all at once; until then they are shown. "
        "This page follows by itself.",
        None,
    )


def _plain_end(file: FileAnswer, statistics: Statistics) -> Banner:
    if file.outcome is Outcome.IMPORTED:
        return Banner(
            Tone.OK,
            f"{are(statistics.rows_imported)} on your dashboards.",
            "Every row of the file is in.",
            None,
            (_DASHBOARD,),
        )
    if file.outcome is Outcome.DUPLICATE:
        earlier = file.duplicate_of
        return Banner(
            Tone.QUIET,
            "Already imported.",
            "The same bytes came before, so nothing was loaded and nothing has changed.",
            None,
            (Action("Open the earlier file", f"/files/{earlier}"),) if earlier else (),
        )
    if file.outcome is Outcome.DRY_RUN:
        return Banner(
            Tone.INFO,
            f"{plural(statistics.rows_withheld, 'row')} would load, "
            f"{plural(statistics.rows_rejected, 'row')} would be set aside.",
            "The file was only checked, as asked. Send it again to import it.",
            None,
            (_NEW_FILE,),
        )
    return Banner(
        Tone.QUIET,
        "The import is undone.",
        "Your dashboards show what they would show had the file never been sent. "
        "The record and the original are kept.",
        None,
    )


def _under_way(file: FileAnswer, now: datetime, zone: str) -> Banner:
    if file.stage is Stage.AWAITING_UPLOAD:
        until = moment_in_words(file.expires_at, now, zone)
        cancel = Action(
            "Cancel the upload",
            f"/analytics/files/{file.id}/cancel",
            is_post=True,
            question="The upload URL is given up. A file sent to it later is not taken.",
            confirm="Cancel the upload",
            needs=Scope.FILES_WRITE,
        )
        return Banner(
            Tone.INFO,
            "The file has not arrived yet.",
            f"Its upload URL is valid until {until}.",
            None,
            (cancel,),
        )
    return Banner(
        Tone.INFO,
        f"{STAGES[file.stage]}.",
        "This page follows by itself. The dashboards show the file all at once, at the end.",
        None,
        progress=progress_of(file),
    )


def _with_rejections(file: FileAnswer, statistics: Statistics) -> Banner:
    aside = statistics.rows_rejected
    downloads = _downloads(file, aside)
    repaired = statistics.rows_repaired
    if repaired and repaired >= aside:
        return Banner(
            Tone.OK,
            f"{are(statistics.rows_imported)} on your dashboards.",
            f"{_were(aside)} set aside; repaired files have brought them all in since.",
            None,
            (*downloads, _DASHBOARD),
        )
    since = f" {count(repaired)} of them came in since." if repaired else ""
    return Banner(
        Tone.WARN,
        f"{are(statistics.rows_imported)} on your dashboards. {_were(aside)} set aside.{since}",
        "Download them, repair them and send them again as a file; nothing else needs to be done."
        if downloads
        else "The rows were kept for a set time and are removed; check the file again to see them.",
        None,
        (*downloads, _DASHBOARD),
    )


def _failed(file: FileAnswer, statistics: Statistics) -> Banner:
    failure = file.failure or {}
    title = str(failure.get("title") or "Not imported").rstrip(".")
    detail = str(failure.get("detail") or "").strip()
    told = "" if detail.rstrip(".") == title else f"{detail} "
    actions: tuple[Action, ...] = (_NEW_FILE,)
    if file.outcome is Outcome.FAILED and failure.get("retryable"):
        actions = (again(file, "Retry"),)
    elif statistics.rows_rejected:
        actions = (*_downloads(file, statistics.rows_rejected), _NEW_FILE)
    is_quiet = file.outcome in (Outcome.CANCELLED, Outcome.NEVER_UPLOADED)
    code = str(failure.get("code") or "") or None
    return Banner(
        Tone.QUIET if is_quiet else Tone.BAD,
        f"{title}.",
        f"{told}{_near_misses(failure)}{advice_of(failure)} Nothing of it is on your dashboards.",
        code,
        actions,
    )


def _downloads(file: FileAnswer, aside: int) -> tuple[Action, ...]:
    """Return the way to the rows set aside; none once they are removed."""
    href = file.links.rejected_rows_csv
    if href is None:
        return ()
    label = f"Download {plural(aside, 'row')}"
    return (Action(label, href, needs=Scope.FILES_DOWNLOAD, is_download=True),)


def _near_misses(failure: Mapping[str, object]) -> str:
    found = failure.get("suggestions")
    if not isinstance(found, dict) or not found:
        return ""
    return " ".join(f"Is “{sent}” meant as “{name}”?" for sent, name in found.items()) + " "


def _were(rows: int) -> str:
    return f"{plural(rows, 'row')} {'was' if rows == 1 else 'were'}"
