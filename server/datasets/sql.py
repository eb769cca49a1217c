"""Literals of ClickHouse SQL. Only declared words go through here; cells never become SQL."""

from collections.abc import Iterable


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
