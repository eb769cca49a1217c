"""What helps whoever is asked for help: states, numbers and versions; no secret, and no data.

Names of files, keys and people are left out, and so is everything that stands in a cell: who reads
this is not of the house.
"""

import platform
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from pydantic import SecretStr
from sqlalchemy import func
from sqlmodel import col, select

from server.doctor.examination import examine
from server.errors import AdapterError
from server.files.models import File, FileEvent
from server.operations.models import Installation, Operation
from server.parts import Parts
from server.settings import Settings
from server.version import VERSION

_LINES = 500
_COMMENT = "support"
_OF_CLICKHOUSE: Mapping[str, str] = {
    "server": "SELECT version() AS version, uptime() AS seconds",
    "tables": (
        "SELECT table, sum(rows) AS rows, count() AS parts, sum(bytes_on_disk) AS bytes"
        " FROM system.parts WHERE active AND database = {database:String}"
        " GROUP BY table ORDER BY table"
    ),
    "disks": "SELECT name, free_space, total_space FROM system.disks",
    "errors": "SELECT name, value, last_error_time FROM system.errors ORDER BY value DESC LIMIT 50",
    "statements": "SELECT count() AS running, max(elapsed) AS longest FROM system.processes",
}


async def support_report(parts: Parts) -> dict[str, object]:
    """Return what is known of this installation, as JSON."""
    findings = await examine(parts)
    return {
        "version": VERSION,
        "python": platform.python_version(),
        "at": parts.clock().isoformat(),
        "settings": told_settings(parts.settings),
        "findings": {
            found.name: found.trouble.finding if found.trouble else None for found in findings
        },
        "files": await _files(parts),
        "history": await _history(parts),
        "operations": await _operations(parts),
        "clickhouse": await _clickhouse(parts),
    }


def told_settings(settings: Settings) -> dict[str, object]:
    """Return the settings: no secret, and no name or password of an address."""
    told: dict[str, object] = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            told[name] = "set" if value.get_secret_value() else "not set"
        elif name.endswith("_url"):
            told[name] = _bare(str(value))
        elif name != "admin_email":
            told[name] = value if isinstance(value, int | float) else str(value)
    return told


def _bare(address: str) -> str:
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}" if parts.scheme else ""


async def _files(parts: Parts) -> Sequence[Mapping[str, object]]:
    code = col(File.failure)["code"].as_string()
    async with parts.units.begin() as unit:
        found = await unit.session.exec(
            select(File.stage, File.outcome, code, func.count()).group_by(
                col(File.stage), col(File.outcome), code
            )
        )
        return [
            {"stage": stage, "outcome": outcome, "failure": failure, "count": count}
            for stage, outcome, failure, count in found
        ]


async def _history(parts: Parts) -> Sequence[Mapping[str, object]]:
    async with parts.units.begin() as unit:
        found = await unit.session.exec(
            select(FileEvent).order_by(col(FileEvent.event_id).desc()).limit(_LINES)
        )
        return [
            {
                "fileId": str(event.file_id),
                "at": event.at.isoformat(),
                # The kind alone: what follows is a person's address or a key's name.
                "actor": event.actor.partition(":")[0],
                "cause": event.cause,
                "stage": event.stage_after,
                "code": event.detail.get("code"),
            }
            for event in found
        ]


async def _operations(parts: Parts) -> Mapping[str, object]:
    async with parts.units.begin() as unit:
        operations = await unit.session.exec(select(Operation))
        versions = await unit.session.exec(select(Installation).order_by(col(Installation.at)))
        return {
            "noted": {one.name: one.at.isoformat() for one in operations},
            "versions": {one.version: one.at.isoformat() for one in versions},
        }


async def _clickhouse(parts: Parts) -> Mapping[str, object]:
    told: dict[str, object] = {}
    for name, statement in _OF_CLICKHOUSE.items():
        try:
            rows = await parts.analytics.query(
                statement, comment=_COMMENT, parameters={"database": parts.analytics.database}
            )
        except AdapterError as fault:
            told[name] = type(fault).__name__
            continue
        told[name] = [
            {column: str(value) for column, value in record.items()} for record in rows.records()
        ]
    return told
