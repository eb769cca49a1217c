"""A workspace with people in it, for pages that show them."""

from dataclasses import dataclass
from uuid import UUID

from server.access.people_repository import PeopleRepository
from server.access.principal import ActiveSession
from server.access.roles import Role
from server.access.sign_in import SignedIn
from server.parts import Parts
from tests.portal.builders import NOW

PASSWORD = "four plain words here"


@dataclass(frozen=True)
class Community:
    """What opens the doors of the workspace."""

    admin: str
    viewer: str
    """Sessions' tokens."""
    invitation: str
    password_link: str


async def make_community(parts: Parts, admin: ActiveSession, token: str) -> Community:
    """Bring people in, keep one out, invite one more, make keys; return what opens doors."""
    room, by = parts.room, admin.principal
    await room.credentials.rename(admin.user_id, "Nadia Keller")
    await room.people.rename_workspace(by, "Northwind Pay")
    ids: list[UUID] = []
    for email, name, role in (
        ("tomas.berg@x.example", "Tomas Berg", Role.EDITOR),
        ("ines.carvalho@x.example", "Ines Carvalho", Role.VIEWER),
        ("auditor-with-a-rather-long-address@audit.example", "Ruth Oyelaran", Role.AUDITOR),
    ):
        made = await room.invitations.invite(by, email, role)
        await room.invitations.join(made.token, name=name, password=PASSWORD)
        user = next(it for it in await room.people.page(by.workspace_id, after=None, limit=9))
        ids.append(user.user.user_id)
    await room.people.disable(by, ids[2])
    for name in ("nightly", "shop"):
        await room.access.create_key(by, name=name, scopes=by.scopes)
    invited = await room.invitations.invite(by, "new.colleague@x.example", Role.APPROVER)
    other = await room.access.make_workspace("Southwind")
    second = await room.invitations.invite(other, "nadia@x.example", Role.EDITOR)
    await _join(parts, second.token)
    viewer = await room.sign_in.begin("ines.carvalho@x.example", PASSWORD, NOW)
    assert isinstance(viewer, SignedIn)
    link = await room.credentials.make_link(by, ids[0])
    return Community(token, viewer.token, invited.token, link.token)


async def _join(parts: Parts, token: str) -> None:
    """Let the administrator join a second workspace without knowing their password here."""
    async with parts.units.begin() as unit:
        user = await PeopleRepository(unit.session).user_by_email("nadia@x.example")
        assert user is not None
        await parts.room.invitations._join(unit, token, user, NOW)
