"""What a mapping may say of its dataset: every fault at once, with its JSON pointer.

Comes after `schemas.py` (its form) and before `checking.py` (what only the engine can judge).
"""

from collections.abc import Iterator

from server.analytics.zones import zone_names
from server.datasets.column import ColumnType
from server.datasets.dates import UnknownForm, check_form
from server.datasets.declaration import Dataset
from server.datasets.header import REPORT_LABELS, align, sensitive
from server.datasets.labels import normalise
from server.errors import FieldFault
from server.mappings.schemas import (
    MAX_WORDS_BYTES,
    MappingRequest,
    Uncovered,
    parse_mapping_id,
)


def faults_of(asked: MappingRequest, dataset: Dataset) -> list[FieldFault]:
    """Return what is wrong with the mapping, in the order of its fields."""
    return [
        *_of_name(asked),
        *_of_labels(asked),
        *_of_columns(asked, dataset),
        *_of_constants(asked),
        *_of_forms(asked, dataset),
        *_of_zones(asked, dataset),
    ]


def uncovered(asked: MappingRequest, dataset: Dataset) -> list[Uncovered]:
    """Return the required columns that are neither mapped nor constant.

    No fault: a file may name them itself.
    """
    found = align(dataset, asked.labels, asked.as_mapping())
    sentence = "Neither mapped nor constant: a file without a column of that name is refused."
    return [Uncovered(column=name, detail=sentence) for name in found.missing_required]


def pointer(*path: object) -> str:
    """Return the JSON pointer (RFC 6901) to a place."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def words_of(asked: MappingRequest) -> Iterator[tuple[str, str]]:
    """Yield (pointer, text) of every text that is the sender's own."""
    yield "/name", asked.name
    for place, label in enumerate(asked.header or []):
        yield pointer("header", place), label
    for label in asked.columns:
        yield pointer("columns", label), label
    for column, text in asked.constants.items():
        yield pointer("constants", column), text
    for column, words in asked.values.items():
        for sent, ours in words.items():
            yield pointer("values", column, sent), sent
            yield pointer("values", column, sent), ours


def _of_name(asked: MappingRequest) -> Iterator[FieldFault]:
    if parse_mapping_id(asked.name) is not None:
        sentence = "Looks like an id; give it a name that people know"
        yield FieldFault("/name", "looks-like-an-id", sentence)
    size = sum(len(text.encode()) for _, text in words_of(asked))
    if size > MAX_WORDS_BYTES:
        sentence = f"{size} bytes of text in all; up to {MAX_WORDS_BYTES} are kept"
        yield FieldFault("", "too-long", sentence)


def _of_labels(asked: MappingRequest) -> Iterator[FieldFault]:
    reserved = {normalise(label) for label in REPORT_LABELS}
    seen: dict[str, str] = {}
    for label in asked.columns:
        plain, place = normalise(label), pointer("columns", label)
        if not plain:
            yield FieldFault(place, "blank-label", "A label without a letter or digit is not read")
        elif plain in seen:
            sentence = f"Is read as the same label as {seen[plain]!r}"
            yield FieldFault(place, "label-twice", sentence)
        elif label.strip().startswith("_") and plain in reserved:
            sentence = "Is a column of our own report of rejected rows"
            yield FieldFault(place, "reserved-label", sentence)
        elif sensitive([label]):
            sentence = "Files with such a column are refused (PCI DSS 3.3)"
            yield FieldFault(place, "sensitive-column", sentence)
        seen.setdefault(plain, label)


def _of_columns(asked: MappingRequest, dataset: Dataset) -> Iterator[FieldFault]:
    known = {column.name for column in dataset.columns}
    named = [
        *((pointer("columns", label), name) for label, name in asked.columns.items() if name),
        *((pointer("constants", name), name) for name in asked.constants),
        *((pointer("values", name), name) for name in asked.values),
        *((pointer("dateFormats", name), name) for name in asked.date_formats),
    ]
    for place, name in named:
        if name not in known:
            sentence = f"{dataset.name} has no column {name!r}"
            yield FieldFault(place, "unknown-column", sentence)
    first: dict[str, str] = {}
    for label, column in asked.columns.items():
        if column is None:
            continue
        if column in first:
            sentence = f"{first[column]!r} stands for {column} already"
            yield FieldFault(pointer("columns", label), "column-twice", sentence)
        first.setdefault(column, label)


def _of_constants(asked: MappingRequest) -> Iterator[FieldFault]:
    mapped = set(asked.columns.values())
    for name in asked.constants:
        if name in mapped:
            sentence = "A label stands for the column already: map it or make it constant"
            yield FieldFault(pointer("constants", name), "column-twice", sentence)
    for field, given in (("values", asked.values), ("dateFormats", asked.date_formats)):
        for name in given:
            if name in asked.constants:
                sentence = "The column is constant: write what it shall be there"
                yield FieldFault(pointer(field, name), "constant-column", sentence)


def _of_forms(asked: MappingRequest, dataset: Dataset) -> Iterator[FieldFault]:
    times = {c.name for c in dataset.columns if c.type is ColumnType.DATETIME}
    known = {column.name for column in dataset.columns}
    for name, forms in asked.date_formats.items():
        if name in known - times:
            sentence = "The column holds no times"
            yield FieldFault(pointer("dateFormats", name), "not-a-time", sentence)
        for place, form in enumerate(forms):
            try:
                check_form(form)
            except UnknownForm as fault:
                yield FieldFault(pointer("dateFormats", name, place), "unknown-format", str(fault))


def _of_zones(asked: MappingRequest, dataset: Dataset) -> Iterator[FieldFault]:
    known = frozenset(zone_names())
    sentence = "Not an IANA time zone such as Europe/Berlin"
    if asked.zone is not None and asked.zone not in known:
        yield FieldFault("/zone", "unknown-zone", sentence)
    if asked.zone_abbreviations and dataset.zone is None:
        told = f"{dataset.name} has no column of zones"
        yield FieldFault("/zoneAbbreviations", "no-zone-column", told)
    if asked.zone_abbreviations and dataset.zone in asked.constants:
        told = f"{dataset.zone} is constant: write the zone it shall be there"
        yield FieldFault("/zoneAbbreviations", "constant-column", told)
    for abbreviation, zone in asked.zone_abbreviations.items():
        if zone not in known:
            yield FieldFault(pointer("zoneAbbreviations", abbreviation), "unknown-zone", sentence)
