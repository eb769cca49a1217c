"""How each type of cell is judged: which judge a column gets.

For a column `x` a judge's expressions see `s_x` (the cell's text, `''` when empty or absent) and
leave `v_x` (its value). A rule is a condition on a faulty cell and the code it earns; the first
that holds speaks, so a fault has one code. `clean` is the cheap test that almost every cell passes:
the diagnosis behind it is evaluated only for cells that fail it (short circuit). Techniques and
the reasons for them stand in `texts.py`, `numbers.py` and `moments.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from server.datasets.column import Column, ColumnType, OnFault
from server.datasets.declaration import Dataset
from server.datasets.issues import Severity
from server.datasets.judgement import Judgement, unreadable
from server.datasets.moments import judge_date, judge_datetime, judge_zone
from server.datasets.numbers import judge_decimal, judge_integer
from server.datasets.texts import (
    judge_boolean,
    judge_country,
    judge_currency,
    judge_enum,
    judge_text,
)


def judge(dataset: Dataset, column: Column) -> Judgement:
    """Return how a column of the dataset is judged."""
    if column.type is ColumnType.ZONE:
        return judge_zone(dataset, column)
    severity = Severity.ERROR if dataset.on_fault(column) is OnFault.REJECT else Severity.WARNING
    if column.type is ColumnType.DATETIME:
        judged = judge_datetime(dataset, column, severity)
    else:
        judged = _JUDGES[column.type](column, severity)
    return replace(judged, rules=(*unreadable(column, severity), *judged.rules))


_JUDGES: Mapping[ColumnType, Callable[[Column, Severity], Judgement]] = MappingProxyType(
    {
        ColumnType.TEXT: judge_text,
        ColumnType.ID: judge_text,
        ColumnType.ENUM: judge_enum,
        ColumnType.CURRENCY: judge_currency,
        ColumnType.DECIMAL: judge_decimal,
        ColumnType.INTEGER: judge_integer,
        ColumnType.DATE: judge_date,
        ColumnType.BOOLEAN: judge_boolean,
        ColumnType.COUNTRY: judge_country,
    }
)
