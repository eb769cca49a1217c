"""The command `tallydock`: what an operator does by hand, or a container at its start."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import click
import uvicorn

from server.access.first_run import FILE_NAME, first_run
from server.access.principal import operator_of
from server.access.scopes import ALL_SCOPES, Scope
from server.commands import first_workspace, opened, run_once
from server.datasets.provision import provision
from server.doctor.examination import examine
from server.doctor.finding import Finding
from server.errors import NotFound, StorageUnavailable
from server.operations.versions import VersionRefused, bring_up
from server.people_commands import users_group, workspaces_group
from server.schema import metadata
from server.settings import SECRETS, Settings
from server.storage.s3.administration import Root, set_up_storage
from server.telemetry.logs import configure_logs
from server.version import VERSION

# Event streams never end by themselves; browsers come back to them.
_SHUTDOWN_SECONDS = 10
_LISTED_KEYS = 1000


@click.group()
@click.version_option(VERSION, prog_name="tallydock")
def main() -> None:
    """Payment files in, trusted analytics out."""


@main.command("migrate")
def migrate_command() -> None:
    """Bring the database to the newest revision, and make what is missing in ClickHouse."""

    async def run() -> bool:
        async with opened() as parts:
            await bring_up(parts.engine, parts.units, metadata, parts.clock)
            if not parts.settings.clickhouse_dsn.get_secret_value():
                return False
            await provision(parts.analytics, parts.catalogue)
            return True

    try:
        has_tables = run_once(run())
    except VersionRefused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    click.echo("The database is at the newest revision.")
    click.echo("ClickHouse has all tables." if has_tables else "No ClickHouse is set.")


@main.command("doctor")
def doctor_command() -> None:
    """Check everything this appliance needs, and say what to do; ends with 1 when something is."""

    async def run() -> list[Finding]:
        async with opened() as parts:
            return await examine(parts)

    findings = run_once(run())
    for finding in findings:
        if finding.trouble is None:
            click.echo(f"well  {finding.name}")
        else:
            click.echo(f"ILL   {finding.name}: {finding.trouble.finding}")
            click.echo(f"      {finding.trouble.advice}")
    if any(finding.trouble for finding in findings):
        raise click.exceptions.Exit(1)


@main.command("setup-storage")
@click.option(
    "--root",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=SECRETS,
    show_default=True,
    help="Folder with tallydock_storage_root_user and tallydock_storage_root_password.",
)
def setup_storage_command(folder: Path) -> None:
    """Make bucket, versions, our user and the webhook in a bundled store."""
    configure_logs(log_format="console", level="WARNING")
    root = Root(
        user=(folder / "tallydock_storage_root_user").read_text().strip(),
        password=(folder / "tallydock_storage_root_password").read_text().strip(),
    )
    try:
        has_events = set_up_storage(Settings(), root)
    except StorageUnavailable as fault:
        message = f"The object storage refused or did not answer: {fault}."
        raise click.ClickException(message) from fault
    click.echo("The object storage is set up.")
    if not has_events:
        click.echo("It was started without our webhook: files are noticed by the sweep.", err=True)


@main.command("serve")
@click.option("--workers", default=1, show_default=True, help="Server processes.")
def serve_command(workers: int) -> None:
    """Serve the API and the portal."""
    settings = Settings()
    uvicorn.run(
        "server.asgi:app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=workers,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )


@main.command("first-run")
@click.option(
    "--show", is_flag=True, help="Print what is in the file, and leave none: for containers."
)
def first_run_command(*, show: bool) -> None:
    """Make workspace, administrator and first key, once; the secrets go into a file."""

    async def run() -> Path | None:
        async with opened() as parts:
            return await first_run(parts.settings, parts.units, parts.access)

    path = run_once(run())
    if path is None:
        click.echo(f"Already set up; see {FILE_NAME} of that day.", err=show)
    elif show:
        click.echo(path.read_text(), nl=False)
        path.unlink()
    else:
        click.echo(f"Written: {path}")


@main.group("keys")
def keys_group() -> None:
    """API keys."""


@keys_group.command("create")
@click.option("--name", required=True, help="What the key is for; shown in the history.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([str(scope) for scope in Scope]),
    help="May be repeated; all scopes when left out.",
)
@click.option("--days", type=click.IntRange(min=1), help="Life of the key; endless when left out.")
def create_key_command(name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make a key and print it; it is shown this once."""

    async def run() -> str:
        async with opened() as parts:
            made = await parts.access.create_key(
                operator_of(await first_workspace(parts)),
                name=name,
                scopes=[Scope(scope) for scope in scopes] or ALL_SCOPES,
                expires_at=parts.clock() + timedelta(days=days) if days else None,
            )
            return made.text

    click.echo(run_once(run()))


@keys_group.command("list")
def list_keys_command() -> None:
    """List the keys: id, beginning, name, scopes, and whether they are revoked."""

    async def run() -> list[str]:
        async with opened() as parts:
            workspace_id = await first_workspace(parts)
            rows = await parts.access.keys(workspace_id, after=None, limit=_LISTED_KEYS)
            return [
                f"{row.key_id}  tdk_{row.public_id}…{row.last4}  {row.name}  "
                f"{','.join(row.scopes)}  {'revoked' if row.revoked_at else ''}".rstrip()
                for row in rows
            ]

    for line in run_once(run()):
        click.echo(line)


@keys_group.command("revoke")
@click.argument("key_id", type=click.UUID)
def revoke_key_command(key_id: UUID) -> None:
    """Revoke a key; servers that run notice within seconds."""

    async def run() -> None:
        async with opened() as parts:
            try:
                await parts.access.revoke_key(operator_of(await first_workspace(parts)), key_id)
            except NotFound as fault:
                raise click.ClickException(fault.detail) from fault

    run_once(run())
    click.echo("Revoked.")


main.add_command(workspaces_group)
main.add_command(users_group)

if __name__ == "__main__":
    main()
