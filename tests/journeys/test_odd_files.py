"""Files that look odd and are right: spellings of one table that all load to the same numbers."""

import gzip
import json
from collections.abc import Callable, Sequence

import pytest

from tests.fixtures.client import Client, counts_of, sums_of
from tests.fixtures.rows import to_csv
from tests.journeys.payments import COLUMNS, Payments, Row

Write = Callable[[Sequence[Row]], bytes]


def plain(rows: Sequence[Row]) -> bytes:
    """Return the file as every other test sends it."""
    return to_csv(rows).encode()


def shouted(rows: Sequence[Row]) -> bytes:
    """Return the file with another spelling of its header."""
    head, _, body = to_csv(rows).partition("\n")
    return f"{head.upper().replace('_', ' ').replace(',', ' , ')}\n{body}".encode()


ODD: dict[str, Write] = {
    "CRLF": lambda rows: to_csv(rows, newline="\r\n").encode(),
    "CR alone": lambda rows: to_csv(rows, newline="\r").encode(),
    "a byte order mark": lambda rows: b"\xef\xbb\xbf" + plain(rows),
    "UTF-16": lambda rows: to_csv(rows).encode("utf-16"),
    "no final newline": lambda rows: plain(rows).rstrip(b"\n"),
    "many final newlines": lambda rows: plain(rows) + b"\n\n\n",
    "a blank line first": lambda rows: b"\n" + plain(rows),
    "Excel's hint": lambda rows: b"sep=;\n" + to_csv(rows, delimiter=";").encode(),
    "semicolons": lambda rows: to_csv(rows, delimiter=";").encode(),
    "tabs": lambda rows: to_csv(rows, delimiter="\t").encode(),
    "bars": lambda rows: to_csv(rows, delimiter="|").encode(),
    "all cells quoted": lambda rows: "\n".join(
        ",".join(f'"{cell}"' for cell in line)
        for line in [COLUMNS, *(tuple(row.values()) for row in rows)]
    ).encode(),
    "columns the other way round": lambda rows: plain(
        [dict(reversed(row.items())) for row in rows]
    ),
    "another spelling of the header": shouted,
    "gzip": lambda rows: gzip.compress(plain(rows)),
    "gzip in two members": lambda rows: (
        gzip.compress(plain(rows)[:500]) + gzip.compress(plain(rows)[500:])
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file_loads_like_any_other(client: Client, payments: Payments, name: str) -> None:
    rows = payments.rows(25)

    file = client.send(ODD[name](rows))

    assert file.failure is None
    assert counts_of(file)["imported"] == 25
    assert client.shown(payments.provider) == sums_of(rows)
    assert client.rows(file.id) == {}


def test_unknown_columns_are_reported_and_left_out(client: Client, payments: Payments) -> None:
    rows = [{**row, "note": "n", "Über uns": "ü", "": ""} for row in payments.rows(5)]

    file = client.send(to_csv(rows))

    assert counts_of(file)["imported"] == 5
    assert file.header is not None
    assert file.header.unknown == ["note", "Über uns"]
    assert file.header.missing == []


def test_missing_optional_columns_are_reported(client: Client, payments: Payments) -> None:
    names = ("transaction_id", "transaction_type", "created_at", "provider_code")
    rows = payments.rows(5)

    file = client.send(
        to_csv([{n: row[n] for n in (*names, "currency", "amount")} for row in rows])
    )

    assert counts_of(file)["imported"] == 5
    assert file.header is not None
    assert len(file.header.missing) == len(COLUMNS) - 6


def test_quoted_newlines_quotes_and_delimiters_stay_in_their_cell(
    client: Client, payments: Payments
) -> None:
    rows = payments.rows(30)
    rows[3]["merchant_reference"] = 'first "line",\nsecond; line\r\n\r\nthird'
    rows[9]["amount"] = "abc"
    rows[9]["merchant_reference"] = "two\nlines"

    file = client.send(to_csv(rows))

    assert counts_of(file) == {"total": 30, "imported": 29, "inserted": 29, "rejected": 1}
    assert client.rows(file.id) == {10: ["amount:type-error"]}
    page = client.rejected(file).json()
    assert page["results"][0]["cells"]["merchant_reference"] == "two\nlines"


@pytest.mark.parametrize(
    ("written", "kept"),
    [('"two\nlines, one ""cell"""', 'two\nlines, one "cell"'), ('5" screen', '5" screen')],
    ids=["a quoted cell", "a quote that opens nothing"],
)
def test_a_quote_far_from_the_beginning_and_the_end_is_still_one(
    client: Client, payments: Payments, written: str, kept: str
) -> None:
    rows = payments.rows(12_000)
    rows[5_999] |= {"merchant_reference": "QUOTE", "amount": "abc"}
    data = to_csv(rows).replace("QUOTE", written)

    file = client.send(data)

    assert counts_of(file) == {
        "total": 12_000,
        "imported": 11_999,
        "inserted": 11_999,
        "rejected": 1,
    }
    page = client.rejected(file).json()
    assert [row["rowNumber"] for row in page["results"]] == [6_000]
    assert page["results"][0]["cells"]["merchant_reference"] == kept


def test_json_lines(client: Client, payments: Payments) -> None:
    rows = payments.rows(25)
    lines = [json.dumps({**row, "amount": float(row["amount"])}) for row in rows]

    file = client.send("\n".join(lines), "a.jsonl")

    assert counts_of(file)["imported"] == 25
    assert client.shown(payments.provider) == sums_of(rows)


def test_tab_separated_values(client: Client, payments: Payments) -> None:
    rows = payments.rows(25)

    file = client.send(to_csv(rows, delimiter="\t"), "a.tsv")

    assert counts_of(file)["imported"] == 25
    assert file.file.delimiter == "\t"


def test_a_header_alone_is_a_file_without_rows_every_time(
    client: Client, payments: Payments
) -> None:
    header = ",".join(COLUMNS) + "\n"

    files = [client.send(header), client.send(header)]

    assert [(file.outcome, counts_of(file)) for file in files] == [("imported", {})] * 2


def test_the_bytes_are_checked_against_what_was_announced(
    client: Client, payments: Payments
) -> None:
    _, data = payments.file(3)
    about = {"name": "a.csv", "type": "csv", "sizeBytes": len(data) + 1, "sha256": "0" * 64}
    codes = []
    for announced in (about, {**about, "sizeBytes": len(data)}):
        body = {"datasetType": "transactions", "file": announced}
        ticket = client.http.post("/analytics/files/upload", json=body).json()
        client.put(ticket["uploadUrl"], data)
        codes.append((client.ended(ticket["id"]).failure or {}).get("code"))

    assert codes == ["size-mismatch", "checksum-mismatch"]
    assert client.shown(payments.provider) == {}
