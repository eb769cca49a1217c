"""What is told above every page when a system behind it is away."""

import httpx
import pytest

from server.health import Health
from server.portal.standing import standing_of
from server.portal.templates import environment
from tests.test_health import answers, fails


@pytest.mark.parametrize("name", ["database", "storage", "analytics", "queue"])
def test_every_system_has_words_for_what_works_and_what_waits(name: str) -> None:
    html = environment().get_template("parts/standing.html").render(page=standing_of([name]))

    assert html.count("does not answer") + html.count("do not answer") == 2
    assert "goes on by itself" in html


def test_two_outages_do_not_contradict_each_other() -> None:
    page = standing_of(["storage", "analytics", "nobody-knows"])

    assert [it.works for it in page.outages] == ["", ""]


async def test_nothing_is_said_while_all_is_well(stranger_at_portal: httpx.AsyncClient) -> None:
    answer = await stranger_at_portal.get("/standing")

    assert (answer.status_code, answer.text.strip()) == (200, "")


async def test_people_are_told_of_an_outage_that_lasts_and_pages_ask_nobody() -> None:
    now = [100.0]
    health = Health({"storage": fails, "queue": answers}, timer=lambda: now[0])

    await health.readiness()
    told_at_once = health.outages()
    now[0] += 13
    told_after_a_while = health.outages()

    assert told_at_once == ()
    assert told_after_a_while == ("storage",)


async def test_what_answers_again_is_not_told_any_more() -> None:
    now = [100.0]
    is_down = [True]

    async def ping() -> None:
        if is_down[0]:
            raise OSError

    health = Health({"storage": ping}, timer=lambda: now[0])
    await health.readiness()
    now[0] += 13
    is_down[0] = False
    health._latest.clear()
    await health.readiness()

    assert health.outages() == ()
