"""One request as S3 sees it: bucket, key, query and headers, and the body as it arrives."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from server.storage.embedded.faults import ClientGone, Code, S3Fault

Scope = MutableMapping[str, object]
Message = MutableMapping[str, object]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# A client that sends nothing for a minute is gone or hostile; its half-written file must not stay.
_IDLE_SECONDS = 60.0
# 10 000 parts of a CompleteMultipartUpload are about 1.3 MB of XML.
_MAX_DOCUMENT_BYTES = 4 * 2**20


@dataclass(frozen=True)
class S3Request:
    """What was asked, decoded but not yet believed."""

    method: str
    path: str
    """As sent, still percent-encoded: what the signature is about."""
    bucket: str
    key: str
    """Empty for a call on the bucket."""
    query_pairs: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    """Names in lower case; values of one name joined with a comma; latin-1, as on the wire."""
    receive: Receive

    @property
    def query(self) -> dict[str, str]:
        """Return the query's parameters; of one given twice, the last."""
        return dict(self.query_pairs)

    @property
    def content_length(self) -> int | None:
        """Return the announced length of the body in bytes; None when it comes in chunks."""
        text = self.headers.get("content-length")
        if text is None:
            return None if "transfer-encoding" in self.headers else 0
        if not text.isascii() or not text.isdigit():
            raise S3Fault(Code.INVALID_ARGUMENT, "The Content-Length is not a number.")
        return int(text)

    async def body(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives, in pieces the server chose.

        Raises:
            ClientGone: the connection was closed before the end.
            S3Fault: RequestTimeout, when nothing arrives for a minute.
        """
        while True:
            try:
                async with asyncio.timeout(_IDLE_SECONDS):
                    message = await self.receive()
            except TimeoutError as error:
                raise S3Fault(Code.REQUEST_TIMEOUT) from error
            if message["type"] != "http.request":
                raise ClientGone
            piece = message.get("body", b"")
            if isinstance(piece, bytes) and piece:
                yield piece
            if not message.get("more_body", False):
                return

    async def document(self) -> bytes:
        """Return the whole body of a call that sends XML, at most 4 MiB."""
        document = bytearray()
        async for piece in self.body():
            document += piece
            if len(document) > _MAX_DOCUMENT_BYTES:
                raise S3Fault(Code.MALFORMED_XML, "The document is too large.")
        return bytes(document)


def read_request(scope: Scope, receive: Receive) -> S3Request:
    """Return the request of an ASGI scope of type `http`.

    Raises:
        S3Fault: InvalidURI, when path or query are not percent-encoded UTF-8.
    """
    path = _raw_path(scope)
    query_string = scope.get("query_string", b"")
    try:
        decoded = unquote_to_bytes(path).decode()
        pairs = parse_qsl(
            bytes(query_string).decode("ascii") if isinstance(query_string, bytes) else "",
            keep_blank_values=True,
            errors="strict",
        )
    except ValueError as error:
        raise S3Fault(Code.INVALID_URI) from error
    bucket, _, key = decoded.removeprefix("/").partition("/")
    return S3Request(
        method=str(scope["method"]),
        path=path,
        bucket=bucket,
        key=key,
        query_pairs=tuple(pairs),
        headers=_headers(scope),
        receive=receive,
    )


def _raw_path(scope: Scope) -> str:
    raw = scope.get("raw_path")
    if isinstance(raw, bytes):
        # Some servers leave the query in it.
        return raw.partition(b"?")[0].decode("latin-1")
    return quote(str(scope["path"]), safe="/~")


def _headers(scope: Scope) -> dict[str, str]:
    joined: dict[str, str] = {}
    sent = scope["headers"]
    if not isinstance(sent, list):
        sent = list(sent) if isinstance(sent, tuple) else []
    for name, value in sent:
        text = name.decode("latin-1").lower()
        read = value.decode("latin-1")
        joined[text] = f"{joined[text]},{read}" if text in joined else read
    return joined
