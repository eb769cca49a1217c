"""The page of a file tells what happened to it: when, who did it, and why."""

from datetime import timedelta
from uuid import UUID

import pytest

from server.access.scopes import ALL_SCOPES
from server.datasets.catalogue import Catalogue
from server.files.history import answer_history
from server.files.lifecycle import Outcome, Stage
from server.files.models import FileEvent
from server.portal.file_page import file_page
from server.portal.repairs import Family
from server.portal.templates import environment
from tests.portal.builders import NOW, SHELL, TITLES, make_file


def event(number: int, cause: str, actor: str, detail: dict[str, object]) -> FileEvent:
    return FileEvent(
        event_id=UUID(int=number),
        file_id=UUID(int=1),
        workspace_id="w",
        at=NOW + timedelta(seconds=number),
        actor=actor,
        cause=cause,
        detail=detail,
    )


LINES: list[tuple[str, str, dict[str, object], str, str]] = [
    ("upload.requested", "key:nightly", {}, "Asked for an upload URL", "API key “nightly”"),
    ("object.pinned", "storage", {}, "The file arrived", "the storage"),
    ("file.claimed", "worker:host:1", {"attempt": 1}, "A worker began", "a worker"),
    (
        "file.put-back",
        "worker:host:1",
        {"code": "analytics-unavailable", "faults": 1},
        "Put back, to be tried again: analytics did not answer",
        "a worker",
    ),
    (
        "file.put-back",
        "worker:host:1",
        {"code": "dataset-busy", "faults": 1},
        "Put back, to be tried again: another file was being published",
        "a worker",
    ),
    (
        "file.completed",
        "worker:host:2",
        {"outcome": "duplicate", "duplicateOf": "0193", "rowsReplacedSince": 12},
        "Completed: the same bytes as 0193; newer files have replaced 12 rows of it since",
        "a worker",
    ),
    (
        "duplicate.promoted",
        "worker:host:2",
        {"inPlaceOf": "0193"},
        "Stands in for the file that was undone: 0193",
        "a worker",
    ),
    (
        "undo.requested",
        "user:nadia@example.com",
        {},
        "Asked to undo the import",
        "nadia@example.com",
    ),
]


@pytest.mark.parametrize(("cause", "actor", "detail", "what", "who"), LINES)
def test_a_change_is_told_with_its_time_its_actor_and_its_reason(
    cause: str, actor: str, detail: dict[str, object], what: str, who: str
) -> None:
    page = file_page(
        make_file(Stage.COMPLETED, Outcome.DUPLICATE),
        shell=SHELL,
        titles=TITLES,
        dataset=Catalogue.built_in().get("transactions"),
        history=answer_history([event(7, cause, actor, detail)]).results,
        rejected=[],
        family=Family(),
        now=NOW,
        scopes=ALL_SCOPES,
    )

    (line,) = page.history
    html = environment().get_template("file.html").render(page=page)
    assert (line.what, line.who) == (what, who)
    assert f'<time datetime="{line.at_iso}">{line.at}</time><span>{what}' in html
    assert f"{who}</span>" in html
