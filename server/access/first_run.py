"""The first run: one workspace, its administrator and a key with all scopes, told in one file."""

import json
import os
from pathlib import Path

import structlog

from server.access.service import AccessService
from server.settings import Settings
from server.unit_of_work import UnitsOfWork

logger = structlog.get_logger(__name__)

FILE_NAME = "first-run.json"


async def first_run(settings: Settings, units: UnitsOfWork, access: AccessService) -> Path | None:
    """Set the appliance up once; None when that was done before.

    The file is on disk before the rows are committed: a crash in between leaves a file that the
    next run overwrites, never a key that nobody knows. Idempotent.

    Returns:
        `first-run.json` in settings.home, mode 0600: `{url, apiKey, adminEmail, adminPassword}`.
    """
    async with units.begin() as unit:
        made = await access.set_up(unit, workspace="main", admin_email=settings.admin_email)
        if made is None:
            return None
        path = settings.home / FILE_NAME
        _write_private(
            path,
            {
                "url": settings.base_url,
                "apiKey": made.api_key,
                "adminEmail": made.admin_email,
                "adminPassword": made.admin_password,
            },
        )
    logger.info("appliance.set-up", path=str(path))
    return path


def _write_private(path: Path, content: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
