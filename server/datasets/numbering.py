"""The rules of a whole dataset by number: a column's fault is its rule's number, 0 is none.

Between the columns' judgements (`rules.py`, `moments.py`) and the statement (`judging.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from server.datasets.issues import IssueCode, Severity
from server.datasets.judgement import Judgement, Rule
from server.datasets.sql import array


class Numbered:
    """A dataset's rules, numbered so that one comparison tells what a fault does.

    First the warnings that empty the cell, then those that leave it in place, then the errors.
    """

    def __init__(self, judgements: Sequence[Judgement], aside: IssueCode | None) -> None:
        self._judged = [judgement for judgement in judgements if judgement.rules]
        codes = [IssueCode.MISSING_CELL, IssueCode.EXTRA_CELL, *([aside] if aside else [])]
        whole = [_Numbered("", Rule("", code, Severity.ERROR)) for code in codes]
        rules = whole + [_Numbered(j.column, rule) for j in judgements for rule in j.rules]
        self._rules = sorted(rules, key=lambda numbered: numbered.order)
        self._emptying = sum(numbered.order == 0 for numbered in rules)
        self._warnings = sum(numbered.order <= 1 for numbered in rules)

    def row_rule(self, code: IssueCode) -> int:
        """Return the number of a rule on the whole row."""
        return next(
            number
            for number, numbered in enumerate(self._rules, start=1)
            if not numbered.column and numbered.rule.code is code
        )

    def faults(self) -> list[tuple[str, str]]:
        """Return (alias, expression) of every column's fault, for columns that can have one."""
        steps = []
        for judgement in self._judged:
            arms = "".join(f"{r.condition}, {self._number(r)}, " for r in judgement.rules)
            # `if` first: `multiIf` walks its arms row by row, and nearly every cell is clean.
            expression = f"toUInt16(if({judgement.clean}, 0, multiIf({arms}0)))"
            steps.append((f"i_{judgement.column}", expression))
        return steps

    def worst(self) -> str:
        """Return the number of the row's worst fault, 0 for a row without one."""
        return f"greatest({', '.join(['r', *self._aliases()])})"

    def rejects(self, worst: str) -> str:
        """Return the condition of a row that is set aside, by its worst fault."""
        return f"{worst} > {self._warnings}"

    def issues(self) -> str:
        """Return the row's issues; a row that is cut wrongly has that one only."""
        severities = array([str(numbered.rule.severity) for numbered in self._rules])
        names = array([numbered.column for numbered in self._rules])
        codes = array([str(numbered.rule.code) for numbered in self._rules])
        aliases = self._aliases()
        arms = ", ".join(f"p = {place}, {alias}" for place, alias in enumerate(aliases))
        places = f"if(has_issue, if(r != 0, [{len(aliases)}], range({len(aliases)})), [])"
        # A lambda over places, as for the cells: rows without an issue have no places.
        faults = f"arrayFilter(x -> x != 0, arrayMap(p -> multiIf({arms}, r), {places}))"
        return f"arrayMap(x -> ({severities}[x], {names}[x], {codes}[x]), {faults})"

    def emptied(self, judgement: Judgement) -> str | None:
        """Return the condition under which the cell of a row that loads is emptied."""
        if any(self._number(rule) <= self._emptying for rule in judgement.rules):
            return f"i_{judgement.column} BETWEEN 1 AND {self._emptying}"
        return None

    def _number(self, rule: Rule) -> int:
        return next(
            number for number, numbered in enumerate(self._rules, start=1) if numbered.rule is rule
        )

    def _aliases(self) -> list[str]:
        return [f"i_{judgement.column}" for judgement in self._judged]


@dataclass(frozen=True)
class _Numbered:
    column: str
    rule: Rule

    @property
    def order(self) -> int:
        if self.rule.severity is Severity.ERROR:
            return 2
        return 1 if self.rule.keeps_value else 0
