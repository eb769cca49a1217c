"""What a judged column is: how its value is made, and which fault earns which code.

Filled in by `rules.py` and `moments.py`, put together by `judging.py`.
"""

from dataclasses import dataclass

from server.datasets.column import Column
from server.datasets.issues import IssueCode, Severity

# All below the blank but TAB, LF and CR, which quoted text may hold; and DEL.
_CONTROL = r"[\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\x7F]"


@dataclass(frozen=True)
class Rule:
    """What earns a cell its code."""

    condition: str
    code: IssueCode
    severity: Severity
    keeps_value: bool = False
    """True when a warning leaves the value in place (a time that occurs twice)."""


@dataclass(frozen=True)
class Judgement:
    """How one column is judged."""

    column: str
    steps: tuple[tuple[str, str], ...]
    """(alias, expression), each seeing those before it; the last is `v_<column>`."""
    clean: str
    """True for a cell without a fault."""
    rules: tuple[Rule, ...]
    empty: str
    """The value a faulty cell gets when its row loads all the same."""
    formed: str | None = None
    """Of free text and ids: what is left of `clean` when their bytes and digits are looked through
    with those of the row's other texts (`together.py`)."""


def unreadable(column: Column, severity: Severity, when: str = "1") -> tuple[Rule, ...]:
    """Return the rules against bytes that are no text; they speak before any other.

    Args:
        column: whose cells.
        severity: of the fault.
        when: a condition they need besides.
    """
    text = f"s_{column.name}"
    return (
        Rule(f"{when} AND NOT isValidUTF8({text})", IssueCode.ENCODING_ERROR, severity),
        Rule(f"{when} AND match({text}, '{_CONTROL}')", IssueCode.CONTROL_CHARACTER, severity),
    )


def required(column: Column, severity: Severity) -> tuple[Rule, ...]:
    """Return the rule against an empty cell, where there is one."""
    if not column.required:
        return ()
    return (Rule(f"empty(trimBoth(s_{column.name}))", IssueCode.REQUIRED_VALUE, severity),)
