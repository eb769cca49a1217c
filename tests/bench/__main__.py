"""`python -m tests.bench`: the ratios of INGEST.md, as a table and as JSON; asserts no time.

Sizes come one after the other, their files are removed after use: the largest needs free disk of
about four times its size in the folder for temporary files (`TMPDIR`).
"""

import asyncio
import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Final

import click
import uvloop

from server.telemetry.logs import configure_logs
from tests.bench import ingest, latency, memory, publish, sizing, upload
from tests.bench.data import Sample, rows_for, write_sample
from tests.bench.report import Measure, report, table
from tests.bench.rig import Rig, rig

_PARTS: Final = ("ingest", "rejects", "publish", "memory", "sizing", "latency", "upload")
_IN_ENGINE: Final = frozenset({"ingest", "rejects", "publish", "memory", "sizing"})
_SIZES: Final = "10MB,100MB,1GB"
_UNITS: Final = {"KB": 10**3, "MB": 10**6, "GB": 10**9}
_WARM_UP_ROWS: Final = 1000


class _Bench:
    """One run: which parts, how often, and what came out so far."""

    def __init__(self, folder: Path, parts: frozenset[str], runs: int) -> None:
        self.measures: list[Measure] = []
        self.skipped: list[str] = []
        self.versions: dict[str, str] = {}
        self._folder = folder
        self._parts = parts
        self._runs = runs

    def run(self, sizes: list[str], *, files: int, requests: int) -> None:
        """Measure everything."""
        if self._parts & _IN_ENGINE:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._in_engine(sizes))
        if "latency" in self._parts:
            _say("latency")
            self._take(latency.measure(self._folder, files=files, warm_up=3))
        if "upload" in self._parts:
            _say("upload")
            self._take(upload.measure(self._folder, requests=requests, warm_up=50))
        # In the order of the parts; they ran size by size.
        self.measures.sort(key=lambda measure: _PARTS.index(measure.part))

    async def _in_engine(self, sizes: list[str]) -> None:
        async with rig(self._folder / "home") as engine:
            self.versions["clickhouse"] = await engine.version()
            await self._warm_up(engine)
            for size in sizes:
                await self._of_size(engine, size)

    def _take(self, found: tuple[list[Measure], list[str]]) -> None:
        measures, skipped = found
        self.measures += measures
        self.skipped += skipped

    async def _warm_up(self, engine: Rig) -> None:
        sample = await self._sample(engine, _WARM_UP_ROWS, has_bad_rows=True)
        clean = await self._sample(engine, _WARM_UP_ROWS, has_bad_rows=False)
        for one in (sample, clean):
            await ingest.compare(engine, "warm-up", one, clean.path, size="warm-up", runs=1, bar="")

    async def _of_size(self, engine: Rig, size: str) -> None:
        clean = await self._sample(engine, rows_for(_bytes(size)), has_bad_rows=False)
        if "ingest" in self._parts:
            _say(f"ingest {size}")
            self.measures.append(
                await ingest.compare(
                    engine,
                    "ingest",
                    clean,
                    clean.path,
                    size=size,
                    runs=self._runs,
                    bar="≤ 0.85, goal 0.75",
                )
            )
        if "rejects" in self._parts:
            _say(f"rejects {size}")
            bad = await self._sample(engine, clean.rows, has_bad_rows=True)
            self.measures.append(
                await ingest.compare(
                    engine,
                    "rejects",
                    bad,
                    clean.path,
                    size=size,
                    runs=self._runs,
                    bar="≤ 1.25",
                )
            )
            bad.path.unlink()
        if "publish" in self._parts:
            _say(f"publish {size}")
            self.measures += await publish.compare(
                engine, clean, self._folder, size=size, runs=self._runs
            )
        for part, measured in (("memory", memory.measure), ("sizing", sizing.measure)):
            if part in self._parts:
                _say(f"{part} {size}")
                with tempfile.TemporaryDirectory(dir=self._folder) as home:
                    found = await asyncio.to_thread(measured, clean, Path(home), size=size)
                self.measures.append(found)
        clean.path.unlink()

    async def _sample(self, engine: Rig, rows: int, *, has_bad_rows: bool) -> Sample:
        path = self._folder / f"{rows}-{'bad' if has_bad_rows else 'clean'}.csv"
        return await write_sample(
            engine.analytics, engine.dataset, path, rows=rows, has_bad_rows=has_bad_rows
        )


def _bytes(size: str) -> int:
    found = re.fullmatch(r"(\d+)(KB|MB|GB)", size.upper())
    if found is None:
        message = f"{size!r} is no size such as 10MB or 1GB"
        raise click.BadParameter(message)
    return int(found.group(1)) * _UNITS[found.group(2)]


def _parts_of(only: str) -> frozenset[str]:
    parts = frozenset(only.split(","))
    if unknown := parts - set(_PARTS):
        message = f"{', '.join(sorted(unknown))}: the parts are {', '.join(_PARTS)}"
        raise click.BadParameter(message)
    return parts


def _say(what: str) -> None:
    click.echo(f"  {what} …", err=True)


@click.command()
@click.argument("named", nargs=-1, metavar="[SIZE]...")
@click.option("--sizes", default="", help=f"The same with commas; default: {_SIZES}.")
@click.option("--runs", default=3, show_default=True, type=click.IntRange(1))
@click.option("--only", default=",".join(_PARTS), show_default=True, help="Parts, with commas.")
@click.option("--files", default=30, show_default=True, type=click.IntRange(1), help="Of latency.")
@click.option(
    "--requests", default=500, show_default=True, type=click.IntRange(1), help="Of upload."
)
@click.option(
    "--json",
    "written",
    default="build/bench.json",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Where the same is written as JSON.",
)
def main(
    *,
    named: tuple[str, ...],
    sizes: str,
    runs: int,
    only: str,
    files: int,
    requests: int,
    written: Path,
) -> None:
    """Measure what INGEST.md asks for, on this machine, with files of each SIZE (10MB, 1GB)."""
    configure_logs(log_format="console", level="ERROR")
    wanted = [*named, *filter(None, sizes.split(","))] or _SIZES.split(",")
    for size in wanted:
        _bytes(size)
    with tempfile.TemporaryDirectory(prefix="tallydock-bench-") as folder:
        bench = _Bench(Path(folder), _parts_of(only), runs)
        bench.run(wanted, files=files, requests=requests)
    told = report(bench.measures, bench.skipped, arguments=sys.argv[1:], versions=bench.versions)
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    click.echo(table(bench.measures, bench.skipped))
    click.echo(f"\nWritten: {written}")


if __name__ == "__main__":
    main()
