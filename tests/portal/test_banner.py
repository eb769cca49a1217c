"""What a file's page says first: to whom, and of a file without rows or with repairs."""

import pytest

from server.files.answers import FileAnswer, answer_file
from server.files.failures import FAILURES, FailureCode
from server.files.lifecycle import Outcome, Stage
from server.files.undo_preview import UndoPreview
from server.portal.actions import actions_of
from server.portal.banner import banner_of
from server.portal.consequence import consequence_of
from server.portal.parts import Tone
from server.portal.words import chip_of
from server.reports.consequence import Consequence
from tests.portal.builders import FILE_ID, NOW, STATISTICS, make_file
from tests.portal.test_templates import FILES, sums

REPAIRS_STAY = "6 rows that repairs of it brought in stay"


def text_of(file: FileAnswer, *, may_send: bool) -> str:
    return banner_of(file, now=NOW, zone="UTC", may_send=may_send).text


def test_who_may_not_repair_rows_is_told_who_can() -> None:
    file = answer_file(FILES["rejections"])

    assert text_of(file, may_send=True).startswith("Download them, repair them")
    assert text_of(file, may_send=False) == (
        "An admin or an editor can repair them and send them again; nothing else needs to be done."
    )


@pytest.mark.parametrize("state", ["dry run", "header"])
def test_who_may_not_send_files_is_told_who_can(state: str) -> None:
    file = answer_file(FILES[state])

    senders = "Files are sent by an admin or an editor."
    assert text_of(file, may_send=False) == f"{text_of(file, may_send=True)} {senders}"


def test_a_file_without_rows_is_no_success() -> None:
    nothing = {"rowsTotal": 0, "rowsImported": 0}
    file = answer_file(make_file(Stage.COMPLETED, Outcome.IMPORTED, statistics=nothing))

    banner = banner_of(file, now=NOW, zone="UTC")

    assert (banner.tone, banner.title) == (Tone.QUIET, "The file has a header and no rows.")
    assert chip_of(file).words == "Imported, no rows"


def test_an_undo_tells_that_repairs_of_the_file_stay() -> None:
    statistics = {**STATISTICS, "rowsRejected": 11}
    inside, undone = (
        answer_file(make_file(Stage.COMPLETED, outcome, statistics=statistics, rows_repaired=6))
        for outcome in (Outcome.IMPORTED_WITH_REJECTIONS, Outcome.UNDONE)
    )
    question = [it.question or "" for it in actions_of(inside, NOW) if "Undo" in it.label]

    consequence = consequence_of(UndoPreview(Consequence(sums(3), ()), None), 6)

    assert REPAIRS_STAY in question[0]
    assert REPAIRS_STAY in banner_of(undone, now=NOW, zone="UTC").text
    assert REPAIRS_STAY in consequence.kept


@pytest.mark.parametrize("code", [FailureCode.TOO_MANY_REJECTED, FailureCode.ABORTED_ON_ERROR])
def test_a_failure_says_once_that_nothing_was_loaded(code: FailureCode) -> None:
    failure = {"code": str(code), "title": FAILURES[code].title, "retryable": False}
    file = answer_file(make_file(Stage.FAILED, Outcome.FAILED, failure=failure))

    assert "loaded" not in text_of(file, may_send=True)
    assert text_of(file, may_send=True).endswith("Nothing of it is on your dashboards.")


@pytest.mark.parametrize(
    ("changes", "href"),
    [
        ({}, f"/files?repairOf={FILE_ID}"),
        # What repairs a file is read with its mapping, which the browser would not know of.
        ({"mapping_id": FILE_ID, "mapping_name": "shop", "mapping_version": 1}, "/files"),
    ],
)
def test_a_file_that_failed_leads_to_sending_it_again(
    changes: dict[str, object], href: str
) -> None:
    failure = {"code": "header-mismatch", "retryable": False}
    file = answer_file(make_file(Stage.FAILED, Outcome.FAILED, failure=failure, **changes))

    assert [it.href for it in banner_of(file, now=NOW, zone="UTC").actions] == [href]
