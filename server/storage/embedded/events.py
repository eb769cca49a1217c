"""Tells that an object arrived, in the form of MinIO's webhook; nothing depends on it.

Comes after the PUT is durable. An event may be lost at any moment: the sweep
(`worker/maintenance/`) finds what nobody was told of, so a failure here is a line for debugging.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from urllib.parse import quote_plus

import httpx
import structlog

from server.storage.embedded.disk import Version

logger = structlog.get_logger(__name__)

Event = dict[str, object]
OnEvent = Callable[[Event], Awaitable[None]]

# The receiver is our own server: longer than this means that it is down.
_WEBHOOK_SECONDS = 5.0


class Events:
    """Sends events in the background, so that no upload waits for them."""

    def __init__(self, bucket: str, on_event: OnEvent | None) -> None:
        self._bucket = bucket
        self._on_event = on_event
        # asyncio keeps only weak references to tasks; without this one may vanish half-way.
        self._running: set[asyncio.Future[None]] = set()

    def object_created(self, version: Version, how: str) -> None:
        """Send `s3:ObjectCreated:<how>` without waiting."""
        if self._on_event is None:
            return
        task = asyncio.ensure_future(self._on_event(self._event(version, how)))
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Future[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.debug("storage_event.lost", error=type(error).__name__)

    def _event(self, version: Version, how: str) -> Event:
        about = version.about
        name = f"s3:ObjectCreated:{how}"
        record = {
            "eventVersion": "2.0",
            "eventSource": "tallydock:s3",
            "eventTime": datetime.now(UTC).isoformat(),
            "eventName": name,
            "s3": {
                "s3SchemaVersion": "1.0",
                "bucket": {"name": self._bucket},
                "object": {
                    "key": quote_plus(about.key),
                    "size": about.size_bytes,
                    "eTag": about.etag,
                    "versionId": version.version_id,
                },
            },
        }
        return {"EventName": name, "Key": f"{self._bucket}/{about.key}", "Records": [record]}


def webhook_notifier(url: str, token: str) -> OnEvent:
    """Return a function that POSTs each event as JSON.

    Args:
        url: where to.
        token: sent as `Authorization: Bearer <token>`.
    """
    # One client for all events: making one reads the machine's certificates, 20 ms of the loop.
    client = httpx.AsyncClient(
        timeout=_WEBHOOK_SECONDS,
        trust_env=False,
        headers={"Authorization": f"Bearer {token}"},
        # Nothing stays open between events, so nobody has to close it.
        limits=httpx.Limits(max_keepalive_connections=0),
    )

    async def notify(event: Event) -> None:
        answer = await client.post(url, json=event)
        answer.raise_for_status()

    return notify
