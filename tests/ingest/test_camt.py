"""Bank statements in XML: what becomes a row, with which sign, and what is refused."""

import tracemalloc
from itertools import repeat

import pytest

from server.files.failures import FailureCode, FileFailed
from tests.fixtures.statements import OLD, balance, document, entry, money, statement
from worker.ingest.camt import StatementReader
from worker.ingest.camt_rows import LABELS
from worker.ingest.controls import Checked


def read(text: str | bytes, piece: int = 7) -> list[dict[str, str]]:
    return looked_through(text, piece)[0]


def controls(*statements: str) -> list[tuple[str, str | None, str, str, str]]:
    """Return (name, currency, expected, actual, result) of every control."""
    found = looked_through(document(*statements))[1]
    return [(c.name, c.currency, str(c.expected), str(c.actual), c.result) for c in found]


def looked_through(text: str | bytes, piece: int = 7) -> tuple[list[dict[str, str]], list[Checked]]:
    data = text.encode() if isinstance(text, str) else text
    reader, rows = StatementReader(), []
    for begin in range(0, len(data), piece):
        rows += reader.feed(data[begin : begin + piece])
    rows += reader.feed(b"", is_last=True)
    return [dict(zip(LABELS, row, strict=True)) for row in rows], reader.controls


def refused(text: str | bytes) -> FileFailed:
    with pytest.raises(FileFailed) as caught:
        read(text)
    return caught.value


NEW_PARTY = (
    "<RltdPties><Dbtr><Pty><Nm>Ada</Nm></Pty></Dbtr>"
    "<DbtrAcct><Id><IBAN>NL1</IBAN></Id></DbtrAcct></RltdPties>"
)
OLD_PARTY = (
    "<RltdPties><Dbtr><Nm>Ada</Nm></Dbtr>"
    "<DbtrAcct><Id><Othr><Id>NL1</Id></Othr></Id></DbtrAcct></RltdPties>"
)
REFERENCES = (
    "<Refs><AcctSvcrRef>TX-1</AcctSvcrRef><EndToEndId>E2E-1</EndToEndId><MndtId>M-1</MndtId></Refs>"
)
REMITTANCE = (
    "<RmtInf><Ustrd>Payout</Ustrd><Ustrd>BATCH-17</Ustrd>"
    "<Strd><CdtrRefInf><Ref>RF18</Ref></CdtrRefInf></Strd></RmtInf>"
)
INSTRUCTED = '<AmtDtls><InstdAmt><Amt Ccy="USD">13.00</Amt></InstdAmt></AmtDtls>'


@pytest.mark.parametrize(
    ("version", "status", "party"),
    [
        ("camt.053.001.08", "<Sts><Cd>BOOK</Cd></Sts>", NEW_PARTY),
        (OLD, "<Sts>BOOK</Sts>", OLD_PARTY),
    ],
)
def test_an_entry_becomes_a_row_in_both_versions(version: str, status: str, party: str) -> None:
    detail = REFERENCES + INSTRUCTED + party + REMITTANCE

    (row,) = read(document(statement(entry("12.50", status=status, details=[detail])),
                           version=version))  # fmt: skip

    assert row == {
        "account": "DE02120300000000202051",
        "statement_id": "STM-1",
        "entry_reference": "TX-1",
        "detail_number": "",
        "booked_at": "2026-01-15",
        "value_date": "2026-01-16",
        "status": "booked",
        "currency": "EUR",
        "amount": "12.50",
        "is_reversal": "false",
        "transaction_code": "PMNT-RCDT-ESCT",
        "end_to_end_id": "E2E-1",
        "mandate_id": "M-1",
        "creditor_reference": "RF18",
        "remittance_information": "Payout BATCH-17",
        "counterparty_name": "Ada",
        "counterparty_account": "NL1",
        "instructed_currency": "USD",
        "instructed_amount": "13.00",
        "additional_information": "SEPA credit",
    }


def test_debits_are_negative_and_a_reversal_keeps_its_own_direction() -> None:
    reversal = entry("3.00", more="<RvslInd>true</RvslInd>")

    rows = read(document(statement(entry("-7.25"), reversal)))

    assert [(row["amount"], row["is_reversal"]) for row in rows] == [
        ("-7.25", "false"),
        ("3.00", "true"),
    ]


def test_a_batch_is_told_by_its_payments_when_they_make_up_its_amount() -> None:
    details = [f"<Refs><EndToEndId>E{n}</EndToEndId></Refs>{money('4.00')}" for n in (1, 2, 3)]

    rows = read(document(statement(entry("12.00", details=details))))

    assert [(row["detail_number"], row["end_to_end_id"], row["amount"]) for row in rows] == [
        ("1", "E1", "4.00"),
        ("2", "E2", "4.00"),
        ("3", "E3", "4.00"),
    ]
    assert {row["entry_reference"] for row in rows} == {"BANK-1"}


@pytest.mark.parametrize(
    "details",
    [
        [money("4.00"), money("4.00")],  # not all of it
        [money("6.00"), ""],  # one without an amount
        [money("6.00", "USD"), money("6.00", "USD")],  # of another currency
    ],
)
def test_a_batch_whose_payments_do_not_make_it_up_is_one_row(details: list[str]) -> None:
    (row,) = read(document(statement(entry("12.00", details=details))))

    assert (row["amount"], row["detail_number"], row["end_to_end_id"]) == ("12.00", "", "")


def test_amounts_of_the_older_version_stand_in_their_details() -> None:
    details = [f'<AmtDtls><TxAmt><Amt Ccy="EUR">{n}.00</Amt></TxAmt></AmtDtls>' for n in (5, 7)]

    rows = read(document(statement(entry("-12.00", status="<Sts>BOOK</Sts>", details=details)),
                         version=OLD))  # fmt: skip

    assert [row["amount"] for row in rows] == ["-5.00", "-7.00"]


def test_times_zones_and_what_the_payer_did_not_give() -> None:
    stamped = entry("1.00", booked="<DtTm>2026-01-15T09:30:00+01:00</DtTm>",
                    details=["<Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>"])  # fmt: skip
    zoned = entry("1.00", booked="<Dt>2026-01-15+01:00</Dt>")

    one, other = read(document(statement(stamped, zoned)))

    assert (one["booked_at"], one["end_to_end_id"]) == ("2026-01-15T09:30:00+01:00", "")
    assert other["booked_at"] == "2026-01-15"


def test_pages_of_a_statement_are_told_apart() -> None:
    def pages(number: int, last: str) -> str:
        return f"<PgNb>{number}</PgNb><LastPgInd>{last}</LastPgInd>"

    own = [
        statement(entry("1.00"), pages=f"<StmtPgntn>{pages(*page)}</StmtPgntn>")
        for page in ((1, "false"), (2, "true"), (1, "true"))
    ]
    headed = document(
        statement(entry("1.00")), head=f"<MsgPgntn>{pages(2, 'true')}</MsgPgntn>", version=OLD
    )

    assert [row["statement_id"] for row in read(document(*own))] == ["STM-1/1", "STM-1/2", "STM-1"]
    assert [row["statement_id"] for row in read(headed)] == ["STM-1/2"]


def test_a_statement_that_adds_up_is_taken() -> None:
    parts = [
        balance("OPBD", "100.00"),
        balance("CLBD", "-8.00"),
        entry("12.00"),
        entry("-120.00"),
        entry("5.00", status="<Sts><Cd>PDNG</Cd></Sts>"),
    ]

    without_balances = statement(entry("1.00"))

    rows = read(document(statement(*parts), without_balances))

    assert [row["status"] for row in rows] == ["booked", "booked", "pending", "booked"]
    assert controls(statement(*parts), without_balances) == [
        ("Closing balance of statement 1", "EUR", "-8.00", "-8.00", "ok")
    ]


def test_a_statement_that_lost_an_entry_is_told_by_its_place() -> None:
    good = statement(balance("OPBD", "0"), balance("CLBD", "1.00"), entry("1.00"))
    bad = statement(balance("PRCD", "100.00"), balance("CLBD", "112.50"), entry("12.00"))

    assert controls(good, bad) == [
        ("Closing balance of statement 1", "EUR", "1.00", "1.00", "ok"),
        ("Closing balance of statement 2", "EUR", "112.50", "112.00", "failed"),
    ]


def test_of_many_statements_no_more_are_told_than_can_be_read() -> None:
    good = statement(balance("OPBD", "0"), balance("CLBD", "1"), entry("1"))
    bad = statement(balance("OPBD", "0"), balance("CLBD", "2"), entry("1"))

    told = controls(*[good] * 150, *[bad] * 150)

    assert [result for *_, result in told] == ["ok"] * 100 + ["failed"] * 100


BOMB = (
    '<?xml version="1.0"?>\n<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>\n'
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">&b;</Document>'
)
FOREIGN = (
    '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">&x;</Document>'
)
WHOLE = document(statement(entry("1.00")))


@pytest.mark.parametrize(
    ("text", "told", "line"),
    [
        (BOMB, "declares a document type", 2),
        (FOREIGN, "declares a document type", 1),
        (WHOLE[: len(WHOLE) // 2], "The XML breaks", 4),
        (WHOLE.replace("</Stmt>", "</Smtt>"), "The XML breaks", 4),
        ("account,amount\n1,2\n", "The XML breaks", 1),
        ("", "The XML breaks", 1),
        (WHOLE.replace("camt.053", "camt.052"), "not a camt.053 statement", 2),
        ("<html></html>", "not a camt.053 statement", 1),
        (WHOLE.replace("CRDT", "BOTH"), "does not say credit or debit", 4),
        (WHOLE.replace(">1.00<", ">one<"), "An amount is no number", 4),
        (WHOLE.replace(">1.00<", ">NaN<"), "An amount is no number", 4),
        (WHOLE.replace("SEPA credit", "x" * 70_000), "A text is longer", 4),
        (
            WHOLE.replace("<NtryDtls>", "<NtryDtls>" + "<a>" * 50).replace(
                "</NtryDtls>", "</a>" * 50 + "</NtryDtls>"
            ),
            "larger than any statement's",
            4,
        ),
    ],
)
def test_broken_and_hostile_xml_is_refused_with_its_line(text: str, told: str, line: int) -> None:
    failure = refused(text)

    assert failure.code is FailureCode.STRUCTURE_ERROR
    assert told in failure.detail
    assert failure.extras == {"line_number": line}


def test_a_card_number_ends_the_file_and_a_masked_one_does_not() -> None:
    def card(number: str) -> str:
        data = f"<PlainCardData><PAN>{number}</PAN></PlainCardData>"
        return entry("1.00", more=f"<CardTx><Card>{data}</Card></CardTx>")

    failure = refused(document(statement(card("4111 1111 1111 1111"))))

    assert failure.code is FailureCode.PAN_DETECTED
    assert "4111" not in str(failure)
    assert len(read(document(statement(card("411111******1111"))))) == 1


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "windows-1252"])
def test_the_document_says_its_own_encoding(encoding: str) -> None:
    text = document(statement(entry("1.00", details=["<RmtInf><Ustrd>Müller</Ustrd></RmtInf>"])))

    (row,) = read(text.replace('encoding="UTF-8"', f'encoding="{encoding}"').encode(encoding))

    assert row["remittance_information"] == "Müller"


def test_memory_does_not_grow_with_the_entries() -> None:
    begin, end = document("¦").encode().split("¦".encode())
    one = statement(*repeat(entry("1.00", details=[REFERENCES + NEW_PARTY]), 50)).encode()
    peaks = []

    for count in (5, 50):
        tracemalloc.start()
        reader = StatementReader()
        reader.feed(begin)
        for _ in range(count):
            assert len(reader.feed(one)) == 50
        reader.feed(end, is_last=True)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < 1.5 * peaks[0]
