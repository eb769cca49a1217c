"""The checksums of bytes as they arrive, and the claims about them that a request makes."""

import base64
import binascii
import hashlib
import hmac
import zlib
from collections.abc import Mapping

from server.storage.embedded.faults import Code, S3Fault

_SHA256_HEX_LENGTH = 64
_CRC32 = "x-amz-checksum-crc32"


class Digests:
    """MD5 always, since it is the ETag; SHA-256 and CRC-32 only when the request claims one."""

    def __init__(self, claims: Mapping[str, str], *, signed_hash: str) -> None:
        """Read the claims.

        Args:
            claims: the request's headers.
            signed_hash: the payload's hash that the signature vouches for, or another word of
                SigV4, which claims nothing.

        Raises:
            S3Fault: InvalidDigest, when Content-MD5 is not the Base64 of 16 bytes.
        """
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._expected_md5 = _md5_of(claims.get("content-md5"))
        self._expected_sha256 = signed_hash if len(signed_hash) == _SHA256_HEX_LENGTH else None
        self._sha256 = hashlib.sha256() if self._expected_sha256 else None
        self._expected_crc32 = claims.get(_CRC32)
        self._crc32: int | None = None
        if self._expected_crc32 or _CRC32 in claims.get("x-amz-trailer", ""):
            self._crc32 = 0

    def update(self, data: bytes) -> None:
        """Take the next bytes in."""
        self._md5.update(data)
        if self._sha256 is not None:
            self._sha256.update(data)
        if self._crc32 is not None:
            self._crc32 = zlib.crc32(data, self._crc32)

    def check(self, trailers: Mapping[str, str]) -> str:
        """Return the ETag, when all claims hold.

        Args:
            trailers: what followed the body, where a CRC-32 may be.

        Raises:
            S3Fault: BadDigest or XAmzContentSHA256Mismatch.
        """
        if self._expected_md5 is not None and self._expected_md5 != self._md5.digest():
            raise S3Fault(Code.BAD_DIGEST)
        if self._sha256 is not None and not hmac.compare_digest(
            self._sha256.hexdigest(), self._expected_sha256 or ""
        ):
            raise S3Fault(Code.CONTENT_SHA256_MISMATCH)
        expected_crc32 = self._expected_crc32 or trailers.get(_CRC32)
        if self._crc32 is not None and expected_crc32 is not None:
            found = base64.b64encode(self._crc32.to_bytes(4, "big")).decode()
            if found != expected_crc32:
                raise S3Fault(Code.BAD_DIGEST)
        return self._md5.hexdigest()


def _md5_of(header: str | None) -> bytes | None:
    if header is None:
        return None
    try:
        expected = base64.b64decode(header, validate=True)
    except (binascii.Error, ValueError) as error:
        raise S3Fault(Code.INVALID_DIGEST) from error
    if len(expected) != hashlib.md5(usedforsecurity=False).digest_size:
        raise S3Fault(Code.INVALID_DIGEST)
    return expected
