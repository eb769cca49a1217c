"""What the portal's Python says is in the catalogue: no words stand in it outside of its texts."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.portal import texts
from tests.texts import collected, entries

MODULES = sorted(Path(texts.__file__).parent.glob("*.py"))
TEXTS = {"_", "gettext", "ngettext", "pgettext", "marked", "counted", "Forms", "Words"}
"""What a text stands in, so that it is collected."""
NAMES = {
    "Python": "a language of programs",
    "JavaScript (Node.js)": "another one",
    "Esc": "what stands on a key",
}
"""The same in every language."""

_WORDS = re.compile(r"(?=.*[^\W\d_]{2})(?=.*\s).*|[A-Z][a-z]+[.:!?…]?", re.DOTALL)
"""A word of two letters and a space, or a single one with a capital."""


@pytest.fixture(scope="module")
def catalogue() -> set[str]:
    """Give every text of the catalogue, in each of its forms."""
    ids = [message.id for message in collected() if message.id]
    return {form for it in ids for form in ([it] if isinstance(it, str) else it)}


@pytest.mark.parametrize("module", MODULES, ids=lambda it: it.stem)
def test_words_stand_in_texts_only(module: Path) -> None:
    outside = set(strings_outside(ast.parse(module.read_text())))

    assert {it for it in outside if _WORDS.fullmatch(it)} - set(NAMES) == set()


@pytest.mark.parametrize("module", MODULES, ids=lambda it: it.stem)
def test_every_text_is_in_the_catalogue(module: Path, catalogue: set[str]) -> None:
    calls = list(texts_of(ast.parse(module.read_text())))

    assert {text for call in calls for text in strings_in(call)} - catalogue == set()
    # Put together before it is looked up, it would be found under no name.
    made = (ast.JoinedStr, ast.BinOp, ast.IfExp, ast.Call)
    assert [ast.unparse(it) for it in calls if it.args and isinstance(it.args[0], made)] == []


@pytest.mark.parametrize(
    "code",
    [
        'Chip(Tone.OK, "Used")',
        'f"{count(rows)} rows"',
        'told = f"as {role}"',
        '_("Sign in") + " here"',
        '_("%(name)s") % {"name": "some body"}',
        '{"code": "some words"}',
    ],
)
def test_words_outside_of_texts_are_seen(code: str) -> None:
    assert any(_WORDS.fullmatch(it) for it in strings_outside(ast.parse(code)))


def strings_outside(node: ast.AST) -> Iterator[str]:
    """Yield every string that is no text, docstring, type, program or key of a table."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) in {*TEXTS, "Template"}:
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    skipped = ("keys",) if isinstance(node, ast.Dict) else ("annotation", "returns")
    for name, field in ast.iter_fields(node):
        for child in field if isinstance(field, list) else [field]:
            if name not in skipped and isinstance(child, ast.AST):
                yield from strings_outside(child)


def texts_of(module: ast.Module) -> Iterator[ast.Call]:
    """Yield the calls that texts stand in."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in TEXTS:
            yield node


def strings_in(call: ast.Call) -> Iterator[str]:
    """Yield the texts that are written out in a call."""
    if ast.unparse(call.func) == "Words":
        yield from (text for _line, text in entries(call))
    for argument in call.args:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value
