"""Commands about backups: write one, list and check them, put one back."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final, TypeVar

import click

from server.cli import main
from server.parts import Parts
from server.settings import SECRETS
from worker.backup.held import HeldVault, hold
from worker.backup.lock import Busy
from worker.backup.restore import CannotRestore, Restored, restore, verify
from worker.backup.sealing import NotSealed, Sealer
from worker.backup.vault import NoBackup, Vault
from worker.backup.write import Written, write_backup
from worker.commands.gaps import WithGaps, gaps_in_short
from worker.commands.running import run_with_parts

T = TypeVar("T")

_PIECE_BYTES: Final = 2**20

_folder = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
_key = click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=SECRETS / "backup_key",
    show_default=True,
    help="File with the key of the backups: 64 characters of hexadecimal.",
)
_name = click.option("--name", help="Which backup, by its recovery point; the newest if left out.")


@main.command("backup")
@_folder
@_key
@click.option("--keep", type=click.IntRange(min=1), help="How many backups stay; all if left out.")
@click.option("--site", is_flag=True, help="Keep what comes in on standard input beside it.")
def backup_command(folder: Path, key: Path, keep: int | None, *, site: bool) -> None:
    """Write a backup into FOLDER while the appliance runs; copies what no earlier one there has.

    Ends with status 3 when it is written, and restores, but has gaps: something was lost before.
    """
    vault = _vault(folder, key)
    try:
        with hold(vault) as held:
            written = _told(
                lambda: run_with_parts(
                    lambda parts: write_backup(parts, held, _standard_input() if site else None)
                )
            )
            _tell(written)
            if keep is not None:
                _forget(held, keep)
    except Busy as refusal:
        message = (
            f"A backup is being written into {folder} already, by {refusal}. No other was made;"
            " let that one end."
        )
        raise click.ClickException(message) from refusal
    except OSError as fault:
        message = f"{folder} cannot be written: {fault.strerror}. No backup was made."
        raise click.ClickException(message) from fault
    if written.gaps.files():
        raise WithGaps(written.gaps)


@main.command("backups")
@_folder
@_key
def list_command(folder: Path, key: Path) -> None:
    """List the whole backups in FOLDER, oldest first."""
    for backup in _vault(folder, key).backups():
        about = backup.about
        click.echo(
            f"{backup.name}  {about['files']} files  {about['rows']} rows  {about['by']}"
            + gaps_in_short(about)
        )


@main.command("verify-backup")
@_folder
@_key
@_name
def verify_command(folder: Path, key: Path, name: str | None) -> None:
    """Open every part of a backup and compare it with what was written; changes nothing."""
    vault = _vault(folder, key)
    backup = _told(lambda: vault.newest(name))
    _told(lambda: verify(vault, backup))
    click.echo(f"{backup.name} is whole.")


@main.command("restore")
@_folder
@_key
@_name
def restore_command(folder: Path, key: Path, name: str | None) -> None:
    """Put a backup back into an installation that has taken no file."""
    vault = _vault(folder, key)
    backup = _told(lambda: vault.newest(name))

    async def work(parts: Parts) -> Restored:
        return await restore(parts, vault, backup)

    restored = _told(lambda: run_with_parts(work))
    click.echo(
        f"As of {restored.recovery_point}: {restored.files} files, {restored.rows} rows on the"
        f" dashboards, in {restored.seconds} s."
    )


@main.command("restore-site")
@_folder
@_key
@_name
def restore_site_command(folder: Path, key: Path, name: str | None) -> None:
    """Print what `backup --site` kept."""
    vault = _vault(folder, key)
    backup = _told(lambda: vault.newest(name))
    _told(lambda: sys.stdout.buffer.writelines(vault.read_site(backup)))


def _tell(written: Written) -> None:
    click.echo(
        f"Recovery point {written.recovery_point:%Y-%m-%d %H:%M:%S} UTC: {written.files} files,"
        f" {written.rows} rows, {written.new_bytes} new bytes, {written.seconds} s."
    )


def _forget(held: HeldVault, keep: int) -> None:
    try:
        removed = held.forget_all_but(keep)
    except (OSError, NotSealed) as fault:
        # The new one is whole, so this is no reason to call for another.
        click.echo(f"Older backups could not all be removed ({fault}); they stay.", err=True)
    else:
        click.echo(f"Parts that no kept backup needs: {removed} removed.")


def _vault(folder: Path, key: Path) -> Vault:
    try:
        return Vault(folder, Sealer.from_file(key))
    except ValueError as fault:
        raise click.ClickException(str(fault)) from fault


def _told(work: Callable[[], T]) -> T:
    """Return what the work returns; what is wrong with a backup is told in one sentence."""
    try:
        return work()
    except NotSealed as fault:
        message = f"{fault} does not open: it is damaged, or the key is another one."
        raise click.ClickException(message) from fault
    except (NoBackup, CannotRestore) as fault:
        raise click.ClickException(str(fault)) from fault


async def _standard_input() -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(sys.stdin.buffer.read, _PIECE_BYTES):
        yield piece
