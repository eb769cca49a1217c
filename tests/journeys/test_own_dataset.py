"""A dataset of the operator's own: a file in a folder, and everything works as for a built-in one.

Its declaration grows by a column while the appliance is down, as an operator would have it.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.appliance import Appliance, started
from tests.fixtures.client import FILES, Client, counts_of, failure_of, totals_of
from tests.fixtures.rows import to_csv

VOUCHERS = """\
name: vouchers
title: Vouchers
description: Vouchers that were sold and redeemed in our shops
key: [voucher_id, kind]
rowsPerKey: one
versionColumn: updated_at
eventTime: happened_at
zone: timezone
zoneAbbreviations: {CET: Europe/Amsterdam}
roles: {amount: amount, currency: currency, type: kind}
defaults: {onError: quarantine, maxRejectedRatio: 0.5}
columns:
  - {name: voucher_id, type: id, required: true, description: Its number, example: V-00001001}
  - {name: kind, type: enum, enum: [sold, redeemed], required: true, description: What happened}
  - {name: happened_at, type: datetime, required: true, description: When}
  - {name: updated_at, type: datetime, description: Last change}
  - {name: timezone, type: zone, description: Zone of local times}
  - {name: currency, type: currency, required: true, description: Of what}
  - {name: amount, type: decimal, required: true, exponentOf: currency, description: How much}
  - {name: is_gift, type: boolean, description: Given away}
  - {name: valid_until, type: date, description: Last day}
  - {name: country, type: country, description: Of the shop}
"""
SHOP = "  - {name: shop, type: text, aliases: [store], description: Where, example: Bonn}\n"


def voucher(number: int, **others: str) -> dict[str, str]:
    cells = {
        "Voucher ID": f"V-{number}",
        "kind": "sold",
        "happened_at": "2026-01-15 10:30:00",
        "timezone": "CET",
        "currency": "EUR",
        "amount": "25.00",
        "is_gift": "no",
        "valid_until": "2027-12-31",
        "country": "de",
    }
    return cells | others


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the operator's folder with one dataset in it."""
    folder = tmp_path_factory.mktemp("datasets")
    (folder / "vouchers.yaml").write_text(VOUCHERS)
    return folder


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[Appliance]:
    """Give an appliance that reads the folder."""
    with started(tmp_path_factory.mktemp("shop"), datasets_dir=folder) as appliance:
        yield appliance


def sampled(client: Client, rows: int) -> str:
    return client.http.get(f"/analytics/datasets/vouchers/sample.csv?rows={rows}").text


def _version_of(client: Client, file_id: str) -> object:
    """Return the version of the declaration that the file was read by."""
    (inspected,) = [e for e in client.history(file_id) if e.cause == "file.inspected"]
    return inspected.detail["schemaVersion"]


@pytest.mark.slow
def test_an_own_dataset_lives_like_a_built_in_one_and_grows(shop: Appliance, folder: Path) -> None:
    with shop.client() as client:
        told = client.http.get("/analytics/datasets/vouchers").json()
        assert (told["title"], told["versionColumn"]) == ("Vouchers", "updated_at")
        template = client.http.get("/analytics/datasets/vouchers/template.csv").text
        assert template.startswith("voucher_id,kind,")

        sample = client.send(sampled(client, 200), dataset="vouchers")
        assert counts_of(sample) == {"total": 200, "imported": 200, "inserted": 200}

        rows = [voucher(1), voucher(2), voucher(3, country="Germany"), voucher(4, amount="1,5")]
        old = client.send(to_csv(rows), dataset="vouchers")
        assert old.outcome == "imported_with_rejections"
        assert client.rows(old.id) == {4: ["amount:decimal-comma"]}
        assert client.rows(old.id, "warned") == {3: ["country:enum-error"]}
        assert totals_of(old)["EUR", "sold"][0] == 3
    assert shop.stop() == 0, shop.log

    (folder / "vouchers.yaml").write_text(VOUCHERS.replace("title", "version: 2\ntitle") + SHOP)
    shop.start()

    with shop.client() as client:
        told = client.http.get("/analytics/datasets/vouchers").json()
        assert (told["schemaVersion"], told["columns"][-1]["name"]) == (2, "shop")
        without = client.send(to_csv([voucher(5)]), dataset="vouchers")
        new = client.send(to_csv([voucher(1, Store="Bonn"), voucher(6, Store="Ulm")]),
                          dataset="vouchers")  # fmt: skip
        assert counts_of(without) == {"total": 1, "imported": 1, "inserted": 1}
        assert counts_of(new) == {"total": 2, "imported": 2, "inserted": 1, "replaced": 1}

        assert [_version_of(client, file_id) for file_id in (old.id, new.id)] == [1, 2]

        # The older file's rejected rows are still told, and its row comes back.
        report = client.http.get(f"{FILES}/{old.id}/rejected-rows.csv").text
        assert [row["amount"] for row in csv.DictReader(io.StringIO(report))] == ["1,5"]
        client.undo(new.id)
        again = client.send(to_csv([voucher(1)]), dataset="vouchers")
        assert counts_of(again) == {"total": 1, "imported": 1, "replaced": 1}
        lacking = client.send("kind,amount\nsold,1\n", dataset="vouchers")
        assert failure_of(lacking) == "header-mismatch"


def test_an_appliance_whose_datasets_are_faulty_says_so_and_does_not_start(
    tmp_path: Path,
) -> None:
    (tmp_path / "vouchers.yaml").write_text(VOUCHERS.replace("type: boolean", "type: bool"))

    with pytest.raises(AssertionError) as caught, started(tmp_path, datasets_dir=tmp_path):
        pass

    assert "Tallydock cannot start." in str(caught.value)
    assert "vouchers.yaml:20: columns.7.type: Input should be 'text'" in str(caught.value)
    assert "Traceback" not in str(caught.value)
