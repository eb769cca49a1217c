"""What was set aside: its row numbers, reasons and cells, by page and as a sheet to repair."""

from tests.fixtures.client import Client, counts_of, read_csv, sums_of
from tests.fixtures.rows import to_csv
from tests.journeys.payments import COLUMNS, Payments

FORMULAS = (
    "=1+1",
    "+x",
    "-x",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "-5.00",
    "+5",
    "-1,5",
    "'=1",
    "x=1",
    "\uff1d1",
)
SHEET = ("'=1+1", "'+x", "'-x", "'@SUM(A1)", "'\tx", "'\rx", "-5.00", "+5", "-1,5", "''=1", "x=1",
         "'\uff1d1")  # fmt: skip


def test_each_row_keeps_its_number_its_reasons_and_its_cells(
    client: Client, payments: Payments
) -> None:
    good = payments.rows(3)
    first = payments.row(amount="12,50", transaction_type="Dance", card_last4="42")
    second = payments.row(created_at="2025-02-30", merchant_reference='a "b",\nc')
    rows = [good[0], first, good[1], good[2], second]

    file = client.send(to_csv(rows), maxRejectedRatio=1)

    assert file.outcome == "imported_with_rejections"
    assert counts_of(file) == {"total": 5, "imported": 3, "inserted": 3, "rejected": 2}
    page = client.rejected(file).json()
    assert [row["rowNumber"] for row in page["results"]] == [2, 5]
    assert [row["cells"] for row in page["results"]] == [first, second]
    assert [
        [(issue["severity"], issue["column"], issue["code"]) for issue in row["issues"]]
        for row in page["results"]
    ] == [
        [
            ("error", "transaction_type", "enum-error"),
            ("error", "amount", "decimal-comma"),
            ("warning", "card_last4", "pattern-error"),
        ],
        [("error", "created_at", "type-error")],
    ]
    assert client.shown(payments.provider) == sums_of(good)


def test_warned_rows_load_and_are_told_apart(client: Client, payments: Payments) -> None:
    rows = payments.rows(3)
    rows[1]["installment_count"] = "2.5"

    file = client.send(to_csv(rows))

    assert counts_of(file) == {"total": 3, "imported": 3, "inserted": 3, "with_warnings": 1}
    assert client.rows(file.id, "warned") == {2: ["installment_count:type-error"]}
    assert client.rows(file.id) == {}
    assert client.shown(payments.provider) == sums_of(rows)


def test_the_files_issues_are_summed_up(client: Client, payments: Payments) -> None:
    rows = [payments.row(amount=text) for text in ("1", "x", "y", "1,5", "z")]
    rows[4]["card_last4"] = "1"

    file = client.send(to_csv(rows), maxRejectedRatio=1)

    told = {(i.column, i.code, i.severity, i.count, i.first_row_number) for i in file.issues}
    assert told == {
        ("amount", "type-error", "error", 3, 2),
        ("amount", "decimal-comma", "error", 1, 4),
        ("card_last4", "pattern-error", "warning", 1, 5),
    }
    assert all(issue.message for issue in file.issues)


def test_pages_walk_over_all_rows_in_order(client: Client, payments: Payments) -> None:
    _, data = payments.file(40, currency="EURO")

    file = client.send(data, maxRejectedRatio=1)

    assert list(client.rows(file.id)) == list(range(1, 41))


def test_surplus_cells_stand_in_the_page(client: Client, payments: Payments) -> None:
    lines = payments.file(3)[1].decode().splitlines()
    lines[2] += ",surplus,,more"

    file = client.send("\n".join(lines), maxRejectedRatio=1)

    (row,) = client.rejected(file).json()["results"]
    assert [issue["code"] for issue in row["issues"]] == ["extra-cell"]
    surplus = {name: cell for name, cell in row["cells"].items() if name not in COLUMNS}
    assert list(surplus.values()) == ["surplus", "more"]


def test_the_sheet_is_safe_to_open(client: Client, payments: Payments) -> None:
    rows = [payments.row(amount="x", merchant_reference=text) for text in FORMULAS]

    file = client.send(to_csv(rows), "=cmd|' C calc'!A0.csv", maxRejectedRatio=1)
    answer = client.sheet(file)

    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    sheet = read_csv(answer.text)
    assert list(sheet[0]) == [*COLUMNS, "_file_id", "_row_number", "_issues"]
    assert tuple(row["merchant_reference"] for row in sheet) == SHEET
    assert [row["_row_number"] for row in sheet] == [str(n) for n in range(1, len(rows) + 1)]
    assert {row["_file_id"] for row in sheet} == {file.id}
    assert all("type-error" in row["_issues"] for row in sheet)


def test_a_repaired_sheet_can_be_sent_as_it_is(client: Client, payments: Payments) -> None:
    rows = payments.rows(4, currency="EUR", transaction_type="Capture")
    spoilt = [{**row, "amount": "x"} for row in rows[:2]] + rows[2:]
    file = client.send(to_csv(spoilt), maxRejectedRatio=1)
    sheet = read_csv(client.sheet(file).text)
    repaired = [{**row, "amount": fixed["amount"]} for row, fixed in zip(sheet, rows, strict=False)]

    again = client.send(to_csv(repaired))

    assert counts_of(again) == {"total": 2, "imported": 2, "inserted": 2}
    assert again.header is not None
    assert again.header.ignored == ["_file_id", "_row_number", "_issues"]
    assert again.header.unknown == []
    assert client.shown(payments.provider) == sums_of(rows)


def test_rejected_rows_of_a_duplicate_header_label_and_a_blank_one(
    client: Client, payments: Payments
) -> None:
    rows = payments.rows(2, amount="x")
    lines = to_csv(rows).splitlines()
    lines = [lines[0] + ",note,note,"] + [f"{line},n1,n2,n3" for line in lines[1:]]

    file = client.send("\n".join(lines), maxRejectedRatio=1)

    text = client.sheet(file).text
    assert text.splitlines()[0].split(",")[len(COLUMNS) :][:3] == ["note", "note", ""]
    assert ",n1,n2,n3," in text.splitlines()[1]


def test_bytes_that_are_no_text_far_into_a_file_break_nothing(
    client: Client, payments: Payments
) -> None:
    rows = payments.rows(3000)
    rows[2990] = {**rows[2990], "amount": "x", "merchant_reference": "BYTES"}

    file = client.send(to_csv(rows).encode().replace(b"BYTES", b"\xff\xfe\xfa"))

    assert counts_of(file)["rejected"] == 1
    page = client.rejected(file)
    sheet = client.sheet(file)
    assert (page.status_code, sheet.status_code) == (200, 200)
    assert page.json()["results"][0]["rowNumber"] == 2991


def test_a_repaired_report_says_itself_whose_rows_it_brings_back(
    client: Client, payments: Payments
) -> None:
    rows = [payments.row(amount="x", merchant_reference=text) for text in FORMULAS[:6]]
    first = client.send(to_csv([*payments.rows(2), *rows]), maxRejectedRatio=1)
    report = read_csv(client.http.get(f"/analytics/files/{first.id}/rejected-rows.csv").text)

    again = client.send(to_csv([{**cells, "amount": "7.50"} for cells in report]))

    assert counts_of(again) == {"total": 6, "imported": 6, "inserted": 6}
    assert again.repair_of == first.id


def test_a_file_tells_how_many_of_its_rejected_rows_have_come_back(
    client: Client, payments: Payments
) -> None:
    first = client.send(to_csv(payments.rows(4, amount="x")), maxRejectedRatio=1)
    report = read_csv(client.sheet(first).text)
    half, rest = ([{**cells, "amount": "7.50"} for cells in part] for part in halves(report))

    def come_back() -> object:
        return client.http.get(first.links.self).json()["statistics"]["rowsRepaired"]

    assert come_back() == 0
    client.send(to_csv(half))
    assert come_back() == 2
    other = client.send(to_csv([*rest, *payments.rows(5)]), repairOf=first.id)
    # New rows in a repair are no rows that come back.
    assert come_back() == 4
    client.undo(other.id)
    assert come_back() == 2


def halves(rows: list[dict[str, str]]) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Return the first and the second half."""
    return rows[: len(rows) // 2], rows[len(rows) // 2 :]
