"""A dataset is a file: an operator's own are read like those that ship, and faults have a line."""

import json
import os
from pathlib import Path

import httpx
import pytest

from server.analytics.zones import zone_names
from server.datasets.catalogue import Catalogue
from server.datasets.sources import MAX_BYTES, declaration_schema, read_declaration
from server.errors import CatalogueRefused
from tests.readme import SCHEMA, schema_text

VOUCHERS = """\
name: vouchers
title: Vouchers
description: Sold and redeemed
key: [voucher_id]
rowsPerKey: one
eventTime: sold_at
roles: {amount: amount, currency: currency}
defaults: {onError: quarantine}
columns:
  - {name: voucher_id, type: id, required: true, description: Its number}
  - {name: sold_at, type: datetime, required: true, description: When}
  - {name: currency, type: currency, description: Of what}
  - name: amount
    type: decimal
    description: How much
"""
BUILT_IN = Path(__file__).resolve().parents[2] / "server/datasets/declared"


def refused(text: str) -> list[str]:
    with pytest.raises(CatalogueRefused) as caught:
        read_declaration(text.encode(), "vouchers.yaml")
    return list(caught.value.sentences)


def test_an_operators_folder_is_read_beside_what_is_built_in(tmp_path: Path) -> None:
    (tmp_path / "vouchers.yaml").write_text(VOUCHERS)
    (tmp_path / "more.yml").write_text(VOUCHERS.replace("vouchers", "tips"))
    (tmp_path / "notes.txt").write_text("not a dataset")
    (tmp_path / ".vouchers.yaml.swp.yaml").write_text("not a dataset")

    catalogue = Catalogue.load(str(tmp_path))

    assert set(catalogue.names()) == {*Catalogue.built_in().names(), "tips", "vouchers"}
    assert list(catalogue.names()) == sorted(catalogue.names())


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("type: decimal", "type: money", "vouchers.yaml:14: columns.3.type: Input should be"),
        ("rowsPerKey: one", "rowsPerKey: few", "vouchers.yaml:5: rowsPerKey: Input should be"),
        ("description: How much", "colour: red", "vouchers.yaml:15: columns.3.colour: Extra"),
        # What is missing is told where it belongs.
        ("    description: How much\n", "", "vouchers.yaml:13: columns.3.description: Field"),
        ("roles: {amount: amount, ", "roles: {", ""),
        ("key: [voucher_id]", "key: [number]", "vouchers.yaml:1: not among the columns: number"),
        (
            "{name: currency, type: currency",
            "{name: currency, type: enum",
            "vouchers.yaml:12: columns.2: a column of type enum names its values",
        ),
        ("name: amount\n", "name: index\n", "columns.3: index means something else in SQL"),
        ("title: Vouchers\n", "title: One\ntitle: Two\n", "vouchers.yaml:3: title: said twice"),
        (
            "    type: decimal\n",
            "    type: decimal\n    type: text\n",
            "vouchers.yaml:15: type: said twice",
        ),
        ("key: [voucher_id]", "key: [voucher_id", "vouchers.yaml:5: not YAML"),
        ("Vouchers", "Vou\x00chers", "vouchers.yaml:1: not YAML"),
        ("    type: decimal", "\ttype: decimal", "vouchers.yaml:14: not YAML"),
        (
            "description: Its number",
            "description: Its number, pattern: '(?=a)b', patternHint: b",
            "vouchers.yaml:10: columns.0.pattern: RE2 knows no look-around",
        ),
        (
            "description: Its number",
            "description: Its number, pattern: '[a', patternHint: b",
            "vouchers.yaml:10: columns.0.pattern: no regular expression",
        ),
        (
            "description: Its number",
            "description: Its number, pattern: '[a]'",
            "vouchers.yaml:10: columns.0.patternHint: say the pattern in words",
        ),
        (
            "description: Its number",
            "description: Its number, aliases: [Sold at]",
            "vouchers.yaml:1: names and aliases of more than one column: sold_at",
        ),
        (
            "eventTime: sold_at",
            "eventTime: amount",
            "vouchers.yaml:1: eventTime: amount has to be of type datetime",
        ),
        (
            "eventTime: sold_at",
            "eventTime: sold_at\nversionColumn: voucher_id",
            "versionColumn: voucher_id has to be of type datetime or integer",
        ),
        (
            "eventTime: sold_at",
            "eventTime: sold_at\nzoneAbbreviations: {CET: Europe/Atlantis}",
            "zoneAbbreviations: no IANA zone: Europe/Atlantis",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_field(old: str, new: str, told: str) -> None:
    text = VOUCHERS.replace(old, new)
    assert text != VOUCHERS

    if not told:
        assert read_declaration(text.encode(), "vouchers.yaml").roles.amount is None
    else:
        assert any(told in sentence for sentence in refused(text)), refused(text)


def test_every_fault_is_told_at_once() -> None:
    told = refused(VOUCHERS.replace("decimal", "money").replace("quarantine", "shrug"))

    assert [sentence.split(": ")[0] for sentence in told] == ["vouchers.yaml:8", "vouchers.yaml:14"]


@pytest.mark.parametrize("text", ["", "vouchers", "- name: vouchers", "42", "---\n---\n"])
def test_what_is_no_declaration_at_all_is_told(text: str) -> None:
    (told,) = refused(text)

    assert told.startswith("vouchers.yaml:")


def test_a_file_too_long_to_be_a_declaration_is_not_read() -> None:
    (told,) = refused(VOUCHERS + "#" * MAX_BYTES)

    assert "longer than" in told


def test_a_built_in_name_cannot_be_taken(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(VOUCHERS.replace("name: vouchers", "name: orders"))

    with pytest.raises(CatalogueRefused, match=r"mine\.yaml: name: orders is built in"):
        Catalogue.load(str(tmp_path))


def test_two_files_cannot_declare_one_name_and_all_files_are_told_at_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(VOUCHERS)
    (tmp_path / "c.yaml").write_text("name: 1")

    with pytest.raises(CatalogueRefused) as caught:
        Catalogue.load(str(tmp_path))

    told = "\n".join(caught.value.sentences)
    assert "b.yaml: name: another file declares vouchers too" in told
    assert "c.yaml:1: name: Input should be a valid string" in told


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CatalogueRefused, match="TALLYDOCK_DATASETS_DIR cannot be read"):
        Catalogue.load(str(tmp_path / "nowhere"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "vouchers.yaml").write_text(VOUCHERS)
    (tmp_path / "vouchers.yaml").chmod(0)

    with pytest.raises(CatalogueRefused, match="cannot be read"):
        Catalogue.load(str(tmp_path))


def test_the_schema_in_the_repository_is_that_of_the_models() -> None:
    assert SCHEMA.read_text() == schema_text(), "run `make docs`"


async def test_the_schema_is_served_to_editors(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/schema/dataset.schema.json")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/schema+json")
    assert json.loads(answer.text) == declaration_schema()


@pytest.mark.parametrize("path", sorted(BUILT_IN.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_built_in_file_names_the_schema_and_is_named_after_its_dataset(path: Path) -> None:
    first, *_ = path.read_text().splitlines()

    assert first == "# yaml-language-server: $schema=../dataset.schema.json"
    assert (path.parent / "../dataset.schema.json").resolve() == SCHEMA
    assert read_declaration(path.read_bytes(), path.name).name == path.stem


def test_zone_abbreviations_may_stand_for_any_zone_of_this_install() -> None:
    zone = zone_names()[-1]
    text = VOUCHERS.replace("rowsPerKey", f"zoneAbbreviations: {{XY: {zone}}}\nrowsPerKey")

    assert read_declaration(text.encode(), "a").zone_abbreviations == {"XY": zone}
