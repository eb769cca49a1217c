"""Every kind of file that is taken loads to the same numbers; every other is told what it is."""

import gzip
import json
import sys
from collections.abc import Callable

import pytest

from tests.fixtures.client import Client, counts_of, failure_of, sums_of
from tests.fixtures.rows import to_csv
from tests.journeys.parquet import parquet
from tests.journeys.payments import Payments, Row

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstd": zstd.compress,
}
TEXTS: dict[str, Callable[[list[Row]], str]] = {
    "comma.csv": to_csv,
    "semicolon.csv": lambda rows: to_csv(rows, delimiter=";"),
    "tab.csv": lambda rows: to_csv(rows, delimiter="\t"),
    "bar.csv": lambda rows: to_csv(rows, delimiter="|"),
    "values.tsv": lambda rows: to_csv(rows, delimiter="\t"),
    "lines.jsonl": lambda rows: "".join(f"{json.dumps(row)}\n" for row in rows),
}
ENCODINGS = ("utf-8-sig", "utf-16-le", "utf-16-be")


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        *((name, "plain") for name in TEXTS),
        *((name, packed) for name in ("comma.csv", "lines.jsonl") for packed in ("gzip", "zstd")),
        ("values.tsv", "zstd"),
    ],
)
def test_every_text_is_taken_packed_or_not(
    client: Client, payments: Payments, name: str, packed: str
) -> None:
    rows = payments.rows(12)
    rows[5]["amount"] = "12,50"

    file = client.send(PACKERS[packed](TEXTS[name](rows).encode()), name)

    assert file.failure is None
    assert file.file.compression == (None if packed == "plain" else packed)
    assert counts_of(file) == {"total": 12, "imported": 11, "inserted": 11, "rejected": 1}
    assert client.rows(file.id) == {6: ["amount:decimal-comma"]}
    assert client.shown(payments.provider) == sums_of(rows[:5] + rows[6:])


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", ["comma.csv", "lines.jsonl"])
def test_every_encoding_of_unicode_is_taken(
    client: Client, payments: Payments, name: str, encoding: str
) -> None:
    rows = payments.rows(6, merchant_reference="Zürich €5")
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")

    file = client.send(mark + TEXTS[name](rows).encode(encoding), name)

    assert file.failure is None
    assert counts_of(file)["imported"] == 6
    assert client.shown(payments.provider) == sums_of(rows)


def test_cp1252_is_taken_only_when_it_was_asked_for(client: Client, payments: Payments) -> None:
    rows = payments.rows(6, merchant_reference="Zürich €5")
    data = to_csv(rows).encode("cp1252")

    refused = client.send(data)
    taken = client.send(data, encoding="cp1252")

    assert failure_of(refused) == "encoding-error"
    assert refused.failure is not None
    assert refused.failure["byteOffset"] == data.index(b"\xfc")
    assert counts_of(taken)["imported"] == 6


def test_parquet_is_judged_like_any_other_file(client: Client, payments: Payments) -> None:
    provider = payments.provider
    data = parquet(
        "SELECT concat('t-', toString(number)) AS transaction_id, 'Capture' AS transaction_type,"
        " toDateTime64('2025-06-01 10:30:00.5', 6, 'UTC') + number AS created_at,"
        f" '{provider}' AS provider_code, if(number = 3, 'EURO', 'EUR') AS currency,"
        " toDecimal64(12.5 + number, 3) + toDecimal64(if(number = 4, 0.001, 0), 3) AS amount,"
        " if(number = 5, NULL, toUInt8(number)) AS installment_count, toInt32(17) AS batch_number,"
        " [1, 2] AS note FROM numbers(8)"
    )

    file = client.send(data, "a.parquet", maxRejectedRatio=1)

    assert file.failure is None
    assert (file.file.encoding, file.file.compression) == (None, None)
    assert file.header is not None
    assert file.header.unknown == ["note"]
    assert counts_of(file) == {"total": 8, "imported": 6, "inserted": 6, "rejected": 2}
    assert client.rows(file.id) == {4: ["currency:currency-unknown"], 5: ["amount:too-precise"]}
    (shown,) = client.shown(provider).values()
    assert (shown[0], str(shown[1]).rstrip("0")) == (6, "96.")


def test_a_card_number_in_parquet_ends_the_file(client: Client, payments: Payments) -> None:
    rows = payments.rows(1)[0]
    named = ", ".join(f"'{value}' AS {name}" for name, value in rows.items())

    file = client.send(parquet(f"SELECT {named}, 4111111111111111 AS note"), "a.parquet")

    assert failure_of(file) == "pan-detected"
    assert "note (1 rows, first 1)" in str(file.failure)


def test_parquet_that_is_none_is_told(client: Client, payments: Payments) -> None:
    whole = parquet("SELECT 1 AS amount")
    found = [
        failure_of(client.send(data, "a.parquet"))
        for data in (payments.file(3)[1], whole[: len(whole) // 2], b"PARE" + whole, whole)
    ]

    assert found == ["structure-error"] * 3 + ["header-mismatch"]


NOT_TAKEN = {
    b"PK\x03\x04": "XLSX",
    b"\xd0\xcf\x11\xe0": "old Excel",
    b"%PDF-1.7": "PDF",
    b"PK\x05\x06": "ZIP",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!\x1a\x07": "RAR",
    b"<!DOCTYPE html><html>": "web page",
    b'<?xml version="1.0"?><Document/>': "XML",
    b"\x89PNG\r\n": "PNG",
    b"\xff\xd8\xff\xe0": "JPEG",
    b"PGDMP\x01": "PostgreSQL",
    b"-- MySQL dump 10.13": "database",
    b"SQLite format 3\x00": "database",
    b"PAR1": "parquet",
}


def test_what_is_not_taken_is_named_and_what_to_do_is_said(
    client: Client, payments: Payments
) -> None:
    _, data = payments.file(2)
    for magic, name in NOT_TAKEN.items():
        file = client.send(magic + b"\n" + data)

        assert failure_of(file) == "not-text"
        assert name in str(file.failure)


def test_json_lines_may_bring_a_column_late(client: Client, payments: Payments) -> None:
    rows: list[dict[str, object]] = [dict(row) for row in payments.rows(2_000)]
    for row in rows:
        del row["card_last4"]
    rows[1_700] |= {"card_last4": "abc", "later": "x"}
    rows[1_900] |= {"Card Last4": "4242"}

    twice = client.send("".join(f"{json.dumps(row)}\n" for row in rows), "a.jsonl")
    rows[1_900].pop("Card Last4")
    file = client.send("".join(f"{json.dumps(row)}\n" for row in rows), "a.jsonl")

    assert failure_of(twice) == "header-duplicate"
    assert counts_of(file)["imported"] == 2_000
    assert client.rows(file.id, "warned") == {1_701: ["card_last4:pattern-error"]}
    assert file.header is not None
    assert file.header.unknown == ["later"]
    assert "card_last4" in file.header.matched


@pytest.mark.parametrize(
    ("late", "code"),
    [({"note": "4111111111111111"}, "pan-detected"), ({"CVV": "123"}, "sensitive-column")],
)
def test_json_lines_hide_nothing_in_a_late_key(
    client: Client, payments: Payments, late: dict[str, str], code: str
) -> None:
    rows: list[dict[str, object]] = [dict(row) for row in payments.rows(2_000)]
    rows[1_999] |= late

    file = client.send("".join(f"{json.dumps(row)}\n" for row in rows), "a.jsonl")

    assert failure_of(file) == code
    assert client.shown(payments.provider) == {}


@pytest.mark.parametrize("count", [20, 2_000], ids=["seen whole", "seen in part"])
def test_blank_json_lines_are_skipped_and_keep_their_number(
    client: Client, payments: Payments, count: int
) -> None:
    rows = payments.rows(count)
    rows[count - 2] |= {"amount": "x"}
    rows[count - 1] |= {"transaction_id": rows[0]["transaction_id"]}
    lines = [json.dumps(row) for row in rows]
    lines[1:1] = ["", " \t\r"]
    lines[-1:-1] = [""]

    file = client.send("\n".join(["", *lines, "", ""]), "a.jsonl", maxRejectedRatio=1)

    assert counts_of(file) == {
        "total": count,
        "imported": count - 3,
        "inserted": count - 3,
        "rejected": 3,
        "skipped": 5,
    }
    assert client.rows(file.id) == {
        2: ["None:ambiguous-key"],
        count + 2: ["amount:type-error"],
        count + 4: ["None:ambiguous-key"],
    }


def test_what_breaks_late_among_json_lines_is_told_by_its_line(
    client: Client, payments: Payments
) -> None:
    lines = [json.dumps(row) for row in payments.rows(2_000)]
    two = ["", f"{lines[1_900]} {lines[1_901]}"]
    kinds = {
        "[1]": [*lines[:1_900], "[1]", *lines[1_900:]],
        "behind a blank line": [*lines[:1_900], "", "{oops", *lines[1_900:]],
        "two in a line": [*lines[:1_900], *two, *lines[1_902:]],
    }

    found = {
        kind: client.send("\n".join(sent), "a.jsonl").failure or {} for kind, sent in kinds.items()
    }

    assert {kind: (told["code"], told["rowNumber"]) for kind, told in found.items()} == {
        "[1]": ("structure-error", 1_901),
        "behind a blank line": ("structure-error", 1_902),
        "two in a line": ("structure-error", 1_902),
    }
