"""Whether the object storage keeps what it is given, knows the time, and is read by ClickHouse."""

from datetime import timedelta
from typing import Final

from server.datasets.sql import quoted
from server.doctor.clocks import hold_clock
from server.doctor.finding import Ill
from server.doctor.probe import LINES, probe
from server.doctor.systems import COMMENT
from server.errors import AdapterError
from server.parts import Parts

_EXPIRES_IN: Final = timedelta(minutes=5)


async def check_answer(parts: Parts) -> None:
    """Ask for the bucket."""
    await parts.storage.ping()


async def check_versions(parts: Parts) -> None:
    """Ask whether the bucket keeps every version."""
    if not await parts.storage.is_versioned():
        finding = "the bucket keeps no versions, so a second PUT replaces what was judged"
        raise Ill(finding, "Switch versioning on, at once; no files are taken safely until then.")


async def check_clock(parts: Parts) -> None:
    """Compare the time the store gives to a new object with ours."""
    async with probe(parts) as stored:
        hold_clock("the object storage", stored.last_modified, parts.clock())


async def check_reading(parts: Parts) -> None:
    """Have ClickHouse read an object by a signed URL, as it reads every file."""
    async with probe(parts) as stored:
        address = parts.storage.presign_get(
            stored.key, version_id=stored.version_id, expires_in=_EXPIRES_IN, public=False
        )
        try:
            told = await parts.analytics.query(
                "SELECT count() AS lines FROM"
                f" url({quoted(address)}, 'LineAsString', 'line String')",
                # A signed URL is a secret until it expires.
                settings={"log_queries": 0},
                comment=COMMENT,
            )
        except AdapterError as fault:
            finding = "it cannot read from the object storage"
            advice = (
                "ClickHouse must reach TALLYDOCK_STORAGE_INTERNAL_URL, its"
                " remote_url_allow_hosts must name that host, and for https:// it must trust"
                " the certificate there: see corporate-ca.yaml."
            )
            raise Ill(finding, advice) from fault
    if int(str(told.one()["lines"])) != LINES:
        finding = "it reads something else from the object storage than was written"
        raise Ill(finding, "Look for a cache or a proxy between the two.")
