"""What one entry of a camt.053 statement says, as the cells of `bank_statements`.

Used by `camt.py`, which finds the entries. Versions .02 to .13 differ in where a party's name and a
status stand; both places are looked at.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final
from xml.etree.ElementTree import Element

LABELS: Final = (
    "account",
    "statement_id",
    "entry_reference",
    "detail_number",
    "booked_at",
    "value_date",
    "status",
    "currency",
    "amount",
    "is_reversal",
    "transaction_code",
    "end_to_end_id",
    "mandate_id",
    "creditor_reference",
    "remittance_information",
    "counterparty_name",
    "counterparty_account",
    "instructed_currency",
    "instructed_amount",
    "additional_information",
)
_STATUSES: Final = {"BOOK": "booked", "PDNG": "pending", "INFO": "information"}
_NOT_GIVEN: Final = "NOTPROVIDED"


class Unreadable(Exception):
    """What is wrong with an entry, without any of its texts."""


def rows_of(entry: Element, head: list[str]) -> list[list[str]]:
    """Return the entry's rows, in the order of `LABELS`.

    Args:
        entry: an `Ntry`.
        head: the cells of its statement: account and id.

    Raises:
        Unreadable: an amount is missing or no number, or credit and debit are not told.
    """
    return [[*head, *_cells(entry, part)] for part in _parts(entry)]


def is_booked(entry: Element) -> bool:
    """Return whether the entry counts for the balance."""
    return _status(entry) == "BOOK"


def amount_of(element: Element, entry: Element | None = None) -> Decimal:
    """Return the signed amount: credits are positive, also when they reverse a debit.

    Raises:
        Unreadable: as rows_of.
    """
    found = _money(element)
    direction = text(element, "CdtDbtInd")
    if not direction and entry is not None:
        direction = text(entry, "CdtDbtInd")
    if found is None or direction not in ("CRDT", "DBIT"):
        message = "An amount is missing, or does not say credit or debit"
        raise Unreadable(message)
    try:
        amount = Decimal((found.text or "").strip())
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        message = "An amount is no number"
        raise Unreadable(message)
    return amount if direction == "CRDT" else -amount


def currency_of(element: Element) -> str:
    """Return the currency of the element's amount."""
    found = _money(element)
    return "" if found is None else found.get("Ccy", "")


def account_of(element: Element, name: str = "Acct") -> str:
    """Return the IBAN of an account, else its number."""
    return first(element, f"{name}/Id/IBAN", f"{name}/Id/Othr/Id")


def text(element: Element, path: str) -> str:
    """Return the text at the path, `''` where there is none."""
    found = element.find(path)
    return "" if found is None else (found.text or "").strip()


def first(element: Element, *paths: str) -> str:
    """Return the first text that is not empty."""
    return next((found for path in paths if (found := text(element, path))), "")


@dataclass(frozen=True)
class _Part:
    """What becomes a row."""

    detail: Element
    """Where its references stand."""
    amount: Decimal
    number: str = ""


def _parts(entry: Element) -> Iterator[_Part]:
    """Yield the payments of an entry of many, where their amounts are told and make up its own.

    Else the entry as a whole.
    """
    amount, currency = amount_of(entry), currency_of(entry)
    details = entry.findall("NtryDtls/TxDtls")
    amounts = [amount_of(detail, entry) for detail in details if _money(detail) is not None]
    is_told = len(amounts) == len(details) and sum(amounts, Decimal(0)) == amount
    if len(details) > 1 and is_told and {currency_of(d) for d in details} == {currency}:
        for number, (detail, part) in enumerate(zip(details, amounts, strict=True), start=1):
            yield _Part(detail, part, str(number))
    else:
        yield _Part(details[0] if len(details) == 1 else Element("TxDtls"), amount)


def _cells(entry: Element, part: _Part) -> list[str]:
    """Return the cells behind account and statement."""
    detail = part.detail
    is_credit = part.amount >= 0
    party, account = ("Dbtr", "DbtrAcct") if is_credit else ("Cdtr", "CdtrAcct")
    found = detail.find("RltdPties")
    parties = Element("RltdPties") if found is None else found
    instructed = detail.find("AmtDtls/InstdAmt/Amt")
    booked = first(entry, "BookgDt/DtTm", "BookgDt/Dt", "ValDt/DtTm", "ValDt/Dt")
    status = _status(entry)
    references = (text(detail, f"Refs/{name}") for name in ("EndToEndId", "MndtId"))
    return [
        text(detail, "Refs/AcctSvcrRef") or first(entry, "AcctSvcrRef", "NtryRef"),
        part.number,
        # A day may carry a zone, which says nothing of it.
        booked if "T" in booked else booked[:10],
        first(entry, "ValDt/Dt", "ValDt/DtTm")[:10],
        _STATUSES.get(status, status),
        currency_of(entry),
        f"{part.amount:f}",
        "true" if text(entry, "RvslInd") in ("true", "1") else "false",
        _code(detail) or _code(entry),
        *("" if said == _NOT_GIVEN else said for said in references),
        text(detail, "RmtInf/Strd/CdtrRefInf/Ref"),
        " ".join((line.text or "").strip() for line in detail.findall("RmtInf/Ustrd")),
        first(parties, f"{party}/Pty/Nm", f"{party}/Nm"),
        account_of(parties, account),
        "" if instructed is None else instructed.get("Ccy", ""),
        "" if instructed is None else (instructed.text or "").strip(),
        text(detail, "AddtlTxInf") or text(entry, "AddtlNtryInf"),
    ]


def _status(entry: Element) -> str:
    return first(entry, "Sts/Cd", "Sts")


def _money(element: Element) -> Element | None:
    found = element.find("Amt")
    return element.find("AmtDtls/TxAmt/Amt") if found is None else found


def _code(element: Element) -> str:
    paths = (f"BkTxCd/Domn/{path}" for path in ("Cd", "Fmly/Cd", "Fmly/SubFmlyCd"))
    code = "-".join(part for path in paths if (part := text(element, path)))
    return code or text(element, "BkTxCd/Prtry/Cd")
