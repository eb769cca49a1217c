"""What may be asked for: form (400) before meaning (422) before size (413), and the limits."""

import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import ValidationError

from server.datasets.catalogue import Catalogue
from server.errors import (
    ApplianceError,
    FileNotFound,
    Malformed,
    RateLimited,
    StateConflict,
    TooLarge,
    UnknownDataset,
    UnknownMapping,
    UnsupportedFileType,
)
from server.files import uploads
from server.files.answers import FileAnswer
from server.files.failures import FAILURES, FailureCode, FileFailed
from server.files.lifecycle import Stage
from server.files.schemas import UploadRequest
from server.files.tickets import MultipartTicket, UploadTicket
from tests.fixtures.files import ALICE, MALLORY, Desk, asked, put

MIB = 2**20


def faults(body: object) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        UploadRequest.model_validate(body)
    return ["/".join(str(part) for part in error["loc"]) for error in caught.value.errors()]


def test_all_faults_are_told_at_once() -> None:
    assert faults({"datasetType": 5, "file": {"name": 7}}) == [
        "datasetType",
        "file/name",
        "file/type",
    ]


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"colour": "red"}, "colour"),
        ({"dataset_type": "orders"}, "dataset_type"),
        ({"file": {"name": "", "type": "csv"}}, "file/name"),
        ({"file": {"name": "../x", "type": "csv"}}, "file/name"),
        ({"file": {"name": "a\\b", "type": "csv"}}, "file/name"),
        ({"file": {"name": "a\nb", "type": "csv"}}, "file/name"),
        ({"file": {"name": "a\x85b", "type": "csv"}}, "file/name"),
        ({"file": {"name": "x" * 256, "type": "csv"}}, "file/name"),
        ({"file": {"name": "4111-1111-1111-1111.csv", "type": "csv"}}, "file/name"),
        ({"metadata": {"note": "paid by 4111111111111111"}}, "metadata"),
        ({"metadata": {"4111111111111111": ""}}, "metadata"),
        ({"file": {"name": "x", "type": "csv", "sizeBytes": 0}}, "file/sizeBytes"),
        ({"file": {"name": "x", "type": "csv", "sizeBytes": "5"}}, "file/sizeBytes"),
        ({"file": {"name": "x", "type": "csv", "sizeBytes": True}}, "file/sizeBytes"),
        ({"file": {"name": "x", "type": "csv", "sha256": "abc"}}, "file/sha256"),
        ({"options": {"onError": "ignore"}}, "options/onError"),
        ({"options": {"maxRejectedRatio": 1.5}}, "options/maxRejectedRatio"),
        ({"options": {"dryRun": "yes"}}, "options/dryRun"),
        ({"options": {"encoding": "latin-9"}}, "options/encoding"),
        ({"options": {"repairOf": "x"}}, "options/repairOf"),
        (
            {"options": {"expectedTotals": [{"currency": "EUR", "count": 1, "amount": 2.5}]}},
            "options/expectedTotals/0/amount",
        ),
        ({"metadata": {"a": 1}}, "metadata/a"),
        ({"metadata": {str(n): "" for n in range(21)}}, "metadata"),
        ({"multipart": {"partSizeBytes": 1}}, "multipart/partSizeBytes"),
    ],
)
def test_each_fault_is_told_at_its_place(more: dict[str, object], place: str) -> None:
    good = {"datasetType": "transactions", "file": {"name": "x.csv", "type": "csv"}}

    assert faults({**good, **more}) == [place]


def test_options_are_kept_as_they_were_sent() -> None:
    options = {"maxRejectedRatio": 0, "dryRun": True, "encoding": "cp1252"}

    assert asked({"options": options}).options_as_sent() == options


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"datasetType": "nope"}, UnknownDataset),
        ({"file": {"name": "x.exe", "type": "exe"}}, UnsupportedFileType),
        ({"file": {"name": "x.xml", "type": "camt053"}}, UnsupportedFileType),
        ({"options": {"mapping": "mine"}}, UnknownMapping),
        ({"file": {"name": "x", "type": "csv", "sizeBytes": 6 * 2**30}}, TooLarge),
        (
            {"datasetType": "nope", "file": {"name": "x", "type": "csv", "sizeBytes": 10**30}},
            UnknownDataset,
        ),
        ({"multipart": {"partSizeBytes": 5 * MIB}}, Malformed),
        (
            {
                "file": {"name": "x", "type": "csv", "sizeBytes": 2**40},
                "multipart": {"partSizeBytes": 5 * MIB},
            },
            Malformed,
        ),
    ],
)
async def test_what_is_refused(
    desk: Desk, more: dict[str, object], error: type[ApplianceError]
) -> None:
    with pytest.raises(error):
        await desk.ask(body=more)


def test_only_bank_statements_take_camt053() -> None:
    taking = [d.name for d in Catalogue.built_in().all() if "camt053" in d.file_types]

    assert taking == ["bank_statements"]


async def test_a_repair_names_a_file_of_the_same_workspace_and_dataset(desk: Desk) -> None:
    theirs = await desk.ask(MALLORY)
    orders = await desk.ask(body={"datasetType": "orders"})
    mine = await desk.ask()

    with pytest.raises(FileNotFound):
        await desk.ask(body={"options": {"repairOf": str(theirs)}})
    with pytest.raises(Malformed):
        await desk.ask(body={"options": {"repairOf": str(orders)}})
    repair = await desk.ask(body={"options": {"repairOf": str(mine)}})

    assert (await desk.row(repair)).repair_of == mine


async def test_the_limit_of_pending_files_holds_per_workspace(desk: Desk) -> None:
    made = [await desk.ask() for _ in range(desk.settings.max_pending_files)]
    with pytest.raises(RateLimited) as caught:
        await desk.ask()
    assert caught.value.headers == {"Retry-After": "15"}
    assert caught.value.extras == {"limit": "pendingFiles", "limitValue": len(made)}
    await desk.ask(MALLORY)

    await desk.service.cancel(ALICE, made[0])
    desk.clock.turn(seconds=1)

    await desk.ask()


async def test_the_limit_of_bytes_a_day_holds_per_workspace_until_midnight(desk: Desk) -> None:
    limit = desk.settings.max_bytes_per_day
    desk.clock.now = desk.clock.now.replace(hour=23, minute=0, second=0, microsecond=0)

    def sized(size_bytes: int) -> dict[str, object]:
        return {"file": {"name": "a.csv", "type": "csv", "sizeBytes": size_bytes}}

    first = await desk.ask(body=sized(1000))
    # What arrived counts as it is, whatever was announced.
    await desk.set(first, size_bytes=limit - 600)
    desk.clock.turn(minutes=1)
    await desk.ask(body=sized(500))
    with pytest.raises(RateLimited) as caught:
        await desk.ask(body=sized(101))
    assert caught.value.extras == {"limit": "bytesPerDay", "limitValue": limit}
    assert caught.value.headers == {"Retry-After": str(59 * 60 + 1)}
    await desk.ask(MALLORY, sized(101))
    await desk.ask(body=sized(100))
    with pytest.raises(RateLimited):
        await desk.ask()

    desk.clock.turn(hours=1)

    await desk.ask(body=sized(101))


async def test_the_ticket_is_the_same_whenever_it_is_signed(desk: Desk) -> None:
    ticket = await desk.service.uploads.request(ALICE, asked())
    desk.clock.turn(minutes=5)

    again = desk.service.uploads.sign(await desk.row(UUID(ticket.id)))

    assert isinstance(ticket, UploadTicket)
    assert again == ticket
    assert ticket.created_at.replace(microsecond=0) + timedelta(hours=1) == ticket.expires_at


async def test_a_ticket_in_parts_is_the_same_when_it_is_answered_again(desk: Desk) -> None:
    file = {"name": "x.csv", "type": "csv", "sizeBytes": 6 * MIB}
    ticket = await desk.service.uploads.request(
        ALICE, asked({"file": file, "multipart": {"partSizeBytes": 5 * MIB}})
    )

    desk.clock.turn(minutes=5)
    again = desk.service.uploads.sign(await desk.row(UUID(ticket.id)))

    assert again == ticket


async def test_a_refused_request_in_parts_leaves_nothing_in_the_store(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = {"name": "x.csv", "type": "csv", "sizeBytes": 6 * MIB}
    in_parts = {"file": file, "multipart": {"partSizeBytes": 5 * MIB}}
    repair = {**in_parts, "options": {"repairOf": "019364f4-7a5b-7c11-8a2b-0123456789ab"}}
    before = await begun(desk)

    with pytest.raises(FileNotFound):
        await desk.ask(body=repair)
    with monkeypatch.context() as outage:
        outage.setattr(uploads, "insert_file", _database_gone)
        with pytest.raises(ConnectionError):
            await desk.ask(body=in_parts)
    desk.clock.turn(seconds=1)
    for _ in range(desk.settings.max_pending_files):
        await desk.ask()
    # It counts anew: what failed at the database was admitted.
    desk.clock.turn(seconds=1)
    for _ in range(5):
        with pytest.raises(RateLimited):
            await desk.ask(body=in_parts)

    assert await begun(desk) == before


async def begun(desk: Desk) -> set[str]:
    """Return the uploads in parts that the store holds open."""
    return {upload.multipart_id for upload in await desk.storage.list_multiparts()}


async def _database_gone(*_: object) -> None:
    raise ConnectionError


async def test_parts_are_signed_resumed_and_joined(desk: Desk) -> None:
    size = 6 * MIB
    file = {"name": "x.csv", "type": "csv", "sizeBytes": size}
    ticket = await desk.service.uploads.request(
        ALICE, asked({"file": file, "multipart": {"partSizeBytes": 5 * MIB}})
    )
    assert isinstance(ticket, MultipartTicket)
    file_id = UUID(ticket.id)
    await put(ticket.parts[0].upload_url, b"a" * 5 * MIB)
    with pytest.raises(StateConflict):
        await desk.service.complete(ALICE, file_id)

    rest = await desk.service.uploads.parts(ALICE, file_id)
    assert [part.part_number for part in rest.arrived] == [1]
    assert [part.part_number for part in rest.parts] == [2]
    await put(rest.parts[0].upload_url, b"b" * MIB)
    answer = await desk.service.complete(ALICE, file_id)
    again = await desk.service.complete(ALICE, file_id)

    assert (answer.stage, answer.file.size_bytes) == (Stage.QUEUED, size)
    assert again == answer


def test_every_failure_code_has_its_sentence() -> None:
    assert set(FAILURES) == set(FailureCode)


def test_a_failure_tells_its_extras_in_camel_case() -> None:
    failure = FileFailed(FailureCode.STRUCTURE_ERROR, "Row 17 cannot be read.", row_number=17)

    assert failure.as_json() == {
        "code": "structure-error",
        "title": "The file cannot be read as rows and cells",
        "detail": "Row 17 cannot be read.",
        "retryable": False,
        "rowNumber": 17,
    }


def test_the_answer_has_the_members_of_the_contract() -> None:
    # The contract's own example, with its ellipses filled in.
    example = json.loads((Path(__file__).parent / "file_answer.json").read_text())
    # "The version used stands in the file's record", the contract says of mappings.
    example["mapping"] = None

    answer = _answer_like(example)

    assert _members(answer) == _members(example)


def _answer_like(example: dict[str, object]) -> object:
    time = "2026-01-01T10:00:00Z"
    filled = json.loads(json.dumps(example).replace('At": "x"', f'At": "{time}"'))
    return FileAnswer.model_validate(filled).model_dump(mode="json", by_alias=True)


def _members(value: object, at: str = "") -> set[str]:
    if at in ("/failure", "/options", "/metadata"):
        return {at}
    if isinstance(value, dict):
        inner = (_members(item, f"{at}/{name}") for name, item in value.items())
        return {at}.union(*inner)
    if isinstance(value, list) and value:
        return _members(value[0], f"{at}/0")
    return {at}
