"""How a file's header met the dataset's columns, the trouble first."""

from collections.abc import Sequence

from server.datasets.declaration import Dataset
from server.datasets.header import align
from server.datasets.labels import normalise
from server.files.answers import FileAnswer
from server.portal.counts import counted
from server.portal.figures import count
from server.portal.file_parts import HeaderAlignment, HeaderLine
from server.portal.parts import Tone
from server.portal.texts import gettext as _


def header_alignment(
    file: FileAnswer, dataset: Dataset | None, labels: Sequence[str]
) -> HeaderAlignment | None:
    """Return the alignment; None when the header has not been looked at.

    Args:
        file: as callers see it.
        dataset: None when it is not declared any more.
        labels: the header as sent; empty when it was not kept.
    """
    if dataset is None:
        return None
    if labels:
        return _aligned(dataset, labels)
    missing = (file.failure or {}).get("missing")
    if not isinstance(missing, list):
        return None
    told = (file.failure or {}).get("suggestions")
    near = {str(name): str(sent) for sent, name in told.items()} if isinstance(told, dict) else {}
    lines = tuple(
        HeaderLine(
            str(name),
            near.get(str(name), ""),
            _("Named otherwise?") if str(name) in near else _("Missing"),
            Tone.BAD,
        )
        for name in missing
    )
    sentence = counted(
        "The file lacks %(number)s required column.",
        "The file lacks %(number)s required columns.",
        len(lines),
    )
    return HeaderAlignment(sentence, lines, ())


def _aligned(dataset: Dataset, labels: Sequence[str]) -> HeaderAlignment:
    found = align(dataset, labels)
    sent = {column: label for label, column in zip(labels, found.columns, strict=True) if column}
    near = {column: label for label, column in found.suggestions.items()}
    notable = [
        *(
            HeaderLine(name, near.get(name, ""), _("Missing"), Tone.BAD)
            for name in found.missing_required
        ),
        *(HeaderLine("", label, _("Not known, not loaded"), Tone.QUIET) for label in found.unknown),
        *(
            HeaderLine("", label, _("Of our report, ignored"), Tone.QUIET)
            for label in found.ignored
        ),
        *(
            HeaderLine(name, "", _("Not in the file, left empty"), Tone.QUIET)
            for name in found.missing
            if name not in found.missing_required
        ),
    ]
    matched = tuple(
        HeaderLine(
            name,
            sent[name],
            "" if normalise(sent[name]) == normalise(name) else _("Taken for the column"),
            Tone.OK,
        )
        for name in found.matched
    )
    sentence = counted(
        "%(found)s of %(number)s column found.",
        "%(found)s of %(number)s columns found.",
        len(dataset.columns),
        found=count(len(matched)),
    )
    return HeaderAlignment(sentence, tuple(notable), matched)
