"""A small memory with a short life, so that a key is not looked up on every request."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class ShortCache(Generic[K, V]):
    """At most `limit` values, each for `seconds`.

    Args:
        seconds: life of a value; also the longest a revocation made by another process goes unseen.
        limit: values kept; over it the oldest goes, so strangers' nonsense cannot fill the memory.
        timer: a clock that never goes back (s).
    """

    def __init__(
        self, *, seconds: float, limit: int, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._limit = limit
        self._timer = timer
        self._values: dict[K, tuple[float, V]] = {}

    def get(self, key: K) -> tuple[V] | None:
        """Return the value in a tuple, since None may be one; None when nothing is known."""
        found = self._values.get(key)
        if found is None or found[0] <= self._timer():
            return None
        return (found[1],)

    def put(self, key: K, value: V) -> None:
        """Keep the value from now on."""
        self._values.pop(key, None)
        while len(self._values) >= self._limit:
            del self._values[next(iter(self._values))]
        self._values[key] = (self._timer() + self._seconds, value)

    def forget(self, key: K) -> None:
        """Drop the value."""
        self._values.pop(key, None)

    def clear(self) -> None:
        """Drop everything."""
        self._values.clear()
