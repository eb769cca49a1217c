"""The first answer again: `x-idempotency-key` on every POST under `/analytics`.

A request with the header is answered inside one transaction: the answer is kept by the same commit
that makes the handler's work durable (`request_units.py`), so a crash leaves both or neither and
blocks nobody. A request without the header passes straight through.

For the rooms whose answers carry signed URLs (files): members named `uploadUrl`, at any depth, are
kept as null. On replay the `resign` given to the composition root gets the workspace's id and the
kept answer, and must put the very same URLs back in place, signed with the answer's own dates; the
order of members is kept, so the replay is the first answer byte for byte. Secrets that are shown
once (`apiKey`, `secret`) are kept as null too, and stay null: that is what "once" means.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from litestar.utils import normalize_path
from sqlalchemy.exc import IntegrityError

from server.access.authentication import API, is_below
from server.access.body import read_body
from server.access.fingerprints import request_hash, slot_of
from server.access.models import IdempotentAnswer
from server.access.principal import PRINCIPAL, Principal
from server.access.repository import AccessRepository
from server.access.request_units import RequestUnits
from server.clock import Clock
from server.errors import FieldFault, IdempotencyConflict, IdempotencyInProgress, Malformed
from server.unit_of_work import UnitOfWork

HEADER = "x-idempotency-key"
REPLAYED = (b"x-idempotency-replayed", b"true")
SIGNED_MEMBER = "uploadUrl"
_SECRET_MEMBERS = ("apiKey", "secret")
_MAX_KEY_CHARACTERS = 255
# Set anew on every answer, so not part of the one that is kept.
_NOT_KEPT = frozenset({b"date", b"server", b"content-length", b"x-request-id"})

Json = dict[str, object]
Resign = Callable[[str, Json], Awaitable[None]]
"""Puts signed URLs back into a kept answer: (workspace id, the answer, changed in place)."""


class Idempotency:
    """ASGI layer that keeps and replays answers; stands inside `Authentication`.

    Args:
        app: the next layer.
        units: makers of units of work that join the request's transaction.
        clock: the time.
        life: how long an answer is kept.
        max_body_bytes: longest request body.
        resign: see the module.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        units: RequestUnits,
        clock: Clock,
        life: timedelta,
        max_body_bytes: int,
        resign: Resign,
    ) -> None:
        self._app = app
        self._units = units
        self._clock = clock
        self._life = life
        self._max_body_bytes = max_body_bytes
        self._resign = resign
        self._running: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises:
            Malformed: the key is empty or longer than 255 characters.
            IdempotencyConflict: the key was used with another body.
            IdempotencyInProgress: the first request with the key is still running.
        """
        if scope["type"] != ScopeType.HTTP or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        key = _key_of(scope)
        principal = scope["state"].get(PRINCIPAL)
        path = normalize_path(scope["path"])
        if key is None or not isinstance(principal, Principal) or not is_below(path, (API,)):
            await self._app(scope, receive, send)
            return
        body, receive = await read_body(receive, limit_bytes=self._max_body_bytes)
        slot = slot_of(principal, "POST", path, key)
        if slot in self._running:
            raise IdempotencyInProgress
        self._running.add(slot)
        try:
            asked = request_hash(body, scope["query_string"])
            answer = await self._answer(scope, receive, slot, asked, principal.workspace_id)
        finally:
            self._running.discard(slot)
        for message in answer:
            await send(message)

    async def _answer(
        self, scope: HTTPScope, receive: Receive, slot: str, asked: str, workspace_id: str
    ) -> list[Message]:
        async with self._units.begin() as unit:
            kept = await self._kept(unit, slot)
            if kept is None:
                messages = await self._run(scope, receive, unit)
                await self._keep(unit, messages, slot, asked, workspace_id)
                return messages
        if kept.request_hash != asked:
            raise IdempotencyConflict
        return await self._replay(kept)

    async def _kept(self, unit: UnitOfWork, slot: str) -> IdempotentAnswer | None:
        repository = AccessRepository(unit.session)
        if not await repository.lock_slot(slot):
            raise IdempotencyInProgress
        kept = await repository.answer(slot)
        if kept is None or kept.expires_at > self._clock():
            return kept
        await repository.delete_answer(slot)
        return None

    async def _run(self, scope: HTTPScope, receive: Receive, unit: UnitOfWork) -> list[Message]:
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        with self._units.joining(unit):
            await self._app(scope, receive, collect)
        return messages

    async def _keep(
        self, unit: UnitOfWork, messages: list[Message], slot: str, asked: str, workspace_id: str
    ) -> None:
        status, headers, body = _parts_of(messages)
        if not 200 <= status < 300:  # noqa: PLR2004 - only successes are kept
            return
        body, is_signed = _without_secrets(body)
        repository = AccessRepository(unit.session)
        now = self._clock()
        try:
            await repository.keep_answer(
                {
                    "slot": slot,
                    "workspace_id": workspace_id,
                    "request_hash": asked,
                    "status": status,
                    "headers": [[_text(name), _text(value)] for name, value in headers],
                    "body": body,
                    "is_signed": is_signed,
                    "created_at": now,
                    "expires_at": now + self._life,
                }
            )
        except IntegrityError as fault:  # another process answered meanwhile; ours is taken back
            raise IdempotencyInProgress from fault

    async def _replay(self, kept: IdempotentAnswer) -> list[Message]:
        body = kept.body
        if kept.is_signed:
            answer = msgspec.json.decode(body, type=Json)
            await self._resign(kept.workspace_id, answer)
            body = msgspec.json.encode(answer)
        headers = [(name.encode("latin-1"), text.encode("latin-1")) for name, text in kept.headers]
        headers += [REPLAYED, (b"content-length", str(len(body)).encode())]
        return [
            {"type": "http.response.start", "status": kept.status, "headers": headers},
            {"type": "http.response.body", "body": body, "more_body": False},
        ]


def _text(header: bytes) -> str:
    return header.decode("latin-1")


def _key_of(scope: HTTPScope) -> str | None:
    found = next((text for name, text in scope["headers"] if name == HEADER.encode()), None)
    if found is None:
        return None
    key = found.decode("latin-1").strip()
    if not 1 <= len(key) <= _MAX_KEY_CHARACTERS:
        detail = f"The key has 1 to {_MAX_KEY_CHARACTERS} characters"
        raise Malformed(errors=[FieldFault(HEADER, "length", detail)])
    return key


def _parts_of(messages: list[Message]) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    status = 500
    headers: list[tuple[bytes, bytes]] = []
    body = b""
    for message in messages:
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = [item for item in message["headers"] if item[0].lower() not in _NOT_KEPT]
        elif message["type"] == "http.response.body":
            body += message["body"]
    return status, headers, body


def _without_secrets(body: bytes) -> tuple[bytes, bool]:
    """Return the body as it is kept, and whether URLs must be signed anew to replay it."""
    is_signed = SIGNED_MEMBER.encode() in body
    if not is_signed and not any(name.encode() in body for name in _SECRET_MEMBERS):
        return body, False
    answer = msgspec.json.decode(body)
    _blank(answer)
    return msgspec.json.encode(answer), is_signed


def _blank(value: object) -> None:
    if isinstance(value, dict):
        for name in value:
            if name in (SIGNED_MEMBER, *_SECRET_MEMBERS):
                value[name] = None
            else:
                _blank(value[name])
    elif isinstance(value, list):
        for item in value:
            _blank(item)
