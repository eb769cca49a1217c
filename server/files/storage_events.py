"""`POST /storage/events`: the store's word that an object was created, in MinIO's webhook format.

Only a hint: it may come twice, late or never, and names nothing that is taken at its word. Behind
it stands `arrival.py`; beside it the caller's `/complete` and the sweep.
"""

import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_plus

import structlog
from litestar import Controller, Request, post
from litestar.datastructures import State
from litestar.di import NamedDependency

from server.errors import Unauthenticated
from server.files.service import FileService
from server.settings import Settings

logger = structlog.get_logger(__name__)

# A store sends one record a call; more than this is not a store.
_MAX_RECORDS = 1000


@dataclass(frozen=True)
class Created:
    """One object that was created."""

    key: str
    version_id: str | None


class StorageEventsController(Controller):
    """Where the store's webhook points to."""

    path = "/storage/events"

    @post(status_code=204, include_in_schema=False)
    async def receive(
        self,
        request: Request[object, object, State],
        file_service: NamedDependency[FileService],
        settings: NamedDependency[Settings],
    ) -> None:
        """Pin what arrived.

        Raises:
            Unauthenticated: without the token of the settings.
            StorageUnavailable: the store that sent the event does not answer; it may try again.
        """
        _check_token(request, settings)
        for created in read_events(await request.body()):
            await file_service.arrivals.take_notice(created.key, created.version_id)


def read_events(body: bytes) -> Iterator[Created]:
    """Yield the objects that an event says were created; whatever else it is, nothing."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        logger.warning("storage_event.unreadable", size_bytes=len(body))
        return
    records = event.get("Records") if isinstance(event, dict) else None
    for record in records[:_MAX_RECORDS] if isinstance(records, list) else ():
        created = _read_record(record)
        if created is not None:
            yield created


def _read_record(record: object) -> Created | None:
    name = _member(record, "eventName")
    if not isinstance(name, str) or not name.removeprefix("s3:").startswith("ObjectCreated:"):
        return None
    about = _member(_member(record, "s3"), "object")
    key, version_id = _member(about, "key"), _member(about, "versionId")
    if not isinstance(key, str):
        return None
    return Created(unquote_plus(key), version_id if isinstance(version_id, str) else None)


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _check_token(request: Request[object, object, State], settings: Settings) -> None:
    token = settings.storage_event_token.get_secret_value()
    sent = request.headers.get("authorization", "")
    # Compared as bytes: a header may hold characters that compare_digest refuses in text.
    if not token or not hmac.compare_digest(sent.encode(), f"Bearer {token}".encode()):
        raise Unauthenticated(headers={"WWW-Authenticate": "Bearer"})
