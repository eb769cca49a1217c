"""The texts of a row looked through together: the first pass asks once what each would be asked.

Free texts and ids are searched for bytes that are no text, for control characters, and for as many
digits as a card number has. Joined by line feeds, which are none of these and end a run of digits,
one search tells of nearly every row that there is nothing to find in any of its texts. (Text by
text it took half as long again.) What is found is then looked for text by text.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from server.datasets.cards import (
    CARD_NUMBER,
    card_number_in_any,
    holds_no_control,
    holds_run,
    is_refused,
)
from server.datasets.declaration import Dataset
from server.datasets.judgement import Judgement
from server.datasets.layout import Layout
from server.datasets.sql import either
from server.datasets.storing import storage_type

_JOINED = "texts_joined"
_FEED = ", '\\n', "


@dataclass(frozen=True)
class Together:
    """The columns whose texts are looked through together, and what is asked of them."""

    joined: tuple[str, ...]
    """Columns of which nothing but `Judgement.formed` is left to ask."""
    searched: tuple[str, ...]
    """Columns that need not be searched for card numbers any more."""
    steps: tuple[tuple[str, str], ...]
    """(alias, expression), which `clean` sees."""
    clean: tuple[str, ...]
    """Conditions that hold for a row with nothing to find in them. They stop the statement
    (CARD_NUMBER) at a card number where none may be."""

    def asked(self, judgement: Judgement) -> str:
        """Return the condition that is left to ask of a cell without fault."""
        if judgement.column in self.joined and judgement.formed is not None:
            return judgement.formed
        return judgement.clean


def looked_through(dataset: Dataset, layout: Layout, judgements: Sequence[Judgement]) -> Together:
    """Return what is looked through together of a file in this layout."""
    texts = [j.column for j in judgements if _is_searched_here(layout, j)]
    # Words that repeat are looked through once per different word; joined, they would be in every
    # row.
    words = [name for name in texts if _is_word(dataset, name)]
    joined = [name for name in texts if name not in words]
    refused = [name for name in texts if is_refused(dataset.column(name))]
    suspected = [name for name in joined if name not in refused]
    runs = [holds_run(f"s_{name}") for name in words if name in refused]
    steps, clean = [], []
    if joined:
        steps.append((_JOINED, f"concat({_FEED.join(_texts(joined))}, '')"))
        clean += [f"isValidUTF8({_JOINED})", holds_no_control(_JOINED)]
        runs.append(holds_run(_JOINED))
    if refused:
        found = f"if({either(*runs)}, {card_number_in_any(_texts(refused))}, 0)"
        clean.append(f"throwIf({found}, '{CARD_NUMBER}') = 0")
    if suspected:
        found = card_number_in_any(_texts(suspected))
        clean.append(f"if({holds_run(_JOINED)}, NOT {found}, 1)")
    return Together(tuple(joined), tuple(refused), tuple(steps), tuple(clean))


def _is_searched_here(layout: Layout, judgement: Judgement) -> bool:
    name = judgement.column
    if judgement.formed is None or name not in layout.columns:
        return False
    # An exempt column is full of numbers; where a mapping rewords cells, those sent are searched
    # and others judged.
    is_exempt = layout.labels[layout.columns.index(name)] in layout.exempt
    is_reworded = layout.mapping is not None and layout.mapping.rewords(name)
    return not (is_exempt or is_reworded)


def _is_word(dataset: Dataset, name: str) -> bool:
    return storage_type(dataset.column(name)).startswith("LowCardinality")


def _texts(names: Sequence[str]) -> list[str]:
    return [f"s_{name}" for name in names]
