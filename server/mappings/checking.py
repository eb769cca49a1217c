"""What only the engine can say of a mapping: its texts are judged as a file's cells are.

Comes after `rules.py`. Constants and the right sides of value maps must pass their columns' own
rules, and no text may hold a card number, for it would lie in the database for good.
"""

from collections.abc import Sequence
from datetime import datetime

from server.analytics.gateway import Analytics
from server.analytics.zones import zone_number
from server.datasets.cards import card_number_in
from server.datasets.declaration import Dataset
from server.datasets.judging import judged_rows
from server.datasets.layout import Layout, read_settings
from server.datasets.mapping import DEFAULT_ZONE
from server.datasets.provision import ZONES
from server.datasets.sql import array
from server.datasets.tables import columns
from server.errors import FieldFault
from server.mappings.rules import pointer, words_of
from server.mappings.schemas import MappingRequest
from server.reports.rows import sentence

_COMMENT = "mapping:check"

Place = tuple[str, str]
"""JSON pointer and the text that stands there."""


async def judged_faults(
    analytics: Analytics, dataset: Dataset, asked: MappingRequest, now: datetime
) -> list[FieldFault]:
    """Return the faults of the mapping's texts.

    Raises:
        AnalyticsUnavailable: ClickHouse does not answer.
    """
    return [
        *await _card_numbers(analytics, asked),
        *await _unfit(analytics, dataset, asked, now),
    ]


def judging_parameters(analytics: Analytics, zone: str | None, now: datetime) -> dict[str, object]:
    """Return the parameters of judging for texts that belong to no file."""
    return {
        "workspace": "",
        "file": "00000000-0000-0000-0000-000000000000",
        "attempt": 0,
        "uploaded_at": now.strftime("%Y-%m-%d %H:%M:%S.%f"),
        "zone": zone_number(zone or DEFAULT_ZONE),
        "zones": f"{analytics.database}.{ZONES}",
    }


async def _card_numbers(analytics: Analytics, asked: MappingRequest) -> list[FieldFault]:
    places = list(words_of(asked))
    texts = array(text for _, text in places)
    found = await analytics.query(
        f"SELECT n FROM (SELECT arrayJoin(arrayEnumerate({texts} AS texts)) AS n,"
        f" texts[n] AS word) WHERE {card_number_in('word')} ORDER BY n",
        settings={"max_query_size": 2**22, "log_queries": 0},
        comment=_COMMENT,
    )
    pointers = dict.fromkeys(places[int(str(n)) - 1][0] for (n,) in found.rows)
    told = "Holds a full card number, which is kept nowhere"
    # A pointer may name the text: it must not be told either.
    return [FieldFault(_without_text(place), "pan-detected", told) for place in pointers]


def _without_text(place: str) -> str:
    field, *rest = place.removeprefix("/").split("/")
    return pointer(field, *rest[:1]) if field in ("constants", "values") else pointer(field)


async def _unfit(
    analytics: Analytics, dataset: Dataset, asked: MappingRequest, now: datetime
) -> list[FieldFault]:
    texts = {column: _texts(asked, column) for column in (*asked.constants, *asked.values)}
    if not texts:
        return []
    count = max(len(places) for places in texts.values())
    # JSON lines have no order of cells and no overflow: the barest layout there is.
    layout = Layout("JSONEachRow", labels=tuple(texts), columns=tuple(texts))
    names = [name for name, _ in columns(dataset)]
    judged = judged_rows(dataset, layout, source=_source(texts, count))
    found = await analytics.query(
        judged,
        parameters=judging_parameters(analytics, asked.zone, now),
        settings=read_settings(layout, await analytics.cores()),
        comment=_COMMENT,
    )
    row_at, issues_at = names.index("_row"), names.index("_issues")
    faults: dict[Place, FieldFault] = {}
    for row in found.rows:
        number, issues = int(str(row[row_at])), row[issues_at]
        for _, column, code in issues if isinstance(issues, Sequence) else ():
            places = texts.get(str(column), [])
            if number <= len(places):
                place, _ = places[number - 1]
                told = sentence(dataset, str(code), str(column))
                faults.setdefault((place, str(code)), FieldFault(place, str(code), told))
    return list(faults.values())


def _texts(asked: MappingRequest, column: str) -> list[Place]:
    if column in asked.constants:
        return [(pointer("constants", column), asked.constants[column])]
    words = asked.values[column]
    return [(pointer("values", column, sent), ours) for sent, ours in words.items()]


def _source(texts: dict[str, list[Place]], count: int) -> str:
    """Return a table of `count` rows: the n-th text of each column, the first where there is none.

    Rows without faults of their own: a column of few texts must not earn one in every row.
    """
    cells = []
    for place, written in enumerate(texts.values()):
        filled = [written[n if n < len(written) else 0][1] for n in range(count)] if written else []
        cells.append(f"{array(filled or [''] * count)}[n + 1] AS c{place}")
    return f"(SELECT number AS n, n AS _row_number, {', '.join(cells)} FROM numbers({count}))"
