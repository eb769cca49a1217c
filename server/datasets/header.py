"""Header alignment: which label of a file is which column of its dataset.

Labels are compared after trimming, case folding, removal of no-break and zero-width spaces, and
folding of space, underscore and hyphen; a column's aliases count as its name. Order is free,
unknown labels are reported and ignored.
"""

import difflib
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.datasets.declaration import Dataset
from server.datasets.formulas import label_as_meant
from server.datasets.labels import normalise
from server.datasets.mapping import Mapping

REPORT_LABELS = ("_file_id", "_row_number", "_issues")
"""The columns our own report of rejected rows adds; a repaired report may be sent as it is."""

# Alike enough to be a slip of the finger (ammount), not another word (account).
_NEAR = 0.8
_SENSITIVE = frozenset(
    {"cvv", "cvv2", "cvc", "cvc2", "cav2", "card_security_code", "security_code", "card_cvv",
     "card_cvc", "track1", "track2", "track_1", "track_2", "track_data", "pin", "pin_block"}
)  # fmt: skip


@dataclass(frozen=True)
class Alignment:
    """What a header says."""

    labels: tuple[str, ...]
    """As sent, in order."""
    columns: tuple[str | None, ...]
    """For each label the column it stands for, None when it is unknown, ignored or blank."""
    matched: tuple[str, ...]
    missing: tuple[str, ...]
    """Columns of the dataset the header lacks, required or not."""
    missing_required: tuple[str, ...]
    unknown: tuple[str, ...]
    ignored: tuple[str, ...]
    doubled: tuple[str, ...]
    """Columns that more than one label stands for."""
    suggestions: dict[str, str]
    """Unknown label → the missing column it resembles."""

    def as_json(self) -> dict[str, list[str]]:
        """Return the contract's `header` member."""
        return {
            "matched": list(self.matched),
            "missing": list(self.missing),
            "unknown": list(self.unknown),
            "ignored": list(self.ignored),
        }


def fingerprint(labels: Iterable[str]) -> str:
    """Return the same hash for headers of the same labels, in whatever order and spelling."""
    plain = sorted({normalise(label) for label in labels} - {""})
    return hashlib.sha256("\n".join(plain).encode()).hexdigest()


def align(dataset: Dataset, labels: Sequence[str], mapping: Mapping | None = None) -> Alignment:
    """Return how the labels stand to the dataset's columns; what the mapping says goes first."""
    is_report = {label.strip() for label in labels} >= set(REPORT_LABELS)
    meant = [label_as_meant(label) if is_report else label for label in labels]
    names = _names(dataset, meant, mapping or Mapping())
    constants = mapping.constants if mapping else {}
    reserved = {normalise(label) for label in REPORT_LABELS}
    found: list[str | None] = []
    unknown: list[str] = []
    ignored: list[str] = []
    for label in meant:
        plain = normalise(label)
        column = names.get(plain)
        found.append(column)
        is_ours = label.strip().startswith("_") and plain in reserved
        if column is None and (is_ours or (plain and plain in names)):
            ignored.append(label.strip())
        elif column is None and plain:
            unknown.append(label.strip())
    counted = Counter(column for column in found if column is not None)
    given = {*counted, *constants}
    missing = [column for column in dataset.columns if column.name not in given]
    return Alignment(
        labels=tuple(labels),
        columns=tuple(found),
        matched=tuple(column.name for column in dataset.columns if column.name in counted),
        missing=tuple(column.name for column in missing),
        missing_required=tuple(c.name for c in missing if c.required or c.in_header),
        unknown=tuple(unknown),
        ignored=tuple(ignored),
        doubled=tuple(name for name, count in counted.items() if count > 1),
        suggestions=_near_misses(unknown, [column.name for column in missing]),
    )


def _names(dataset: Dataset, labels: Sequence[str], mapping: Mapping) -> dict[str, str | None]:
    """Return which column each label stands for; None where the mapping leaves it out."""
    said = {normalise(label): column for label, column in mapping.columns.items()}
    present = {normalise(label) for label in labels}
    taken = {column for plain, column in said.items() if plain in present}
    taken |= mapping.constants.keys()
    own: dict[str, str | None] = {
        normalise(spelling): None if column.name in taken else column.name
        for column in dataset.columns
        for spelling in (*column.aliases, column.name)
    }
    return {**own, **said}


def sensitive(labels: Sequence[str]) -> list[str]:
    """Return the labels of columns that may not be sent at all: what proves a card is at hand.

    PCI DSS 3.3: it may not be kept after authorisation, not even unreadable.
    """
    return [label.strip() for label in labels if normalise(label) in _SENSITIVE]


def _near_misses(unknown: Sequence[str], missing: Sequence[str]) -> dict[str, str]:
    by_plain = {normalise(name): name for name in missing}
    near: dict[str, str] = {}
    for label in unknown:
        close = difflib.get_close_matches(normalise(label), by_plain, n=1, cutoff=_NEAR)
        if close:
            near[label] = by_plain[close[0]]
    return near
