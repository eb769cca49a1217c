"""What a judged column is: how its value is made, and which fault earns which code.

Filled in by `rules.py` and `moments.py`, put together by `judging.py`.
"""

from dataclasses import dataclass

from server.datasets.declaration import Column
from server.datasets.issues import IssueCode, Severity


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


def required(column: Column, severity: Severity) -> tuple[Rule, ...]:
    """Return the rule against an empty cell, where there is one."""
    if not column.required:
        return ()
    return (Rule(f"empty(trimBoth(s_{column.name}))", IssueCode.REQUIRED_VALUE, severity),)
