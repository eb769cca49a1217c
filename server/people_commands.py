"""Commands for workspaces, and for people whom no administrator can help."""

import click

from server.access.models import User
from server.access.people_schemas import JOIN_PATH, RESET_PATH
from server.access.principal import Principal, operator_of
from server.access.roles import Role
from server.commands import opened, run_once
from server.errors import NotFound
from server.parts import Parts


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
            made = await parts.room.invitations.invite(by, email, Role.ADMIN)
            return f"{parts.settings.base_url}{JOIN_PATH}{made.token}"

    click.echo(run_once(run()))


@click.group("people")
def people_group() -> None:
    """People: for when no administrator of a workspace can come in."""


@people_group.command("password-link")
@click.argument("email")
def password_link_command(email: str) -> None:
    """Print a link by which the person sets a new password: good once, for a day."""

    async def run() -> str:
        async with opened() as parts:
            user, by = await _user(parts, email)
            link = await parts.room.credentials.make_link(by, user.user_id)
            return f"{parts.settings.base_url}{RESET_PATH}{link.token}"

    click.echo(run_once(run()))


@people_group.command("reset-second-factor")
@click.argument("email")
def reset_second_factor_command(email: str) -> None:
    """Turn the person's second factor off, for a lost phone; their sessions end."""

    async def run() -> None:
        async with opened() as parts:
            user, by = await _user(parts, email)
            await parts.room.second_factor.reset(by, user.user_id, parts.clock())

    run_once(run())
    click.echo("Turned off.")


async def _user(parts: Parts, email: str) -> tuple[User, Principal]:
    """Return the user, and the operator whose deed their workspace's trail will tell."""
    try:
        user, workspace_id = await parts.room.credentials.by_email(email)
    except NotFound as fault:
        message = f"Nobody signs in with {email}."
        raise click.ClickException(message) from fault
    return user, operator_of(workspace_id)
