"""Contexts filled by their types, at random, with data that has no letters."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from random import Random
from types import UnionType
from typing import get_args, get_origin, get_type_hints

_COLUMNS = 3


def filled(kind: type, draw: Random) -> object:
    """Return a context of the kind, with anything that its types allow.

    Whoever finds a letter on a page made of it knows that the template brought it.

    Raises:
        TypeError: a field is of a type that no context has had so far.
    """
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{it.name: _value(hints[it.name], draw) for it in fields(kind)})
    if issubclass(kind, bool):
        return draw.random() < 0.5
    if issubclass(kind, Enum):
        return draw.choice(list(kind))
    if issubclass(kind, str):
        return draw.choice(("", f"{draw.randrange(1000)}"))
    if issubclass(kind, (int, float)):
        return kind(draw.randrange(1, 6))
    message = f"no data for {kind}"
    raise TypeError(message)


def _value(hint: object, draw: Random) -> object:
    origin, parts = get_origin(hint), get_args(hint)
    if isinstance(hint, UnionType):
        return _value(draw.choice(parts), draw)
    if origin is tuple and parts[-1] is Ellipsis:
        length = _COLUMNS if _is_cell(parts[0]) else draw.choice((0, _COLUMNS))
        return tuple(_value(parts[0], draw) for _ in range(length))
    if origin is tuple:
        return tuple(_value(part, draw) for part in parts)
    if origin is Mapping:
        return {}
    if hint is type(None):
        return None
    assert isinstance(hint, type)
    return filled(hint, draw)


def _is_cell(hint: object) -> bool:
    """Return whether there has to be one per column."""
    return isinstance(hint, type) and (not is_dataclass(hint) or hint.__name__.endswith("Cell"))
