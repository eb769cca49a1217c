"""What a declaration may ask for beyond the first built-in datasets, judged by the engine."""

import asyncio
from datetime import date
from pathlib import Path

import pytest
import yaml

from server.analytics.gateway import Analytics
from server.datasets.catalogue import Catalogue
from server.datasets.declaration import Dataset
from server.datasets.provision import provision
from tests.fixtures.ingest import Judge, Sheet
from worker.ingest.duplicates import Doubled

YAML = """
name: cases
title: Cases
description: For tests
key: [case_id, booked_on, part]
rowsPerKey: one
versionColumn: updated_at
eventTime: opened_at
zone: timezone
zoneAbbreviations: {CET: Europe/Amsterdam, PDT: America/Los_Angeles}
roles: {amount: amount, currency: currency}
defaults: {onError: quarantine, maxRejectedRatio: 0.1}
columns:
  - {name: case_id, type: id, required: true, description: Id}
  - {name: booked_on, type: date, description: Day}
  - {name: part, type: integer, description: Part}
  - {name: opened_at, type: datetime, required: true, description: When}
  - {name: updated_at, type: datetime, description: Last}
  - {name: timezone, type: zone, description: Where}
  - {name: currency, type: currency, description: Of what}
  - {name: amount, type: decimal, description: How much, minimum: -5, maximum: 100}
  - {name: score, type: integer, description: Risk, maximum: 10, aboveZero: true}
  - {name: is_paid, type: boolean, description: Paid}
  - {name: is_open, type: boolean, required: true, description: Open}
  - {name: due_on, type: date, required: true, description: Due}
  - {name: country, type: country, description: Of the card}
"""
DATASET = Dataset.model_validate(yaml.safe_load(YAML))
CATALOGUE = Catalogue({DATASET.name: DATASET})

DAYS = {
    "2026-01-15": (),
    "2024-02-29": (),
    "1900-01-01": (),
    "2299-12-31": (),
    "": (),
    "2026-02-29": ("type-error",),
    "2026-02-30": ("type-error",),
    "2026-13-01": ("type-error",),
    "2026-00-10": ("type-error",),
    "2026-1-5": ("type-error",),
    "20260115": ("type-error",),
    "2026-01-15 00:00:00": ("type-error",),
    "15/01/2026": ("type-error",),
    "46037": ("type-error",),
    "1899-12-31": ("type-error",),
    "2300-01-01": ("type-error",),
    "9999-12-31": ("type-error",),
    " 2026-01-15": ("type-error",),
    "tomorrow": ("type-error",),
}
FLAGS = {
    "true": True,
    "TRUE": True,
    "Yes": True,
    "y": True,
    "1": True,
    " t ": True,
    "false": False,
    "False": False,
    "NO": False,
    "n": False,
    "f": False,
    "0": False,
    "": None,
}
COUNTRIES = {
    "DE": (),
    "de": (),
    " us ": (),
    "XK": (),
    "": (),
    "UK": ("enum-error",),
    "EU": ("enum-error",),
    "DEU": ("enum-error",),
    "276": ("enum-error",),
    "ZZ": ("enum-error",),
    "Germany": ("enum-error",),
}


def case(number: int, **others: str) -> dict[str, str]:
    cells = {
        "case_id": f"c-{number}",
        "booked_on": "2025-06-02",
        "part": "",
        "opened_at": "2025-06-01 10:30:00",
        "updated_at": "",
        "timezone": "",
        "currency": "EUR",
        "amount": "12.50",
        "score": "",
        "is_paid": "",
        "is_open": "true",
        "due_on": "2025-07-01",
        "country": "DE",
    }
    return cells | others


@pytest.fixture
def cases(engine: Analytics, tmp_path: Path) -> Judge:
    """Give a judge who knows the dataset of this file."""
    asyncio.run(provision(engine, CATALOGUE))
    return Judge(engine, tmp_path, CATALOGUE)


async def judged(judge: Judge, column: str, texts: list[str]) -> Sheet:
    return await judge.rows([case(n, **{column: t}) for n, t in enumerate(texts)], "cases")


async def codes(judge: Judge, column: str, texts: list[str]) -> dict[str, tuple[str, ...]]:
    sheet = await judged(judge, column, texts)
    return dict(zip(texts, (row.codes for row in sheet.rows), strict=True))


async def values(judge: Judge, column: str, texts: list[str]) -> list[object]:
    sheet = await judged(judge, column, texts)
    assert sheet.issues == []
    return [row.values[column] for row in sheet.rows]


async def test_a_day_has_to_exist_and_be_written_out(cases: Judge) -> None:
    assert await codes(cases, "booked_on", list(DAYS)) == DAYS


async def test_a_day_is_stored_as_a_day(cases: Judge) -> None:
    stored = await values(cases, "booked_on", ["2024-02-29", ""])

    assert stored == [date(2024, 2, 29), None]


async def test_a_required_day_may_not_be_empty(cases: Judge) -> None:
    told = {"": ("required-value",), "soon": ("type-error",), "2026-01-01": ()}

    assert await codes(cases, "due_on", list(told)) == told


async def test_yes_and_no_are_read_in_the_ways_people_write_them(cases: Judge) -> None:
    assert await values(cases, "is_paid", list(FLAGS)) == list(FLAGS.values())


async def test_what_is_neither_yes_nor_no_is_told(cases: Judge) -> None:
    told = {"maybe": ("type-error",), "2": ("type-error",), "ja": ("type-error",)}

    assert await codes(cases, "is_paid", list(told)) == told


async def test_a_required_yes_or_no_may_not_be_empty(cases: Judge) -> None:
    assert await codes(cases, "is_open", ["", "no"]) == {"": ("required-value",), "no": ()}


async def test_countries_are_those_of_iso_3166(cases: Judge) -> None:
    assert await codes(cases, "country", list(COUNTRIES)) == COUNTRIES


async def test_a_country_is_stored_in_capitals(cases: Judge) -> None:
    assert await values(cases, "country", [" de ", ""]) == ["DE", ""]


async def test_a_number_keeps_within_its_range_at_both_ends(cases: Judge) -> None:
    told = {"-5": (), "100": (), "-5.01": ("out-of-range",), "100.01": ("out-of-range",)}

    assert await codes(cases, "amount", list(told)) == told
    scores = {"1": (), "10": (), "0": ("out-of-range",), "11": ("out-of-range",)}
    assert await codes(cases, "score", list(scores)) == scores


async def test_the_dataset_says_what_its_zone_abbreviations_mean(cases: Judge) -> None:
    # IANA's own CET would do for the first; PDT is no zone of IANA at all.
    zones = ["CET", "PDT", "Europe/Amsterdam", "MEZ", "pdt"]

    sheet = await judged(cases, "timezone", zones)

    assert sheet.issues == [(n, "error", "timezone", "timezone-unknown") for n in (4, 5)]
    hours = [str(row.values["opened_at"])[11:13] for row in sheet.rows[:3]]
    assert hours == ["08", "17", "08"]


async def test_numbers_and_days_tell_keys_apart_and_so_does_their_lack(cases: Judge) -> None:
    rows = [
        case(1),
        case(1, booked_on=""),
        case(1, booked_on="2025-06-03"),
        case(1, part="1"),
        case(1, part="2"),
    ]

    sheet = await cases.rows(rows, "cases")

    assert sheet.doubled == Doubled()
    assert len(sheet.rows) == 5


async def test_the_highest_version_of_a_key_is_taken_wherever_it_stands(cases: Judge) -> None:
    rows = [
        case(1, updated_at="2025-06-02 00:00:00", amount="1"),
        case(1, updated_at="2025-06-03T01:00:00+02:00", amount="2"),
        case(1, updated_at="2025-06-03 00:00:00", amount="3"),
        case(1, updated_at="", amount="4"),
        case(2, updated_at="", amount="5"),
    ]

    sheet = await cases.rows(rows, "cases")

    assert sheet.verdicts == {3: "good", 5: "good"}
    assert sheet.doubled == Doubled(duplicates=3, ambiguous=0)


async def test_copies_of_the_highest_version_drop_out_with_the_older_ones(cases: Judge) -> None:
    newest = {"updated_at": "2025-06-03 00:00:00", "amount": "3"}

    sheet = await cases.rows([case(1), case(1, **newest), case(1, **newest)], "cases")

    assert sheet.verdicts == {2: "good"}
    assert sheet.doubled == Doubled(duplicates=2, ambiguous=0)


async def test_two_contents_of_the_highest_version_set_the_whole_key_aside(cases: Judge) -> None:
    newest = "2025-06-03 00:00:00"
    rows = [case(1), case(1, updated_at=newest), case(1, updated_at=newest, amount="3")]

    sheet = await cases.rows(rows, "cases")

    assert sheet.issues == [(n, "error", "", "ambiguous-key") for n in (1, 2, 3)]
