"""The question before an undo: what leaves the dashboards, and what comes back."""

from collections.abc import Sequence

from server.files.undo_preview import UndoPreview
from server.portal.contexts import ConsequenceFragment
from server.portal.figures import count, money, plural
from server.portal.file_parts import SumLine
from server.portal.parts import Cell, Table
from server.reports.consequence import Sum

_KEPT = "The record and the original stay, and the file can be sent again."


def consequence_of(preview: UndoPreview) -> ConsequenceFragment:
    """Return the question's facts, ready to print."""
    leaving, returning = preview.consequence.leaving, preview.consequence.returning
    if preview.heir is not None:
        return ConsequenceFragment(
            f"{preview.heir} holds the same bytes and takes this file's place: the same rows stay "
            "on your dashboards, under its name.",
            (),
            _KEPT,
        )
    gone, back = (sum(it.rows for it in sums) for sums in (leaving, returning))
    if not gone:
        return ConsequenceFragment(
            "None of its rows is on your dashboards any more: newer files have replaced them all. "
            "Nothing changes there.",
            (),
            _KEPT,
        )
    groups = [SumLine(f"{plural(gone, 'row')} leave your dashboards", sums_table(leaving))]
    if back:
        words = f"{plural(back, 'row')} of earlier files {'come' if back > 1 else 'comes'} back"
        groups.append(SumLine(words, sums_table(returning)))
        sentence = "Keys this file replaced show their earlier rows again."
    else:
        sentence = "No other file has rows for their keys, so nothing comes in their place."
    return ConsequenceFragment(sentence, tuple(groups), _KEPT)


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
    kinds = ("Type",) if has_types else ()
    amounts = ("Amount",) if any(it.amount is not None for it in sums) else ()
    return Table(
        ("Currency", *kinds, "Rows", *amounts),
        (False, *(False for _ in kinds), True, *(True for _ in amounts)),
        rows,
    )
