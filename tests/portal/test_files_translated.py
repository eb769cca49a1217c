"""A file in every state, in the pseudo-language: beside texts there is nothing but data."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from babel.messages.catalog import Message
from markupsafe import escape

from server.access.scopes import ALL_SCOPES
from server.files.answers import answer_file
from server.files.history import answer_history
from server.files.lifecycle import Outcome, Stage
from server.files.models import File, FileEvent
from server.portal.file_page import file_page
from server.portal.history_lines import _ENDS, _FAULTS, _WAITS
from server.portal.repairs import Family
from server.portal.templates import environment
from server.portal.texts import speak_for
from server.portal.words import _CAUSES
from tests.portal.builders import NOW, SHELL, STATISTICS, TITLES, make_file
from tests.portal.pseudo import PSEUDO, untranslated
from tests.portal.test_templates import FILES, REJECTED, TRANSACTIONS, page_of

FILE_NAME = "checkout_transactions_2026-11-22.csv"
SENT = (FILE_NAME, "nadia.keller@example.com")
# Its page: what is told of it, what its sender wrote, names of columns, what the API says of it.
FILE = (
    *(*SENT, "Nadia Keller", "NK", "Northwind Pay", "Europe/Berlin", "transactions", "csv"),
    *("EUR", "USD", "JPY", "Capture", "Refund", "Fee", "Payout", "Chargeback", "Partial capture"),
    *("batch", "Expected", "transaction_id", "amount", "decimal-comma"),
    *("amount uses a comma", "nightly", "nadia@example.com", "Transaction ID", "_extra_1"),
    *("a", "more"),
)

TOTALS = [
    {"currency": "USD", "transactionType": kind, "count": 3, "amount": "1"}
    for kind in ("Fee", "Payout", "Chargeback", "Partial capture", None)
]
STATES = {
    **FILES,
    "asked to undo": FILES["rejections"].model_copy(update={"undo_requested_at": NOW}),
    "undo until": FILES["imported"].model_copy(update={"undo_until": NOW + timedelta(days=1)}),
    "undo over": FILES["imported"].model_copy(update={"undo_until": NOW}),
    "labelled": FILES["imported"].model_copy(
        update={"labels": ["Transaction ID", "ammount", "_issues"]}
    ),
    "many missing": make_file(
        Stage.FAILED,
        Outcome.FAILED,
        failure={"code": "header-mismatch", "missing": ["amount", "currency", "batch", "shop"]},
    ),
    "dollars": make_file(
        Stage.COMPLETED, Outcome.IMPORTED, statistics={**STATISTICS, "totals": TOTALS}
    ),
}


@pytest.mark.parametrize("name", STATES)
def test_a_file_is_told_in_the_readers_language(name: str, pseudo_texts: list[Message]) -> None:
    file = STATES[name]
    rejected, imported = answer_file(FILES["rejections"]), answer_file(FILES["imported"])
    page = file_page(
        file,
        shell=SHELL,
        titles=TITLES,
        dataset=TRANSACTIONS,
        history=answer_history(list(everything_that_happens(file))).results,
        rejected=[REJECTED],
        family=Family(rejected, (rejected, imported), may_send=True),
        now=NOW,
        scopes=ALL_SCOPES,
    )

    html = environment().get_template("file.html").render(page=page)

    # The frame was made before anybody spoke; pages of the application have their own.
    assert untranslated(html[html.index("<main") :], [*FILE, *told_by_the_api(file)]) == []


def everything_that_happens(file: File) -> Iterator[FileEvent]:
    """Yield a change for each cause, and for each reason that one can have."""
    reasons: list[dict[str, object]] = [{"outcome": outcome} for outcome in _ENDS]
    reasons += [{"code": code} for code in (*_FAULTS, *_WAITS, "of-tomorrow")]
    reasons += [{"duplicateOf": "1", "rowsReplacedSince": number} for number in (0, 1, 2)]
    told = [*((cause, {}) for cause in _CAUSES), *(("file.completed", it) for it in reasons)]
    senders = ("key:nightly", "user:nadia@example.com", "worker:1", "sweep", "retention", "cli")
    for number, (cause, detail) in enumerate(told):
        yield FileEvent(
            event_id=UUID(int=number),
            file_id=file.file_id,
            workspace_id="ours",
            at=NOW - timedelta(hours=number),
            actor=senders[number % len(senders)],
            cause=cause,
            detail=detail,
        )


def told_by_the_api(file: File) -> Iterator[str]:
    """Yield what the API says of the file's end, which pages show as it comes."""
    failure = file.failure or {}
    yield from (str(file.file_id), str(failure.get("code")))
    yield from ("ammount", "shop", "_issues")
    yield from (column.name for column in TRANSACTIONS.columns) if TRANSACTIONS else ()


def test_what_is_english_says_so_on_a_page_that_is_not(pseudo_texts: list[Message]) -> None:
    detail = str((FILES["header"].failure or {})["detail"])
    other = environment().get_template("file.html").render(page=page_of(FILES["header"]))

    speak_for("")
    english = environment().get_template("file.html").render(page=page_of(FILES["header"]))
    speak_for(PSEUDO)

    assert f'<p><span lang="en">{escape(detail)}</span> ⟦' in other
    assert '<p><span lang="en">Transactions</span> · ⟦' in other
    assert english.count("lang=") == 1
    assert f"<p>{escape(detail)} " in english
