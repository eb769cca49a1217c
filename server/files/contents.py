"""What the first bytes of a file say it is: compression, encoding, or no table at all.

Comes before `framing.py`. Names what is not a table in plain words, so that its sender knows what
to do.
"""

import re
import sys
import zlib
from dataclasses import dataclass

from server.files.failures import FailureCode, FileFailed

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# How much of a file is read to be looked at.
HEAD_BYTES = 2**18
# How much of a compressed file's beginning is unpacked to look at.
_LOOK_BYTES = 2**20

_NOT_TABLES = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook (XLSX)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook or Word document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"{\\rtf", "an RTF document"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an XZ archive"),
    (b"SQLite format 3", "a database file"),
    (b"PGDMP", "a dump of a PostgreSQL database"),
    (b"-- MySQL dump", "a dump of a database"),
    (b"-- MariaDB dump", "a dump of a database"),
    (b"--\n-- PostgreSQL database dump", "a dump of a database"),
    (b"PAR1", "a Parquet file, which is taken when it is announced with the type parquet"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x04\x22\x4d\x18", "an LZ4 archive"),
    (b"\x1f\x9d", "an old compress (.Z) archive"),
    (b"Obj\x01", "an Avro file"),
    (b"ARROW1", "an Arrow file"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
)
_MARKUP = re.compile(rb"^\s*<(!doctype|html|head|body|\?xml|script)", re.IGNORECASE)

_UTF16 = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


@dataclass(frozen=True)
class Contents:
    """What the head of a file shows."""

    compression: str | None
    """`gzip`, `zstd` or None."""
    encoding: str
    """`utf-8`, `utf-16-le`, `utf-16-be` or `cp1252`."""
    text: str
    """The head, decoded, without a byte order mark."""
    is_whole: bool
    """True when the head is the whole file."""

    @property
    def lines(self) -> list[str]:
        """Return the lines of the head; the last may be cut."""
        # Not splitlines(), which also cuts at characters that JSON may hold as they are.
        lines = self.text.split("\n")
        return lines if lines[-1] else lines[:-1]

    @property
    def blank_lines(self) -> frozenset[int]:
        """Return the places (0-based) of its blank lines."""
        return frozenset(place for place, line in enumerate(self.lines) if not line.strip())


def look(head: bytes, *, is_whole: bool, wants_cp1252: bool, is_binary: bool = False) -> Contents:
    """Return what the head says.

    Args:
        head: the first bytes of the file.
        is_whole: True when they are all there are.
        wants_cp1252: the request asked for that encoding; it is never guessed.
        is_binary: the file type asked for is no text (Parquet); nothing is decoded.

    Raises:
        FileFailed: not-text, encoding-error, compression-error.
    """
    compression, plain, is_all = _unpacked(head, is_whole=is_whole)
    if is_binary:
        return Contents(compression, "binary", "", is_all)
    _refuse_other_kinds(plain)
    for mark, encoding in _UTF16:
        if plain.startswith(mark):
            even = plain[2 : len(plain) - len(plain) % 2]
            return Contents(compression, encoding, even.decode(encoding, "ignore"), is_all)
    if b"\x00" in plain:
        detail = "The file holds zero bytes, which no text file has."
        raise FileFailed(FailureCode.NOT_TEXT, detail)
    if wants_cp1252:
        return Contents(compression, "cp1252", plain.decode("cp1252", "replace"), is_all)
    return Contents(compression, "utf-8", _decoded(plain, is_whole=is_all), is_all)


def _unpacked(head: bytes, *, is_whole: bool) -> tuple[str | None, bytes, bool]:
    if head.startswith(b"\x1f\x8b"):
        unpack = zlib.decompressobj(wbits=31)
        try:
            plain = unpack.decompress(head, _LOOK_BYTES)
        except zlib.error as fault:
            raise FileFailed(FailureCode.COMPRESSION_ERROR, "The gzip data is damaged.") from fault
        return "gzip", plain, is_whole and unpack.eof and not unpack.unused_data
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        frame = zstd.ZstdDecompressor()
        try:
            plain = frame.decompress(head, max_length=_LOOK_BYTES)
        except zstd.ZstdError as fault:
            raise FileFailed(FailureCode.COMPRESSION_ERROR, "The zstd data is damaged.") from fault
        return "zstd", plain, is_whole and frame.eof and not frame.unused_data
    return None, head, is_whole


def _refuse_other_kinds(plain: bytes) -> None:
    for magic, name in _NOT_TABLES:
        if plain.startswith(magic):
            raise FileFailed(FailureCode.NOT_TEXT, f"The file is {name}.")
    if _MARKUP.match(plain[:512].removeprefix(b"\xef\xbb\xbf")):
        detail = "The file is a web page or XML document, perhaps the sign-in page of a download."
        raise FileFailed(FailureCode.NOT_TEXT, detail)


def _decoded(plain: bytes, *, is_whole: bool) -> str:
    try:
        text = plain.decode("utf-8")
    except UnicodeDecodeError as fault:
        # The head may end inside a character.
        cut = not is_whole and fault.start >= len(plain) - 3
        if not cut:
            raise FileFailed(
                FailureCode.ENCODING_ERROR,
                f"The byte at offset {fault.start} is not UTF-8.",
                byte_offset=fault.start,
            ) from fault
        text = plain[: fault.start].decode("utf-8")
    return text.removeprefix("\ufeff")
