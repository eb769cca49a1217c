"""People of a workspace and the invitations to it; only an administrator sees them."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from server.access.credentials import Credentials
from server.access.guards import requires
from server.access.ids import parse_id
from server.access.invitations import Invitations
from server.access.people import People
from server.access.people_schemas import (
    RESET_PATH,
    InvitationListSchema,
    InvitationRequest,
    InvitationSchema,
    LinkSchema,
    NewInvitationSchema,
    UserListSchema,
    UserRequest,
    UserSchema,
)
from server.access.principal import Principal
from server.access.schemas import NextLink, next_path, time_text
from server.access.scopes import Scope
from server.access.second_factor import SecondFactor
from server.clock import Clock

_USERS = "/analytics/users"
_INVITATIONS = "/analytics/invitations"


class UsersController(Controller):
    """The people of the workspace."""

    path = _USERS
    tags: Sequence[str] | None = ("People",)
    guards = (requires(Scope.ADMIN),)

    @get(summary="List the people")
    async def list_users(
        self,
        principal: NamedDependency[Principal],
        people: NamedDependency[People],
        size: Annotated[int, QueryParameter(name="page[size]", ge=1, le=100)] = 50,
        after: Annotated[UUID | None, QueryParameter(name="page[after]")] = None,
    ) -> UserListSchema:
        """Return who belongs to the workspace, the newest user first."""
        found = await people.page(principal.workspace_id, after=after, limit=size + 1)
        shown = found[:size]
        more = next_path(_USERS, size, shown[-1].user.user_id) if len(found) > size else None
        return UserListSchema(
            results=[UserSchema.of(person) for person in shown], links=NextLink(next=more)
        )

    @get("/{user_id:str}", summary="Read one person")
    async def read_user(
        self,
        principal: NamedDependency[Principal],
        people: NamedDependency[People],
        user_id: FromPath[str],
    ) -> UserSchema:
        """Return one of the workspace's people."""
        return UserSchema.of(await people.get(principal.workspace_id, parse_id(user_id)))

    @patch("/{user_id:str}", summary="Change a role, or keep a person out")
    async def change_user(
        self,
        principal: NamedDependency[Principal],
        people: NamedDependency[People],
        user_id: FromPath[str],
        data: JSONBody[UserRequest],
    ) -> UserSchema:
        """Change what the person may do; their sessions in the workspace end."""
        parsed = parse_id(user_id)
        if data.role is not None:
            await people.change_role(principal, parsed, data.role)
        if data.disabled is not None:
            change = people.disable if data.disabled else people.enable
            await change(principal, parsed)
        return UserSchema.of(await people.get(principal.workspace_id, parsed))

    @delete("/{user_id:str}", summary="Take a person out of the workspace")
    async def remove_user(
        self,
        principal: NamedDependency[Principal],
        people: NamedDependency[People],
        user_id: FromPath[str],
    ) -> None:
        """Take the person out; what they did stays in the history."""
        await people.remove(principal, parse_id(user_id))

    @post("/{user_id:str}/password-link", summary="Make a link that sets a new password")
    async def make_password_link(
        self,
        principal: NamedDependency[Principal],
        people: NamedDependency[People],
        credentials: NamedDependency[Credentials],
        user_id: FromPath[str],
    ) -> LinkSchema:
        """Make a link for a person who lost their password; good once, for a day."""
        parsed = parse_id(user_id)
        await people.charge(principal, parsed)
        link = await credentials.make_link(principal, parsed)
        return LinkSchema(secret=link.token, path=RESET_PATH, expires_at=time_text(link.expires_at))

    @delete("/{user_id:str}/second-factor", summary="Turn a person's second factor off")
    async def reset_second_factor(
        self,
        principal: NamedDependency[Principal],
        people: NamedDependency[People],
        second_factor: NamedDependency[SecondFactor],
        clock: NamedDependency[Clock],
        user_id: FromPath[str],
    ) -> None:
        """Turn it off for a person who lost their phone; their sessions end."""
        parsed = parse_id(user_id)
        await people.charge(principal, parsed)
        await second_factor.reset(principal, parsed, clock())


class InvitationsController(Controller):
    """Invitations to the workspace."""

    path = _INVITATIONS
    tags: Sequence[str] | None = ("People",)
    guards = (requires(Scope.ADMIN),)

    @get(summary="List the invitations")
    async def list_invitations(
        self,
        principal: NamedDependency[Principal],
        invitations: NamedDependency[Invitations],
        size: Annotated[int, QueryParameter(name="page[size]", ge=1, le=100)] = 50,
        after: Annotated[UUID | None, QueryParameter(name="page[after]")] = None,
    ) -> InvitationListSchema:
        """Return the invitations, newest first, whatever became of them."""
        rows = await invitations.page(principal.workspace_id, after=after, limit=size + 1)
        shown = rows[:size]
        more = next_path(_INVITATIONS, size, shown[-1].invitation_id) if len(rows) > size else None
        return InvitationListSchema(
            results=[InvitationSchema.of(row) for row in shown], links=NextLink(next=more)
        )

    @post(summary="Invite a person")
    async def invite(
        self,
        principal: NamedDependency[Principal],
        invitations: NamedDependency[Invitations],
        data: JSONBody[InvitationRequest],
    ) -> NewInvitationSchema:
        """Make a link by which the person joins; good once, for a week. Nobody is written to."""
        return NewInvitationSchema.of_new(
            await invitations.invite(principal, data.email, data.role)
        )

    @delete("/{invitation_id:str}", summary="Withdraw an invitation")
    async def withdraw(
        self,
        principal: NamedDependency[Principal],
        invitations: NamedDependency[Invitations],
        invitation_id: FromPath[str],
    ) -> None:
        """Make the link void. Repeating it changes nothing."""
        await invitations.withdraw(principal, parse_id(invitation_id))
