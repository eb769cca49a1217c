"""A provider's report from its sample to the dashboard, and the choice of what counts."""

from decimal import Decimal

from tests.fixtures.client import Client, counts_of, totals_of
from tests.fixtures.reports import FAR, FAR_35, adyen_batch, report

ADYEN_REPORT = "adyen_settlement_details"
SOURCES = "/analytics/settlement-sources"


def settled(client: Client, account: str) -> dict[str, Decimal]:
    """Return what the dashboard shows of an account: type or fee type → amount."""
    totals: dict[str, Decimal] = {}
    for row in client.panel("settlements-totals", account=account):
        kind = row["feeType"] or row["type"]
        totals[kind] = totals.get(kind, Decimal(0)) + Decimal(row["amount"])
    return totals


def test_a_report_is_counted_by_its_net_and_shown_with_its_fees(client: Client) -> None:
    batch = adyen_batch(**{"Merchant Account": "NorthwindAPI"})

    file = client.send(batch, name="settlement_detail_report_batch_7.csv", dataset=ADYEN_REPORT)

    assert counts_of(file) == {"total": 7, "imported": 7, "inserted": 7}
    assert totals_of(file)["EUR", "capture"] == (2, Decimal("137.79"))
    shown = settled(client, "NorthwindAPI")
    assert shown["capture"] == 140
    assert shown["interchange"] == Decimal("-0.70")
    assert sum(shown.values()) == 0
    assert file.statistics is not None
    assert [control.result for control in file.statistics.controls] == ["ok", "ok", "ok"]


def test_a_made_up_report_adds_up(client: Client) -> None:
    for dataset in (ADYEN_REPORT, "checkout_financial_actions", "checkout_settlement_breakdown"):
        path = f"/analytics/datasets/{dataset}/sample.csv"
        sample = client.http.get(path, params={"rows": 60, "seed": 3})

        file = client.send(sample.text, dataset=dataset)

        assert counts_of(file) == {"total": 60, "imported": 60, "inserted": 60}, file.failure
        assert file.statistics is not None
        assert {control.result for control in file.statistics.controls} == {"ok"}


def test_the_source_of_record_can_be_chosen(client: Client) -> None:
    entity = {"Client Entity ID": "ent_api", "Holding Currency Amount": "9.00"}
    client.send(report(FAR_35, [FAR | entity]), dataset="checkout_financial_actions")
    cells = {
        "provider_name": "checkout",
        "provider_merchant_account": "ent_api",
        "created_at": "2025-06-01 10:30:00",
        "transaction_type": "capture",
        "transaction_currency": "EUR",
        "transaction_amount": "7.00",
        "settlement_currency": "EUR",
        "settlement_amount": "7.00",
    }
    client.send(report(list(cells), [cells]), dataset="settlements")
    assert settled(client, "ent_api") == {"capture": Decimal(9)}

    asked = {"provider": "checkout", "account": "ent_api", "datasetType": "settlements"}
    chosen = client.http.put(SOURCES, json=asked)

    assert chosen.status_code == 200, chosen.text
    assert (chosen.json()["datasetType"], chosen.json()["isChosen"]) == ("settlements", True)
    assert settled(client, "ent_api") == {"capture": Decimal(7)}
    listed = client.http.get(SOURCES).json()["results"]
    (source,) = (one for one in listed if one["account"] == "ent_api")
    assert [told["datasetType"] for told in source["reports"]] == [
        "checkout_financial_actions",
        "settlements",
    ]


def test_what_cannot_be_chosen_is_told(client: Client) -> None:
    nobody = {"provider": "checkout", "account": "nobody", "datasetType": "settlements"}
    answers = [
        client.http.put(SOURCES, json=nobody),
        client.http.put(SOURCES, json={**nobody, "datasetType": "orders"}),
        client.http.put(SOURCES, json={"provider": "checkout"}),
        client.http.get(SOURCES, params={"page[after]": "nonsense"}),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (404, "not-found"),
        (422, "unknown-dataset"),
        (400, "malformed"),
        (400, "malformed"),
    ]
