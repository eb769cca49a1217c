"""A real Chromium at the portal's pages; the API behind them is answered by the tests."""

import os
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import uvicorn
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)
from pydantic import SecretStr

from server.access.people_schemas import JOIN_PATH, RESET_PATH
from server.access.sessions import COOKIE
from server.access.sign_in import SignedIn
from server.analytics.gateway import Analytics
from server.files.lifecycle import Outcome, Stage
from server.files.models import File
from server.insights.service import Insights
from server.parts import assemble
from server.schema import metadata
from server.storage import s3
from tests.browser.community import Community, make_community
from tests.fixtures.database import RecordingQueue
from tests.fixtures.http import make_settings
from tests.portal.application import make_portal_app
from tests.portal.builders import (
    FILE_ID,
    ISSUE,
    NOW,
    STATISTICS,
    CannedInsights,
    NoInsights,
    make_file,
)

# Two workers share two cores with what they drive: what comes may take its time to come.
expect.set_options(timeout=30_000)

ALL_BAD_ID = UUID("01936d2a-0000-7000-8000-000000000002")
"""A file of four million rows, none of which is right."""

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True)
class Portal:
    """Where the pages are, and the cookie that opens them."""

    url: str
    token: str
    file_path: str
    join_path: str
    """An invitation that nobody uses."""
    password_path: str
    """A password link that nobody uses."""
    viewer: str
    """The session of somebody who only reads."""


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """Serve the pages, with two files, and no analytics."""
    some_bad = make_file(
        Stage.COMPLETED,
        Outcome.IMPORTED_WITH_REJECTIONS,
        statistics=STATISTICS,
        issues=[ISSUE],
    )
    all_bad = make_file(
        Stage.FAILED,
        Outcome.FAILED,
        file_id=ALL_BAD_ID,
        name="all_bad.csv",
        object_key="all_bad",
        created_at=NOW - timedelta(days=2),
        statistics={"rowsTotal": 4_000_000, "rowsRejected": 4_000_000},
        judged_attempt=1,
        issues=[{**ISSUE, "count": 4_000_000}],
        failure={
            "code": "too-many-rejected",
            "title": "Too many rows of the file were rejected",
            "detail": "4000000 of 4000000 rows were rejected.",
            "retryable": False,
        },
    )
    files = (some_bad, all_bad)
    with _served(tmp_path_factory.mktemp("portal"), CannedInsights(), files) as served:
        yield served


@pytest.fixture(scope="session")
def empty_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """Serve the pages of a workspace to which nothing has been sent."""
    with _served(tmp_path_factory.mktemp("empty"), NoInsights(), ()) as served:
        yield served


@contextmanager
def _served(home: Path, insights: Insights, files: Sequence[File]) -> Iterator[Portal]:
    """Serve the pages from a thread, with such files and a ClickHouse that does not answer."""
    settings = make_settings(
        home,
        database_url=f"sqlite+aiosqlite:///{home / 'portal.db'}",
        clickhouse_dsn=SecretStr("clickhouse://127.0.0.1:1"),
    )
    parts = assemble(
        settings,
        storage=s3.from_settings(settings),
        analytics=Analytics.from_settings(settings),
        queue=RecordingQueue(),
        clock=lambda: NOW,
    )
    seen: list[Community] = []

    async def begin() -> None:
        async with parts.engine.begin() as connection:
            await connection.run_sync(metadata.create_all)
        async with parts.units.begin() as unit:
            first = await parts.access.set_up(unit, workspace="main", admin_email="nadia@x.example")
            assert first is not None
        workspace_id = await parts.access.workspace_id()
        async with parts.units.begin() as unit:
            for file in files:
                file.workspace_id = workspace_id or ""
                unit.session.add(file)
        signed_in = await parts.room.sign_in.begin(first.admin_email, first.admin_password, NOW)
        assert isinstance(signed_in, SignedIn)
        session = await parts.room.directory.principal_of_session(signed_in.token)
        assert session is not None
        seen.append(await make_community(parts, session, signed_in.token))

    app = make_portal_app(parts, insights, on_startup=[begin], on_shutdown=[parts.close])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="on"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the portal did not start"
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    (community,) = seen
    yield Portal(
        url=f"http://127.0.0.1:{port}",
        token=community.admin,
        file_path=f"/files/{FILE_ID}",
        join_path=JOIN_PATH + community.invitation,
        password_path=RESET_PATH + community.password_link,
        viewer=community.viewer,
    )
    server.should_exit = True
    thread.join()


# Per module: Playwright's synchronous side keeps an event loop running, beside which no
# asynchronous test of another folder can run.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser, portal: Portal) -> Iterator[BrowserContext]:
    """Open a signed-in window in Berlin."""
    context = chromium.new_context(
        base_url=portal.url, timezone_id="Europe/Berlin", viewport={"width": 1440, "height": 900}
    )
    context.add_cookies(
        [
            {"name": COOKIE, "value": portal.token, "url": portal.url},
            {"name": "tallydock_zone", "value": "Europe%2FBerlin", "url": portal.url},
        ]
    )
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Open a page; at the end the console must be clean."""
    page = context.new_page()
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        # An answer of 404 or 422 is what some tests are about.
        is_status = message.text.startswith(("Failed to load resource", "Response Status Error"))
        if message.type in ("error", "warning") and not is_status:
            said.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    assert said == []


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where screenshots are kept: TALLYDOCK_SCREENSHOTS, else pytest's own folder."""
    told = os.environ.get("TALLYDOCK_SCREENSHOTS")
    folder = Path(told) if told else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
