"""What pages ask for when somebody is about to change something, in the pseudo-language."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from babel.messages.catalog import Message

from server.errors import RateLimited
from server.files.undo_preview import UndoPreview
from server.portal.begun import too_many
from server.portal.consequence import consequence_of
from server.portal.counts import rows_of_kind
from server.portal.figures import limit, seconds, size
from server.portal.standing import standing_of
from server.portal.templates import environment
from server.reports.consequence import Consequence, Sum
from tests.portal.pseudo import untranslated
from tests.portal.test_recheck import said, trial

ONE, TWO = ((Sum("EUR", "Capture", rows, Decimal(5)),) for rows in (1, 2))
DATA = ("EUR", "Capture", "again.csv", "what the API says")


@pytest.mark.parametrize(
    "preview",
    [
        UndoPreview(Consequence(TWO, ONE), None),
        UndoPreview(Consequence(ONE, ()), None),
        UndoPreview(Consequence((), ()), None),
        UndoPreview(Consequence((), ()), "again.csv"),
    ],
)
def test_an_undo_is_asked_about_in_the_readers_language(
    preview: UndoPreview, pseudo_texts: list[Message]
) -> None:
    html = environment().get_template("parts/consequence.html").render(page=consequence_of(preview))

    assert untranslated(html, DATA) == []


@pytest.mark.parametrize(
    "html",
    [
        lambda: said(None),
        lambda: said(None, standing=(), dryRun=True),
        lambda: said(trial(failure={"code": "empty-file", "detail": "what the API says"})),
        lambda: said(trial(is_whole=False, rows_judged=9)),
        lambda: said(trial(rows_judged=3, rows_good=2, rows_rejected=1)),
        lambda: said(trial(rows_judged=3, rows_good=3)),
    ],
)
def test_another_check_is_asked_about_in_the_readers_language(
    html: Callable[[], str], pseudo_texts: list[Message]
) -> None:
    assert untranslated(html(), DATA) == []


def test_what_is_away_is_told_in_the_readers_language(pseudo_texts: list[Message]) -> None:
    template = environment().get_template("parts/standing.html")
    names = ["database", "storage", "analytics", "queue"]

    pages = [template.render(page=standing_of(it)) for it in (*([name] for name in names), names)]

    assert [untranslated(it) for it in pages] == [[]] * 5


def test_numbers_have_units_and_nouns_of_the_language(pseudo_texts: list[Message]) -> None:
    told = [
        *(size(10**power) for power in (1, 4, 7, 10, 13)),
        *(limit(it) for it in (2**30, 10**6)),
        *(seconds(it) for it in (0.01, 3, 200)),
        *(rows_of_kind(2, it) for it in (None, "capture", "Partial capture", "fee")),
        *(too_many(RateLimited(headers={"Retry-After": it})) for it in ("1", "900")),
    ]

    assert [untranslated(it) for it in told] == [[] for _ in told]
