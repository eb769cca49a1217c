"""`web/locales/portal.pot`, from the code: `make docs` writes it, a test holds it.

Babel finds the texts by the names of the functions in `server/portal/texts.py`. Where each is used
stands beside it, without the line, which would change with every edit.
"""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import write_po

ROOT = Path(__file__).resolve().parent.parent
POT = ROOT / "web/locales/portal.pot"

_SOURCES = [("server/portal/**.py", "python"), ("web/templates/**.html", "jinja2")]
# `silent` would leave a template out that cannot be read.
_OPTIONS = {"web/templates/**.html": {"trimmed": "true", "silent": "false"}}
_KEYWORDS = {**DEFAULT_KEYWORDS, "marked": None, "plural": (2, 3)}
_ABOUT = """\
# The texts of Tallydock's portal, made from the code by `make docs`.
# web/README.md says how a language is added."""


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
        keywords=_KEYWORDS,
        comment_tags=("Translators:",),
        strip_comment_tags=True,
        directory_filter=lambda _: True,
    )
    for name, _line, text, comments, context in sorted(found, key=lambda it: (it[0], it[1])):
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
