"""How often someone may ask: one token bucket each, in the memory of this process."""

import math
import time
from collections.abc import Callable

from server.errors import RateLimited

# Buckets kept at once; a forgotten one is full again, which favours the caller.
_LIMIT = 10_000


class RateLimit:
    """Token buckets by name.

    Args:
        per_second: tokens that come back each second.
        burst: tokens of a full bucket.
        timer: a clock that never goes back (s).
    """

    def __init__(
        self, *, per_second: float, burst: int, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._timer = timer
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> None:
        """Take one token.

        Raises:
            RateLimited: the bucket is empty; `Retry-After` says when there is one again.
        """
        now = self._timer()
        tokens, at = self._buckets.get(name, (self._burst, now))
        tokens = min(self._burst, tokens + (now - at) * self._per_second)
        if tokens < 1:
            seconds = max(1, math.ceil((1 - tokens) / self._per_second))
            detail = f"Too many requests; try again in {seconds} s."
            raise RateLimited(detail, headers={"Retry-After": str(seconds)})
        if name not in self._buckets and len(self._buckets) >= _LIMIT:
            del self._buckets[next(iter(self._buckets))]
        self._buckets[name] = (tokens - 1, now)
