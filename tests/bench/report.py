"""What was measured, as a table for people and as JSON for whoever compares runs."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles

_PACKAGES = ("chdb", "clickhouse-connect", "litestar", "pydantic", "sqlalchemy", "uvicorn", "minio")
_COLUMNS = (
    "n",
    "min",
    "median",
    "p95",
    "bare min",
    "bare median",
    "ratio min",
    "ratio median",
    "ratio of pairs",
    "bar",
)
# Below this many values a 95th percentile is just the largest one.
_FEWEST_FOR_P95 = 20


@dataclass(frozen=True)
class Measure:
    """One thing measured, beside its bare reference where it has one."""

    part: str
    case: str
    unit: str
    """s, ms or MiB: of ours and bare."""
    ours: Sequence[float]
    bare: Sequence[float] = ()
    bar: str = ""
    """What INGEST.md asks of it, in words."""
    note: str = ""
    """One line below the row."""
    detail: Mapping[str, object] = field(default_factory=dict)
    """More facts, for the JSON only."""

    @property
    def p95(self) -> float | None:
        """Return the 95th percentile of ours."""
        if len(self.ours) < _FEWEST_FOR_P95:
            return None
        return quantiles(self.ours, n=20, method="inclusive")[-1]

    @property
    def ratio_of_minima(self) -> float | None:
        """Return how much ours takes as a multiple of bare, the best of each."""
        return min(self.ours) / min(self.bare) if self.bare else None

    @property
    def ratio_of_medians(self) -> float | None:
        """Return how much ours takes as a multiple of bare, the middle of each."""
        return median(self.ours) / median(self.bare) if self.bare else None

    @property
    def ratio_of_pairs(self) -> float | None:
        """Return the middle of the ratios of neighbours: a machine's drift falls out of it."""
        if not self.bare or len(self.ours) != len(self.bare):
            return None
        return median(one / other for one, other in zip(self.ours, self.bare, strict=True))

    def as_json(self) -> dict[str, object]:
        """Return everything."""
        return {
            "part": self.part,
            "case": self.case,
            "unit": self.unit,
            "runs": len(self.ours),
            "min": min(self.ours),
            "median": median(self.ours),
            "p95": self.p95,
            "bareMin": min(self.bare, default=None),
            "bareMedian": median(self.bare) if self.bare else None,
            "ratioOfMinima": self.ratio_of_minima,
            "ratioOfMedians": self.ratio_of_medians,
            "ratioOfPairs": self.ratio_of_pairs,
            "bar": self.bar,
            "ours": list(self.ours),
            "bare": list(self.bare),
            "detail": dict(self.detail),
        }

    def cells(self) -> list[str]:
        """Return the texts of the table's columns."""
        numbers = [min(self.ours), median(self.ours), self.p95]
        numbers += [min(self.bare), median(self.bare)] if self.bare else [None, None]
        ratios = (self.ratio_of_minima, self.ratio_of_medians, self.ratio_of_pairs)
        return [
            str(len(self.ours)),
            *("" if number is None else f"{_plain(number)} {self.unit}" for number in numbers),
            *("" if ratio is None else f"{ratio:.2f}" for ratio in ratios),
            self.bar,
        ]


def table(measures: Sequence[Measure], skipped: Sequence[str]) -> str:
    """Return the table, with notes below their rows and what was skipped below all."""
    lines = [["", *_COLUMNS], *([f"{m.part}  {m.case}", *m.cells()] for m in measures)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    notes = ["", *(measure.note for measure in measures)]
    shown = []
    for line, note in zip(lines, notes, strict=True):
        first, *rest = line
        *right, bar = [text.rjust(width) for text, width in zip(rest, widths[1:], strict=True)]
        shown.append("  ".join([first.ljust(widths[0]), *right, bar.strip()]).rstrip())
        if note:
            shown.append(f"    {note}")
    shown += [f"skipped: {reason}" for reason in skipped]
    return "\n".join(shown)


def report(
    measures: Sequence[Measure],
    skipped: Sequence[str],
    *,
    arguments: Sequence[str],
    versions: Mapping[str, str],
) -> dict[str, object]:
    """Return the whole run as JSON."""
    packages = {name: version(name) for name in _PACKAGES}
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "arguments": list(arguments),
        "machine": _machine(),
        "versions": {"python": platform.python_version(), **packages, **versions},
        "rows": [measure.as_json() for measure in measures],
        "skipped": list(skipped),
    }


def _machine() -> dict[str, object]:
    return {
        "system": platform.platform(),
        "processor": _told("/proc/cpuinfo", "model name") or platform.processor(),
        "cores": os.cpu_count(),
        "memoryBytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "loadAverage": os.getloadavg(),
    }


def _told(path: str, name: str) -> str | None:
    """Return what one of the kernel's `name: value` files says."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), None)


def _plain(number: float) -> str:
    return f"{number:.3f}" if number < 10 else f"{number:.1f}"
