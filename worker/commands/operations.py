"""Commands for whoever keeps it running: drain, retry, sweep, rebuild, the support report."""

import json

import click

from server.cli import main
from server.files.failures import FailureCode
from server.parts import Parts
from worker.commands.running import run, run_with_parts
from worker.context import Context, context_of
from worker.jobs import JOBS
from worker.maintenance.reconcile import Reconciler
from worker.maintenance.sweep import Sweep
from worker.operations.drain import drain, end_drain
from worker.operations.rebuild import CannotRebuild, rebuild
from worker.operations.retry import OURS, retry
from worker.operations.support import support_report
from worker.runner import Runner


@main.command("drain")
@click.option("--end", "is_over", is_flag=True, help="Let workers take files again.")
def drain_command(*, is_over: bool) -> None:
    """Let workers finish what they have and take nothing more; returns when none works."""
    if is_over:
        was_drained = run(end_drain)
        click.echo("Workers take files again." if was_drained else "They were not drained.")
        return

    async def wait(context: Context) -> None:
        await drain(context, lambda count: click.echo(f"{count} files are being worked on."))

    run(wait)
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

    click.echo(f"Queued again: {run_with_parts(again)}")


@main.command("sweep")
def sweep_command() -> None:
    """Look once, now, for work nobody was told of and for what dead workers left behind."""

    async def once(context: Context) -> bool:
        runner = Runner(context, JOBS)
        await Sweep(context, runner).round()
        is_ours = await Reconciler(context).round()
        # While the queue is away, the sweep begins in here what it found.
        await runner.settle()
        return is_ours

    if run(once):
        click.echo("Swept.")
    else:
        click.echo("Swept. A worker is at what dead workers left behind at this moment.")


@main.command("rebuild")
@click.option("--yes", is_flag=True, help="Do not ask.")
def rebuild_command(*, yes: bool) -> None:
    """Empty ClickHouse and have every visible file judged again, oldest first."""
    if not yes:
        click.confirm(
            "All rows leave the dashboards until each file was judged again. Go on?", abort=True
        )
    try:
        count = run(rebuild)
    except CannotRebuild as refusal:
        raise click.ClickException(str(refusal)) from refusal
    click.echo(f"Queued: {count} files. They are judged after `tallydock drain --end`.")


@main.command("support-report")
def support_report_command() -> None:
    """Print what helps whoever is asked for help, as JSON; no secret and no data."""
    click.echo(json.dumps(run_with_parts(support_report), indent=1, default=str))
