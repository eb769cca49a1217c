"""Where a file ends inside a quoted cell: the cheap look at its last bytes."""

import pytest

from worker.ingest.quotes import may_be_open


@pytest.mark.parametrize(
    "tail",
    [
        b'a,"b\nc,d\n',
        b'a;b\n"c\nd\n',
        b'"',
        b'"a\n',
        b'a,"',
        b'a,"""b\nc\n',
        b'a,"x ""y"" z\nc\n',
        b'"a","b","c\nd,e\n',
        # A closing quote after a comma looks alike: the exact check tells them apart.
        b'a,"b,"\n',
    ],
)
def test_a_cell_may_be_open(tail: bytes) -> None:
    assert may_be_open(tail, ",")


@pytest.mark.parametrize(
    "tail",
    [
        b"",
        b"a,b\n",
        b'a,"b"\n',
        b'a,"b ""c"""\n',
        b'a,""\n',
        b'a,5" pipe\n',
        b'"a","b"',
        b'a,"b\nc"\nd,e\n',
    ],
)
def test_no_cell_is_open(tail: bytes) -> None:
    assert not may_be_open(tail, ",")


def test_the_delimiter_is_the_files_own() -> None:
    assert may_be_open(b'a;"b\n', ";")
    assert may_be_open(b'a\t"b\n', "\t")
    assert not may_be_open(b'a;"b\n', ",")
