"""An address that does not exist: a page for a person, a problem document for a program."""

import httpx


async def test_a_browser_sees_a_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("/nope", headers={"accept": "text/html"})

    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


async def test_a_program_gets_a_problem(client: httpx.AsyncClient) -> None:
    answer = await client.get("/nope", headers={"accept": "*/*"})

    assert answer.status_code == 404
    assert answer.json()["code"] == "not-found"
