"""`web/locales/portal.pot`, from the code: `make docs` writes it, a test holds it.

Babel finds the texts by the names of the functions in `server/portal/texts.py` and `counts.py` and
in `web/static/js/texts.js`; here those in tables (`Words`), and what the contract's closed lists
say by code. Where each is used stands beside it, without the line, which would change with every
edit.
"""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from server import errors
from server.datasets.hints import Hint
from server.datasets.issues import ISSUES
from server.files.failures import FAILURES
from server.portal.catalogues import KEYWORDS

ROOT = Path(__file__).resolve().parent.parent
POT = ROOT / "web/locales/portal.pot"

_SOURCES = [
    ("server/portal/**.py", "python"),
    ("web/templates/**.html", "jinja2"),
    ("web/static/js/*.js", "javascript"),
]
# `silent` would leave a template out that cannot be read.
_OPTIONS = {"web/templates/**.html": {"trimmed": "true", "silent": "false"}}
_ABOUT = """\
# The texts of Tallydock's portal, made from the code by `make docs`.
# web/README.md says how a language is added."""


def _of_tables() -> Iterator[tuple[str, int, str, list[str], str | None]]:
    """Yield the texts of every table, as Babel yields what it finds itself."""
    for path in (ROOT / "server/portal").glob("*.py"):
        name = path.relative_to(ROOT).as_posix()
        for table in tables(ast.parse(path.read_text())):
            context = next((ast.literal_eval(it.value) for it in table.keywords), None)
            for line, text in entries(table):
                yield name, line, text, [], context


def _of_codes() -> Iterator[tuple[str, int, str, list[str], str | None]]:
    """Yield what belongs to a public code, and is looked up by it."""
    told: dict[str, list[str]] = {
        "server/datasets/issues.py": [
            text for kind in ISSUES.values() for text in (kind.title, kind.message)
        ],
        "server/datasets/hints.py": [it.value for it in Hint],
        "server/errors.py": [
            it.title
            for it in vars(errors).values()
            if isinstance(it, type) and hasattr(it, "title")
        ],
        "server/files/failures.py": [
            text for failure in FAILURES.values() for text in (failure.title, failure.advice)
        ],
    }
    for name, texts in told.items():
        for line, text in enumerate(texts):
            yield name, line, text, [], None


def tables(module: ast.Module) -> Iterator[ast.Call]:
    """Yield the tables of texts in a module: each call of `Words`."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Words":
            yield node


def entries(table: ast.Call) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each entry."""
    written = table.args[0]
    if not isinstance(written, ast.Dict):
        message = f"line {table.lineno}: the texts have to be written out in the table"
        raise TypeError(message)
    for text in written.values:
        yield text.lineno, ast.literal_eval(text)


def collected() -> Catalog:
    """Return every text of the portal, in the order of files and lines."""
    # No day of its own: the same texts make the same file.
    texts = Catalog(
        project="Tallydock",
        version="main",
        header_comment=_ABOUT,
        creation_date=datetime(2026, 1, 1, tzinfo=UTC),
        fuzzy=False,
    )
    found = extract_from_dir(
        ROOT,
        method_map=_SOURCES,
        options_map=_OPTIONS,
        keywords=KEYWORDS,
        comment_tags=("Translators:",),
        strip_comment_tags=True,
        directory_filter=lambda _: True,
    )
    in_order = sorted((*found, *_of_tables(), *_of_codes()), key=lambda it: (it[0], it[1]))
    for name, _line, text, comments, context in in_order:
        texts.add(text, locations=[(name, 0)], auto_comments=comments, context=context)
    return texts


def pot() -> str:
    """Return the file as it stands in the repository."""
    written = BytesIO()
    write_po(written, collected(), width=100, include_lineno=False)
    return written.getvalue().decode()


if __name__ == "__main__":
    POT.parent.mkdir(exist_ok=True)
    POT.write_text(pot())
