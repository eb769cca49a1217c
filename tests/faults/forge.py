"""A process that makes victims: it is forked for every order, with all modules loaded.

`python -m tests.faults.forge`: an order a line on stdin, its answer a line on stdout. A child that
was killed answers with the number of its signal.
"""

import asyncio
import json
import os
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy.orm import configure_mappers

from server.datasets.catalogue import Catalogue
from tests.faults import worlds
from tests.faults.probe import Probe
from tests.faults.scenarios import SCENARIOS
from tests.fixtures.storage import StorageAddress

Order = Mapping[str, str]


async def obey(order: Order) -> dict[str, object]:
    """Do what is ordered."""
    folder = Path(order["folder"])
    store = StorageAddress(order["store"])
    match order["do"]:
        case "make":
            return await worlds.make(SCENARIOS[order["scenario"]], folder, store)
        case "run":
            probe = Probe(order.get("kill_at", ""), float(order.get("pause_seconds", "0")))
            return await worlds.run(order["job"], order["file"], folder, store, probe)
        case _:
            return await worlds.recover(order["file"], folder, store)


def main() -> None:
    """Fork for every order until stdin ends."""
    # Read here once: each child would for itself, for a third of its time.
    Catalogue.built_in()
    configure_mappers()
    for line in sys.stdin:
        answer = Path(json.loads(line)["folder"]).with_suffix(".answer")
        answer.unlink(missing_ok=True)
        child = os.fork()
        if child == 0:
            _child(json.loads(line), answer)
        _, status = os.waitpid(child, 0)
        killed_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        told = json.loads(answer.read_text()) if answer.exists() else {}
        sys.stdout.write(json.dumps({"signal": killed_by, **told}) + "\n")
        sys.stdout.flush()


def _child(order: Order, answer: Path) -> None:
    try:
        answer.write_text(json.dumps(asyncio.run(obey(order))))
    except BaseException:  # noqa: BLE001 - told to the test, whatever it is
        answer.write_text(json.dumps({"fault": traceback.format_exc()}))
    # Not through the interpreter's end: the parent's buffers are not this process's to flush.
    os._exit(0)


if __name__ == "__main__":
    main()
