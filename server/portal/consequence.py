"""The question before an undo: what leaves the dashboards, and what comes back."""

from collections.abc import Sequence

from server.files.undo_preview import UndoPreview
from server.portal.actions import kept, repairs_stay
from server.portal.contexts import ConsequenceFragment
from server.portal.counts import counted
from server.portal.figures import count, money
from server.portal.file_parts import SumLine
from server.portal.parts import Cell, Table
from server.portal.texts import gettext as _
from server.reports.consequence import Sum


def consequence_of(preview: UndoPreview, rows_repaired: int = 0) -> ConsequenceFragment:
    """Return the question's facts, ready to print.

    Args:
        preview: what leaves and comes back.
        rows_repaired: rows that repairs of the file have brought in.
    """
    stays = " ".join(it for it in (repairs_stay(rows_repaired), kept()) if it)
    leaving, returning = preview.consequence.leaving, preview.consequence.returning
    if preview.heir is not None:
        sentence = _(
            "%(file)s holds the same bytes and takes this file's place: the same rows stay on "
            "your dashboards, under its name."
        ) % {"file": preview.heir}
        return ConsequenceFragment((sentence,), (), stays)
    gone, back = (sum(it.rows for it in sums) for sums in (leaving, returning))
    if not gone:
        sentence = _(
            "None of its rows is on your dashboards any more: newer files have replaced them all. "
            "Nothing changes there."
        )
        return ConsequenceFragment((sentence,), (), stays)
    leave = counted(
        "%(number)s row leaves your dashboards", "%(number)s rows leave your dashboards", gone
    )
    groups = [SumLine(leave, sums_table(leaving))]
    if back:
        words = counted(
            "%(number)s row of earlier files comes back",
            "%(number)s rows of earlier files come back",
            back,
        )
        groups.append(SumLine(words, sums_table(returning)))
        sentence = _("Keys this file replaced show their earlier rows again.")
    else:
        sentence = _("No other file has rows for their keys, so nothing comes in their place.")
    return ConsequenceFragment((sentence,), tuple(groups), stays)


def sums_table(sums: Sequence[Sum]) -> Table:
    """Return rows and money by currency and type."""
    has_types = any(it.type for it in sums)
    rows = tuple(
        (
            Cell(it.currency),
            *((Cell(it.type),) if has_types else ()),
            Cell(count(it.rows)),
            *((Cell(money(it.amount, it.currency)),) if it.amount is not None else ()),
        )
        for it in sums
    )
    kinds = (_("Type"),) if has_types else ()
    amounts = (_("Amount"),) if any(it.amount is not None for it in sums) else ()
    return Table(
        (_("Currency"), *kinds, _("Rows"), *amounts),
        (False, *(False,) * len(kinds), True, *(True,) * len(amounts)),
        rows,
    )
