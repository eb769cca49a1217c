"""The small memories: token buckets and what is remembered for seconds."""

import pytest

from server.access.cache import ShortCache
from server.access.rate_limit import RateLimit
from server.errors import RateLimited


class Timer:
    """Seconds that the test turns."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now


def test_an_empty_bucket_says_when_there_is_a_token_again() -> None:
    timer = Timer()
    limit = RateLimit(per_second=0.5, burst=2, timer=timer)
    limit.take("a")
    limit.take("a")

    with pytest.raises(RateLimited) as refused:
        limit.take("a")
    limit.take("b")
    timer.now += 2
    limit.take("a")

    assert refused.value.headers == {"Retry-After": "2"}


def test_a_value_is_forgotten_after_its_time() -> None:
    timer = Timer()
    cache: ShortCache[str, int | None] = ShortCache(seconds=3, limit=9, timer=timer)
    cache.put("a", None)

    young = cache.get("a")
    timer.now += 3

    assert (young, cache.get("a")) == ((None,), None)


def test_over_the_limit_the_oldest_value_goes() -> None:
    cache: ShortCache[int, int] = ShortCache(seconds=3, limit=2, timer=Timer())

    for number in range(3):
        cache.put(number, number)

    assert [cache.get(number) for number in range(3)] == [None, (1,), (2,)]
