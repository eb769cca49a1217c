"""What is counted, with its noun: rows, columns, what a row is of."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from server.portal.figures import count
from server.portal.texts import gettext as _
from server.portal.texts import ngettext


class Forms(NamedTuple):
    """A message for one and for any other number, kept until a number is known."""

    one: str
    many: str


_KINDS: Mapping[str, Forms] = MappingProxyType(
    {
        "capture": Forms("%(number)s capture", "%(number)s captures"),
        "partial capture": Forms("%(number)s partial capture", "%(number)s partial captures"),
        "refund": Forms("%(number)s refund", "%(number)s refunds"),
        "chargeback": Forms("%(number)s chargeback", "%(number)s chargebacks"),
        "fee": Forms("%(number)s fee", "%(number)s fees"),
        "payout": Forms("%(number)s payout", "%(number)s payouts"),
    }
)
"""What rows are called by the kinds of movement that the declared datasets know."""

_ANOTHER_KIND = Forms("%(number)s %(kind)s", "%(number)s %(kind)ss")


def counted(one: str, many: str, number: int, **values: str) -> str:
    """Return what is said of a number: the form that the language has for it, and the number.

    Args:
        one: the message for one, which names the number `%(number)s`.
        many: the message for any other number.
        number: printed as the reader writes it.
        values: what else the message names.
    """
    return ngettext(one, many, number) % {"number": count(number), **values}


def rows_in_words(number: int) -> str:
    """Return `1 row`, `8 rows`."""
    return counted("%(number)s row", "%(number)s rows", number)


def rows_of_kind(number: int, kind: str | None) -> str:
    """Return rows by what they are: `1 capture`, `8 refunds`.

    Args:
        number: of rows.
        kind: as the file says it; without it a row is a row.
    """
    if not kind:
        return rows_in_words(number)
    name = kind.lower()
    return counted(*_KINDS.get(name, _ANOTHER_KIND), number, kind=name)


def beginning(words: str) -> str:
    """Return words as they stand first: with a capital letter, where the script has any."""
    return words[:1].upper() + words[1:]


def either(things: Sequence[str]) -> str:
    """Return things of which one holds: `an admin, an editor or an approver`."""
    *others, last = things
    if not others:
        return last
    return _("%(others)s or %(last)s") % {"others": listed(others), "last": last}


def listed(things: Iterable[str]) -> str:
    """Return things one after the other, as the language parts them: `EUR, USD`."""
    return _(", ").join(things)
