"""The code and its OpenAPI description say what the contract says (`contract.py`), no more."""

import re

import httpx
import pytest
from litestar import Litestar

from server import errors
from server.access.scopes import Scope
from server.datasets.issues import ISSUES as TOLD_ISSUES
from server.datasets.issues import IssueCode
from server.errors import ApplianceError
from server.files.failures import FAILURES as TOLD_FAILURES
from server.files.lifecycle import Outcome, Stage, Status
from tests import contract
from tests.contract import ROUTES, Route
from tests.fixtures.http import client_of

_HELD = [route for route in ROUTES if not route.path.startswith(tuple(contract.TO_COME))]
_ID = "01936d5e-0000-7000-8000-000000000000"
_METHODS = {"get", "put", "post", "delete", "patch"}


@pytest.fixture
async def described(stranger: httpx.AsyncClient) -> dict[tuple[str, str], dict[str, object]]:
    """Give the operations that OpenAPI describes, by method and path."""
    paths = (await stranger.get("/schema/openapi.json")).json()["paths"]
    return {
        (method.upper(), _told(path)): operation
        for path, item in paths.items()
        for method, operation in item.items()
        if method in _METHODS
    }


async def test_every_route_of_the_contract_is_described_with_its_status(
    described: dict[tuple[str, str], dict[str, object]],
) -> None:
    wrong = [
        route
        for route in _HELD
        if str(route.status) not in _responses(described.get((route.method, _told(route.path))))
    ]

    assert wrong == []


async def test_routes_of_work_to_come_are_not_described(
    described: dict[tuple[str, str], dict[str, object]],
) -> None:
    assert [path for _, path in described if path.startswith(tuple(contract.TO_COME))] == []


async def test_every_route_wants_a_key(stranger: httpx.AsyncClient) -> None:
    answers = [await _call(stranger, route) for route in _HELD]

    assert answers == [(route.path, 401, "unauthenticated") for route in _HELD]


async def test_every_route_wants_its_scope(app: Litestar, client: httpx.AsyncClient) -> None:
    scoped = [route for route in _HELD if route.scope is not None]
    keys = {}
    for scope in {route.scope for route in scoped}:
        others = sorted(contract.SCOPES - {scope})
        made = await client.post("/analytics/keys", json={"name": "limited", "scopes": others})
        keys[scope] = made.json()["apiKey"]

    answers = []
    for route in scoped:
        async with client_of(app, key=keys[route.scope]) as limited:
            answers.append(await _call(limited, route))

    assert answers == [(route.path, 403, "forbidden") for route in scoped]


def test_the_problems_are_those_of_the_contract() -> None:
    found = {kind.code: kind.status for kind in _kinds(ApplianceError)}

    assert found == contract.PROBLEMS


def test_the_failures_are_those_of_the_contract() -> None:
    theirs = {str(code) for code, failure in TOLD_FAILURES.items() if not failure.is_ours}
    ours = {str(code) for code, failure in TOLD_FAILURES.items() if failure.is_ours}

    assert theirs == contract.FAILURES
    assert ours == contract.OUR_FAILURES


def test_the_issues_are_those_of_the_contract() -> None:
    assert {str(code) for code in IssueCode} == contract.ISSUES
    assert set(TOLD_ISSUES) == set(IssueCode)


def test_statuses_stages_outcomes_and_scopes_are_those_of_the_contract() -> None:
    assert tuple(Status) == contract.STATUSES
    assert {str(stage): str(stage.status) for stage in Stage} == contract.STAGES
    assert {str(outcome) for outcome in Outcome} == contract.OUTCOMES
    assert {str(scope) for scope in Scope} == contract.SCOPES


async def _call(client: httpx.AsyncClient, route: Route) -> tuple[str, int, str]:
    path = re.sub(r"\{(file_id|mapping_id)\}", _ID, route.path)
    path = path.replace("{dataset_type}", "orders").replace("{panel}", "volume")
    answer = await client.request(route.method, path)
    return route.path, answer.status_code, answer.json()["code"]


def _told(path: str) -> str:
    """Return a path with its parameters told alike, whatever they are called."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def _responses(operation: dict[str, object] | None) -> dict[str, object]:
    responses = (operation or {}).get("responses")
    return responses if isinstance(responses, dict) else {}


def _kinds(kind: type[ApplianceError]) -> list[type[ApplianceError]]:
    below = [found for sub in kind.__subclasses__() for found in _kinds(sub)]
    return [kind, *below] if kind.__module__ == errors.__name__ else below
