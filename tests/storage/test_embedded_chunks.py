"""Bodies in aws-chunked framing: signed chunk by chunk, and with a checksum behind them."""

import asyncio
import base64
import hashlib
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from server.storage.embedded.chunked import ChunkedBody
from server.storage.embedded.faults import Code, S3Fault
from server.storage.embedded.signature import Authorization, sign
from tests.storage.conftest import OpenStore

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
EMPTY = hashlib.sha256().hexdigest()
CHUNKS = [b"a" * 65536, b"b" * 65536, b"c" * 5]


@dataclass
class Framing:
    """Frames and signs chunks as a client does."""

    payload: str
    authorization: Authorization = field(init=False)

    def __post_init__(self) -> None:
        self.authorization = Authorization(
            self.payload, "0" * 64, "20261105T120000Z", "20261105/us-east-1/s3/aws4_request", b"key"
        )

    def signature(self, what: str, previous: str, hashes: str) -> str:
        """Return what a client would sign a chunk or the trailers with."""
        a = self.authorization
        text = f"AWS4-HMAC-SHA256-{what}\n{a.date}\n{a.scope}\n{previous}\n{hashes}"
        return sign(a.signing_key, text)

    def body(self, chunks: list[bytes], trailer: bytes | None = None) -> bytes:
        """Return chunks as they travel."""
        framed, previous = b"", self.authorization.signature
        for chunk in [*chunks, b""]:
            hashes = f"{EMPTY}\n{hashlib.sha256(chunk).hexdigest()}"
            previous = self.signature("PAYLOAD", previous, hashes)
            line = f"{len(chunk):x}"
            if not self.payload.startswith("STREAMING-UNSIGNED"):
                line += f";chunk-signature={previous}"
            framed += line.encode() + b"\r\n" + chunk + (b"\r\n" if chunk else b"")
        if trailer is not None:
            framed += trailer + b"\r\n"
            if not self.payload.startswith("STREAMING-UNSIGNED"):
                of_trailer = hashlib.sha256(trailer + b"\n").hexdigest()
                ended = self.signature("TRAILER", previous, of_trailer)
                framed += f"x-amz-trailer-signature:{ended}\r\n".encode()
        return framed + b"\r\n"

    def decode(self, framed: bytes, piece_bytes: int = 1000) -> tuple[bytes, dict[str, str]]:
        """Return bytes and trailers as the endpoint understands them."""

        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(framed), piece_bytes):
                yield framed[start : start + piece_bytes]

        async def decoded() -> tuple[bytes, dict[str, str]]:
            body = ChunkedBody(self.authorization)
            found = b"".join([data async for data in body.decoded(pieces())])
            return found, body.trailers

        return asyncio.run(decoded())

    def refusal(self, framed: bytes) -> Code:
        """Return what the endpoint refuses a framing with."""
        with pytest.raises(S3Fault) as fault:
            self.decode(framed)
        return fault.value.code


@pytest.mark.parametrize("piece_bytes", [1, 7, 65536, 10**6])
def test_signed_chunks_are_put_together_however_they_arrive(piece_bytes: int) -> None:
    framing = Framing(SIGNED)

    found, trailers = framing.decode(framing.body(CHUNKS), piece_bytes)

    assert found == b"".join(CHUNKS)
    assert trailers == {}


@pytest.mark.parametrize("payload", [f"{SIGNED}-TRAILER", UNSIGNED_TRAILER])
def test_a_trailer_is_read(payload: str) -> None:
    framing = Framing(payload)

    found, trailers = framing.decode(framing.body(CHUNKS, b"x-amz-checksum-crc32:AAAAAA=="))

    assert found == b"".join(CHUNKS)
    assert trailers == {"x-amz-checksum-crc32": "AAAAAA=="}


def test_a_changed_byte_breaks_the_chain() -> None:
    framing = Framing(SIGNED)

    assert framing.refusal(framing.body(CHUNKS).replace(b"ccccc", b"ccccd")) is (
        Code.SIGNATURE_DOES_NOT_MATCH
    )


def test_chunks_in_another_order_break_the_chain() -> None:
    framing = Framing(SIGNED)
    lines = framing.body([b"a" * 10, b"b" * 10]).split(b"\r\n")
    # Header and data of a chunk are a line each; the second chunk goes first.
    swapped = b"\r\n".join(lines[2:4] + lines[0:2] + lines[4:])

    assert framing.refusal(swapped) is Code.SIGNATURE_DOES_NOT_MATCH


def test_a_changed_trailer_is_refused() -> None:
    framing = Framing(f"{SIGNED}-TRAILER")
    framed = framing.body(CHUNKS, b"x-amz-checksum-crc32:AAAAAA==")

    assert framing.refusal(framed.replace(b"AAAAAA", b"BBBBBB")) is Code.SIGNATURE_DOES_NOT_MATCH


@pytest.mark.parametrize(
    "framed",
    [
        b"",
        b"5\r\nhello\r\n",
        b"5\r\nhello!\r\n0\r\n\r\n",
        b"-1\r\n\r\n",
        b"zz\r\n\r\n",
        b"x" * 9000,
        b"0\r\n\r\nmore",
        b"0\r\n\r\n0\r\n\r\n" * 200,
    ],
)
def test_broken_framing_is_refused(framed: bytes) -> None:
    assert Framing(UNSIGNED_TRAILER).refusal(framed) is Code.INCOMPLETE_BODY


def put_with_trailer(
    store: OpenStore, data: bytes, checksum: str, monkeypatch: pytest.MonkeyPatch
) -> httpx.Response:
    framed = Framing(UNSIGNED_TRAILER).body([data], f"x-amz-checksum-crc32:{checksum}".encode())
    asked = AWSRequest(
        "PUT",
        f"{store.address.url}/tallydock/key",
        headers={
            "host": store.address.host,
            "content-encoding": "aws-chunked",
            "x-amz-decoded-content-length": str(len(data)),
            "x-amz-trailer": "x-amz-checksum-crc32",
            "X-Amz-Content-SHA256": UNSIGNED_TRAILER,
            "x-amz-date": f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}",
        },
    )
    credentials = Credentials(store.address.access_key, store.address.secret_key)
    auth = S3SigV4Auth(credentials, "s3", store.address.region)
    # botocore frames a body so only behind TLS.
    monkeypatch.setattr(auth, "payload", lambda _: UNSIGNED_TRAILER)
    auth.add_auth(asked)
    return httpx.put(str(asked.url), content=framed, headers=dict(asked.headers.items()))


def test_a_checksum_behind_the_body_is_checked(
    store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b"0123456789" * 20_000
    right = base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()

    wrong = put_with_trailer(store, data, "AAAAAA==", monkeypatch)
    nothing = store.files()
    stored = put_with_trailer(store, data, right, monkeypatch)

    assert (wrong.status_code, "<Code>BadDigest</Code>" in wrong.text) == (400, True)
    assert nothing == []
    assert stored.status_code == 200
    read = store.get("key")
    assert read.content == data
    assert "content-encoding" not in read.headers
