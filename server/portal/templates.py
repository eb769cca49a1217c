"""The template engine: strict about what is missing, escaping everything, assets by their hash."""

from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template.config import TemplateConfig
from markupsafe import Markup

from server.portal import script_texts
from server.portal.locales import current_locale
from server.portal.texts import ENGLISH, gettext, is_foreign, language, marked, ngettext, pgettext

WEB = Path(__file__).resolve().parents[2] / "web"
STATIC = WEB / "static"


KEYS = (
    ("/", marked("Search the files by name")),
    ("u", marked("Send files")),
    ("g o", marked("Go to the overview")),
    ("g f", marked("Go to the files")),
    ("g d", marked("Go to the datasets")),
    ("g s", marked("Go to the settings")),
    ("?", marked("Show this list")),
    ("Esc", marked("Close what is open")),
)
"""Keys that `shell.js` knows, and what they do."""


def environment() -> Environment:
    """Return the environment that every page is rendered with."""
    made = Environment(
        loader=FileSystemLoader(WEB / "templates"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    # A sentence may stand on several lines of a template; to a translator it is one.
    made.policies["ext.i18n.trimmed"] = True
    # Not the new style, which takes a text for markup: a quote of a translator's would end an
    # attribute. Here it is escaped as data is; a sentence with elements stands in a `trans` block.
    made.install_gettext_callables(  # type: ignore[attr-defined]  # brought by the extension
        gettext, ngettext, newstyle=False, pgettext=pgettext
    )
    # The extension's own looks for `gettext` first, on every call: a list makes hundreds of them.
    made.globals["_"] = gettext
    made.globals["asset"] = asset
    made.globals["locale"] = current_locale
    made.globals["language"] = language
    made.globals["script_texts"] = script_texts.address
    made.globals["keys"] = KEYS
    made.filters["told"] = told
    made.filters["lang"] = lang
    return made


def template_config() -> TemplateConfig[JinjaTemplateEngine]:
    """Return what the app hands to Litestar as `template_config`."""
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment()))


def told(text: str) -> str:
    """Return a text as it is printed: where the page has another language, the element names it.

    So it is read aloud as what it is (WCAG 2.2, 3.1.2).
    """
    return Markup("<span{}>{}</span>").format(lang(text), text) if is_foreign(text) else text


def lang(text: str) -> Markup:
    """Return the attribute for an element that can hold no other, as an option of a select."""
    return Markup(' {}="{}"').format("lang", ENGLISH) if is_foreign(text) else Markup()


@cache
def asset(path: str) -> str:
    """Return the address of a file under `web/static`, with its hash: a new version, a new name."""
    digest = sha256((STATIC / path).read_bytes()).hexdigest()[:12]
    return f"/static/{path}?v={digest}"
