"""What `judging.js` needs to look at a file before it is sent: the datasets' rules, as JSON.

The browser's judgement is a preview, cell by cell and in the words of the report; the verdict stays
with the worker, whose SQL is compiled from the same declarations.
"""

from collections.abc import Iterable

from server.datasets.column import Column, OnFault
from server.datasets.countries import COUNTRIES
from server.datasets.currencies import EXPONENTS
from server.datasets.declaration import Dataset
from server.datasets.header import REPORT_LABELS
from server.datasets.hints import hint
from server.datasets.issues import ISSUES
from server.datasets.texts import FLAGS
from server.portal.texts import gettext as _


def rules_of(datasets: Iterable[Dataset]) -> dict[str, object]:
    """Return what `judging.js` is told, with names as JSON has them."""
    return {
        "datasets": [_dataset(dataset) for dataset in datasets],
        "currencies": dict(EXPONENTS),
        "countries": list(COUNTRIES),
        "flags": list(FLAGS),
        "issues": {
            str(code): {"title": _(kind.title), "message": _(kind.message)}
            for code, kind in ISSUES.items()
        },
        "reserved": list(REPORT_LABELS),
    }


def _dataset(dataset: Dataset) -> dict[str, object]:
    return {
        "name": dataset.name,
        "title": dataset.title,
        "eventTime": dataset.event_time,
        "zone": dataset.zone,
        "zoneAbbreviations": list(dataset.zone_abbreviations),
        "key": list(dataset.key),
        "onError": dataset.defaults.on_error,
        "maxRejectedRatio": dataset.defaults.max_rejected_ratio,
        "columns": [_column(dataset, column) for column in dataset.columns],
    }


def _column(dataset: Dataset, column: Column) -> dict[str, object]:
    return {
        "name": column.name,
        "aliases": list(column.aliases),
        "type": str(column.type),
        "required": column.required,
        "inHeader": column.in_header,
        "rejects": dataset.on_fault(column) is OnFault.REJECT,
        "enum": list(column.enum),
        "pattern": column.pattern,
        "minimum": column.minimum,
        "maximum": column.maximum,
        "aboveZero": column.above_zero,
        "scale": column.scale,
        "exponentOf": column.exponent_of,
        "hint": hint(column, _),
    }
