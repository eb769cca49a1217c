"""Templates bring no text of their own: whatever a person reads comes from the catalogue."""

import re
from random import Random

import pytest
from babel.messages.catalog import Message
from jinja2 import nodes

from server.portal import contexts, people_contexts
from server.portal.templates import WEB, environment
from tests.portal.filling import filled
from tests.portal.pseudo import PSEUDO, seen, untranslated

_ROW = re.compile(r"^\| `([\w/-]+\.html)` \| `(\w+)`", re.MULTILINE)
DOCUMENTED = dict(_ROW.findall((WEB / "README.md").read_text()))
"""Template → its context's name."""
_ATTRIBUTES = re.compile(r"""(?:\s*[\w-]+=(?:"[^"]*"|'[^']*'))+""")
"""Blocks and macros of which some stand within a tag."""
TEMPLATES = sorted(str(it.relative_to(WEB / "templates")) for it in WEB.rglob("*.html"))
TRIES = 24
"""Enough for every branch of the templates; `test_every_text_of_the_templates_is_shown` tells."""


@pytest.fixture(scope="module")
def pages(pseudo_texts: list[Message]) -> dict[str, list[str]]:
    """Give each template as its context, filled in many ways, makes it."""
    declared = {**vars(contexts), **vars(people_contexts)}
    made = environment()
    return {
        template: [
            made.get_template(template).render(page=filled(declared[context], Random(seed)))
            for seed in range(TRIES)
        ]
        for template, context in DOCUMENTED.items()
    }


def test_pages_show_nothing_that_is_not_in_the_catalogue(pages: dict[str, list[str]]) -> None:
    found = {
        template: {text for page in made for text in untranslated(page)}
        for template, made in pages.items()
    }

    assert {template: bare for template, bare in found.items() if bare} == {}


def test_every_text_of_the_templates_is_shown(
    pages: dict[str, list[str]], pseudo_texts: list[Message]
) -> None:
    shown = {number for made in pages.values() for page in made for number in seen(page)}
    own = {
        number: text.id
        for number, text in enumerate(pseudo_texts)
        if any(place.startswith("web/templates/") for place, _ in text.locations)
    }

    assert len(own) > 200
    assert {number: text for number, text in own.items() if number not in shown} == {}


def test_no_page_says_that_it_is_in_another_language(pages: dict[str, list[str]]) -> None:
    documents = [page for made in pages.values() for page in made if "<html" in page]

    assert documents
    assert [page for page in documents if f'<html lang="{PSEUDO}"' not in page] == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_branch_of_a_template_holds_a_text(template: str) -> None:
    source = (WEB / "templates" / template).read_text()

    found = untranslated(_skeleton(environment().parse(source)))

    assert [it for it in found if not _ATTRIBUTES.fullmatch(it)] == []


def _skeleton(template: nodes.Template) -> str:
    """Return the template's own HTML, every branch after the other.

    Of what it prints, only what is written out in it is kept: `{{ "Found" if … }}`. What macros
    are given is seen where they are drawn, on the pages above.
    """
    printed = (it for node in template.find_all(nodes.Output) for it in node.nodes)
    return "".join(_written_out(it) for it in printed)


def _written_out(node: nodes.Expr) -> str:
    match node:
        case nodes.TemplateData():
            return node.data
        case nodes.Const(value=str(value)):
            return value
        case nodes.CondExpr():
            return "".join(_written_out(it) for it in (node.expr1, node.expr2) if it)
        case nodes.Concat():
            return "".join(_written_out(it) for it in node.nodes)
        case nodes.Filter() if node.node:
            return _written_out(node.node)
        case _:
            return ""
