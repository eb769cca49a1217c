"""How a file's header met the dataset's columns, by the mapping it is read with; trouble first."""

from collections.abc import Iterator, Sequence

from server.datasets.declaration import Dataset
from server.datasets.header import REPORT_LABELS, Alignment, align
from server.datasets.labels import normalise
from server.datasets.mapping import Mapping
from server.files.answers import FileAnswer
from server.files.lifecycle import Stage
from server.portal.counts import counted
from server.portal.figures import count
from server.portal.file_parts import HeaderAlignment, HeaderLine
from server.portal.parts import Tone
from server.portal.texts import gettext as _


def header_alignment(
    file: FileAnswer,
    dataset: Dataset | None,
    labels: Sequence[str],
    mapping: Mapping | None = None,
) -> HeaderAlignment | None:
    """Return the alignment; None when the header has not been looked at.

    Args:
        file: as callers see it.
        dataset: None when it is not declared any more.
        labels: the header as sent; of a header that did not match it stands in the failure, and in
            failures of earlier versions nowhere.
        mapping: what the file was read with, None for one in the dataset's own words.
    """
    if dataset is None:
        return None
    failure = file.failure or {}
    told = failure.get("labels")
    if isinstance(told, list):
        labels = [str(label) for label in told]
    if labels:
        return _aligned(file, dataset, labels, mapping or Mapping())
    missing = failure.get("missing")
    if not isinstance(missing, list):
        return None
    near = _near(failure.get("suggestions"))
    sentence = counted(
        "The file lacks %(number)s required column.",
        "The file lacks %(number)s required columns.",
        len(missing),
    )
    lines = tuple(_missing(str(it), near) for it in missing)
    return HeaderAlignment(sentence, "", lines, (), (), is_mapped=False)


def _near(suggestions: object) -> dict[str, str]:
    """Return missing column → the label that resembles it."""
    if not isinstance(suggestions, dict):
        return {}
    return {str(column): str(label) for label, column in suggestions.items()}


def _aligned(
    file: FileAnswer, dataset: Dataset, labels: Sequence[str], mapping: Mapping
) -> HeaderAlignment:
    met = align(dataset, labels, mapping)
    found = counted(
        "%(found)s of %(number)s column found",
        "%(found)s of %(number)s columns found",
        len(dataset.columns),
        found=count(len(met.matched)),
    )
    sentence = _("%(words)s.") % {"words": found}
    if file.mapping is not None:
        read_with = _("Read with the mapping “%(mapping)s”, version %(version)s.") % {
            "mapping": file.mapping.name,
            "version": count(file.mapping.version),
        }
        sentence = f"{sentence} {read_with}"
    not_there = _("Not in the file, left empty")
    if file.stage is Stage.FAILED:
        not_there = _("Not in the file; not required")
    return HeaderAlignment(
        sentence=sentence,
        found=found,
        notable=tuple(_notable(met, mapping)),
        matched=tuple(_matched(met, mapping)),
        absent=tuple(
            HeaderLine(name, "", not_there, Tone.QUIET)
            for name in met.missing
            if name not in met.missing_required
        ),
        is_mapped=bool(mapping.columns),
    )


def _notable(met: Alignment, mapping: Mapping) -> Iterator[HeaderLine]:
    near = _near(met.suggestions)
    for name in met.missing_required:
        yield _missing(name, near)
    for label in met.unknown:
        yield HeaderLine("", label, _("Not known, not loaded"), Tone.QUIET)
    for name, text in mapping.constants.items():
        yield HeaderLine(name, "", _("“%(text)s” in every row") % {"text": text}, Tone.OK)
    for label in met.ignored:
        is_ours = label in REPORT_LABELS
        words = _("Of our report, ignored") if is_ours else _("Left out by the mapping")
        yield HeaderLine("", label, words, Tone.QUIET)


def _matched(met: Alignment, mapping: Mapping) -> Iterator[HeaderLine]:
    said = {normalise(label) for label, column in mapping.columns.items() if column}
    sent = {column: label for label, column in zip(met.labels, met.columns, strict=True) if column}
    for name in met.matched:
        plain = normalise(sent[name])
        words = "" if plain == normalise(name) else _("Taken for the column")
        if plain in said:
            words = _("Taken for the column, by the mapping")
        yield HeaderLine(name, sent[name], words, Tone.OK)


def _missing(name: str, near: dict[str, str]) -> HeaderLine:
    words = _("Named otherwise?") if name in near else _("Missing")
    return HeaderLine(name, near.get(name, ""), words, Tone.BAD)
