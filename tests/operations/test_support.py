"""The support report says how the appliance is, and nothing of whose money is in it."""

import json
from dataclasses import replace
from typing import cast

from pydantic import SecretStr

from server.files.failures import FailureCode, FileFailed
from server.parts import Parts, assemble
from tests.fixtures.files import Desk
from tests.fixtures.rows import good, to_csv
from tests.fixtures.workshop import Workshop
from worker.operations.support import support_report, told_settings

CELL = "cell-nobody-may-see"


def parts_of(workshop: Workshop, **secrets: object) -> Parts:
    """Return parts around the workshop, with settings that hold secrets."""
    desk: Desk = workshop.desk
    database = {"database_url": "sqlite+aiosqlite://"}
    parts = assemble(
        desk.settings.model_copy(update=database),
        storage=desk.storage,
        analytics=workshop.analytics,
        queue=desk.queue,
        clock=desk.clock,
    )
    told = desk.settings.model_copy(update=secrets)
    return replace(parts, settings=told, units=cast("object", desk.units))  # type: ignore[arg-type]  # as wide


async def test_no_secret_and_no_data_is_in_it(workshop: Workshop) -> None:
    secrets: dict[str, object] = {
        "database_url": "postgresql+asyncpg://nadia:pass-of-database@db.example.com/tallydock",
        "valkey_url": "redis://:pass-of-valkey@valkey:6379/0",
        "storage_secret_key": SecretStr("pass-of-store"),
        "metrics_token": SecretStr("pass-of-metrics"),
        "admin_email": "nadia@bank.example.com",
    }
    data = to_csv([good(1, transaction_id=CELL), good(2, amount=CELL)]).encode()
    await workshop.ingested()
    file_id = await workshop.desk.send_and_pin(data=data)
    claim = await workshop.desk.claimed()
    await workshop.desk.claims.fail(claim, FileFailed(FailureCode.INTERNAL))

    parts = parts_of(workshop, **secrets)
    report = await support_report(parts)
    await parts.close()

    text = json.dumps(report, default=str)
    for secret in ("pass-of", "nadia", "bank.example", CELL, "alice", ".csv"):
        assert secret not in text, secret
    assert str(file_id) in text
    assert '"failure": "internal"' in text
    settings = cast("dict[str, object]", report["settings"])
    assert settings["storage_secret_key"] == "set"
    assert settings["valkey_url"] == "redis://valkey:6379"


def test_every_setting_is_told_or_is_an_address_of_a_person(workshop: Workshop) -> None:
    settings = workshop.desk.settings

    assert set(type(settings).model_fields) - set(told_settings(settings)) == {"admin_email"}
