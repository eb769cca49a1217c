"""What `tallydock doctor` looks at, in the order it should be seen to.

Each check asks one system one thing; one that fails keeps no other from being made.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final

from server.doctor import bucket, clocks, storage, systems, upkeep
from server.doctor.finding import Finding, Ill
from server.parts import Parts

_PATIENCE_SECONDS: Final = 10

Check = Callable[[Parts], Awaitable[None]]

CHECKS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "database": systems.check_database,
        "database version": systems.check_database_version,
        "database tables": systems.check_revision,
        "queue": systems.check_queue,
        "object storage": storage.check_answer,
        "object versions": storage.check_versions,
        "object lifecycle": bucket.check_rules,
        "storage events": bucket.check_events,
        "object storage's clock": storage.check_clock,
        "ClickHouse": systems.check_clickhouse,
        "ClickHouse version": systems.check_clickhouse_version,
        "ClickHouse tables": systems.check_tables,
        "ClickHouse reads the store": storage.check_reading,
        "ClickHouse disk": upkeep.check_disk,
        "clocks": clocks.check_clocks,
        "worker": upkeep.check_worker,
        "draining": upkeep.check_draining,
        "backup": upkeep.check_backup,
    }
)


async def examine(parts: Parts) -> list[Finding]:
    """Make every check and return what it says."""
    found = []
    for name, check in CHECKS.items():
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await check(parts)
        except Ill as trouble:
            found.append(Finding(name, trouble))
        except Exception as fault:  # noqa: BLE001 - whatever a driver raises is the finding
            advice = "See `docker compose ps` and the logs of that service."
            found.append(Finding(name, Ill(f"it does not answer ({type(fault).__name__})", advice)))
        else:
            found.append(Finding(name, None))
    return found
