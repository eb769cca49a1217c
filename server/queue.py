"""Wake-up calls for workers, through Valkey: the server's only touch with arq.

A call carries an id, as JSON (arq's default, pickle, would let anyone who can write to Valkey run
code). It may be lost, doubled or late: the truth is the file's row, and the sweep finds what was
not woken. Comes after the commit (`server/unit_of_work.py`), before `worker/jobs.py`.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

import structlog
from arq.connections import ArqRedis, RedisSettings, create_pool
from redis.exceptions import RedisError

from server.errors import QueueUnavailable

logger = structlog.get_logger(__name__)

QUEUE_NAME = "tallydock:jobs"
# A request has committed by then: a Valkey that hangs must not hold its answer.
_PATIENCE_SECONDS = 2


class Queue(Protocol):
    """Where work is announced."""

    async def wake(self, job: str, file_id: UUID) -> None:
        """Announce that the file has work waiting.

        Raises:
            QueueUnavailable: Valkey does not answer; the caller logs it and goes on.
        """

    async def ping(self) -> None:
        """Return when Valkey answers."""


def serialize(job: Mapping[str, object]) -> bytes:
    """Return arq's job dictionary as JSON."""
    return json.dumps(job, default=_plain).encode()


def deserialize(data: bytes) -> dict[str, object]:
    """Return the job dictionary; arguments come back as a list."""
    loaded: dict[str, object] = json.loads(data)
    return loaded


def redis_settings(url: str) -> RedisSettings:
    """Return arq's connection settings: quick to give up, so an outage shows in a second."""
    settings = RedisSettings.from_dsn(url)
    settings.conn_timeout = 2
    settings.conn_retries = 1
    return settings


class ArqQueue:
    """The queue over arq."""

    def __init__(self, url: str) -> None:
        self._settings = redis_settings(url)
        self._pool: ArqRedis | None = None
        self._connecting = asyncio.Lock()

    async def wake(self, job: str, file_id: UUID) -> None:
        """See Queue.wake; the same file waits at most once per job name."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                pool = await self._connect()
                await pool.enqueue_job(job, str(file_id), _job_id=f"{job}:{file_id}")
        except (RedisError, OSError, TimeoutError) as fault:
            raise QueueUnavailable(str(fault)) from fault

    async def ping(self) -> None:
        """See Queue.ping."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                pool = await self._connect()
                await pool.ping()
        except (RedisError, OSError, TimeoutError) as fault:
            raise QueueUnavailable(str(fault)) from fault

    async def close(self) -> None:
        """Close the connections."""
        if self._pool is not None:
            await self._pool.aclose()

    async def _connect(self) -> ArqRedis:
        # Of two who call at once before there is a pool, one would make a pool nobody closes.
        async with self._connecting:
            if self._pool is None:
                self._pool = await create_pool(
                    self._settings,
                    job_serializer=serialize,
                    job_deserializer=deserialize,
                    default_queue_name=QUEUE_NAME,
                )
        return self._pool


def _plain(value: object) -> object:
    # arq puts the raised exception into the result it keeps; its class is all that may be told.
    return f"{type(value).__name__}"
