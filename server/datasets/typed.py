"""The texts of values that came with a type of their own, as Parquet's do.

Such a value is turned into the text that CSV would have had, exactly, and judged like any other.
"""

import re

from server.datasets.sql import backticked

_WRAPPED = re.compile(r"^(?:Nullable|LowCardinality)\((.*)\)$", re.DOTALL)
_NESTED = ("Array(", "Tuple(", "Map(", "Nested(", "JSON", "Variant(", "Dynamic", "Object(")


def text_of(name: str, kind: str) -> str:
    """Return the expression of a column's text, `''` where it is null.

    Args:
        name: of the column, as its sender named it.
        kind: its ClickHouse type.
    """
    column = f"t.{backticked(name)}"
    bare = kind
    while wrapped := _WRAPPED.match(bare):
        bare = wrapped[1]
    if bare.startswith(_NESTED):
        text = f"toJSONString({column})"
    elif bare.startswith("DateTime"):
        # The zone is said for both kinds: a local time is kept as if it were one of UTC.
        text = f"toString({column}, 'UTC')"
        if "'UTC'" in bare:
            text = f"concat({text}, 'Z')"
    else:
        text = f"toString({column})"
    return f"ifNull({text}, '')" if bare != kind else text
