"""Files that are not what they should be: each ends with its code, and nothing of it is loaded."""

import gzip
from collections.abc import Callable

import pytest

from tests.fixtures.client import Client, counts_of, failure_of, sums_of
from tests.fixtures.rows import to_csv
from tests.journeys.payments import COLUMNS, Payments

Spoil = Callable[[bytes], bytes]


def without(*columns: str) -> Spoil:
    """Return what takes columns out of a file."""

    def spoil(data: bytes) -> bytes:
        kept = [place for place, name in enumerate(COLUMNS) if name not in columns]
        lines = [line.split(",") for line in data.decode().splitlines()]
        return "".join(",".join(line[n] for n in kept) + "\n" for line in lines).encode()

    return spoil


def opening(column: str, row: int) -> Spoil:
    """Return what puts a quote before a cell that is never closed."""

    def spoil(data: bytes) -> bytes:
        lines = data.decode().splitlines()
        cells = lines[row].split(",")
        place = COLUMNS.index(column)
        cells[place] = f'"{cells[place] or 1}'
        lines[row] = ",".join(cells)
        return "".join(f"{line}\n" for line in lines).encode()

    return spoil


def then_quoted(spoil: Spoil) -> Spoil:
    """Return what also quotes a cell after the one that is never closed."""

    def both(data: bytes) -> bytes:
        lines = spoil(data).decode().splitlines()
        lines[-2] = lines[-2].replace("order-1", '"order-1"')
        return "".join(f"{line}\n" for line in lines).encode()

    return both


BAD: dict[str, tuple[Spoil, tuple[str, ...]]] = {
    "zero bytes": (lambda _: b"", ("empty-file",)),
    "one newline": (lambda _: b"\n", ("header-missing",)),
    "blank lines": (lambda _: b"\r\n \r\n\n", ("header-missing",)),
    "no header": (lambda data: data.split(b"\n", 1)[1], ("header-missing",)),
    "a required column missing": (without("amount"), ("header-mismatch",)),
    "three required columns missing": (
        without("amount", "currency", "created_at"),
        ("header-mismatch",),
    ),
    "a column twice": (
        lambda data: data.replace(b"card_type", b"card network", 1),
        ("header-duplicate",),
    ),
    "a PDF": (lambda data: b"%PDF-1.7\n" + data, ("not-text",)),
    "a workbook": (lambda data: b"PK\x03\x04" + data, ("not-text",)),
    "a web page": (lambda _: b"<!DOCTYPE html><html><body>Sign in</body></html>", ("not-text",)),
    "zero bytes inside": (lambda data: data.replace(b"visa", b"vi\x00a"), ("not-text",)),
    "not UTF-8": (lambda data: data.replace(b"visa", b"v\xefsa"), ("encoding-error",)),
    "text after a quote": (
        lambda data: data.replace(b"order-1", b'"order "1" x"', 1),
        ("structure-error",),
    ),
    "an unclosed quote in the first row": (opening("transaction_id", 1), ("structure-error",)),
    "an unclosed quote in the middle": (opening("merchant_reference", 12), ("structure-error",)),
    "an unclosed quote in the last cell": (opening("coupon_number", 12), ("structure-error",)),
    "an unclosed quote in the last row": (opening("merchant_reference", -1), ("structure-error",)),
    "an unclosed quote in the very last cell": (opening("coupon_number", -1), ("structure-error",)),
    "an unclosed quote before a quoted cell": (
        then_quoted(opening("merchant_reference", 12)),
        ("structure-error",),
    ),
    "an unclosed quote before a doubled one": (
        lambda data: opening("coupon_number", 12)(data).replace(b'"1', b'"""1'),
        ("structure-error",),
    ),
    "an unclosed quote in a compressed file": (
        lambda data: gzip.compress(opening("coupon_number", 12)(data)),
        ("structure-error",),
    ),
    "an unclosed quote in UTF-16": (
        lambda data: opening("coupon_number", 12)(data).decode().encode("utf-16"),
        ("structure-error",),
    ),
    "a compressed file cut short": (lambda data: gzip.compress(data)[:-12], ("compression-error",)),
    "an unclosed quote in the header": (
        lambda data: data.replace(b"amount", b'"amount', 1),
        ("structure-error", "header-mismatch", "header-missing"),
    ),
    "a row of a megabyte": (
        lambda data: data.replace(b"order-1", b"x" * (2**20 + 1), 1),
        ("row-too-long",),
    ),
    "a row of 40 megabytes": (
        lambda data: data.replace(b"order-1", b"x" * (40 * 2**20), 1),
        ("row-too-long",),
    ),
    "every row bad": (lambda data: data.replace(b",EUR,", b",EURO,"), ("too-many-rejected",)),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_fails_with_its_code_and_loads_nothing(
    client: Client, payments: Payments, name: str
) -> None:
    spoil, codes = BAD[name]
    _, data = payments.file(30, currency="EUR")

    file = client.send(spoil(data))

    assert failure_of(file) in codes
    assert (file.outcome, file.duplicate_of) == ("failed", None)
    assert file.failure is not None
    assert file.failure["retryable"] is False
    assert client.shown(payments.provider) == {}


def test_missing_columns_are_told_at_once_with_near_misses(
    client: Client, payments: Payments
) -> None:
    _, data = payments.file(3)
    misspelt = data.replace(b"amount", b"ammount", 1).replace(b"currency", b"curency", 1)

    file = client.send(misspelt)

    assert failure_of(file) == "header-mismatch"
    assert file.failure is not None
    assert file.failure["missing"] == ["currency", "amount"]
    assert file.failure["suggestions"] == {"ammount": "amount", "curency": "currency"}


def test_a_structure_error_tells_its_row_and_quotes_nothing(
    client: Client, payments: Payments
) -> None:
    rows = payments.rows(40)
    rows[24]["merchant_reference"] = "SECRET"
    data = to_csv(rows).replace("SECRET", '"SECRET "x" y"')

    file = client.send(data)

    assert failure_of(file) == "structure-error"
    assert file.failure is not None
    assert file.failure["rowNumber"] == 25
    assert "SECRET" not in client.http.get(file.links.self).text
    assert "SECRET" not in client.http.get(file.links.history).text


def test_a_file_of_bad_rows_is_judged_to_its_end(client: Client, payments: Payments) -> None:
    _, data = payments.file(30, amount="abc")

    file = client.send(data)

    assert failure_of(file) == "too-many-rejected"
    assert counts_of(file) == {"total": 30, "rejected": 30}
    assert client.rows(file.id) == {n: ["amount:type-error"] for n in range(1, 31)}


def test_a_truncated_last_record_is_set_aside(client: Client, payments: Payments) -> None:
    rows, data = payments.file(30)

    file = client.send(data[: data.rfind(b",card,")])

    assert counts_of(file) == {"total": 30, "imported": 29, "inserted": 29, "rejected": 1}
    assert client.rows(file.id) == {30: ["None:missing-cell"]}
    assert client.shown(payments.provider) == sums_of(rows[:-1])


@pytest.mark.parametrize("bad", [1, 20_000])
def test_one_bad_row_far_apart_is_told_exactly(
    client: Client, payments: Payments, bad: int
) -> None:
    rows = payments.rows(20_000)
    rows[bad - 1]["amount"] = "12,50"

    file = client.send(to_csv(rows))

    assert file.outcome == "imported_with_rejections"
    assert counts_of(file)["rejected"] == 1
    assert client.rows(file.id) == {bad: ["amount:decimal-comma"]}
    assert client.shown(payments.provider) == sums_of(rows[: bad - 1] + rows[bad:])


def test_one_bad_row_aborts_a_file_that_is_to_load_as_a_whole(
    client: Client, payments: Payments
) -> None:
    rows = payments.rows(20)
    rows[7]["currency"] = "EURO"

    file = client.send(to_csv(rows), onError="abort")

    assert failure_of(file) == "aborted-on-error"
    assert counts_of(file) == {"total": 20, "rejected": 1, "withheld": 19}
    assert client.shown(payments.provider) == {}
