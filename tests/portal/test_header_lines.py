"""What a file's page says of its header: by the mapping, and of one that did not match."""

import re
from uuid import uuid4

from server.datasets.catalogue import Catalogue
from server.datasets.mapping import Mapping
from server.files.answers import answer_file
from server.files.contents import HEAD_BYTES, look
from server.files.failures import FileFailed
from server.files.framing import find_layout
from server.files.lifecycle import Outcome, Stage
from server.files.models import File
from server.portal.file_parts import HeaderAlignment
from server.portal.header_lines import header_alignment
from server.portal.parts import Step
from server.portal.steps import steps_of
from tests.portal.builders import STATISTICS, make_file
from tests.portal.test_templates import page_of, render

_FOUND = Catalogue.built_in().get("transactions")
assert _FOUND is not None
TRANSACTIONS = _FOUND
LABELS = ["Vorgang", "transaction type", "Datum", "Waehrung", "ammount", "Filiale", "Notiz"]
MAPPING = Mapping(
    columns={
        "Vorgang": "transaction_id",
        "Datum": "created_at",
        "Waehrung": "currency",
        "ammount": "amount",
        "Filiale": None,
    },
    constants={"provider_code": "adyen"},
)


def mapped_file() -> File:
    return make_file(
        Stage.COMPLETED,
        Outcome.IMPORTED,
        statistics=STATISTICS,
        header={"matched": [], "missing": ["timezone"], "unknown": [], "ignored": []},
        labels=LABELS,
        mapping_id=uuid4(),
        mapping_name="shop",
        mapping_version=2,
    )


def alignment_of(file: File, mapping: Mapping | None = None) -> HeaderAlignment:
    found = header_alignment(answer_file(file), TRANSACTIONS, file.labels or (), mapping)
    assert found is not None
    return found


def mismatched(header: str) -> File:
    """Return the record of a file with that header, as the ingest writes it."""
    contents = look(f"{header}\n".encode(), is_whole=True, wants_cp1252=False, is_binary=False)
    assert len(header) < HEAD_BYTES
    try:
        find_layout(TRANSACTIONS, contents, file_type="csv")
    except FileFailed as failure:
        return make_file(Stage.FAILED, Outcome.FAILED, failure=failure.as_json())
    message = "the header was taken"
    raise AssertionError(message)


def test_a_header_is_told_by_the_mapping_that_the_file_was_read_with() -> None:
    found = alignment_of(mapped_file(), MAPPING)

    assert found.sentence == ("5 of 18 columns found. Read with the mapping “shop”, version 2.")
    told = {(line.column, line.label): line.words for line in (*found.notable, *found.matched)}
    assert told["transaction_id", "Vorgang"] == "Taken for the column, by the mapping"
    assert told["transaction_type", "transaction type"] == ""
    assert told["provider_code", ""] == "“adyen” in every row"
    assert told["", "Filiale"] == "Left out by the mapping"
    assert told["", "Notiz"] == "Not known, not loaded"
    assert "Missing" not in told.values()
    assert len(found.matched) + len(found.absent) + len(MAPPING.constants) == 18


def test_the_steps_and_the_header_give_one_count() -> None:
    found = alignment_of(mapped_file(), MAPPING)

    inspected = steps_of(answer_file(mapped_file()), "UTC", found.found)[1]

    assert inspected == Step("Inspected", "5 of 18 columns found · 0.1 s", "done")


def test_a_header_that_did_not_match_is_told_whole() -> None:
    given = [it.name for it in TRANSACTIONS.columns if it.name not in ("amount", "currency")]
    file = mismatched(",".join([*given, "Betrag", "Curr"]))

    found = alignment_of(file)

    assert found.sentence == "16 of 18 columns found."
    assert [(it.column or it.label, it.words) for it in found.notable] == [
        ("currency", "Missing"),
        ("amount", "Missing"),
        ("Betrag", "Not known, not loaded"),
        ("Curr", "Not known, not loaded"),
    ]
    assert [it.column for it in found.matched] == given
    assert "map your own names" in page_of(file).banner.text


def test_a_failure_stops_where_it_happened_and_what_follows_never_comes() -> None:
    file = answer_file(mismatched("transaction_id,currency"))
    optional = {"matched": ["amount"], "missing": ["timezone"], "unknown": [], "ignored": []}
    rows = answer_file(
        make_file(
            Stage.FAILED,
            Outcome.FAILED,
            header=optional,
            statistics=STATISTICS,
            failure={"code": "too-many-rejected"},
        )
    )

    assert [it.detail for it in steps_of(file, "UTC", "2 of 18 columns found")][1:] == [
        "stopped here · 2 of 18 columns found",
        "not reached",
        "not reached",
    ]
    assert [it.state for it in steps_of(rows, "UTC", "")] == ["done", "done", "failed", "todo"]


def test_no_half_of_the_page_is_empty() -> None:
    for file in (mismatched("transaction_id,currency"), make_file(Stage.AWAITING_UPLOAD)):
        html = render("file.html", page_of(file))

        halves = re.split(r'<div class="stack">', html)[1:]
        assert [half.count("<section") > 0 for half in halves] == [True, True]
        assert html.count('id="facts"') == html.count('id="history"') == 1
