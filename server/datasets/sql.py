"""Pieces of ClickHouse SQL. Only declared words go through here; cells never become SQL."""

from collections.abc import Iterable
from functools import reduce


def quoted(text: str) -> str:
    """Return a string literal."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def array(words: Iterable[str]) -> str:
    """Return an array of string literals."""
    return f"[{', '.join(quoted(word) for word in words)}]"


def backticked(name: str) -> str:
    """Return an identifier that may hold any character."""
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"


def both(*conditions: str) -> str:
    """Return the condition that all of them hold, each a 0 or 1 that is never NULL.

    Not AND, which works each condition out under a mask of those before it: where nearly all hold
    that takes longer than to work all of them out.
    """
    return reduce(lambda one, other: f"bitAnd({one}, {other})", conditions)


def either(*conditions: str) -> str:
    """Return the condition that one of them holds, each a 0 or 1; all are worked out, as above."""
    return reduce(lambda one, other: f"bitOr({one}, {other})", conditions)
