"""Finds the entries of ISO 20022 camt.053 bank statements, and tells whether they add up.

Fed in pieces, and forgets each entry once it is told (`camt_rows.py`), so memory does not grow with
the file. A document type, which statements never have and entity bombs need, is refused.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, NoReturn
from xml.etree.ElementTree import Element
from xml.parsers import expat

from server.files.failures import FailureCode, FileFailed
from worker.ingest.camt_rows import (
    Unreadable,
    account_of,
    amount_of,
    currency_of,
    is_booked,
    rows_of,
    text,
)
from worker.ingest.controls import Checked

_NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:camt.053."
_STATEMENT_DEPTH: Final = 2  # Document / BkToCstmrStmt / Stmt
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)
# Deeper, longer or wider than any statement's; they bound what one entry may hold in memory.
_MOST_DEPTH: Final = 40
_MOST_TEXT: Final = 2**16
_MOST_ELEMENTS: Final = 500_000
# What is needed of a statement beside its entries, and of the document's head.
_KEPT: Final = frozenset({"Id", "Acct", "StmtPgntn", "Bal", "MsgPgntn"})
_CARD_NUMBER: Final = range(12, 20)
# A document may hold a year of daily statements of many accounts; nobody reads as many totals.
_MOST_CONTROLS: Final = 100


@dataclass
class _Statement:
    """What is known of the statement that is being read."""

    parts: Element
    booked: dict[str, Decimal] = field(default_factory=dict)
    """Sum of the booked entries, by currency."""


class StatementReader:
    """Turns the bytes of a document into rows, in the order of `camt_rows.LABELS`."""

    def __init__(self) -> None:
        self.controls: list[Checked] = []
        """Of each statement with both balances, whether its entries lead from one to the other;
        behind the first hundred only of those where they do not, again a hundred."""
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._meet_doctype
        self._open: list[Element] = []
        self._rows: list[list[str]] = []
        self._pages: Element | None = None
        self._statement: _Statement | None = None
        self._statements = 0
        self._elements = 0

    def feed(self, data: bytes, *, is_last: bool = False) -> list[list[str]]:
        """Return the rows that the bytes complete.

        Raises:
            FileFailed: structure-error with the line; pan-detected.
        """
        try:
            self._parser.Parse(data, is_last)
        except expat.ExpatError as fault:
            self._refuse(f"The XML breaks: {expat.ErrorString(fault.code)}", fault.lineno)
        except Unreadable as fault:
            self._refuse(str(fault))
        rows, self._rows = self._rows, []
        return rows

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, tag = name.rpartition(" ")
        depth = len(self._open)
        if not depth and not (tag == "Document" and namespace.startswith(_NAMESPACE)):
            self._refuse("The document is not a camt.053 statement")
        element = Element(tag, attributes)
        if tag == "Stmt" and depth == _STATEMENT_DEPTH:
            self._statements += 1
            self._statement = _Statement(element)
        # An entry hangs nowhere: it is gone when its end is met.
        if depth > _STATEMENT_DEPTH + 1 or (depth > _STATEMENT_DEPTH and tag in _KEPT):
            self._open[-1].append(element)
        self._open.append(element)
        self._elements += 1
        if depth > _MOST_DEPTH or self._elements > _MOST_ELEMENTS:
            self._refuse("An entry is larger than any statement's")

    def _characters(self, data: str) -> None:
        element = self._open[-1]
        element.text = (element.text or "") + data
        if len(element.text) > _MOST_TEXT:
            self._refuse("A text is longer than any statement's")

    def _end(self, _name: str) -> None:
        element, depth = self._open.pop(), len(self._open)
        statement = self._statement
        if element.tag == "MsgPgntn":
            self._pages = element
        elif element.tag == "PAN":
            self._meet_card_number((element.text or "").strip())
        elif statement is not None and depth == _STATEMENT_DEPTH:
            self._check_balances(statement)
            self._statement = None
        elif statement is not None and depth == _STATEMENT_DEPTH + 1 and element.tag == "Ntry":
            self._tell(statement, element)

    def _tell(self, statement: _Statement, entry: Element) -> None:
        if is_booked(entry):
            currency = currency_of(entry)
            booked = statement.booked.get(currency, Decimal(0))
            statement.booked[currency] = booked + amount_of(entry)
        parts = statement.parts
        self._rows += rows_of(entry, [account_of(parts), self._statement_id(parts)])
        self._elements = 0

    def _statement_id(self, parts: Element) -> str:
        """Return the statement's id; the pages of one statement are told apart."""
        statement_id = text(parts, "Id")
        pages = parts.find("StmtPgntn")
        pages = self._pages if pages is None else pages
        if pages is None:
            return statement_id
        page = text(pages, "PgNb")
        is_only = page.lstrip("0") == "1" and text(pages, "LastPgInd") in ("true", "1")
        return statement_id if is_only or not page else f"{statement_id}/{page}"

    def _check_balances(self, statement: _Statement) -> None:
        opening, closing = (_balance(statement.parts, kinds) for kinds in (_OPENING, _CLOSING))
        if opening is None or closing is None:
            return
        currency = currency_of(closing)
        if {currency_of(opening), *statement.booked} - {currency}:
            return
        booked = statement.booked.get(currency, Decimal(0))
        expected, actual = amount_of(closing), amount_of(opening) + booked
        is_off = expected != actual
        if len(self.controls) < (2 * _MOST_CONTROLS if is_off else _MOST_CONTROLS):
            # By its place in the document: its id is a cell's value.
            name = f"Closing balance of statement {self._statements}"
            checked = Checked(name, currency, expected, actual, is_off=is_off, fails=True)
            self.controls.append(checked)

    def _meet_card_number(self, said: str) -> None:
        digits = said.replace(" ", "").replace("-", "")
        if digits.isdigit() and len(digits) in _CARD_NUMBER:
            detail = (
                "Full card numbers in PAN elements. Nothing was loaded, and the stored file was"
                " destroyed."
            )
            raise FileFailed(FailureCode.PAN_DETECTED, detail, columns=["PAN"])

    def _meet_doctype(self, *_said: object) -> None:
        self._refuse("The XML declares a document type, which a statement never has")

    def _refuse(self, what: str, line: int | None = None) -> NoReturn:
        line = line or self._parser.CurrentLineNumber
        detail = f"{what} (line {line})."
        raise FileFailed(FailureCode.STRUCTURE_ERROR, detail, line_number=line) from None


def _balance(parts: Element, kinds: tuple[str, ...]) -> Element | None:
    found = parts.findall("Bal")
    return next((b for b in found if text(b, "Tp/CdOrPrtry/Cd") in kinds), None)
