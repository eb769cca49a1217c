"""Files in their sender's own words: what a mapping makes of them before they are judged."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from server.analytics.gateway import Analytics
from server.datasets.dates import UnknownForm, check_form, iso_text
from server.datasets.mapping import Mapping
from server.datasets.sql import quoted
from tests.fixtures.ingest import Judge
from tests.fixtures.reports import ADYEN, ADYEN_30, report
from tests.fixtures.rows import good, to_csv

GERMAN = Mapping(
    columns={
        "Vorgangs-Nr": "transaction_id",
        "Art": "transaction_type",
        "Datum": "created_at",
        "Zone": "timezone",
        "W\u00e4hrung": "currency",
        "Betrag": "amount",
        "Notiz": None,
    },
    constants={"provider_code": "adyen", "payment_method_code": "card"},
    values={"transaction_type": {"Einzug": "Capture", "Erstattung": "Refund"}},
    date_formats={"created_at": ("DD.MM.YYYY HH:mm",)},
    zone="Europe/Berlin",
    zone_abbreviations={"CET": "Europe/Berlin", "BST": "Europe/London"},
)
LABELS = ["Vorgangs-Nr", "Art", "Datum", "Zone", "W\u00e4hrung", "Betrag", "Notiz"]


def export(*rows: str, delimiter: str = ";") -> str:
    """Return the export of those rows, each with its cells behind `;`."""
    lines = [";".join(LABELS), *rows]
    return "\n".join(line.replace(";", delimiter) for line in lines) + "\n"


@pytest.mark.parametrize("is_by_lines", [True, False])
async def test_an_export_in_its_own_words_is_judged_in_ours(
    judge: Judge, is_by_lines: bool
) -> None:
    text = export(
        "1;Einzug;31.12.2024 10:30;CET;EUR;12.50;x",
        "2;Erstattung;01.07.2025 10:30;BST;eur;3.00;",
        "3;Capture;01.07.2025 10:30;;EUR;3.00;y",
    )

    sheet = await judge.text(
        text, "transactions", delimiter=";", is_by_lines=is_by_lines, mapping=GERMAN
    )

    assert sheet.issues == []
    assert [row.values["transaction_type"] for row in sheet.rows] == [
        "Capture",
        "Refund",
        "Capture",
    ]
    assert [row.values["created_at"] for row in sheet.rows] == [
        datetime(2024, 12, 31, 9, 30, tzinfo=UTC),
        datetime(2025, 7, 1, 9, 30, tzinfo=UTC),
        datetime(2025, 7, 1, 8, 30, tzinfo=UTC),
    ]
    assert [row.values["timezone"] for row in sheet.rows] == [
        "Europe/Berlin",
        "Europe/London",
        "",
    ]
    assert {row.values["provider_code"] for row in sheet.rows} == {"adyen"}
    assert sheet.rows[0].values["amount"] == Decimal("12.50")


async def test_faults_are_told_of_our_columns_with_the_cells_as_sent(judge: Judge) -> None:
    text = export(
        "1;Tanz;30.02.2025 10:30;CET;EUR;12,50;x",
        "2;Einzug;2025-01-01 10:30;XYZ;EUR;1.00;x",
        "3;Einzug;30.03.2025 02:30;CET;EUR;1.00;x",
        "4;Einzug;;CET;EUR;1.00;x",
        "5;Einzug;1.1.2025 10:30;CET;EUR;1.00;x",
    )

    sheet = await judge.text(text, "transactions", delimiter=";", mapping=GERMAN)

    assert sheet.issues == [
        (1, "error", "transaction_type", "enum-error"),
        (1, "error", "created_at", "type-error"),
        (1, "error", "amount", "decimal-comma"),
        (2, "error", "created_at", "type-error"),
        (2, "error", "timezone", "timezone-unknown"),
        (3, "error", "created_at", "time-nonexistent"),
        (4, "error", "created_at", "required-value"),
        (5, "error", "created_at", "type-error"),
    ]
    assert sheet.rows[0].cells == ["1", "Tanz", "30.02.2025 10:30", "CET", "EUR", "12,50", "x"]


async def test_a_mapping_says_what_an_account_means_by_a_zone_of_a_providers_report(
    judge: Judge,
) -> None:
    # CST and IST name several zones, BST and CET are known, and an account may mean another by it.
    zones = ["CST", "IST", "BST", "CET", "XYZ", "America/Chicago", ""]
    rows = [
        ADYEN | {"TimeZone": zone, "Net Credit (NC)": "1.00", "Modification Reference": str(n)}
        for n, zone in enumerate(zones)
    ]
    account = Mapping(
        zone="Asia/Tokyo",
        zone_abbreviations={"CST": "America/Chicago", "IST": "Asia/Kolkata", "BST": "Asia/Dhaka"},
    )
    text = report(ADYEN_30, rows)

    without = await judge.text(text, "adyen_settlement_details")
    mapped = await judge.text(text, "adyen_settlement_details", mapping=account)

    unknown = ("error", "timezone", "timezone-unknown")
    assert without.issues == [(row, *unknown) for row in (1, 2, 5)]
    assert mapped.issues == [(5, *unknown)]
    # 10:30 in Chicago, Kolkata, Dhaka, Amsterdam, nowhere, Chicago, Tokyo.
    hours = [row.values["creation_date"] for row in mapped.rows if row.verdict == "good"]
    assert [f"{at:%H:%M}" for at in hours if isinstance(at, datetime)] == [
        "16:30",
        "05:00",
        "04:30",
        "09:30",
        "16:30",
        "01:30",
    ]


async def test_json_lines_are_mapped_as_well(judge: Judge) -> None:
    cells = ["1", "Einzug", "31.12.2024 10:30", "CET", "EUR", "12.50", "x"]

    sheet = await judge.json_lines([dict(zip(LABELS, cells, strict=True))], GERMAN)

    assert sheet.issues == []
    assert sheet.rows[0].values["created_at"] == datetime(2024, 12, 31, 9, 30, tzinfo=UTC)


FORMS = [
    ("DD.MM.YYYY HH:mm", "05.02.2025 07:08", "2025-02-05 07:08"),
    ("D.M.YYYY H:mm", "5.2.2025 7:08", "2025-02-05 07:08"),
    ("D.M.YYYY H:mm", "15.12.2025 17:08", "2025-12-15 17:08"),
    ("DD/MM/YYYY", "05/02/2025", "2025-02-05"),
    ("MM/DD/YYYY hh:mm:ss A", "02/05/2025 12:08:09 AM", "2025-02-05 00:08:09"),
    ("MM/DD/YYYY hh:mm:ss A", "02/05/2025 12:08:09 PM", "2025-02-05 12:08:09"),
    ("M/D/YY h:mm A", "2/5/25 1:08 pm", "2025-02-05 13:08"),
    ("DD-MMM-YYYY", "05-Feb-2025", "2025-02-05"),
    ("D MMM YYYY HH:mm:ss", "5 dec 2025 10:11:12", "2025-12-05 10:11:12"),
    ("YYYYMMDD", "20250205", "2025-02-05"),
    ("DD.MM.YYYY HH:mm:ss.S", "05.02.2025 07:08:09.5", "2025-02-05 07:08:09.5"),
    ("YYYY/MM/DD HH:mm:ss Z", "2025/02/05 07:08:09 +02:00", "2025-02-05 07:08:09+02:00"),
    ("DD.MM.YYYY HH:mmZ", "05.02.2025 07:08Z", "2025-02-05 07:08Z"),
    ("ISO8601", "2025-02-05T07:08:09Z", "2025-02-05T07:08:09Z"),
    ("DD.MM.YYYY", "", ""),
]
NO_FORMS = {
    "DD.MM.YYYY": ["31.02.2025", "5.2.2025", "05.02.2025 10:00", "05x02x2025", "2025-02-05"],
    "MM/DD/YYYY": ["13/05/2025", "02/30/2025"],
    "DD-MMM-YYYY": ["05-Foo-2025", "05-02-2025"],
    "MM/DD/YYYY hh:mm A": ["02/05/2025 13:08 PM", "02/05/2025 00:08 AM", "02/05/2025 01:08"],
    "DD.MM.YYYY HH:mm": ["05.02.2025 25:00", "05.02.2025 10:61"],
    "ISO8601": ["05.02.2025", "2025-02-30"],
}


async def test_a_declared_form_is_rewritten_as_iso(engine: Analytics) -> None:
    texts = ", ".join(iso_text(quoted(text), (form,)) for form, text, _ in FORMS)

    found = await engine.query(f"SELECT [{texts}]", comment="test")

    assert found.rows == [([iso for _, _, iso in FORMS],)]


@pytest.mark.parametrize("form", NO_FORMS)
async def test_no_other_form_is_read_and_no_day_that_is_none(judge: Judge, form: str) -> None:
    rows = [good(n, created_at=text) for n, text in enumerate(NO_FORMS[form])]

    sheet = await judge.text(
        to_csv(rows), "transactions", mapping=Mapping(date_formats={"created_at": (form,)})
    )

    assert [row.codes for row in sheet.rows] == [("type-error",)] * len(rows)


async def test_several_forms_of_one_column(judge: Judge) -> None:
    mapping = Mapping(date_formats={"created_at": ("DD.MM.YYYY", "ISO8601")})
    rows = [good(n, created_at=text) for n, text in enumerate(["05.02.2025", "2025-02-05"])]

    sheet = await judge.text(to_csv(rows), "transactions", mapping=mapping)

    assert [row.values["created_at"] for row in sheet.rows] == [
        datetime(2025, 2, 5, tzinfo=UTC)
    ] * 2


@pytest.mark.parametrize(
    "form",
    [
        "",
        "DD.MM",
        "YYYY",
        "DD.MM.YYYY HH",
        "DD.MM.YYYY hh:mm",
        "DD.MM.YYYY HH:mm A",
        "DD.DD.MM.YYYY",
        "DD.MM.YYYY mm",
        "DD.MM.YYYY HH:mm.S",
        "DD.MM.YYYYZ",
        "%d.%m.%Y",
        "DD.MM.YYYY'",
        "iso8601",
        "DD.MM.YYYY HH:mm H",
    ],
)
def test_a_form_that_says_too_little_or_something_else_is_refused(form: str) -> None:
    with pytest.raises(UnknownForm):
        check_form(form)


async def test_texts_that_would_be_sql_stay_texts(judge: Judge) -> None:
    odd = "'); DROP TABLE x --\\ {workspace:String} %(file)s %s\t?"
    mapping = Mapping(constants={"merchant_reference": odd}, values={"payment_id": {"\\'": odd}})

    sheet = await judge.text(to_csv([good(1, payment_id="\\'")]), "transactions", mapping=mapping)

    assert sheet.rows[0].values["merchant_reference"] == odd
    assert sheet.rows[0].values["payment_id"] == odd
