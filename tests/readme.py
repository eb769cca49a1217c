"""The parts of README.md that are made from the code: `make docs` writes them, a test holds them.

Each stands between `<!-- name: … -->` and `<!-- end of name -->`.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from pathlib import Path

from pydantic import SecretStr

from server.datasets.issues import ISSUES
from server.datasets.sources import declaration_schema
from server.files.failures import FAILURES
from server.settings import Settings

SCHEMA = Path(__file__).resolve().parent.parent / "server/datasets/dataset.schema.json"
README = Path(__file__).resolve().parent.parent / "README.md"


def schema_text() -> str:
    """Return the JSON Schema of the datasets' YAML, as it stands in the repository."""
    return json.dumps(declaration_schema(), indent=1, ensure_ascii=False) + "\n"


def settings_table() -> str:
    """Return the table of settings."""
    prefix = Settings.model_config["env_prefix"]
    rows = [
        (f"`{prefix}{name.upper()}`", field.description or "", _shown(field.default))
        for name, field in Settings.model_fields.items()
    ]
    return _table(("variable", "meaning", "default"), rows)


def failures_table() -> str:
    """Return the table of failure codes."""
    rows = [
        (f"`{code}`", known.title, "ours" if known.is_ours else "the file's", known.advice)
        for code, known in FAILURES.items()
    ]
    return _table(("code", "what happened", "whose fault", "what to do"), rows)


def issues_table() -> str:
    """Return the table of issue codes."""
    rows = [
        (f"`{code}`", kind.title, kind.message % {"column": "The cell", "hint": "…"})
        for code, kind in ISSUES.items()
    ]
    return _table(("code", "in short", "in words"), rows)


TABLES: dict[str, Callable[[], str]] = {
    "settings": settings_table,
    "failures": failures_table,
    "issues": issues_table,
}


def written(text: str) -> str:
    """Return the README with every table made anew."""
    for name, table in TABLES.items():
        begin, end = (
            f"<!-- {name}: made from the code by `make docs` -->\n",
            f"<!-- end of {name} -->",
        )
        if text.count(begin) != 1 or text.count(end) != 1:
            message = f"README.md has not one place for the table of {name}"
            raise ValueError(message)
        before, _, after = text.partition(begin)
        text = f"{before}{begin}{table()}{end}{after.partition(end)[2]}"
    return text


def section(text: str, title: str) -> str:
    """Return what stands under a heading."""
    _, _, after = text.partition(f"\n## {title}\n")
    return after.partition("\n## ")[0]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([_cell(cell) for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, Enum):
        value = value.value
    return f"`{value}`" if value not in ("", None) else ""


if __name__ == "__main__":
    README.write_text(written(README.read_text()))
    SCHEMA.write_text(schema_text())
