"""Real pages in the pseudo-language: beside what the catalogue holds there is nothing but data."""

import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
from babel.messages.catalog import Message

from server.access.principal import Principal
from server.access.roles import Role
from server.access.scopes import ALL_SCOPES, Scope
from server.access.sessions import COOKIE
from server.audit.actions import Action
from server.audit.models import AuditEvent
from server.datasets.catalogue import Catalogue
from server.datasets.declaration import Dataset
from server.datasets.hints import hint
from server.files.models import File
from server.parts import Parts
from tests.fixtures.http import client_of
from tests.fixtures.people import join, sign_in
from tests.portal.application import make_portal_app
from tests.portal.builders import NOW, NoInsights
from tests.portal.pseudo import PSEUDO, untranslated
from tests.portal.test_files_translated import FILE, SENT
from tests.portal.test_templates import FILES

SIGNED_IN = ("admin@example.com", "main", "AD", "UTC")
MONEY = ("EUR", "USD", "JPY", "Adyen", "Checkout.com", "PayPal")
PROGRAMS = ("curl", "Python", "JavaScript (Node.js)")


async def test_pages_are_in_the_readers_language(
    parts: Parts, admin: Principal, reader: httpx.AsyncClient, pseudo_texts: list[Message]
) -> None:
    file_id = uuid4()
    await fill(parts, admin, file_id)
    reader.headers["accept-language"] = PSEUDO
    catalogue = Catalogue.built_in()
    about = {it.name: tuple(strings_of(it)) for it in catalogue.all()}
    people = ("v@x.example", "Some Body", "new@x.example", "gone@x.example")
    made = await parts.access.keys(admin.workspace_id, after=None, limit=9)
    keys = [it for key in made for it in (key.name, f"tdk_{key.public_id}…{key.last4}")]
    audit = (*(str(it) for it in Action), "subject", "old", "new")
    expected = {
        "/": (*MONEY, *SENT),
        "/?period=last-12-months&currency=USD": (*MONEY, *SENT),
        "/files": SENT,
        "/files?result=unsent": (),
        f"/files/{file_id}": (*FILE, str(file_id)),
        "/files/nonsense": (),
        "/datasets": [it for strings in about.values() for it in strings],
        **{f"/datasets/{name}": (*strings, *PROGRAMS) for name, strings in about.items()},
        "/datasets/nonsense": catalogue.names(),
        "/settings": keys,
        "/settings/people": people,
        "/settings/audit": (*audit, *people, *keys, "nightly"),
        "/settings/profile": (),
        "/settings/profile/second-factor": (),
    }

    found = {
        path: untranslated((await reader.get(path)).text, [*SIGNED_IN, *data])
        for path, data in expected.items()
    }

    assert {path: bare for path, bare in found.items() if bare} == {}


async def fill(parts: Parts, admin: Principal, file_id: UUID) -> None:
    """Send a file, bring in people and keys, do one of everything the trail has words for."""
    now, room = parts.clock(), parts.room
    for days in (-1, 1, 100):
        at = now + timedelta(days=days)
        await parts.access.create_key(admin, name="old", scopes=[*Scope], expires_at=at)
    newest = await parts.access.keys(admin.workspace_id, after=None, limit=1)
    await parts.access.revoke_key(admin, newest[0].key_id)
    await room.people.disable(admin, await join(parts, admin, "v@x.example", Role.VIEWER))
    await room.invitations.invite(admin, "new@x.example", Role.APPROVER)
    gone = await room.invitations.invite(admin, "gone@x.example", Role.AUDITOR)
    await room.invitations.withdraw(admin, gone.row.invitation_id)
    details: list[dict[str, object]] = [
        {"before": "editor", "after": "viewer"},
        {"role": "admin"},
        {"scopes": [str(it) for it in Scope if it is not Scope.ADMIN]},
        {"scopes": [str(it) for it in ALL_SCOPES]},
        {"from": "main"},
        {"left": 1},
        {},
    ]
    file = FILES["imported"].model_copy(
        update={"file_id": file_id, "workspace_id": admin.workspace_id}
    )
    async with parts.units.begin() as unit:
        unit.session.add(File(**file.model_dump()))
        for number, action in enumerate(Action):
            unit.session.add(
                AuditEvent(
                    event_id=UUID(int=number + 1),
                    workspace_id=admin.workspace_id,
                    at=NOW,
                    actor="key:nightly",
                    actor_id="",
                    action=action,
                    subject_kind="file",
                    subject_id="1",
                    subject="subject",
                    address="",
                    request_id="",
                    detail=details[number % len(details)],
                )
            )


def strings_of(dataset: Dataset) -> Iterator[str]:
    """Yield what the dataset's author wrote, and what its columns take in the report's words."""
    yield from (dataset.name, dataset.zone or "")
    yield from (*dataset.key, *dataset.file_types, *dataset.footers, dataset.event_time)
    yield from (*dataset.zone_abbreviations, *dataset.zone_abbreviations.values())
    yield from (it.name for it in dataset.controls)
    if (told := dataset.canonical) is not None:
        yield from (told.provider, told.account)
    for column in dataset.columns:
        yield from (column.name, *column.aliases, column.example, hint(column))


async def test_who_may_not_is_told_so_in_their_language(
    parts: Parts, admin: Principal, pseudo_texts: list[Message]
) -> None:
    await join(parts, admin, "v@x.example", Role.VIEWER)
    async with client_of(make_portal_app(parts, NoInsights())) as viewer:
        viewer.cookies.set(COOKIE, (await sign_in(parts, "v@x.example")).token)
        viewer.headers["accept-language"] = PSEUDO
        pages = [await viewer.get(path) for path in ("/settings/people", "/", "/files")]

    assert [it.status_code for it in pages] == [403, 200, 200]
    data = ("v@x.example", "Some Body", "SB", "main", "UTC", "admin@example.com")
    assert [untranslated(it.text, data) for it in pages] == [[], [], []]


async def test_strangers_are_answered_in_their_language(
    parts: Parts,
    admin: Principal,
    stranger_at_portal: httpx.AsyncClient,
    pseudo_texts: list[Message],
) -> None:
    made = await parts.room.invitations.invite(admin, "new@x.example", Role.EDITOR)
    stranger_at_portal.headers["accept-language"] = PSEUDO
    post, get = stranger_at_portal.post, stranger_at_portal.get
    form = {"email": "nobody@x.example", "password": "wrong", "token": "guess"}
    stale = await post("/sign-in", data=form)
    token = re.search(r'name="token" value="([^"]+)"', stale.text)
    assert token is not None
    join_form = {"link": made.token, "password": "x", "token": token[1], "name": ""}

    pages = [
        stale,
        await post("/sign-in", data={**form, "token": token[1]}),
        await get("/sign-in?late=1"),
        await get(f"/sign-in/join?token={made.token}"),
        await post("/sign-in/join", data=join_form),
        await get("/sign-in/join?token=none"),
    ]

    found = [untranslated(it.text, ["main", "new@x.example"]) for it in pages]
    assert found == [[] for _ in pages]
