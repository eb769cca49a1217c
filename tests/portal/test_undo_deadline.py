"""An undo is offered while it would be done, and afterwards the page says why not."""

from datetime import timedelta

import pytest

from server.files.answers import answer_file
from server.files.lifecycle import Outcome, Stage
from server.portal.banner import actions_of, undo_in_words
from tests.portal.builders import NOW, STATISTICS, make_file


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
