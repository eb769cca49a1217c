"""What can be done with a file: its page's buttons, each with the question that comes first.

A button that would be refused at this moment, or to this reader, is not there.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from server.access.scopes import Scope
from server.files.answers import FileAnswer, Statistics
from server.files.lifecycle import Outcome
from server.portal.counts import counted, listed, rows_of_kind
from server.portal.dates import moment_in_words
from server.portal.figures import money
from server.portal.parts import Action
from server.portal.texts import gettext as _


def allowed(actions: Sequence[Action], scopes: frozenset[Scope]) -> tuple[Action, ...]:
    """Return the buttons that somebody with these scopes may press."""
    return tuple(it for it in actions if it.needs is None or it.needs in scopes)


def actions_of(
    file: FileAnswer, now: datetime, *, is_being_undone: bool = False
) -> tuple[Action, ...]:
    """Return the buttons of the page head; what would be refused at this moment is not there."""
    actions = []
    original = file.links.original if file.uploaded_at is not None else None
    if original is not None:
        actions.append(
            Action(_("Original"), original, needs=Scope.FILES_DOWNLOAD, is_download=True)
        )
    if is_being_undone:
        return tuple(actions)
    if file.status.is_final and original is not None:
        actions.append(again(file, _("Check again…")))
    if _is_in(file) and not is_undo_over(file, now):
        actions.append(
            Action(
                _("Undo import…"),
                f"/analytics/files/{file.id}/undo",
                is_post=True,
                question=_undo_question(file.statistics or Statistics()),
                confirm=_("Undo import"),
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
        return _(
            "Not possible any more: the time that this appliance allows for it ended %(until)s."
        ) % {"until": until}
    return _("Possible until %(until)s") % {"until": until}


def is_undo_over(file: FileAnswer, now: datetime) -> bool:
    """Return whether the time to undo the import is over, as `FileService.undo` judges it."""
    return file.undo_until is not None and file.undo_until <= now


def _is_in(file: FileAnswer) -> bool:
    imported = (Outcome.IMPORTED, Outcome.IMPORTED_WITH_REJECTIONS)
    return file.outcome in imported and file.undone_at is None


def again(file: FileAnswer, label: str) -> Action:
    """Return the button that has the file checked again, by the label it goes by here."""
    if _is_in(file):
        stay = _(
            "They stay until the check has ended well; then what it finds takes their place, and "
            "the rows set aside are judged anew. If it fails, nothing changes."
        )
        question = f"{_standing(file.statistics or Statistics())} {stay}"
    else:
        question = _(
            "Nothing of this file is on your dashboards now. The stored bytes are checked as if "
            "they had just arrived; rows that are good then go in, in the file's own place in time."
        )
    return Action(
        label,
        f"/analytics/files/{file.id}/reprocess",
        is_post=True,
        question=question,
        confirm=_("Check again"),
        consequence_href=f"/files/{file.id}/check-again",
        needs=Scope.FILES_WRITE,
    )


def _standing(statistics: Statistics) -> str:
    rows, sums = statistics.rows_imported, _sums(statistics)
    if not sums:
        return counted(
            "%(number)s row is on your dashboards now.",
            "%(number)s rows are on your dashboards now.",
            rows,
        )
    return counted(
        "%(number)s row is on your dashboards now: %(sums)s.",
        "%(number)s rows are on your dashboards now: %(sums)s.",
        rows,
        sums=sums,
    )


def _undo_question(statistics: Statistics) -> str:
    """Return what can be said without asking the analytics: the file as it was imported."""
    back = _("Rows that this file replaced come back.")
    told = (_leaving(statistics), back, repairs_stay(statistics.rows_repaired), kept())
    return " ".join(it for it in told if it)


def repairs_stay(rows: int) -> str:
    """Return what an undo leaves of the file's repairs, which are files of their own."""
    if not rows:
        return ""
    return counted(
        "%(number)s row that a repair of it brought in stays: a repair is undone by itself.",
        "%(number)s rows that repairs of it brought in stay: a repair is undone by itself.",
        rows,
    )


def kept() -> str:
    """Return what an undo leaves as it is."""
    return _("The record and the original stay, and the file can be sent again.")


def _leaving(statistics: Statistics) -> str:
    rows, sums = statistics.rows_imported, _sums(statistics)
    if not sums:
        return counted(
            "%(number)s row leaves your dashboards.", "%(number)s rows leave your dashboards.", rows
        )
    return counted(
        "%(number)s row leaves your dashboards: %(sums)s.",
        "%(number)s rows leave your dashboards: %(sums)s.",
        rows,
        sums=sums,
    )


def _sums(statistics: Statistics) -> str:
    """Return the money of the imported rows: `12.50 EUR (3 captures)`; empty without any."""
    return listed(
        _("%(amount)s %(currency)s (%(rows)s)")
        % {
            "amount": money(Decimal(total.amount), total.currency),
            "currency": total.currency,
            "rows": rows_of_kind(total.count, total.transaction_type),
        }
        for total in statistics.totals
        if total.currency
    )


def on_dashboards(rows: int) -> str:
    """Return `1 row is on your dashboards.`, `8 rows are on your dashboards.`."""
    return counted(
        "%(number)s row is on your dashboards.", "%(number)s rows are on your dashboards.", rows
    )


def new_file() -> Action:
    """Return the way to sending a file."""
    return Action(_("Send another file"), "/files", needs=Scope.FILES_WRITE)


def fixed_file(file: FileAnswer) -> Action:
    """Return the way to sending it again, linked to this one.

    What repairs a file is read with its mapping: where one is to blame, the new file starts anew.
    """
    if file.mapping is not None:
        return new_file()
    href = f"/files?repairOf={file.id}"
    return Action(_("Send it again, fixed"), href, needs=Scope.FILES_WRITE)


def dashboard() -> Action:
    """Return the way to the numbers."""
    return Action(_("See the dashboard"), "/", needs=Scope.INSIGHTS_READ)


def downloads(file: FileAnswer, aside: int) -> tuple[Action, ...]:
    """Return the way to the rows set aside; none once they are removed."""
    href = file.links.rejected_rows_csv
    if href is None or not aside:
        return ()
    label = counted("Download %(number)s row", "Download %(number)s rows", aside)
    if file.statistics and file.statistics.rows_repaired:
        label = counted("Download it", "Download all %(number)s", aside)
    return (Action(label, href, needs=Scope.FILES_DOWNLOAD, is_download=True),)
