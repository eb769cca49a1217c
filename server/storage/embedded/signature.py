"""Who may: verifies AWS Signature Version 4, in the query (presigned URLs) or in the header.

Everything a caller sends counts as untrusted until `verify` returned. The host that was signed is
the Host header of the request itself, so one store can be reached under several addresses.
See https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote_to_bytes

from server.storage.embedded.faults import Code, S3Fault
from server.storage.embedded.request import S3Request

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"

# What S3 allows between two clocks.
_MAX_SKEW = timedelta(minutes=15)
_MAX_EXPIRES_SECONDS = 7 * 24 * 3600
_QUERY_NAMES = ("Credential", "Date", "Expires", "SignedHeaders", "Signature")
_HEADER = re.compile(
    ALGORITHM + r"\s+Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})"
)
_DATE = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_SPACES = re.compile(r" +")


@dataclass(frozen=True)
class Credentials:
    """The one key pair of the store, and the region it is for."""

    access_key: str
    secret_key: str
    region: str


@dataclass(frozen=True)
class Authorization:
    """What a verified signature vouches for; also what the chunks of a signed stream build on."""

    payload_hash: str
    """A SHA-256 in hex, UNSIGNED-PAYLOAD, or one of the STREAMING-… words."""
    signature: str
    date: str
    scope: str
    signing_key: bytes


@dataclass(frozen=True)
class _Claim:
    """A signature as presented, not yet verified."""

    credential: str
    date: str
    signed_headers: tuple[str, ...]
    signature: str
    payload_hash: str
    expires: timedelta | None
    """None for a signature in the header, which is judged by the clocks alone."""


def verify(request: S3Request, credentials: Credentials, now: datetime) -> Authorization:
    """Return what the request's signature vouches for.

    Args:
        request: the request; its body is not read.
        credentials: the key pair it must be signed with.
        now: when the request began; expiry is judged by it, however long the body takes.

    Raises:
        S3Fault: AccessDenied (no signature, expired, not yet valid, headers left unsigned),
            InvalidAccessKeyId, SignatureDoesNotMatch, RequestTimeTooSkewed or a malformed one.
    """
    claim = _claim(request)
    signed_at = _signed_at(claim)
    access_key, _, scope = claim.credential.partition("/")
    if not hmac.compare_digest(access_key.encode(), credentials.access_key.encode()):
        raise S3Fault(Code.INVALID_ACCESS_KEY_ID)
    if scope != f"{claim.date[:8]}/{credentials.region}/s3/aws4_request":
        raise S3Fault(Code.AUTHORIZATION_HEADER_MALFORMED, "The scope is of another day or region.")
    _check_headers_are_signed(request, claim)
    key = _signing_key(credentials, claim.date[:8])
    expected = sign(key, f"{ALGORITHM}\n{claim.date}\n{scope}\n{_canonical_hash(request, claim)}")
    if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
        raise S3Fault(Code.SIGNATURE_DOES_NOT_MATCH)
    # The clock comes last, so that only the owner of the key learns why a URL is refused.
    _check_time(claim, signed_at, now)
    return Authorization(claim.payload_hash, claim.signature, claim.date, scope, key)


def sign(key: bytes, text: str) -> str:
    """Return the signature of text in hex."""
    return hmac.new(key, text.encode("latin-1"), hashlib.sha256).hexdigest()


def _claim(request: S3Request) -> _Claim:
    query = request.query
    header = request.headers.get("authorization", "")
    if "X-Amz-Signature" in query or "X-Amz-Algorithm" in query:
        if header:
            raise S3Fault(Code.INVALID_ARGUMENT, "Only one way of signing may be used.")
        return _presigned_claim(request, query)
    if not header:
        raise S3Fault(Code.ACCESS_DENIED)
    return _header_claim(request, header)


def _presigned_claim(request: S3Request, query: dict[str, str]) -> _Claim:
    values = [query.get(f"X-Amz-{name}", "") for name in _QUERY_NAMES]
    credential, date, expires, signed_headers, signature = values
    if query.get("X-Amz-Algorithm") != ALGORITHM or not all(values):
        raise S3Fault(Code.AUTHORIZATION_QUERY_PARAMETERS_ERROR)
    if not (expires.isascii() and expires.isdigit()) or not (
        1 <= int(expires) <= _MAX_EXPIRES_SECONDS
    ):
        raise S3Fault(
            Code.AUTHORIZATION_QUERY_PARAMETERS_ERROR, "X-Amz-Expires must be 1 to 604800."
        )
    names = tuple(signed_headers.split(";"))
    payload_hash = query.get("X-Amz-Content-Sha256", UNSIGNED_PAYLOAD)
    if "x-amz-content-sha256" in names:
        payload_hash = request.headers.get("x-amz-content-sha256", UNSIGNED_PAYLOAD)
    return _Claim(credential, date, names, signature, payload_hash, timedelta(seconds=int(expires)))


def _header_claim(request: S3Request, header: str) -> _Claim:
    match = _HEADER.fullmatch(header.strip())
    payload_hash = request.headers.get("x-amz-content-sha256", "")
    if match is None or not payload_hash:
        raise S3Fault(Code.AUTHORIZATION_HEADER_MALFORMED)
    credential, signed_headers, signature = match.groups()
    date = request.headers.get("x-amz-date", "")
    return _Claim(credential, date, tuple(signed_headers.split(";")), signature, payload_hash, None)


def _check_headers_are_signed(request: S3Request, claim: _Claim) -> None:
    # An unsigned x-amz-copy-source on somebody's presigned PUT would read another's object.
    # x-amz-content-sha256 can only make a request stricter: the bytes are checked against it.
    signed = set(claim.signed_headers)
    if "host" not in signed:
        raise S3Fault(Code.ACCESS_DENIED, "The host must be signed.")
    for name in request.headers:
        if name.startswith("x-amz-") and name not in signed and name != "x-amz-content-sha256":
            raise S3Fault(Code.ACCESS_DENIED, "There were headers present that were not signed.")


def _signed_at(claim: _Claim) -> datetime:
    try:
        if _DATE.fullmatch(claim.date):
            return datetime.strptime(claim.date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        pass  # Of the right form, but no date: the 31st of February.
    raise S3Fault(Code.ACCESS_DENIED, "The date of the signature is malformed.")


def _check_time(claim: _Claim, signed_at: datetime, now: datetime) -> None:
    if claim.expires is None:
        if abs(now - signed_at) > _MAX_SKEW:
            raise S3Fault(Code.REQUEST_TIME_TOO_SKEWED)
    elif signed_at - now > _MAX_SKEW:
        raise S3Fault(Code.ACCESS_DENIED, "The request is not valid yet.")
    elif now > signed_at + claim.expires:
        raise S3Fault(Code.ACCESS_DENIED, "The request has expired.")


def _canonical_hash(request: S3Request, claim: _Claim) -> str:
    # Decoded and encoded again, so that it is the same however the client or a proxy wrote it.
    path = quote(unquote_to_bytes(request.path), safe="/~")
    query = "&".join(
        f"{name}={value}"
        for name, value in sorted(
            (quote(name, safe="~"), quote(value, safe="~"))
            for name, value in request.query_pairs
            if claim.expires is None or name != "X-Amz-Signature"
        )
    )
    headers = "".join(
        f"{name}:{_SPACES.sub(' ', request.headers.get(name, '').strip())}\n"
        for name in claim.signed_headers
    )
    canonical = (
        f"{request.method}\n{path}\n{query}\n{headers}\n"
        f"{';'.join(claim.signed_headers)}\n{claim.payload_hash}"
    )
    return hashlib.sha256(canonical.encode("latin-1", "replace")).hexdigest()


def _signing_key(credentials: Credentials, day: str) -> bytes:
    key = f"AWS4{credentials.secret_key}".encode()
    for step in (day, credentials.region, "s3", "aws4_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return key
