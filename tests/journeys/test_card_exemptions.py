"""A workspace whose own numbers look like card numbers: allowed by column, told every time."""

from tests.fixtures.client import Client, counts_of, failure_of
from tests.fixtures.rows import to_csv
from tests.journeys.payments import Payments

NUMBER = "4556737586899855"
PATH = "/analytics/datasets/transactions/card-exemptions"


def test_an_exempt_column_is_not_searched_and_every_use_is_told(
    client: Client, payments: Payments
) -> None:
    rows = [{**row, "Shop Ref": NUMBER} for row in payments.rows(3)]
    data = to_csv(rows)
    refused = client.send(data)

    granted = client.http.post(PATH, json={"column": "shop-ref", "reason": "Order numbers"})
    twice = client.http.post(PATH, json={"column": "SHOP REF", "reason": "Order numbers"})
    taken = client.send(data)
    elsewhere = client.send(to_csv([{**row, "merchant_reference": NUMBER} for row in rows]))
    ended = client.http.delete(f"{PATH}/Shop Ref")
    again = client.send(to_csv([{**row, "Shop Ref": NUMBER} for row in payments.rows(3)]))

    assert [granted.status_code, twice.status_code, ended.status_code] == [201, 409, 204]
    assert counts_of(taken)["imported"] == 3
    assert [failure_of(file) for file in (refused, elsewhere, again)] == ["pan-detected"] * 3
    told = {
        file.id: [
            entry.detail for entry in client.history(file.id) if entry.cause == "file.inspected"
        ]
        for file in (taken, refused)
    }
    (uses,) = told[taken.id]
    assert uses["notSearchedForCardNumbers"] == ["Shop Ref"]
    page = client.http.get(PATH).json()
    assert page["results"] == []
    mine = [entry for entry in page["history"] if entry["column"] == "shop_ref"]
    assert [(entry["isExempt"], entry["reason"]) for entry in mine] == [
        (True, "Order numbers"),
        (False, ""),
    ]
    assert all(entry["decidedBy"] and entry["decidedAt"] for entry in mine)


def test_what_cannot_be_decided_is_told(client: Client) -> None:
    answers = [
        client.http.get("/analytics/datasets/nothing/card-exemptions"),
        client.http.delete(f"{PATH}/never-exempt"),
        client.http.post(PATH, json={"column": "x", "reason": " "}),
        client.http.post(PATH, json={"column": "--", "reason": "x"}),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 400, 400]
