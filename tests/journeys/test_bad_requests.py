"""Requests that are refused: each with its status and code, as a problem document, all at once."""

import time
from uuid import uuid4

import httpx
import pytest

from tests.fixtures.appliance import Appliance
from tests.fixtures.client import FILES, UPLOAD, Client

GOOD: dict[str, object] = {"datasetType": "transactions", "file": {"name": "a.csv", "type": "csv"}}
PROBLEM = "application/problem+json"
UNKNOWN = "01936000-0000-7000-8000-000000000000"


def named(name: object) -> dict[str, object]:
    """Return a request for a file of that name."""
    return {**GOOD, "file": {"name": name, "type": "csv"}}


def told(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code; holds the form of a problem."""
    problem = answer.json()
    assert answer.headers["content-type"].startswith(PROBLEM)
    assert problem["status"] == answer.status_code
    assert problem["requestId"] == answer.headers["x-request-id"]
    assert problem["title"]
    assert problem["detail"]
    return answer.status_code, str(problem["code"])


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({**GOOD, "datasetType": "nope"}, 422, "unknown-dataset"),
        ({**GOOD, "file": {"name": "a.exe", "type": "exe"}}, 422, "unsupported-file-type"),
        ({**GOOD, "file": {"name": "a.xml", "type": "camt053"}}, 422, "unsupported-file-type"),
        ({**GOOD, "options": {"mapping": "none"}}, 422, "unknown-mapping"),
        (named(""), 400, "malformed"),
        (named(" " * 0 + "x" * 256), 400, "malformed"),
        (named("../../etc/passwd"), 400, "malformed"),
        (named("a/b.csv"), 400, "malformed"),
        (named("a\\b.csv"), 400, "malformed"),
        (named("a\nb.csv"), 400, "malformed"),
        (named("a\x00b.csv"), 400, "malformed"),
        (named("a\u0085b.csv"), 400, "malformed"),
        (named(7), 400, "malformed"),
        (named(None), 400, "malformed"),
        ({}, 400, "malformed"),
        ([], 400, "malformed"),
        ("transactions", 400, "malformed"),
        (None, 400, "malformed"),
        ({**GOOD, "colour": "red"}, 400, "malformed"),
        ({**GOOD, "file": {"name": "a.csv", "type": "csv", "sizeBytes": -1}}, 400, "malformed"),
        ({**GOOD, "file": {"name": "a.csv", "type": "csv", "sizeBytes": 0}}, 400, "malformed"),
        ({**GOOD, "file": {"name": "a.csv", "type": "csv", "sizeBytes": 1.5}}, 400, "malformed"),
        (
            {**GOOD, "file": {"name": "a.csv", "type": "csv", "sizeBytes": 6 << 30}},
            413,
            "too-large",
        ),
        ({**GOOD, "file": {"name": "a.csv", "type": "csv", "sha256": "x"}}, 400, "malformed"),
        ({**GOOD, "options": {"onError": "ignore"}}, 400, "malformed"),
        ({**GOOD, "options": {"maxRejectedRatio": 2}}, 400, "malformed"),
    ],
)
def test_a_bad_request_is_told_by_its_code(
    client: Client, body: object, status: int, code: str
) -> None:
    assert told(client.http.post(UPLOAD, json=body)) == (status, code)


@pytest.mark.parametrize("body", [b"", b"{", b"{]", b"\xff\xfe", b'{"datasetType": NaN}'])
def test_what_is_no_json_is_malformed(client: Client, body: bytes) -> None:
    answer = client.http.post(UPLOAD, content=body, headers={"content-type": "application/json"})

    assert told(answer) == (400, "malformed")


def test_every_wrong_field_is_told_at_once(client: Client) -> None:
    body = {"datasetType": 5, "file": {"name": 7, "size": 1}, "colour": "red"}

    answer = client.http.post(UPLOAD, json=body)

    assert told(answer) == (400, "malformed")
    pointers = {error["pointer"] for error in answer.json()["errors"]}
    assert pointers == {"/datasetType", "/file/name", "/file/type", "/file/size", "/colour"}


def test_a_longest_name_in_any_script_is_taken(client: Client) -> None:
    name = "Zahlungen für März - 日本語 'x' & 100%.csv".rjust(255, "x")

    file_id, _ = client.ask(name)

    assert client.get(file_id).file.name == name


def test_another_content_type_is_not_read(client: Client) -> None:
    answer = client.http.post(UPLOAD, content=b"a=1", headers={"content-type": "text/plain"})

    assert told(answer) == (415, "unsupported-media-type")


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer nonsense", "Basic eDp5", "Bearer tdk_x"]
)
def test_without_a_valid_key_nothing_is_answered(client: Client, authorization: str) -> None:
    headers = {"authorization": authorization}

    answers = [
        client.http.post(UPLOAD, json=GOOD, headers=headers),
        client.http.get(FILES, headers=headers),
        client.http.get(f"{FILES}/{uuid4()}", headers=headers),
        client.http.get("/analytics/insights", headers=headers),
    ]

    assert [told(answer) for answer in answers] == [(401, "unauthenticated")] * 4


def test_a_revoked_key_is_refused_within_seconds(appliance: Appliance, client: Client) -> None:
    made = client.http.post("/analytics/keys", json={"name": "short", "scopes": ["files:write"]})
    assert made.status_code == 201, made.text
    with appliance.client(made.json()["apiKey"]) as short:
        allowed = short.http.post(UPLOAD, json=GOOD)
        beyond = short.http.get(FILES)

        revoked = client.http.delete(f"/analytics/keys/{made.json()['id']}")
        end = time.monotonic() + 10
        while (refused := short.http.post(UPLOAD, json=GOOD)).status_code == 201:
            assert time.monotonic() < end
            time.sleep(0.1)

    assert allowed.status_code == 201
    assert told(beyond) == (403, "forbidden")
    assert revoked.status_code == 204
    assert told(refused) == (401, "unauthenticated")


@pytest.mark.parametrize("name", ["not-an-id", "0", UNKNOWN, f"{UNKNOWN}x", "%00", "a" * 5000])
@pytest.mark.parametrize("rest", ["", "/history", "/rejected-rows", "/rejected-rows.csv"])
def test_an_unknown_file_is_not_found(client: Client, name: str, rest: str) -> None:
    assert told(client.http.get(f"{FILES}/{name}{rest}")) == (404, "file-not-found")


@pytest.mark.parametrize("action", ["complete", "cancel", "reprocess", "undo"])
def test_nothing_can_be_done_to_an_unknown_file(client: Client, action: str) -> None:
    assert told(client.http.post(f"{FILES}/{uuid4()}/{action}")) == (404, "file-not-found")


def test_other_methods_and_addresses(client: Client) -> None:
    assert told(client.http.put(UPLOAD, json=GOOD)) == (405, "method-not-allowed")
    assert told(client.http.delete(FILES)) == (405, "method-not-allowed")
    assert told(client.http.get("/analytics/nothing")) == (404, "not-found")
