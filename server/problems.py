"""Every refusal and failure as a problem document (RFC 9457), and the only place that builds one.

Comes after all rooms: they raise `ApplianceError` or `AdapterError`, Litestar raises its own for
what it refuses before a handler runs, and whatever else is raised is a fault of ours: logged once,
here, and answered without a word about the inside.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from litestar import Request, Response
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException, ValidationException
from litestar.serialization import encode_json
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from server.errors import (
    AdapterError,
    ApplianceError,
    FieldFault,
    Forbidden,
    Internal,
    Malformed,
    MethodNotAllowed,
    NotFound,
    RateLimited,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)
from server.telemetry.request_id import current_request_id

logger = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"

# Long enough for a restart of a dependency to make progress, short enough for a person to wait.
_RETRY_AFTER = {"Retry-After": "5"}

_BY_STATUS: Mapping[int, type[ApplianceError]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    413: TooLarge,
    415: UnsupportedMediaType,
    429: RateLimited,
    503: Unavailable,
}

# Pydantic's names for faults that have a plainer one; all others keep theirs, with hyphens.
_PLAIN_CODES = {
    "missing": "required",
    "extra_forbidden": "unknown-field",
    "model_type": "object-expected",
    "model_attributes_type": "object-expected",
    "dict_type": "object-expected",
}


@dataclass(frozen=True)
class Problem:
    """A problem document, ready to be sent."""

    status: int
    headers: dict[str, str]
    body: bytes


def problem_of(fault: Exception) -> Problem:
    """Return the document for whatever was raised; logs it when it is a fault of ours."""
    error = _as_appliance_error(fault)
    _log(error, fault)
    body: dict[str, object] = {
        "type": f"urn:tallydock:error:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "requestId": current_request_id(),
        "errors": [
            {"pointer": item.pointer, "code": item.code, "detail": item.detail}
            for item in error.errors
        ],
        **error.extras,
    }
    return Problem(error.status, {**error.headers, "Cache-Control": "no-store"}, encode_json(body))


def answer_problem(_request: Request[object, object, State], fault: Exception) -> Response[bytes]:
    """Answer an exception; Litestar's exception handler for everything."""
    problem = problem_of(fault)
    return Response(
        problem.body, status_code=problem.status, headers=problem.headers, media_type=MEDIA_TYPE
    )


class ProblemBoundary:
    """ASGI layer that answers what the layers outside of Litestar's router raise."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; answer an exception if nothing has been sent yet."""
        has_started = False

        async def watch(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as fault:
            if has_started or scope["type"] != ScopeType.HTTP:
                raise
            await _send(problem_of(fault), send)


async def _send(problem: Problem, send: Send) -> None:
    headers = {
        **problem.headers,
        "Content-Type": MEDIA_TYPE,
        "Content-Length": str(len(problem.body)),
    }
    await send(
        {
            "type": "http.response.start",
            "status": problem.status,
            "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": problem.body, "more_body": False})


def _as_appliance_error(fault: Exception) -> ApplianceError:
    match fault:
        case ApplianceError():
            return fault
        case AdapterError():
            return Unavailable(headers=_RETRY_AFTER) if fault.is_transient else Internal()
        case HTTPException():
            return _from_litestar(fault)
        case RecursionError() if "deserializing" in str(fault):
            return Malformed(errors=[FieldFault("", "not-readable", "Nested too deeply")])
        case _ if _is_database_away(fault):
            return Unavailable(headers=_RETRY_AFTER)
        case _:
            return Internal()


def _from_litestar(fault: HTTPException) -> ApplianceError:
    if isinstance(fault, ValidationException):
        return _malformed(fault)
    headers = {name.title(): text for name, text in (fault.headers or {}).items()}
    if error := _BY_STATUS.get(fault.status_code):
        return error(headers=headers)
    if fault.status_code >= Internal.status:
        return Internal()
    # What is left are Litestar's 400s: a body that is not JSON, a host that is none.
    return Malformed(f"{fault.detail}.", errors=[FieldFault("", "not-readable", fault.detail)])


def _malformed(fault: ValidationException) -> Malformed:
    faults = list(_field_faults(fault))
    count = "One thing is" if len(faults) == 1 else f"{len(faults)} things are"
    return Malformed(f"{count} not as documented; see errors.", errors=faults)


def _field_faults(fault: ValidationException) -> Iterable[FieldFault]:
    # Litestar flattens Pydantic's list into dotted names; the list itself has path and type.
    found = getattr(fault.__cause__, "errors", None)
    if isinstance(found, list):
        return [_from_pydantic(item) for item in found]
    extra = fault.extra if isinstance(fault.extra, list) else []
    return [_from_parameter(item) for item in extra]


def _from_pydantic(item: Mapping[str, object]) -> FieldFault:
    kind = str(item["type"])
    path = item["loc"]
    code = _PLAIN_CODES.get(kind, kind.replace("_", "-"))
    detail = str(item["msg"]).removeprefix("Value error, ")
    if kind.startswith("model_"):
        detail = "Input should be an object"
    return FieldFault(pointer(path if isinstance(path, tuple) else ()), code, detail)


def _from_parameter(item: Mapping[str, object]) -> FieldFault:
    name = str(item.get("key", ""))
    if name == "data":
        return FieldFault("", "required", "A JSON body is required")
    code = "required" if str(item["message"]).startswith("Missing") else "invalid"
    return FieldFault(name, code, str(item["message"]))


def pointer(path: Sequence[object]) -> str:
    """Return the JSON pointer (RFC 6901) to a place: `("file", "name")` is `/file/name`."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _is_database_away(fault: Exception) -> bool:
    # While connecting, asyncpg's own errors come through as they are: SQLSTATE class 08 and 57P
    # say that the server is away, starting or stopping.
    if str(getattr(fault, "sqlstate", "")).startswith(("08", "57P")):
        return True
    # PostgreSQL's words for a full disk, or for no room in memory.
    if str(getattr(getattr(fault, "orig", None), "sqlstate", "")).startswith("53"):
        return True
    if isinstance(fault, DBAPIError) and fault.connection_invalidated:
        return True
    if isinstance(fault, OperationalError):  # on SQLite also a missing table, which is a bug
        return any(words in str(fault.orig) for words in ("locked", "disk is full"))
    return isinstance(fault, InterfaceError | PoolTimeout | ConnectionError)


def _log(error: ApplianceError, fault: Exception) -> None:
    if isinstance(error, Unavailable):
        logger.warning("request.unavailable", cause=type(fault).__name__)
    elif error.status >= Internal.status:
        logger.error("request.failed", exc_info=fault)
