"""What callers are told about a file's changes."""

from collections.abc import Sequence

from server.files.answers import Answer, HistoryEntry, NextPage
from server.files.lifecycle import Stage
from server.files.models import FileEvent


class HistoryPage(Answer):
    """A file's history, oldest first; always one page."""

    results: list[HistoryEntry]
    links: NextPage


def answer_history(events: Sequence[FileEvent]) -> HistoryPage:
    """Return what callers are told about a file's changes."""
    return HistoryPage(
        results=[
            HistoryEntry(
                at=event.at,
                actor=event.actor,
                cause=event.cause,
                stage_before=Stage(event.stage_before) if event.stage_before else None,
                stage_after=Stage(event.stage_after) if event.stage_after else None,
                status=Stage(event.stage_after).status if event.stage_after else None,
                detail=event.detail,
            )
            for event in events
        ],
        links=NextPage(next=None),
    )
