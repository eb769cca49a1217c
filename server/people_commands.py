"""Commands for workspaces and their people: from the machine itself, with nobody signed in.

What they do is told in each workspace's audit trail as done by `cli`. Servers that run notice
within seconds.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import click

from server.access.invitations import is_open
from server.access.models import User, Workspace
from server.access.people_repository import Person
from server.access.people_schemas import JOIN_PATH, RESET_PATH
from server.access.principal import Principal, operator_of
from server.access.roles import Role
from server.commands import opened, run_once
from server.errors import NotFound, StateConflict
from server.parts import Parts

_PAGE = 200


@click.group("workspaces")
def workspaces_group() -> None:
    """Workspaces: walls between those who share this appliance."""


@workspaces_group.command("create")
@click.argument("name")
@click.option("--admin", "email", required=True, help="E-mail of its first administrator.")
def create_workspace_command(name: str, email: str) -> None:
    """Make a workspace, and print the link by which its first administrator joins."""

    async def run() -> str:
        async with opened() as parts:
            by = await parts.access.make_workspace(name)
            return await _invited(parts, by, email, Role.ADMIN)

    click.echo(run_once(run()))


@click.group("users")
def users_group() -> None:
    """People: who may come in, and help for when no administrator of a workspace can."""


_in_workspace = click.option(
    "--workspace", "named", help="Name or id of a workspace; the only one when left out."
)
_in_workspaces = click.option(
    "--workspace", "named", help="Name or id of one workspace; all when left out."
)


@users_group.command("create")
@click.argument("email")
@click.option(
    "--role", type=click.Choice([str(role) for role in Role]), required=True, help="What they are."
)
@_in_workspace
def create_user_command(email: str, role: str, named: str | None) -> None:
    """Print a link by which the person joins, with a password of their own: once, for a week."""

    async def run() -> str:
        async with opened() as parts:
            places = await _workspaces(parts, named)
            if len(places) > 1:
                message = "There are several workspaces; say which with --workspace."
                raise click.ClickException(message)
            return await _invited(parts, operator_of(places[0].workspace_id), email, Role(role))

    click.echo(run_once(run()))


@users_group.command("list")
@_in_workspaces
def list_users_command(named: str | None) -> None:
    """List who belongs to which workspace, as what, and when they were last seen."""

    async def run() -> list[str]:
        async with opened() as parts:
            return [
                line
                for place in await _workspaces(parts, named)
                async for line in _lines_of(parts, place)
            ]

    for line in run_once(run()):
        click.echo(line)


@users_group.command("disable")
@click.argument("email")
@_in_workspaces
def disable_user_command(email: str, named: str | None) -> None:
    """Keep the person out; their sessions end."""
    _change(email, named, "Kept out of", lambda parts: parts.room.people.disable)


@users_group.command("enable")
@click.argument("email")
@_in_workspaces
def enable_user_command(email: str, named: str | None) -> None:
    """Let the person in again."""
    _change(email, named, "Let into", lambda parts: parts.room.people.enable)


@users_group.command("password-link")
@click.argument("email")
def password_link_command(email: str) -> None:
    """Print a link by which the person sets a new password: good once, for a day."""

    async def run() -> str:
        async with opened() as parts:
            user, by = await _user(parts, email)
            link = await parts.room.credentials.make_link(by, user.user_id)
            return f"{parts.settings.base_url}{RESET_PATH}{link.token}"

    click.echo(run_once(run()))


@users_group.command("reset-second-factor")
@click.argument("email")
def reset_second_factor_command(email: str) -> None:
    """Turn the person's second factor off, for a lost phone; their sessions end."""

    async def run() -> None:
        async with opened() as parts:
            user, by = await _user(parts, email)
            await parts.room.second_factor.reset(by, user.user_id, parts.clock())

    run_once(run())
    click.echo("Turned off.")


Step = Callable[[Principal, UUID], Awaitable[Person]]


def _change(email: str, named: str | None, done: str, step_of: Callable[[Parts], Step]) -> None:
    """Take the step in each workspace that the person belongs to; a refusal ends it."""

    async def run() -> None:
        async with opened() as parts:
            user, _ = await _user(parts, email)
            theirs = await parts.room.people.workspaces_of(user.user_id)
            places = [one for one in await _workspaces(parts, named) if one.workspace_id in theirs]
            if not places:
                message = f"{user.email} does not belong to {named}."
                raise click.ClickException(message)
            for place in places:
                try:
                    await step_of(parts)(operator_of(place.workspace_id), user.user_id)
                except StateConflict as refusal:
                    message = f"{place.name}: {refusal.detail}"
                    raise click.ClickException(message) from refusal
                click.echo(f"{done} {place.name}.")

    run_once(run())


async def _lines_of(parts: Parts, place: Workspace) -> AsyncIterator[str]:
    workspace_id, after = place.workspace_id, None
    while page := await parts.room.people.page(workspace_id, after=after, limit=_PAGE):
        for person in page:
            state = "disabled" if person.membership.disabled_at else "active"
            seen = f"{person.last_seen_at:%Y-%m-%d}" if person.last_seen_at else "-"
            yield "  ".join((person.user.email, person.membership.role, state, seen, place.name))
        after = page[-1].user.user_id
    after = None
    while waiting := await parts.room.invitations.page(workspace_id, after=after, limit=_PAGE):
        for row in waiting:
            if is_open(row, parts.clock()):
                yield "  ".join((row.email, row.role, "invited", "-", place.name))
        after = waiting[-1].invitation_id


async def _invited(parts: Parts, by: Principal, email: str, role: Role) -> str:
    try:
        made = await parts.room.invitations.invite(by, email, role)
    except StateConflict as refusal:
        raise click.ClickException(refusal.detail) from refusal
    return f"{parts.settings.base_url}{JOIN_PATH}{made.token}"


async def _workspaces(parts: Parts, named: str | None) -> list[Workspace]:
    """Return the workspaces of that name or id, or all.

    Raises:
        ClickException: there is none.
    """
    found = await parts.room.people.workspaces()
    if named is not None:
        found = [one for one in found if named in (one.name, one.workspace_id)]
    if not found:
        message = f"There is no workspace {named}." if named else "There is no workspace yet."
        raise click.ClickException(message)
    return found


async def _user(parts: Parts, email: str) -> tuple[User, Principal]:
    """Return the user, and the operator whose deed their workspace's trail will tell."""
    try:
        user, workspace_id = await parts.room.credentials.by_email(email)
    except NotFound as fault:
        message = f"Nobody signs in with {email}."
        raise click.ClickException(message) from fault
    return user, operator_of(workspace_id)
