"""Times and zones: what is a time, which instant it is, and what clocks do twice or not at all."""

from datetime import UTC, datetime

from tests.fixtures.ingest import Judge
from tests.fixtures.rows import good

TIMES = {
    "2025-01-15 10:30:00": (),
    "2025-01-15T10:30:00": (),
    "2025-01-15t10:30:00z": (),
    "2025-01-15T10:30:00Z": (),
    "2025-01-15 10:30:00+02:00": (),
    "2025-01-15T10:30:00+0200": (),
    "2025-01-15T10:30:00-11:30": (),
    "2025-01-15T10:30:00.5": (),
    "2025-01-15 10:30:00.123456789Z": (),
    "2025-01-15": (),
    "2025-01-15 10:30": (),
    "2025-01-15T10:30Z": (),
    "2024-02-29 00:00:00": (),
    "": ("required-value",),
    " ": ("required-value",),
    "2025-02-29 00:00:00": ("type-error",),
    "2025-02-30 00:00:00": ("type-error",),
    "2025-13-01 00:00:00": ("type-error",),
    "2025-00-10 00:00:00": ("type-error",),
    "2025-01-00 00:00:00": ("type-error",),
    "2025-01-15 25:00:00": ("type-error",),
    "2025-01-15 24:00:00": ("type-error",),
    "2025-01-15 10:60:00": ("type-error",),
    "2025-01-15 10:30:60": ("type-error",),
    "2025-01-15  10:30:00": ("type-error",),
    " 2025-01-15 10:30:00": ("type-error",),
    "2025-01-15 10:30:00 ": ("type-error",),
    "2025-1-15 10:30:00": ("type-error",),
    "2025-01-15 1:30:00": ("type-error",),
    "2025-01-15T10:30:00.": ("type-error",),
    "2025-01-15T10:30:00.1234567890": ("type-error",),
    "2025-01-15T10:30:00,5": ("type-error",),
    "2025-01-15T": ("type-error",),
    "2025-01-15Z": ("type-error",),
    "2025-01-15 10": ("type-error",),
    "2025-01-15 10:30:00 UTC": ("type-error",),
    "2025-01-15T10:30:00+2:00": ("type-error",),
    "2025-01-15T10:30:00+25:00": ("type-error",),
    "2025-01-15T10:30:00+02:60": ("type-error",),
    "2025-01-15T10:30:00+9999": ("type-error",),
    "2025/01/15 10:30:00": ("type-error",),
    "01/02/2025": ("type-error",),
    "15.01.2025 10:30": ("type-error",),
    "20250115T103000": ("type-error",),
    "1736937000": ("type-error",),
    "1736937000.5": ("type-error",),
    "45672.4375": ("type-error",),
    "yesterday": ("type-error",),
    "1999-12-31 23:59:59": ("date-out-of-range",),
    "2000-01-01 00:00:00": (),
    "1850-01-01 00:00:00": ("date-out-of-range",),
    "0001-01-01 00:00:00": ("date-out-of-range",),
    "2400-01-01 00:00:00": ("date-out-of-range",),
    "9999-12-31 23:59:59": ("date-out-of-range",),
    "0000-00-00 00:00:00": ("type-error",),
    # 48 hours after the arrival, 2026-01-10 12:00, and no second later.
    "2026-01-12 12:00:00": (),
    "2026-01-12 12:00:01": ("date-out-of-range",),
    "2026-01-12T13:00:00+01:00": (),
    "2026-01-12T12:00:00-01:00": ("date-out-of-range",),
    "1999-12-31T23:30:00-01:00": (),
    "2000-01-01T00:30:00+01:00": ("date-out-of-range",),
}
INSTANTS = {
    ("2025-07-01 12:00:00", "Europe/Berlin"): "2025-07-01T10:00:00",
    ("2025-01-15 12:00:00", "America/New_York"): "2025-01-15T17:00:00",
    ("2025-07-01 12:00:00", "Asia/Kolkata"): "2025-07-01T06:30:00",
    ("2025-07-01 12:00:00", "Asia/Kathmandu"): "2025-07-01T06:15:00",
    ("2025-07-01 12:00:00", "Pacific/Kiritimati"): "2025-06-30T22:00:00",
    ("2025-07-01 12:00:00", "Etc/UTC"): "2025-07-01T12:00:00",
    ("2025-07-01 12:00:00", "Etc/GMT+5"): "2025-07-01T17:00:00",
    ("2025-07-01 12:00:00", ""): "2025-07-01T12:00:00",
    # An offset in the value beats the zone.
    ("2025-07-01T12:00:00+01:00", "Asia/Tokyo"): "2025-07-01T11:00:00",
    ("2025-07-01T12:00:00Z", "Asia/Tokyo"): "2025-07-01T12:00:00",
    ("2025-07-01T12:00:00-0330", "Asia/Tokyo"): "2025-07-01T15:30:00",
    ("2025-03-30T02:30:00+01:00", "Europe/Berlin"): "2025-03-30T01:30:00",
    ("2025-10-26T02:30:00+01:00", "Europe/Berlin"): "2025-10-26T01:30:00",
    # Around the gap and the overlap.
    ("2025-03-30 01:59:59", "Europe/Berlin"): "2025-03-30T00:59:59",
    ("2025-03-30 03:00:00", "Europe/Berlin"): "2025-03-30T01:00:00",
    ("2025-10-26 01:59:59", "Europe/Berlin"): "2025-10-25T23:59:59",
    ("2025-10-26 03:00:00", "Europe/Berlin"): "2025-10-26T02:00:00",
    # Zones that changed for good: Samoa skipped 30 December 2011, Turkey stayed on summer time.
    ("2011-12-29 12:00:00", "Pacific/Apia"): "2011-12-29T22:00:00",
    ("2011-12-31 12:00:00", "Pacific/Apia"): "2011-12-30T22:00:00",
    ("2017-01-15 12:00:00", "Europe/Istanbul"): "2017-01-15T09:00:00",
    # Parts of a second, a date alone, no seconds.
    ("2025-07-01 12:00:00.123456789", "Europe/Berlin"): "2025-07-01T10:00:00.123456",
    ("2025-07-01T12:00:00.5+02:00", ""): "2025-07-01T10:00:00.500000",
    ("2025-07-01", "Europe/Berlin"): "2025-06-30T22:00:00",
    ("2025-07-01 12:00", "Europe/Berlin"): "2025-07-01T10:00:00",
}
CLOCKS = {
    ("2025-03-30 02:00:00", "Europe/Berlin"): ("error", "created_at", "time-nonexistent"),
    ("2025-03-30 02:59:59", "Europe/Berlin"): ("error", "created_at", "time-nonexistent"),
    ("2025-10-05 02:15:00", "Australia/Lord_Howe"): ("error", "created_at", "time-nonexistent"),
    ("2011-12-30 12:00:00", "Pacific/Apia"): ("error", "created_at", "time-nonexistent"),
    ("2025-10-26 02:00:00", "Europe/Berlin"): ("warning", "created_at", "time-ambiguous"),
    ("2025-10-26 02:59:59", "Europe/Berlin"): ("warning", "created_at", "time-ambiguous"),
    ("2025-07-01 12:00:00", "Mars/Olympus"): ("error", "timezone", "timezone-unknown"),
    ("2025-07-01 12:00:00", "CEST"): ("error", "timezone", "timezone-unknown"),
    ("2025-07-01 12:00:00", "UTC+2"): ("error", "timezone", "timezone-unknown"),
    ("2025-07-01T12:00:00Z", "Mars/Olympus"): ("warning", "timezone", "timezone-unknown"),
    ("2025-07-01T12:00:00+02:00", "?"): ("warning", "timezone", "timezone-unknown"),
}


async def test_times(judge: Judge) -> None:
    assert await judge.codes("created_at", list(TIMES)) == TIMES


async def test_instants(judge: Judge) -> None:
    rows = [good(n, created_at=text, timezone=zone) for n, (text, zone) in enumerate(INSTANTS)]

    sheet = await judge.rows(rows)

    assert sheet.issues == []
    found = dict(zip(INSTANTS, (row.values["created_at"] for row in sheet.rows), strict=True))
    assert found == {case: instant(text) for case, text in INSTANTS.items()}


async def test_clocks_and_zones_that_are_in_the_way(judge: Judge) -> None:
    rows = [good(n, created_at=text, timezone=zone) for n, (text, zone) in enumerate(CLOCKS)]

    sheet = await judge.rows(rows)

    assert [row.issues for row in sheet.rows] == [(issue,) for issue in CLOCKS.values()]


async def test_the_earlier_of_two_is_taken_and_an_unknown_zone_is_not_kept(judge: Judge) -> None:
    rows = [
        good(1, created_at="2025-10-26 02:30:00", timezone="Europe/Berlin"),
        good(2, created_at="2025-11-02 01:30:00", timezone="America/New_York"),
        good(3, created_at="2025-04-06 01:45:00", timezone="Australia/Lord_Howe"),
        good(4, created_at="2025-07-01T12:00:00Z", timezone="Mars/Olympus"),
    ]

    sheet = await judge.rows(rows)

    assert set(sheet.verdicts.values()) == {"good"}
    assert [row.values["created_at"] for row in sheet.rows] == [
        instant("2025-10-26T00:30:00"),
        instant("2025-11-02T05:30:00"),
        instant("2025-04-05T14:45:00"),
        instant("2025-07-01T12:00:00"),
    ]
    assert [row.values["timezone"] for row in sheet.rows[2:]] == ["Australia/Lord_Howe", ""]
    assert "Mars/Olympus" in sheet.rows[3].cells


async def test_a_faulty_time_beside_the_event_is_a_warning(judge: Judge) -> None:
    texts = {
        "": (),
        "2025-06-03": (),
        "tomorrow": ("type-error",),
        "2025-02-30": ("type-error",),
        "2025-03-30 02:30:00": ("time-nonexistent",),
        "2025-10-26 02:30:00": ("time-ambiguous",),
    }
    rows = [
        good(n, "settlements", settled_at=text, timezone="Europe/Berlin")
        for n, text in enumerate(texts)
    ]

    sheet = await judge.rows(rows, "settlements")

    assert set(sheet.verdicts.values()) == {"good"}
    assert [row.codes for row in sheet.rows] == list(texts.values())
    assert [row.values["settled_at"] for row in sheet.rows[2:]] == [
        None,
        None,
        None,
        instant("2025-10-26T00:30:00"),
    ]


async def test_an_unknown_zone_and_a_faulty_time_are_two_faults(judge: Judge) -> None:
    sheet = await judge.rows([good(1, created_at="never", timezone="Mars/Olympus")])

    assert sheet.issues == [
        (1, "error", "created_at", "type-error"),
        (1, "error", "timezone", "timezone-unknown"),
    ]


def instant(text: str) -> datetime:
    """Return the moment of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
