"""What the list of files is asked to show: dataset, result, time, words of the name."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from server.files.lifecycle import Outcome, Stage
from server.files.listing import Query, Unsent, Window
from server.portal.parts import Option
from server.portal.texts import Words
from server.portal.words import RESULTS

UNDER_WAY, UNSENT = "under-way", "unsent"
_SPECIAL = Words({UNDER_WAY: "Under way", UNSENT: "Asked for, not sent"})
_WORKED_ON = (Stage.QUEUED, Stage.INSPECTING, Stage.LOADING, Stage.PUBLISHING)
_DAYS = {"": None, "1": 1, "7": 7, "30": 30}
_DAYS_IN_WORDS = Words({"": "Any time", "1": "Today", "7": "Last 7 days", "30": "Last 30 days"})


@dataclass(frozen=True)
class Filters:
    """What was chosen; what is not known counts as not chosen."""

    dataset: str = ""
    result: str = ""
    days: str = ""
    words: str = ""
    after: str = ""

    @property
    def is_any(self) -> bool:
        """Return whether anything narrows the list."""
        return bool(self.chosen or self.after)

    @property
    def chosen(self) -> list[tuple[str, str]]:
        """Return (name, value) as they stand in the address, without the page."""
        named = (
            ("dataset", self.dataset),
            ("result", self.result),
            ("days", self.days),
            ("q", self.words),
        )
        return [(name, value) for name, value in named if value]

    def query(self, now: datetime, zone: str) -> Query:
        """Return what to list; days begin at midnight in the zone."""
        days = _DAYS[self.days]
        window = None
        if days is not None:
            first = now.astimezone(ZoneInfo(zone)).date() - timedelta(days=days - 1)
            window = Window(datetime.combine(first, time.min, tzinfo=ZoneInfo(zone)), None)
        is_outcome = self.result in list(Outcome)
        unsent = Unsent.SHOWN if is_outcome else Unsent.HIDDEN
        return Query(
            outcomes=(Outcome(self.result),) if is_outcome else (),
            stages=_WORKED_ON if self.result == UNDER_WAY else (),
            dataset_types=(self.dataset,) if self.dataset else (),
            name=self.words or None,
            created_at=window,
            unsent=Unsent.ONLY if self.result == UNSENT else unsent,
            after=self.after or None,
        )


def read_filters(
    *, dataset: str, result: str, days: str, words: str, after: str, datasets: tuple[str, ...]
) -> Filters:
    """Return the filters; a value that is none of ours is left out."""
    return Filters(
        dataset=dataset if dataset in datasets else "",
        result=result if result in RESULTS or result in _SPECIAL else "",
        days=days if days in _DAYS else "",
        # PostgreSQL takes no NUL in text.
        words=words.replace("\0", "").strip()[:255],
        after=after,
    )


def result_options(chosen: str) -> tuple[Option, ...]:
    """Return the entries of the filter by result."""
    results = (*RESULTS.items(), *_SPECIAL.items())
    return tuple(Option(name, words, name == chosen) for name, words in results)


def days_options(chosen: str) -> tuple[Option, ...]:
    """Return the entries of the filter by time."""
    return tuple(Option(name, words, name == chosen) for name, words in _DAYS_IN_WORDS.items())
