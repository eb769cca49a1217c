"""A bank's camt.053, from the upload to rows that count, by the same way as every file."""

import gzip

from server.files.answers import FileAnswer
from tests.fixtures.client import Client, counts_of, failure_of, totals_of
from tests.fixtures.statements import balance, document, entry, money, statement

BALANCED = (balance("OPBD", "10.00"), balance("CLBD", "15.50"), entry("12.50"), entry("-7.00"))


def controls_of(file: FileAnswer) -> list[tuple[str, str, str, str]]:
    """Return (name, expected, actual, result) of what has to add up."""
    assert file.statistics is not None
    return [(c.name, c.expected, c.actual, c.result) for c in file.statistics.controls]


def test_a_statement_is_loaded_and_a_corrected_one_takes_its_place(client: Client) -> None:
    text = document(statement(*BALANCED, statement_id="S-1"))

    file = client.send(text, "january.xml", "bank_statements")

    assert file.outcome == "imported", file.failure
    assert counts_of(file) == {"total": 2, "imported": 2, "inserted": 2}
    assert {place: (count, str(amount)) for place, (count, amount) in totals_of(file).items()} == {
        ("EUR", "None"): (2, "5.50")
    }
    assert controls_of(file) == [("Closing balance of statement 1", "15.50", "15.50", "ok")]
    details = [f'<Refs><EndToEndId>E, "{n}"\nx</EndToEndId></Refs>{money("2.75")}' for n in "12"]
    corrected = document(statement(entry("5.50", details=details), statement_id="S-1"))
    again = client.send(gzip.compress(corrected.encode()), "again.xml", "bank_statements")
    assert counts_of(again) == {"total": 2, "imported": 2, "replaced": 2}
    client.undo(again.id)


def test_statements_that_cannot_be_read_say_why(client: Client) -> None:
    lost = document(statement(*BALANCED[:3], statement_id="S-2"))
    broken = document(statement(*BALANCED))[:-40]

    file = client.send(lost, "lost.xml", "bank_statements")
    assert failure_of(file) == "control-total-mismatch"
    assert controls_of(file) == [("Closing balance of statement 1", "15.50", "22.50", "failed")]
    file = client.send(broken, "broken.xml", "bank_statements")
    assert failure_of(file) == "structure-error"
    assert file.failure is not None
    assert file.failure["lineNumber"] == 4
    cut = client.send(gzip.compress(lost.encode())[:-20], "cut.xml", "bank_statements")
    assert failure_of(cut) in ("compression-error", "structure-error")
