"""The worker: takes wake-up calls from Valkey, runs the jobs, and sweeps for what was not called.

`run_worker` runs until it is cancelled, in a process of its own (`python -m worker`) or inside the
embedded appliance. Valkey may go away and come back at any time; the jobs go on meanwhile.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Final
from uuid import UUID

import structlog
from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix
from arq.worker import Function, Worker, func
from redis.exceptions import RedisError

from server.queue import QUEUE_NAME, deserialize, redis_settings, serialize
from worker.context import Context
from worker.jobs import JOBS
from worker.maintenance.reconcile import Reconciler
from worker.maintenance.sweep import Sweep
from worker.maintenance.vitals import Vitals
from worker.runner import Runner

logger = structlog.get_logger(__name__)

# A file of a thousand rows must be Completed a second after its PUT.
_POLL_SECONDS: Final = 0.05
_RECONNECT_SECONDS: Final = 1.0
# Retries are ours (outcomes.py), so a job never asks arq for one; but arq counts a run whose worker
# was killed as a try, and would throw the call away at the limit.
_MAX_TRIES: Final = 1_000_000
# A connection that hangs says nothing: it is asked now and then, and must answer soon.
_PING_SECONDS: Final = 5.0
_PATIENCE_SECONDS: Final = 3.0
# A look into the queue takes milliseconds, unless all places are taken or Valkey is away.
_LOOK_SECONDS: Final = 0.5


class _Listener(Worker):
    """arq's worker, which can also be ended between two looks into the queue.

    Cancelled in the middle of one, it would leave a watch on a connection nobody closes.
    """

    is_ending = False

    async def heart_beat(self) -> None:
        """Do what arq does once a look, or end the looking."""
        if self.is_ending:
            raise asyncio.CancelledError
        await super().heart_beat()


async def run_worker(context: Context) -> None:
    """Work until cancelled; then let go of all files within seconds."""
    runner = Runner(context, JOBS)
    sweep = Sweep(context, runner)
    logger.info("worker.started", worker=context.worker_name)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_listen(context, runner), name="listen")
            group.create_task(sweep.run(), name="sweep")
            group.create_task(Reconciler(context).run(), name="reconcile")
            group.create_task(Vitals(context).run(), name="vitals")
    finally:
        await runner.stop()
        logger.info("worker.stopped", worker=context.worker_name)


async def _listen(context: Context, runner: Runner) -> None:
    """Take calls from Valkey for ever, connecting anew whenever the connection breaks."""
    is_told = False
    while True:
        worker = _make_worker(context, runner)
        try:
            await _until_broken(worker)
        except (RedisError, OSError, TimeoutError) as fault:
            if not is_told:
                logger.warning("queue.unavailable", cause=type(fault).__name__)
            is_told = worker.pool is None
        except asyncio.CancelledError:
            # Files first, calls second: whoever takes up the call must find the file free.
            await runner.stop()
            raise
        finally:
            await _close(worker)
        await asyncio.sleep(_RECONNECT_SECONDS)


async def _until_broken(worker: _Listener) -> None:
    listening = asyncio.create_task(worker.async_run())
    asking = asyncio.create_task(_ask(worker))
    try:
        done, _ = await asyncio.wait({listening, asking}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        worker.is_ending = True
        await asyncio.wait({listening}, timeout=_LOOK_SECONDS)
        for task in (listening, asking):
            task.cancel()
        await asyncio.gather(listening, asking, return_exceptions=True)


async def _ask(worker: Worker) -> None:
    while True:
        await asyncio.sleep(_PING_SECONDS)
        if worker.pool is not None:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await worker.pool.ping()


async def _close(worker: Worker) -> None:
    """Drop the connection; jobs that run go on (`Runner.run`)."""
    calls = list(worker.tasks.values())
    for call in calls:
        call.cancel()
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await asyncio.gather(*calls, return_exceptions=True)
    if worker.pool is not None:
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await worker.pool.aclose(close_connection_pool=True)


def _make_worker(context: Context, runner: Runner) -> _Listener:
    settings = context.settings

    def job(name: str) -> Function:
        async def run(ctx: Mapping[str, object], file_id: str) -> None:
            renewing = asyncio.create_task(_keep_call(ctx, settings.lease_seconds))
            try:
                await runner.run(name, UUID(file_id))
            finally:
                renewing.cancel()

        return func(run, name=name)

    worker = _Listener(
        functions=[job(name) for name in JOBS],
        queue_name=QUEUE_NAME,
        redis_settings=redis_settings(settings.valkey_url),
        handle_signals=False,
        # No more than run: a call that waits here is kept from workers that are free.
        max_jobs=settings.jobs_at_once,
        # Never reached: a job ends by its own time limit (jobs.py), after waiting for a slot.
        job_timeout=10 * settings.job_timeout_seconds,
        keep_result=0,
        max_tries=_MAX_TRIES,
        poll_delay=_POLL_SECONDS,
        job_serializer=serialize,
        job_deserializer=deserialize,
        log_results=False,
    )
    # How long a call counts as taken: not the job's time limit, as arq has it, or the calls of a
    # worker that was killed would be dead for hours; `_keep_call` renews it.
    worker.in_progress_timeout_s = settings.lease_seconds
    return worker


async def _keep_call(ctx: Mapping[str, object], lease_seconds: int) -> None:
    pool = ctx["redis"]
    key = f"{in_progress_key_prefix}{ctx['job_id']}"
    while isinstance(pool, ArqRedis):
        await asyncio.sleep(lease_seconds / 3)
        with suppress(RedisError, OSError):
            await pool.pexpire(key, lease_seconds * 1000)
