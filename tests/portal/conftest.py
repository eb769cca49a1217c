"""Browsers at the portal, signed in and not."""

from collections.abc import AsyncIterator, Callable, Iterator

import httpx
import pytest
from babel.messages.catalog import Message
from litestar import Litestar

from server.access.service import FirstRun
from server.access.sessions import COOKIE
from server.access.sign_in import SignedIn
from server.insights.service import Insights
from server.parts import Parts
from server.portal import catalogues
from server.portal.texts import speak_for
from server.wiring import NewestFiles
from tests.fixtures.http import client_of
from tests.portal.application import make_portal_app
from tests.portal.builders import CannedInsights
from tests.portal.pseudo import PSEUDO, write_pseudo

MakePortal = Callable[[Insights], Litestar]


@pytest.fixture(scope="module")
def pseudo_texts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Message]]:
    """Speak the pseudo-language, and let pages be asked for in it; give its texts by number."""
    folder = tmp_path_factory.mktemp("locales")
    texts = write_pseudo(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogues, "FOLDER", folder)
        speak_for(PSEUDO)
        yield texts
    speak_for("")


@pytest.fixture
def make_portal(parts: Parts) -> MakePortal:
    """Give a function that returns the pages over the given insights."""
    return lambda insights: make_portal_app(parts, insights)


@pytest.fixture
async def stranger_at_portal(make_portal: MakePortal) -> AsyncIterator[httpx.AsyncClient]:
    """Give a browser that is not signed in."""
    async with client_of(make_portal(CannedInsights())) as client:
        yield client


@pytest.fixture
async def session(parts: Parts, first: FirstRun) -> dict[str, str]:
    """Give the administrator's cookie and CSRF token."""
    signed_in = await parts.room.sign_in.begin(
        first.admin_email, first.admin_password, parts.clock()
    )
    assert isinstance(signed_in, SignedIn)
    return {COOKIE: signed_in.token, "csrf": signed_in.csrf_token}


@pytest.fixture
async def reader(
    make_portal: MakePortal, session: dict[str, str]
) -> AsyncIterator[httpx.AsyncClient]:
    """Give the administrator's browser."""
    async with client_of(make_portal(CannedInsights())) as client:
        client.cookies.set(COOKIE, session[COOKIE])
        yield client


@pytest.fixture
def insights_out_of_reach(parts: Parts) -> Insights:
    """Give insights whose ClickHouse does not answer."""
    return Insights(parts.analytics, NewestFiles(parts.files))
