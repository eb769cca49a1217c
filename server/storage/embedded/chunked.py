"""Takes the aws-chunked framing off a body, and verifies the signature of each chunk.

Comes after `signature.py`, whose signature the first chunk's builds on, and before `receiving.py`.
Clients frame a body so when they sign it while they send it (STREAMING-AWS4-HMAC-SHA256-PAYLOAD),
or to put a checksum behind it (the -TRAILER forms). See
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
"""

import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Generator

from server.storage.embedded.faults import Code, S3Fault
from server.storage.embedded.signature import Authorization, sign

STREAMING_FORMS = frozenset(
    {
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    }
)

_EMPTY_HASH = hashlib.sha256().hexdigest()
_CHUNK_LINE = re.compile(rb"([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?")
# A line of the framing, or all trailers: far longer than any client writes.
_MAX_LINE_BYTES = 8 * 1024


class ChunkedBody:
    """Decodes one body; `trailers` are there when `decoded` has ended."""

    def __init__(self, authorization: Authorization) -> None:
        self._authorization = authorization
        self._is_signed = not authorization.payload_hash.startswith("STREAMING-UNSIGNED")
        self._has_trailer = authorization.payload_hash.endswith("-TRAILER")
        self._previous = authorization.signature
        self._buffer = bytearray()
        self._is_ended = False
        self._steps = self._decode()
        next(self._steps)
        self.trailers: dict[str, str] = {}

    async def decoded(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield the bytes of the chunks.

        Raises:
            S3Fault: SignatureDoesNotMatch; IncompleteBody, when the framing is broken or cut off.
        """
        async for piece in pieces:
            if self._is_ended:
                raise S3Fault(Code.INCOMPLETE_BODY, "Bytes follow the last chunk.")
            self._buffer += piece
            while data := next(self._steps):
                yield data
        if not self._is_ended:
            raise S3Fault(Code.INCOMPLETE_BODY)

    def _decode(self) -> Generator[bytes, None, None]:
        """Yield decoded bytes; an empty answer says that more input is needed."""
        yield b""
        size = -1
        while size:
            line = yield from self._line()
            match = _CHUNK_LINE.fullmatch(line)
            if match is None:
                raise S3Fault(Code.INCOMPLETE_BODY, "A chunk's header is malformed.")
            size = int(match[1], 16)
            digest = hashlib.sha256()
            left = size
            while left:
                while not self._buffer:
                    yield b""
                data = bytes(self._buffer[:left])
                del self._buffer[: len(data)]
                left -= len(data)
                if self._is_signed:
                    digest.update(data)
                yield data
            if size and (yield from self._line()):
                raise S3Fault(Code.INCOMPLETE_BODY, "A chunk is longer than it says.")
            if self._is_signed:
                self._check("PAYLOAD", f"{_EMPTY_HASH}\n{digest.hexdigest()}", match[2])
        yield from self._read_trailers()
        self._is_ended = True
        while True:
            if self._buffer:
                raise S3Fault(Code.INCOMPLETE_BODY, "Bytes follow the last chunk.")
            yield b""

    def _read_trailers(self) -> Generator[bytes, None, None]:
        signed = b""
        presented: bytes | None = None
        while line := (yield from self._line()):
            name, _, value = line.partition(b":")
            if not self._has_trailer or len(signed) > _MAX_LINE_BYTES:
                raise S3Fault(Code.INCOMPLETE_BODY, "Unannounced trailers.")
            if name.lower() == b"x-amz-trailer-signature":
                presented = value.strip()
            else:
                signed += name.lower() + b":" + value.strip() + b"\n"
                self.trailers[name.decode("latin-1").lower()] = value.decode("latin-1").strip()
        if self._is_signed and self._has_trailer:
            self._check("TRAILER", hashlib.sha256(signed).hexdigest(), presented)

    def _line(self) -> Generator[bytes, None, bytes]:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > _MAX_LINE_BYTES:
                raise S3Fault(Code.INCOMPLETE_BODY, "A line of the framing is too long.")
            yield b""
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _check(self, what: str, hashes: str, presented: bytes | None) -> None:
        authorization = self._authorization
        expected = sign(
            authorization.signing_key,
            f"AWS4-HMAC-SHA256-{what}\n{authorization.date}\n{authorization.scope}\n"
            f"{self._previous}\n{hashes}",
        )
        if not hmac.compare_digest(expected.encode(), presented or b""):
            raise S3Fault(Code.SIGNATURE_DOES_NOT_MATCH, "The signature of a chunk does not match.")
        self._previous = expected
