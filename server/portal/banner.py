"""What is true of a file now, what to do about it, and the buttons that do it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from server.access.scopes import Scope
from server.files.answers import FileAnswer, Statistics
from server.files.lifecycle import Outcome, Stage
from server.portal.dates import moment_in_words
from server.portal.figures import count, money, plural
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
            f"{_are(statistics.rows_imported)} on your dashboards.",
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
            f"{_are(statistics.rows_imported)} on your dashboards.",
            f"{_were(aside)} set aside; repaired files have brought them all in since.",
            None,
            (*downloads, _DASHBOARD),
        )
    since = f" {count(repaired)} of them came in since." if repaired else ""
    return Banner(
        Tone.WARN,
        f"{_are(statistics.rows_imported)} on your dashboards. {_were(aside)} set aside.{since}",
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
        actions = (_again(file, "Retry"),)
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


def allowed(actions: Sequence[Action], scopes: frozenset[Scope]) -> tuple[Action, ...]:
    """Return the buttons that somebody with these scopes may press."""
    return tuple(it for it in actions if it.needs is None or it.needs in scopes)


def actions_of(
    file: FileAnswer, now: datetime, *, is_being_undone: bool = False
) -> tuple[Action, ...]:
    """Return the buttons of the page head; what would be refused at this moment is not there."""
    actions = []
    if file.uploaded_at is not None and file.links.original is not None:
        original = file.links.original
        actions.append(Action("Original", original, needs=Scope.FILES_DOWNLOAD, is_download=True))
    if is_being_undone:
        return tuple(actions)
    if file.status.is_final and file.uploaded_at is not None and file.links.original is not None:
        actions.append(_again(file, "Check again…"))
    if _is_in(file) and not is_undo_over(file, now):
        actions.append(
            Action(
                "Undo import…",
                f"/analytics/files/{file.id}/undo",
                is_post=True,
                question=_undo_question(file.statistics or Statistics()),
                confirm="Undo import",
                consequence_href=f"/files/{file.id}/undo",
                needs=Scope.FILES_UNDO,
            )
        )
    return tuple(actions)


def undo_in_words(file: FileAnswer, now: datetime, zone: str) -> str:
    """Return until when the import can be undone, or why not any more; empty when always."""
    if not _is_in(file) or file.undo_until is None:
        return ""
    until = moment_in_words(file.undo_until, now, zone)
    if is_undo_over(file, now):
        return f"Not possible any more: the time that this appliance allows for it ended {until}."
    return f"Possible until {until}"


def is_undo_over(file: FileAnswer, now: datetime) -> bool:
    """Return whether the time to undo the import is over, as `FileService.undo` judges it."""
    return file.undo_until is not None and file.undo_until <= now


def _is_in(file: FileAnswer) -> bool:
    imported = (Outcome.IMPORTED, Outcome.IMPORTED_WITH_REJECTIONS)
    return file.outcome in imported and file.undone_at is None


def _again(file: FileAnswer, label: str) -> Action:
    statistics = file.statistics or Statistics()
    if _is_in(file):
        stands = f"{_are(statistics.rows_imported)} on your dashboards now{_sums(statistics)}."
        question = (
            f"{stands} They stay until the check has ended well; then what it finds takes their "
            "place, and the rows set aside are judged anew. If it fails, nothing changes."
        )
    else:
        question = (
            "Nothing of this file is on your dashboards now. The stored bytes are checked as if "
            "they had just arrived; rows that are good then go in, in the file's own place in time."
        )
    return Action(
        label,
        f"/analytics/files/{file.id}/reprocess",
        is_post=True,
        question=question,
        confirm="Check again",
        consequence_href=f"/files/{file.id}/check-again",
        needs=Scope.FILES_WRITE,
    )


def _undo_question(statistics: Statistics) -> str:
    """Return what can be said without asking the analytics: the file as it was imported."""
    leave = f"{plural(statistics.rows_imported, 'row')} leave your dashboards{_sums(statistics)}"
    return (
        f"{leave}. Rows that this file replaced come back. The record and the original stay, "
        "and the file can be sent again."
    )


def _sums(statistics: Statistics) -> str:
    sums = [
        f"{money(Decimal(total.amount), total.currency)} {total.currency} "
        f"({plural(total.count, (total.transaction_type or 'row').lower())})"
        for total in statistics.totals
        if total.currency
    ]
    return ": " + ", ".join(sums) if sums else ""


def _are(rows: int) -> str:
    return f"{plural(rows, 'row')} {'is' if rows == 1 else 'are'}"


def _were(rows: int) -> str:
    return f"{plural(rows, 'row')} {'was' if rows == 1 else 'were'}"
