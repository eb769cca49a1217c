"""An undo is offered while it would be done, and afterwards the page says why not."""

from datetime import timedelta

import pytest

from server.files.answers import answer_file
from server.files.lifecycle import Outcome, Stage
from server.portal.actions import actions_of, undo_in_words
from tests.portal.builders import NOW, STATISTICS, make_file
from tests.portal.test_templates import page_of, render


@pytest.mark.parametrize(
    ("left", "is_offered", "words"),
    [
        (None, True, ""),
        (timedelta(seconds=1), True, "Possible until today 08:42"),
        (timedelta(days=-1), False, "Not possible any more"),
        (timedelta(), False, "Not possible any more"),
    ],
)
def test_an_undo_is_offered_until_its_deadline_and_then_told_to_be_over(
    left: timedelta | None, is_offered: bool, words: str
) -> None:
    until = None if left is None else NOW + left
    file = answer_file(
        make_file(Stage.COMPLETED, Outcome.IMPORTED, statistics=STATISTICS, undo_until=until)
    )

    assert ("Undo import…" in [it.label for it in actions_of(file, NOW)]) is is_offered
    told = undo_in_words(file, NOW, "UTC")
    assert told.startswith(words)
    assert bool(told) is bool(words)


def test_what_is_undone_or_not_in_says_nothing_of_it() -> None:
    over = NOW - timedelta(days=1)
    for outcome in (Outcome.UNDONE, Outcome.DUPLICATE):
        file = answer_file(make_file(Stage.COMPLETED, outcome, undo_until=over))

        assert undo_in_words(file, NOW, "UTC") == ""


def test_an_undo_under_way_is_told_and_nothing_is_offered_that_would_be_refused() -> None:
    file = make_file(
        Stage.COMPLETED,
        Outcome.IMPORTED_WITH_REJECTIONS,
        statistics=STATISTICS,
        undo_requested_at=NOW,
        object_version="1",
    )

    page = page_of(file)

    assert page.banner.title == "The import is being undone."
    assert [it.label for it in page.actions] == ["Original"]
    assert page.repair is None
    assert "data-undoing" in render("file.html", page)


def test_an_undo_that_is_done_is_not_under_way() -> None:
    page = page_of(make_file(Stage.COMPLETED, Outcome.UNDONE, undo_requested_at=NOW, undone_at=NOW))

    assert page.banner.title == "The import is undone."
    assert not page.is_being_undone
