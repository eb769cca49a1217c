"""What is true of a file now, and what to do about it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from server.access.scopes import Scope
from server.files.answers import FileAnswer, Statistics
from server.files.lifecycle import Outcome, Stage
from server.portal.actions import (
    again,
    dashboard,
    downloads,
    fixed_file,
    new_file,
    on_dashboards,
    repairs_stay,
)
from server.portal.counts import beginning, counted
from server.portal.dates import moment_in_words
from server.portal.parts import Action, Banner, Tone
from server.portal.role_words import who_may
from server.portal.texts import English
from server.portal.texts import gettext as _
from server.portal.words import STAGES, advice_of, progress_of, title_of


def banner_of(file: FileAnswer, *, now: datetime, zone: str, may_send: bool = True) -> Banner:
    """Return the banner of the file's page.

    Args:
        file: as callers see it.
        now: the present, aware.
        zone: IANA zone of the reader.
        may_send: False for a reader who has to ask others to repair or send files.
    """
    banner = _banner_of(file, now, zone, may_send=may_send)
    is_for_senders = any(it in (new_file(), fixed_file(file)) for it in banner.actions)
    if may_send or not is_for_senders:
        return banner
    senders = _("Files are sent by %(roles)s.") % {"roles": who_may(Scope.FILES_WRITE)}
    return replace(banner, text=f"{banner.text} {senders}")


def _banner_of(file: FileAnswer, now: datetime, zone: str, *, may_send: bool) -> Banner:
    statistics = file.statistics or Statistics()
    match file.outcome:
        case None:
            return _under_way(file, now, zone)
        case Outcome.IMPORTED_WITH_REJECTIONS:
            return _with_rejections(file, statistics, may_send=may_send)
        case Outcome.IMPORTED | Outcome.DRY_RUN | Outcome.DUPLICATE | Outcome.UNDONE:
            return _plain_end(file, statistics)
        case Outcome.FAILED | Outcome.NEVER_UPLOADED | Outcome.CANCELLED:
            return _failed(file, statistics)


def undoing_banner() -> Banner:
    """Return the banner of a file whose undo was asked for and is not done."""
    return Banner(
        Tone.INFO,
        _("The import is being undone."),
        _(
            "Its rows leave your dashboards all at once; until then they are shown. "
            "This page follows by itself."
        ),
        None,
    )


def _plain_end(file: FileAnswer, statistics: Statistics) -> Banner:
    if file.outcome is Outcome.IMPORTED and not statistics.rows_total:
        return Banner(
            Tone.QUIET,
            _("The file has a header and no rows."),
            _("Its header is in order. Nothing was loaded, and nothing has changed."),
            None,
            (new_file(),),
        )
    if file.outcome is Outcome.IMPORTED:
        return Banner(
            Tone.OK,
            on_dashboards(statistics.rows_imported),
            _("Every row of the file is in."),
            None,
            (dashboard(),),
        )
    if file.outcome is Outcome.DUPLICATE:
        earlier = file.duplicate_of
        return Banner(
            Tone.QUIET,
            _("Already imported."),
            _("The same bytes came before, so nothing was loaded and nothing has changed."),
            None,
            (Action(_("Open the earlier file"), f"/files/{earlier}"),) if earlier else (),
        )
    if file.outcome is Outcome.DRY_RUN:
        return Banner(
            Tone.INFO,
            _would(statistics),
            _("The file was only checked, as asked. Send it again to import it."),
            None,
            (new_file(),),
        )
    told = (
        _("Your dashboards show what they would show had the file never been sent."),
        repairs_stay(statistics.rows_repaired),
        _("The record and the original are kept."),
    )
    text = " ".join(it for it in told if it)
    return Banner(Tone.QUIET, _("The import is undone."), text, None)


def _would(statistics: Statistics) -> str:
    load = counted(
        "%(number)s row would load",
        "%(number)s rows would load",
        statistics.rows_withheld,
    )
    aside = counted(
        "%(number)s row would be set aside",
        "%(number)s rows would be set aside",
        statistics.rows_rejected,
    )
    return _("%(load)s, %(aside)s.") % {"load": load, "aside": aside}


def _under_way(file: FileAnswer, now: datetime, zone: str) -> Banner:
    if file.stage is Stage.AWAITING_UPLOAD:
        until = moment_in_words(file.expires_at, now, zone)
        cancel = Action(
            _("Cancel the upload"),
            f"/analytics/files/{file.id}/cancel",
            is_post=True,
            question=_("The upload URL is given up. A file sent to it later is not taken."),
            confirm=_("Cancel the upload"),
            needs=Scope.FILES_WRITE,
        )
        return Banner(
            Tone.INFO,
            _("The file has not arrived yet."),
            _("Its upload URL is valid until %(until)s.") % {"until": until},
            None,
            (cancel,),
        )
    return Banner(
        Tone.INFO,
        _sentence(STAGES[file.stage]),
        _("This page follows by itself. The dashboards show the file all at once, at the end."),
        None,
        progress=progress_of(file),
    )


def _with_rejections(file: FileAnswer, statistics: Statistics, *, may_send: bool) -> Banner:
    aside = statistics.rows_rejected
    rows = downloads(file, aside)
    repaired = statistics.rows_repaired
    if repaired and repaired >= aside:
        return Banner(
            Tone.OK,
            on_dashboards(statistics.rows_imported),
            counted(
                "%(number)s row was set aside; repaired files have brought it in since.",
                "%(number)s rows were set aside; repaired files have brought them all in since.",
                aside,
            ),
            None,
            (*rows, dashboard()),
        )
    title = f"{on_dashboards(statistics.rows_imported)} {_set_aside(aside)}"
    if repaired:
        since = counted(
            "%(number)s of them came in since.", "%(number)s of them came in since.", repaired
        )
        title = f"{title} {since}"
    if rows and not may_send:
        text = _(
            "%(roles)s can repair them and send them again; nothing else needs to be done."
        ) % {"roles": beginning(who_may(Scope.FILES_WRITE))}
    elif rows:
        text = _(
            "Download them, repair them and send them again as a file; nothing else needs to be "
            "done."
        )
    else:
        text = _(
            "The rows were kept for a set time and are removed; check the file again to see them."
        )
    return Banner(Tone.WARN, title, text, None, (*rows, dashboard()))


def _failed(file: FileAnswer, statistics: Statistics) -> Banner:
    failure = file.failure or {}
    detail = str(failure.get("detail") or "").strip()
    # A detail that only repeats the title, in the words of the contract, says nothing more.
    says_more = detail.rstrip(".") != str(failure.get("title") or "").rstrip(".")
    actions: tuple[Action, ...] = (new_file(),)
    if file.outcome is Outcome.FAILED and failure.get("retryable"):
        actions = (again(file, _("Retry")),)
    elif file.outcome is Outcome.FAILED:
        actions = (*downloads(file, statistics.rows_rejected), fixed_file(file))
    is_quiet = file.outcome in (Outcome.CANCELLED, Outcome.NEVER_UPLOADED)
    code = str(failure.get("code") or "") or None
    told = (
        *_near_misses(failure),
        advice_of(failure),
        _("Nothing of it is on your dashboards."),
    )
    return Banner(
        Tone.QUIET if is_quiet else Tone.BAD,
        _sentence(title_of(failure)),
        " ".join(it for it in told if it),
        code,
        actions,
        detail=English(detail) if says_more else "",
    )


def _sentence(words: str) -> str:
    """Return words that stand by themselves elsewhere as a sentence."""
    return _("%(words)s.") % {"words": words}


def _near_misses(failure: Mapping[str, object]) -> list[str]:
    found = failure.get("suggestions")
    if not isinstance(found, dict):
        return []
    return [
        _("Is “%(sent)s” meant as “%(name)s”?") % {"sent": sent, "name": name}
        for sent, name in found.items()
    ]


def _set_aside(rows: int) -> str:
    return counted("%(number)s row was set aside.", "%(number)s rows were set aside.", rows)
