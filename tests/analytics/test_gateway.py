"""The gateway tells refusals from absence, and gives every connection back or closes it."""

import pytest
from clickhouse_connect.driver.client import Client

from server.analytics.gateway import Analytics
from server.errors import QueryRejected


async def test_a_refusal_that_quotes_bytes_that_are_no_text_keeps_its_number(
    engine: Analytics,
) -> None:
    with pytest.raises(QueryRejected) as refused:
        await engine.query("SELECT toInt64(unhex('41FF42'))", comment="test")

    assert refused.value.code == 6  # CANNOT_PARSE_TEXT


async def test_a_connection_is_closed_whatever_went_wrong_on_it(
    engine: Analytics, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[Client] = []
    closed: list[Client] = []

    def break_down(client: Client) -> None:
        used.append(client)
        close = client.close

        def close_and_note() -> None:
            closed.append(client)
            close()

        monkeypatch.setattr(client, "close", close_and_note)
        message = "not of the driver's own errors"
        raise ValueError(message)

    with pytest.raises(ValueError, match="own errors"):
        await engine._pool.run("other", break_down)

    assert closed == used
    await engine.ping()
