"""What the first bytes say a file is, and what is told of those that are no table."""

import gzip
import sys
import zlib

import pytest

from server.files.contents import Contents, look
from server.files.failures import FailureCode, FileFailed

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = "a,b\n1,ü\n"


def seen(head: bytes, *, is_whole: bool = True, wants_cp1252: bool = False) -> Contents:
    """Look at a text file's head."""
    return look(head, is_whole=is_whole, wants_cp1252=wants_cp1252)


def refused(head: bytes, *, is_whole: bool = True) -> FileFailed:
    """Return why a head is refused."""
    with pytest.raises(FileFailed) as raised:
        seen(head, is_whole=is_whole)
    return raised.value


@pytest.mark.parametrize(
    ("head", "compression", "encoding"),
    [
        (TEXT.encode(), None, "utf-8"),
        (b"\xef\xbb\xbf" + TEXT.encode(), None, "utf-8"),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), None, "utf-16-le"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), None, "utf-16-be"),
        (gzip.compress(TEXT.encode(), mtime=0), "gzip", "utf-8"),
        (gzip.compress(TEXT.encode("utf-16"), mtime=0), "gzip", "utf-16-le"),
        (zstd.compress(TEXT.encode()), "zstd", "utf-8"),
    ],
)
def test_compression_and_encoding(head: bytes, compression: str | None, encoding: str) -> None:
    assert seen(head) == Contents(compression, encoding, TEXT, is_whole=True)


def test_cp1252_is_read_only_when_asked_for() -> None:
    head = TEXT.encode("cp1252")

    assert seen(head, wants_cp1252=True) == Contents(None, "cp1252", TEXT, is_whole=True)
    assert refused(head).code is FailureCode.ENCODING_ERROR


def test_a_byte_that_is_not_utf8_is_told_by_its_place() -> None:
    fault = refused(b"a,b\n1,\xff\n")

    assert (fault.code, fault.extras) == (FailureCode.ENCODING_ERROR, {"byte_offset": 6})


def test_a_head_may_end_inside_a_character() -> None:
    head = "a,b\n1,日".encode()

    assert seen(head[:-1], is_whole=False).text == "a,b\n1,"
    assert seen(head[:-2], is_whole=False).text == "a,b\n1,"
    assert refused(head[:-1]).code is FailureCode.ENCODING_ERROR


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04\x14\x00", "Excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "Excel"),
        (b"\x89PNG\r\n", "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"GIF89a", "GIF"),
        (b"{\\rtf1", "RTF"),
        (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
        (b"Rar!\x1a", "RAR"),
        (b"BZh91AY", "bzip2"),
        (b"\xfd7zXZ\x00", "XZ"),
        (b"SQLite format 3\x00", "database"),
        (b"<!DOCTYPE html>", "web page"),
        (b"\n  <HTML lang=en>", "web page"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>", "XML"),
        (b"a,b\n1,\x00\n", "zero bytes"),
        (gzip.compress(b"%PDF-1.7", mtime=0), "PDF"),
    ],
)
def test_what_is_no_table_is_named(head: bytes, told: str) -> None:
    fault = refused(head)

    assert fault.code is FailureCode.NOT_TEXT
    assert told in fault.detail


@pytest.mark.parametrize(
    "head",
    [
        gzip.compress(TEXT.encode(), mtime=0)[:4] + b"\xff" * 20,
        b"\x1f\x8b\xff\xff",
        zstd.compress(TEXT.encode())[:5] + b"\xff" * 20,
    ],
)
def test_damaged_compression(head: bytes) -> None:
    assert refused(head).code is FailureCode.COMPRESSION_ERROR


def test_only_the_beginning_is_unpacked() -> None:
    head = gzip.compress(b"a,b\n" + b"1,2\n" * 2**20)

    contents = seen(head)

    assert len(contents.text) <= 2**20
    assert not contents.is_whole


def test_a_stream_that_goes_on_is_not_the_whole_file() -> None:
    two_members = gzip.compress(b"a,b\n") + gzip.compress(b"1,2\n")
    unfinished = zlib.compressobj(wbits=31)
    cut = unfinished.compress(TEXT.encode()) + unfinished.flush(zlib.Z_SYNC_FLUSH)

    assert not seen(two_members).is_whole
    assert not seen(cut).is_whole


def test_a_binary_type_is_not_decoded() -> None:
    contents = look(b"PAR1\x15\x04\xff", is_whole=True, wants_cp1252=False, is_binary=True)

    assert (contents.encoding, contents.text) == ("binary", "")
