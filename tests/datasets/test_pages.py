"""The routes under /analytics/datasets: what may be sent, told to whoever has a key."""

import csv
import io

import httpx
import pytest
from litestar import Litestar

from server.access.principal import operator_of
from server.access.scopes import Scope
from server.access.service import FirstRun
from server.parts import Parts
from tests.fixtures.database import HandClock
from tests.fixtures.http import client_of

DATASETS = "/analytics/datasets"


async def test_all_datasets_are_listed_by_name(client: httpx.AsyncClient) -> None:
    told = (await client.get(DATASETS)).json()

    names = [page["datasetType"] for page in told["results"]]
    assert names == sorted(names)
    assert {"orders", "settlements", "transactions"} <= set(names)
    assert told["links"] == {"next": None}


async def test_a_dataset_tells_its_columns_key_and_defaults(client: httpx.AsyncClient) -> None:
    told = (await client.get(f"{DATASETS}/transactions")).json()

    columns = {column["name"]: column for column in told.pop("columns")}
    description = told.pop("description")
    assert description
    assert told == {
        "datasetType": "transactions",
        "title": "Transactions",
        "schemaVersion": 1,
        "key": ["provider_code", "transaction_id"],
        "rowsPerKey": "one",
        "versionColumn": None,
        "eventTime": "created_at",
        "zone": "timezone",
        "zoneAbbreviations": {},
        "roles": {
            "amount": "amount",
            "currency": "currency",
            "type": "transaction_type",
            "provider": "provider_code",
            "account": None,
            "paymentMethod": "payment_method_code",
            "status": None,
        },
        "fileTypes": ["csv", "tsv", "jsonl", "parquet"],
        "controls": [],
        "footers": [],
        "defaults": {"onError": "quarantine", "maxRejectedRatio": 0.1},
        "links": {
            "self": "/analytics/datasets/transactions",
            "template": "/analytics/datasets/transactions/template.csv",
            "sample": "/analytics/datasets/transactions/sample.csv",
        },
    }
    assert columns["transaction_type"] == {
        "name": "transaction_type",
        "aliases": [],
        "type": "enum",
        "required": True,
        "inHeader": False,
        "onFault": "reject",
        "enum": ["Capture", "Refund"],
        "pattern": None,
        "patternHint": None,
        "minimum": None,
        "maximum": None,
        "aboveZero": False,
        "exponentOf": None,
        "personal": False,
        "description": "Kind of movement",
        "example": "Capture",
    }
    assert columns["card_last4"]["pattern"] == "[0-9]{4}"
    assert columns["card_last4"]["onFault"] == "warn"


async def test_an_abort_by_default_has_no_ratio(client: httpx.AsyncClient) -> None:
    told = (await client.get(f"{DATASETS}/settlements")).json()

    assert told["defaults"] == {"onError": "abort", "maxRejectedRatio": None}
    assert told["rowsPerKey"] == "many"


async def test_the_template_is_the_header_as_a_download(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{DATASETS}/orders/template.csv")

    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="orders-template.csv"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    page = (await client.get(f"{DATASETS}/orders")).json()
    assert answer.text == ",".join(column["name"] for column in page["columns"]) + "\n"


async def test_the_sample_is_a_download_of_the_last_days(
    client: httpx.AsyncClient, clock: HandClock
) -> None:
    answer = await client.get(f"{DATASETS}/transactions/sample.csv", params={"rows": 700})

    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 700
    assert rows[-1]["created_at"] < clock().isoformat(" ")
    again = await client.get(f"{DATASETS}/transactions/sample.csv?rows=700&seed=1")
    assert again.text == answer.text


async def test_a_sample_has_a_thousand_rows_unless_asked_otherwise(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get(f"{DATASETS}/settlements/sample.csv")

    assert answer.text.count("\n") == 1001


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("rows=0", "rows"),
        ("rows=1000001", "rows"),
        ("rows=many", "rows"),
        ("rows=1.5", "rows"),
        ("seed=-1", "seed"),
        ("seed=x", "seed"),
    ],
)
async def test_a_sample_that_cannot_be_made_is_refused(
    client: httpx.AsyncClient, query: str, pointer: str
) -> None:
    answer = await client.get(f"{DATASETS}/transactions/sample.csv?{query}")

    assert answer.status_code == 400
    assert answer.json()["code"] == "malformed"
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize("rest", ["", "/template.csv", "/sample.csv"])
async def test_an_unknown_dataset_is_not_found(client: httpx.AsyncClient, rest: str) -> None:
    answer = await client.get(f"{DATASETS}/nope{rest}")

    assert answer.status_code == 404
    assert answer.json()["code"] == "not-found"


async def test_nobody_reads_without_a_key(stranger: httpx.AsyncClient) -> None:
    assert (await stranger.get(DATASETS)).status_code == 401


async def test_any_key_may_read(app: Litestar, parts: Parts, first: FirstRun) -> None:
    workspace_id = await parts.access.workspace_id()
    assert workspace_id is not None
    made = await parts.access.create_key(
        operator_of(workspace_id), name="bi", scopes=[Scope.INSIGHTS_READ]
    )

    async with client_of(app, key=made.text) as narrow:
        assert (await narrow.get(f"{DATASETS}/orders/sample.csv?rows=1")).status_code == 200
