"""Every error this appliance can answer with or raise, each with its stable code.

Two families. `ApplianceError` is for callers: it carries the HTTP status and becomes a problem
document (RFC 9457) in `server/problems.py`. `AdapterError` is raised at the border to an outside
system (storage, analytics, queue); only `worker/outcomes.py` turns it into a retry or a failure,
and `server/problems.py` into a 503.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class FieldFault:
    """One fault in a request: where, which, and what to do about it."""

    pointer: str
    """RFC 6901 JSON pointer into the body (`/file/name`), or the name of a header or parameter."""
    code: str
    detail: str


class ApplianceError(Exception):
    """A refusal or failure that a caller is told about."""

    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "The appliance could not answer"
    status: ClassVar[int] = 500

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Sequence[FieldFault] = (),
        extras: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or f"{self.title}."
        self.errors = tuple(errors)
        self.extras = dict(extras or {})
        """Members added to the problem body, already in camelCase."""
        self.headers = dict(headers or {})


class CatalogueRefused(Exception):
    """The declared datasets cannot be used: nothing starts until they are put right."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = tuple(sentences)
        """One a fault: where it is, what it is, what to do."""


class Internal(ApplianceError):
    """Something unforeseen; the answer says nothing of the inside."""


class Malformed(ApplianceError):
    """The request is not of the documented form; `errors` names every fault at once."""

    code, title, status = "malformed", "The request is not of the documented form", 400


class Unauthenticated(ApplianceError):
    """No key, an unknown key, a revoked or expired one."""

    code, title, status = "unauthenticated", "No valid API key or session", 401


class Forbidden(ApplianceError):
    """The key or user is known but lacks the scope."""

    code, title, status = "forbidden", "This key or user may not do that", 403


class NotFound(ApplianceError):
    """No such path or thing in this workspace."""

    code, title, status = "not-found", "There is nothing at this address", 404


class FileNotFound(ApplianceError):
    """No such file in this workspace; also for another workspace's id and a malformed one."""

    code, title, status = "file-not-found", "There is no such file in this workspace", 404


class MethodNotAllowed(ApplianceError):
    """The path exists, the method does not."""

    code, title, status = "method-not-allowed", "This address does not take that method", 405


class StateConflict(ApplianceError):
    """The thing is not in a state in which this can be done."""

    code, title, status = "state-conflict", "Not possible in the present state", 409


class IdempotencyConflict(ApplianceError):
    """The idempotency key was used with another body."""

    code, title, status = (
        "idempotency-conflict",
        "This idempotency key was used with another body",
        409,
    )


class IdempotencyInProgress(ApplianceError):
    """The first request with this idempotency key has not been answered yet."""

    code, title, status = (
        "idempotency-in-progress",
        "The first request with this idempotency key is still running",
        409,
    )


class TooLarge(ApplianceError):
    """More bytes than this appliance takes."""

    code, title, status = "too-large", "More bytes than this appliance takes", 413


class UnsupportedMediaType(ApplianceError):
    """The body is of a content type that this address does not read."""

    code, title, status = "unsupported-media-type", "This content type is not read here", 415


class UnknownDataset(ApplianceError):
    """No dataset of that name; `known` lists those there are."""

    code, title, status = "unknown-dataset", "There is no dataset of that name", 422


class UnsupportedFileType(ApplianceError):
    """The file type is not one this dataset takes; `known` lists those there are."""

    code, title, status = "unsupported-file-type", "This dataset does not take that file type", 422


class UnknownMapping(ApplianceError):
    """No mapping of that name in this workspace."""

    code, title, status = "unknown-mapping", "There is no mapping of that name", 422


class RateLimited(ApplianceError):
    """Over a limit; the `Retry-After` header says when to come back."""

    code, title, status = "rate-limited", "Over the limit for now", 429


class Unavailable(ApplianceError):
    """A system this request needs does not answer; the `Retry-After` header says when to retry."""

    code, title, status = "unavailable", "A system this request needs does not answer", 503


class AdapterError(Exception):
    """An outside system did not do what it was asked; translated once, at the border."""

    is_transient: ClassVar[bool] = True
    """True when the same call may succeed later."""


class StorageUnavailable(AdapterError):
    """Object storage did not answer, or answered with a 5xx."""


class ObjectMissing(AdapterError):
    """The object or the version asked for is not in the store."""

    is_transient = False


class PartsRefused(AdapterError):
    """The store refused to join the parts: one is missing, too small or of another ETag."""

    is_transient = False


class AnalyticsUnavailable(AdapterError):
    """ClickHouse did not answer, or is out of memory, time or disk."""


class QueryRejected(AdapterError):
    """ClickHouse refused a statement; `code` is ClickHouse's error number.

    Its message may quote cells of a file (INGEST: "parsed text"), so it must not reach a log or an
    answer: `str()` gives the number only, and `server_message` is for the few places that parse it.
    """

    is_transient = False

    def __init__(self, code: int, server_message: str) -> None:
        super().__init__(f"ClickHouse error {code}")
        self.code = code
        self.server_message = server_message


class QueueUnavailable(AdapterError):
    """Valkey did not answer; the sweep finds the work all the same."""
