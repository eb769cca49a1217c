"""The embedded store as a process of its own: `python -m tests.faults.store PORT FOLDER [EVENTS]`.

EVENTS is the server's address for them; without one the store tells nobody.
"""

import sys
from pathlib import Path
from typing import cast

import uvicorn
from litestar.types import ASGIApp

from server.storage.embedded.endpoint import EmbeddedStore
from server.storage.embedded.events import webhook_notifier
from tests.fixtures.house import EVENT_TOKEN
from tests.fixtures.storage import StorageAddress


def main(port: str, folder: str, events: str = "") -> None:
    """Serve until the process is ended."""
    address = StorageAddress(url="")
    store = EmbeddedStore(
        Path(folder),
        bucket=address.bucket,
        access_key=address.access_key,
        secret_key=address.secret_key,
        region=address.region,
        max_object_bytes=2**30,
        on_event=webhook_notifier(events, EVENT_TOKEN) if events else None,
    )
    # An ASGI application; Litestar only has narrower names for what ASGI leaves open.
    uvicorn.run(cast(ASGIApp, store), port=int(port), log_config=None, lifespan="off")


if __name__ == "__main__":
    main(*sys.argv[1:])
