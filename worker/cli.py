"""The whole command `tallydock`: what `server/cli.py` has, and what needs a worker's hands."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import click

from server.app import Parts, build_parts
from server.cli import main
from server.errors import AdapterError
from server.files.failures import FailureCode
from server.settings import Settings
from server.telemetry.logs import configure_logs
from worker.context import Context, context_of
from worker.jobs import JOBS
from worker.maintenance.reconcile import Reconciler
from worker.maintenance.sweep import Sweep
from worker.operations.drain import drain, end_drain
from worker.operations.rebuild import CannotRebuild, rebuild
from worker.operations.retry import OURS, retry
from worker.operations.support import support_report
from worker.runner import Runner

T = TypeVar("T")

__all__ = ["main"]


@main.command("drain")
@click.option("--end", "is_over", is_flag=True, help="Let workers take files again.")
def drain_command(*, is_over: bool) -> None:
    """Let workers finish what they have and take nothing more; returns when none works."""
    if is_over:
        was_drained = _run(end_drain)
        click.echo("Workers take files again." if was_drained else "They were not drained.")
        return

    async def wait(context: Context) -> None:
        await drain(context, lambda count: click.echo(f"{count} files are being worked on."))

    _run(wait)
    click.echo("Workers are drained until `tallydock drain --end`. Files that arrive wait.")


@main.command("retry")
@click.option(
    "--code",
    "codes",
    multiple=True,
    type=click.Choice([str(code) for code in FailureCode]),
    help="May be repeated; every fault of ours when left out.",
)
def retry_command(codes: tuple[str, ...]) -> None:
    """Queue failed files again; without a code those that failed by a fault of ours."""

    async def again(parts: Parts) -> int:
        wanted = tuple(FailureCode(code) for code in codes) or OURS
        return await retry(context_of(parts), parts.files, wanted)

    click.echo(f"Queued again: {_run_with_parts(again)}")


@main.command("sweep")
def sweep_command() -> None:
    """Look once, now, for work nobody was told of and for what dead workers left behind."""

    async def once(context: Context) -> None:
        runner = Runner(context, JOBS)
        await Sweep(context, runner).round()
        await Reconciler(context).round()
        # While the queue is away, the sweep begins in here what it found.
        await runner.settle()

    _run(once)
    click.echo("Swept.")


@main.command("rebuild")
@click.option("--yes", is_flag=True, help="Do not ask.")
def rebuild_command(*, yes: bool) -> None:
    """Empty ClickHouse and have every visible file judged again, oldest first."""
    if not yes:
        click.confirm(
            "All rows leave the dashboards until each file was judged again. Go on?", abort=True
        )
    try:
        count = _run(rebuild)
    except CannotRebuild as refusal:
        raise click.ClickException(str(refusal)) from refusal
    click.echo(f"Queued: {count} files. They are judged after `tallydock drain --end`.")


@main.command("support-report")
def support_report_command() -> None:
    """Print what helps whoever is asked for help, as JSON; no secret and no data."""
    click.echo(json.dumps(_run_with_parts(support_report), indent=1, default=str))


def _run(work: Callable[[Context], Awaitable[T]]) -> T:
    async def with_context(parts: Parts) -> T:
        return await work(context_of(parts))

    return _run_with_parts(with_context)


def _run_with_parts(work: Callable[[Parts], Awaitable[T]]) -> T:
    async def whole() -> T:
        async with _parts() as parts:
            return await work(parts)

    settings = Settings()
    configure_logs(log_format=settings.log_format, level="WARNING")
    try:
        return asyncio.run(whole())
    except AdapterError as fault:
        message = (
            f"A system behind does not answer ({type(fault).__name__}); see `tallydock doctor`."
        )
        raise click.ClickException(message) from fault


@asynccontextmanager
async def _parts() -> AsyncIterator[Parts]:
    parts = build_parts(Settings())
    try:
        yield parts
    finally:
        await parts.close()


if __name__ == "__main__":
    main()
