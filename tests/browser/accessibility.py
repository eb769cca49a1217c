"""What axe finds against WCAG 2.2 A and AA on a page as it stands."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def violations(page: Page) -> list[tuple[str, list[object]]]:
    """Return (rule, the first places it is broken)."""
    found = Axe().run(page, options=_WCAG).response["violations"]
    return [(it["id"], [node["target"] for node in it["nodes"]][:3]) for it in found]
