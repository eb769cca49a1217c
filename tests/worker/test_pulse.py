"""The worker's sign of life."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

from worker.pulse import beat, is_alive


async def test_a_worker_is_alive_while_its_loop_turns(tmp_path: Path) -> None:
    home = tmp_path / "home"
    before = is_alive(home)

    beating = asyncio.create_task(beat(home))
    await asyncio.sleep(0)
    meanwhile = is_alive(home)
    beating.cancel()
    with suppress(asyncio.CancelledError):
        await beating
    (sign,) = home.iterdir()
    os.utime(sign, (0, 0))

    assert (before, meanwhile, is_alive(home)) == (False, True, False)
