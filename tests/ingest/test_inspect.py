"""The look at a file's first and last bytes: how it is cut, and what is wrong before a row."""

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from server.datasets.catalogue import Catalogue
from server.errors import ObjectMissing
from server.files.claims import Claim
from server.files.failures import FailureCode, FileFailed
from server.settings import Settings
from server.storage.interface import Storage
from tests.fixtures.ingest import claim_of
from tests.fixtures.reports import breakdown, far_payout
from tests.fixtures.rows import good, to_csv
from tests.ingest.store import MemoryStore
from worker.context import Context
from worker.ingest.inspect import Inspection, inspect
from worker.ingest.transcode import transcode

REQUIRED = "transaction_id,transaction_type,created_at,provider_code,currency,amount"
ROW = "t-1,Capture,2025-01-01,adyen,EUR,1.00"
PLAIN = f"{REQUIRED}\n{ROW}\n"
SETTINGS = Settings(max_upload_bytes=3_000_000, max_record_bytes=1024)


class Desk:
    """Inspects bytes as if they were pinned."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        storage: Storage = self.store
        self.context = cast(
            Context, SimpleNamespace(storage=storage, settings=SETTINGS, units=None)
        )

    async def inspect(self, data: bytes | str, **changes: object) -> Inspection:
        """Inspect the bytes; changes are the claim's."""
        claim = self.claim(data, changes)
        dataset = Catalogue.built_in().get(claim.dataset_type)
        assert dataset is not None
        return await inspect(self.context, claim, dataset)

    async def failure(self, data: bytes | str, **changes: object) -> FileFailed:
        """Return why the bytes are refused."""
        with pytest.raises(FileFailed) as raised:
            await self.inspect(data, **changes)
        return raised.value

    def claim(self, data: bytes | str, changes: Mapping[str, object] | None = None) -> Claim:
        """Return an attempt at the bytes."""
        held = data.encode() if isinstance(data, str) else data
        claim = claim_of("transactions", len(held))
        self.store.objects[claim.object_key, claim.object_version] = held
        return replace(claim, **(changes or {}))  # type: ignore[arg-type]  # fields by name


@pytest.fixture
def desk() -> Desk:
    """Give a desk with an empty store."""
    return Desk()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
async def test_the_delimiter_is_the_one_that_matches_the_header(desk: Desk, delimiter: str) -> None:
    found = await desk.inspect(PLAIN.replace(",", delimiter))

    assert found.layout.delimiter == delimiter
    assert found.layout.columns == tuple(REQUIRED.split(","))


async def test_other_delimiters_in_labels_and_cells_do_not_mislead(desk: Desk) -> None:
    head = f'{REQUIRED};"a;b;c|d",note'

    found = await desk.inspect(f"{head.replace(';', ',', 1)}\n{ROW},x;y;z,1|2|3\n")

    assert found.layout.delimiter == ","
    assert found.layout.labels[-2:] == ("a;b;c|d", "note")


async def test_a_tsv_is_cut_by_tabs_only(desk: Desk) -> None:
    found = await desk.inspect(PLAIN.replace(",", "\t"), file_type="tsv")
    fault = await desk.failure(PLAIN, file_type="tsv")

    assert found.layout.delimiter == "\t"
    assert fault.code is FailureCode.HEADER_MISSING


@pytest.mark.parametrize(
    ("before", "place"), [("", 0), ("\n", 1), ("\r\n \r\n", 2), ("sep=,\n", 1), (",,,\n", 1)]
)
async def test_the_header_is_the_first_record_with_something_in_it(
    desk: Desk, before: str, place: int
) -> None:
    found = await desk.inspect(before + PLAIN)

    assert found.layout.header_place == place
    assert found.layout.labels == tuple(REQUIRED.split(","))


async def test_a_byte_order_mark_is_no_part_of_a_label(desk: Desk) -> None:
    found = await desk.inspect(b"\xef\xbb\xbf" + PLAIN.encode())

    assert found.layout.labels[0] == "transaction_id"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
async def test_newlines(desk: Desk, newline: str) -> None:
    found = await desk.inspect(PLAIN.replace("\n", newline))

    assert found.layout.columns == tuple(REQUIRED.split(","))
    assert bool(found.layout.settings) == (newline == "\r")


async def test_a_label_may_hold_a_newline(desk: Desk) -> None:
    found = await desk.inspect(f'"first\nline",{PLAIN}'.replace(f"\n{ROW}", f"\nx,{ROW}"))

    assert found.layout.labels[0] == "first\nline"
    assert found.alignment.unknown == ("first\nline",)


async def test_all_missing_columns_are_told_at_once(desk: Desk) -> None:
    fault = await desk.failure("transaction_id,ammount,curency,note\n")

    assert fault.code is FailureCode.HEADER_MISMATCH
    assert fault.extras["missing"] == [
        "transaction_type",
        "created_at",
        "provider_code",
        "currency",
        "amount",
    ]
    assert fault.extras["suggestions"] == {"ammount": "amount", "curency": "currency"}
    assert fault.extras["labels"] == ["transaction_id", "ammount", "curency", "note"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", FailureCode.EMPTY_FILE),
        (b"\n\n", FailureCode.HEADER_MISSING),
        ("alpha,beta\n1,2\n", FailureCode.HEADER_MISSING),
        (ROW, FailureCode.HEADER_MISSING),
        (PLAIN.replace("provider_code", "AMOUNT"), FailureCode.HEADER_DUPLICATE),
        ("x," * 150_000, FailureCode.ROW_TOO_LONG),
        ("x" * 300_000, FailureCode.STRUCTURE_ERROR),
        (b"x" * 3_000_001, FailureCode.TOO_LARGE),
        (b"%PDF-1.7", FailureCode.NOT_TEXT),
    ],
)
async def test_what_fails_before_a_row_is_read(
    desk: Desk, data: bytes | str, code: FailureCode
) -> None:
    assert (await desk.failure(data)).code is code


async def test_size_and_checksum_are_held_to_what_was_announced(desk: Desk) -> None:
    digest = hashlib.sha256(PLAIN.encode()).hexdigest()

    found = await desk.inspect(
        PLAIN, declared_sha256=digest.upper(), declared_size_bytes=len(PLAIN)
    )
    size = await desk.failure(PLAIN, declared_size_bytes=len(PLAIN) - 1)
    content = await desk.failure(PLAIN, declared_sha256="0" * 64)

    assert found.sha256 == digest
    assert size.code is FailureCode.SIZE_MISMATCH
    assert content.code is FailureCode.CHECKSUM_MISMATCH


async def test_in_parts_more_may_come_than_in_one_put(desk: Desk) -> None:
    data = to_csv([good(n) for n in range(30_000)])
    assert len(data) > SETTINGS.max_upload_bytes

    found = await desk.inspect(data, is_in_parts=True)

    assert found.layout.is_positional


async def test_only_the_ends_of_a_large_file_are_read(desk: Desk) -> None:
    data = to_csv([good(n) for n in range(15_000)]).encode()
    assert len(data) > 1_500_000

    found = await desk.inspect(data)

    assert sum(length for _, length in desk.store.reads) < 300_000
    assert data.endswith(found.tail)
    assert len(found.tail) == SETTINGS.max_record_bytes


async def test_a_compressed_file_has_no_tail(desk: Desk) -> None:
    found = await desk.inspect(gzip.compress(PLAIN.encode()))

    assert (found.compression, found.tail) == ("gzip", b"")


async def test_an_object_that_is_gone_is_not_the_files_fault(desk: Desk) -> None:
    with pytest.raises(ObjectMissing):
        await desk.inspect(PLAIN, object_version="2")


async def test_json_lines_name_their_own_columns(desk: Desk) -> None:
    first = dict(zip(REQUIRED.split(","), ROW.split(","), strict=True))
    lines = [json.dumps(first), "", json.dumps({**first, "timezone": "UTC", "note": 1})]

    found = await desk.inspect("\n".join(lines), file_type="jsonl")

    assert found.layout.format == "JSONEachRow"
    assert found.alignment.unknown == ("note",)
    assert "timezone" in found.layout.columns


@pytest.mark.parametrize("line", ["not json", "[1]", "1", '{"a": }', '{"a": 1'])
async def test_a_line_that_is_no_object_is_told_by_its_number(desk: Desk, line: str) -> None:
    fault = await desk.failure(f'{{"transaction_id": "1"}}\n{line}\n', file_type="jsonl")

    assert (fault.code, fault.extras) == (FailureCode.STRUCTURE_ERROR, {"row_number": 2})


@pytest.mark.parametrize(
    ("encoding", "mark"), [("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff"), ("cp1252", b"")]
)
async def test_other_encodings_become_utf8_objects(desk: Desk, encoding: str, mark: bytes) -> None:
    text = PLAIN.replace("adyen", "Zähler €")
    claim = desk.claim(mark + text.encode(encoding))

    derived = await transcode(desk.context, claim, encoding)

    assert derived.key != claim.object_key
    assert desk.store.objects[derived.key, derived.version_id] == text.encode()


async def test_what_is_not_of_its_encoding_is_told(desk: Desk) -> None:
    claim = desk.claim(b"\xff\xfe" + PLAIN.encode("utf-16-le") + b"\x00\xd8x")

    with pytest.raises(FileFailed) as raised:
        await transcode(desk.context, claim, "utf-16-le")

    assert raised.value.code is FailureCode.ENCODING_ERROR


async def test_keys_that_cannot_be_read_are_left_out(desk: Desk) -> None:
    record = dict(zip(REQUIRED.split(","), ROW.split(","), strict=True))
    line = json.dumps({**record, "": 1, "_row_number": "7", "_path": "x"})

    found = await desk.inspect(line, file_type="jsonl")

    assert found.layout.labels == tuple(record)
    assert found.alignment.ignored == ("_row_number",)


@pytest.mark.parametrize(
    ("label", "values", "is_refused"),
    [
        ("CID", ["123", "4567", ""], True),
        ("csc", ["123"], True),
        ("cid", ["123", "C-17"], False),
        ("cid", ["17", "123"], False),
        ("cid", ["", ""], False),
        ("Track 1", ["x"], True),
        ("security-code", [""], True),
        ("acid", ["123"], False),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
async def test_security_codes_are_told_by_name_and_by_value(
    desk: Desk, kind: str, label: str, values: list[str], *, is_refused: bool
) -> None:
    first = dict(zip(REQUIRED.split(","), ROW.split(","), strict=True))
    rows = [{**first, label: value} for value in values]
    lines = "".join(f"{json.dumps(row)}\n" for row in rows)

    sent = desk.inspect(to_csv(rows) if kind == "csv" else lines, file_type=kind)

    if not is_refused:
        assert (await sent).alignment.unknown == (label,)
        return
    with pytest.raises(FileFailed) as refused:
        await sent
    assert refused.value.code is FailureCode.SENSITIVE_COLUMN


PARTS = {
    "checkout_settlement_breakdown": ("settlement-breakdown_ent_1_20251105_PAY1", breakdown()),
    "checkout_financial_actions": ("FinancialActions_ent_1_20251105_20251112", far_payout()),
}


@pytest.mark.parametrize("dataset", PARTS)
async def test_a_later_part_of_a_report_does_not_take_the_place_of_the_first(
    desk: Desk, dataset: str
) -> None:
    name, text = PARTS[dataset]

    first = await desk.inspect(text, dataset_type=dataset, name=f"{name}_1.csv")
    others = [
        await desk.inspect(text, dataset_type=dataset, name=n) for n in ("2.csv", "all_2.csv")
    ]
    faults = [
        await desk.failure(text, dataset_type=dataset, name=f"{name}_{part}")
        for part in ("2.csv", "10.csv", "3.csv.gz")
    ]

    assert {found.alignment.missing_required for found in (first, *others)} == {()}
    assert {fault.code for fault in faults} == {FailureCode.STRUCTURE_ERROR}
    assert "later part" in faults[0].detail
