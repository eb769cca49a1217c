"""What a browser has to fetch before a page stands there, beside the charts."""

import gzip
import re
from collections.abc import Iterator

import httpx
import pytest

from server.portal.templates import STATIC

# What the portal promises for a first page: a second on a poor phone line.
MOST_BYTES = 200_000

_ADDRESS = re.compile(r'(?:src|href)="/static/([^"?]+)')
_IMPORT = re.compile(r'(?:from|import) "\./([\w-]+\.js)"')


def needed(html: str) -> set[str]:
    """Return the static files of a page, and those that its scripts import."""
    found = {path for path in _ADDRESS.findall(html) if "echarts" not in path}
    waiting = [path for path in found if path.endswith(".js")]
    while waiting:
        for name in _IMPORT.findall((STATIC / waiting.pop()).read_text()):
            path = f"js/{name}"
            if path not in found:
                found.add(path)
                waiting.append(path)
    return found


def sizes(html: str) -> Iterator[int]:
    """Yield the bytes of the page, and of its files as they are sent: compressed but the font."""
    yield len(html.encode())
    for path in needed(html):
        data = (STATIC / path).read_bytes()
        yield len(data) if path.endswith(".woff2") else len(gzip.compress(data, 6))


@pytest.mark.parametrize(
    "path", ["/", "/files", "/datasets/transactions", "/settings", "/settings/people"]
)
async def test_a_first_page_is_light_on_the_line(reader: httpx.AsyncClient, path: str) -> None:
    html = (await reader.get(path)).text

    assert "css/app.css" in needed(html)
    assert sum(sizes(html)) < MOST_BYTES


async def test_what_scripts_import_counts(reader: httpx.AsyncClient) -> None:
    html = (await reader.get("/files")).text

    assert {"js/sending.js", "js/reading.js", "js/api.js"} <= needed(html)
