"""Whole appliances behind the pages: embedded as `make up` runs it, and on a real MinIO."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.fixtures.appliance import started
from tests.fixtures.on_minio import appliance_on_minio


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run an embedded appliance; give the path of its first-run.json."""
    with started(tmp_path_factory.mktemp("appliance")) as appliance:
        yield appliance.home / "first-run.json"


@pytest.fixture
def first_run(request: pytest.FixtureRequest) -> Iterator[Path]:
    """Give the first-run.json of the appliance asked for by `parts`: embedded, or on MinIO."""
    if getattr(request, "param", "embedded") == "embedded":
        yield request.getfixturevalue("embedded")
        return
    folder = request.getfixturevalue("tmp_path")
    with appliance_on_minio(folder) as told:
        yield told


@pytest.fixture
def page(chromium: Browser, first_run: Path) -> Iterator[Page]:
    """Open a signed-in page."""
    told = json.loads(first_run.read_text())
    context = chromium.new_context(base_url=told["url"], viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto("/files")
    page.get_by_label("E-mail").fill(told["adminEmail"])
    page.get_by_label("Password").fill(told["adminPassword"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/files")
    yield page
    context.close()
