"""The pages over HTTP: who is let in, what they are told, where they are sent."""

import re

import httpx
import pytest

from server.access.service import FirstRun
from server.access.sessions import COOKIE
from server.datasets.catalogue import Catalogue
from server.insights.service import Insights
from server.portal.templates import STATIC
from tests.fixtures.http import client_of
from tests.portal.builders import NoInsights
from tests.portal.conftest import MakePortal


@pytest.mark.parametrize(
    ("path", "sign_in"),
    [
        ("/", "/sign-in"),
        ("/?currency=EUR", "/sign-in?following=/%3Fcurrency%3DEUR"),
        ("/files", "/sign-in?following=/files"),
        ("/files/01936d2a-0000-7000-8000-000000000001", None),
    ],
)
async def test_pages_ask_a_stranger_to_sign_in(
    stranger_at_portal: httpx.AsyncClient, path: str, sign_in: str | None
) -> None:
    response = await stranger_at_portal.get(path)

    assert response.status_code == 303
    assert response.headers["location"] == (sign_in or f"/sign-in?following={path}")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?currency=nonsense&period=nonsense",
        "/files",
        "/files?result=failed",
        "/files?result=under-way&days=7&q=%00x&dataset=nonsense",
        "/files?result=unsent&days=nonsense",
        "/datasets",
        "/datasets/transactions",
        "/settings",
    ],
)
async def test_pages_answer_who_is_signed_in(reader: httpx.AsyncClient, path: str) -> None:
    response = await reader.get(path)

    assert response.status_code == 200
    assert "admin@example.com" in response.text


async def test_the_browser_gets_the_rules_of_every_dataset(reader: httpx.AsyncClient) -> None:
    rules = (await reader.get("/files/rules")).json()

    assert [dataset["name"] for dataset in rules["datasets"]] == list(Catalogue.built_in().names())
    amount = next(it for it in rules["datasets"][-1]["columns"] if it["name"] == "amount")
    assert (amount["exponentOf"], amount["rejects"]) == ("currency", True)


async def test_files_never_sent_are_out_of_the_way(
    reader: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    asked = {"datasetType": "orders", "file": {"name": "never-came.csv", "type": "csv"}}
    assert (await client.post("/analytics/files/upload", json=asked)).status_code == 201

    assert "never-came.csv" not in (listed := (await reader.get("/files")).text)
    assert "1 file asked for and not sent" in listed
    assert "never-came.csv" in (await reader.get("/files?result=unsent")).text


async def test_a_file_just_sent_has_a_line_where_the_script_asks_for_it(
    reader: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    asked = {"datasetType": "orders", "file": {"name": "just-sent.csv", "type": "csv"}}
    sent = (await client.post("/analytics/files/upload", json=asked)).json()
    query = re.search(r"/row(\?[^`]+)`", (STATIC / "js/files.js").read_text())
    assert query is not None

    line = await reader.get(f"/files/{sent['id']}/row{query[1]}")

    assert line.status_code == 200
    assert "just-sent.csv" in line.text


@pytest.mark.parametrize("path", ["/datasets/nonsense", "/datasets/transactions/x"])
async def test_a_dataset_that_is_not_there_is_a_page(reader: httpx.AsyncClient, path: str) -> None:
    assert (await reader.get(path)).status_code == 404


async def test_days_are_those_of_the_browsers_zone(reader: httpx.AsyncClient) -> None:
    reader.cookies.set("tallydock_zone", "Asia%2FKathmandu")

    assert "days in Asia/Kathmandu" in (await reader.get("/")).text


async def test_a_zone_that_is_none_is_utc(reader: httpx.AsyncClient) -> None:
    reader.cookies.set("tallydock_zone", "<script>")

    response = await reader.get("/")

    assert "days in UTC" in response.text
    assert "<script>;" not in response.text


@pytest.mark.parametrize(
    "path", ["/files/nonsense", "/files/01936d2a-0000-7000-8000-00000000ffff", "/files/x/row"]
)
async def test_a_file_that_is_not_there_is_a_page(reader: httpx.AsyncClient, path: str) -> None:
    response = await reader.get(path)

    assert response.status_code == 404
    assert response.headers["content-type"].startswith("text/html")


async def sign_in(client: httpx.AsyncClient, email: str, password: str) -> httpx.Response:
    form = await client.get("/sign-in", params={"following": "/files"})
    token = re.search(r'name="token" value="([^"]+)"', form.text)
    assert token is not None
    fields = {"email": email, "password": password, "token": token[1], "following": "/files"}
    return await client.post("/sign-in", data=fields)


async def test_signing_in_opens_the_page_that_was_asked_for(
    stranger_at_portal: httpx.AsyncClient, first: FirstRun
) -> None:
    response = await sign_in(stranger_at_portal, first.admin_email, first.admin_password)

    assert response.status_code == 303
    assert response.headers["location"] == "/files"
    cookie = response.headers["set-cookie"]
    assert f"{COOKIE}=" in cookie
    assert "HttpOnly" in cookie


@pytest.mark.parametrize("email", ["admin@example.com", "nobody@example.com"])
async def test_a_wrong_password_does_not_tell_who_is_known(
    stranger_at_portal: httpx.AsyncClient, first: FirstRun, email: str
) -> None:
    response = await sign_in(stranger_at_portal, email, "wrong")

    assert response.status_code == 200
    assert "E-mail and password do not fit together." in response.text
    assert COOKIE not in response.headers.get("set-cookie", "")


async def test_a_form_of_another_site_does_not_sign_in(
    stranger_at_portal: httpx.AsyncClient, first: FirstRun
) -> None:
    fields = {"email": first.admin_email, "password": first.admin_password, "token": "guess"}

    response = await stranger_at_portal.post("/sign-in", data=fields)

    assert COOKIE not in response.headers.get("set-cookie", "")


@pytest.mark.parametrize("following", ["//evil.example", "https://evil.example", "/\\evil.example"])
async def test_signing_in_leads_to_our_own_pages_only(
    stranger_at_portal: httpx.AsyncClient, following: str
) -> None:
    response = await stranger_at_portal.get("/sign-in", params={"following": following})

    assert 'name="following" value="/"' in response.text


async def test_signing_out_needs_the_sessions_token(
    reader: httpx.AsyncClient, session: dict[str, str]
) -> None:
    response = await reader.post("/sign-out", data={"csrf_token": session["csrf"]})

    assert response.status_code == 303
    assert (await reader.get("/files")).status_code == 303


async def test_analytics_that_do_not_answer_are_a_page(
    make_portal: MakePortal, session: dict[str, str], insights_out_of_reach: Insights
) -> None:
    async with client_of(make_portal(insights_out_of_reach)) as client:
        client.cookies.set(COOKIE, session[COOKIE])

        response = await client.get("/")

    assert response.status_code == 503
    assert "A system this request needs does not answer" in response.text


async def test_a_new_workspace_is_told_what_to_do(
    make_portal: MakePortal, session: dict[str, str]
) -> None:
    async with client_of(make_portal(NoInsights())) as client:
        client.cookies.set(COOKIE, session[COOKIE])

        response = await client.get("/")

    assert "Nothing to add up yet" in response.text


async def test_a_page_opened_to_send_a_file_again_names_the_one_that_failed(
    reader: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    asked = {"datasetType": "orders", "file": {"name": "failed.csv", "type": "csv"}}
    sent = (await client.post("/analytics/files/upload", json=asked)).json()
    file_id = sent["id"]

    page = (await reader.get(f"/files?repairOf={file_id}")).text

    assert "The next file is sent in place of “failed.csv”." in page
    assert f'data-repair-of="{file_id}" data-repair-dataset="orders"' in page
    assert (await reader.get("/files?repairOf=nonsense")).status_code == 404
