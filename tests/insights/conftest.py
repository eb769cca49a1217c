"""A real engine in process with a few known rows, and the panels over it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from server.analytics.gateway import Analytics
from server.insights.cells import Cell
from server.insights.panel import Filter
from server.insights.question import read_question
from server.insights.service import Insights, NewestFile

pytest.importorskip("chdb", reason="the embedded engine is not installed")

OURS = "ours"
THEIRS = "theirs"

_COLUMNS = (
    "_workspace",
    "transaction_type",
    "created_at",
    "provider_code",
    "currency",
    "amount",
    "payment_method_code",
    "card_network",
)
_TABLE = """
CREATE TABLE tallydock.transactions_current
(
    _workspace String,
    _file UUID,
    _row UInt64,
    transaction_id String DEFAULT generateUUIDv4(),
    transaction_type LowCardinality(String),
    created_at DateTime64(6, 'UTC'),
    provider_code LowCardinality(String),
    currency LowCardinality(String),
    amount Decimal(18, 4),
    payment_method_code LowCardinality(Nullable(String)),
    card_network LowCardinality(Nullable(String))
)
ENGINE = MergeTree
ORDER BY (_workspace, provider_code, transaction_id)
"""
_ROWS = (
    # Berlin moves its clock on 29 March 2026 at 01:00 UTC: that day has 23 hours.
    (OURS, "Capture", "2026-03-28 22:59:59.999999", "adyen", "EUR", "10.10", "card", "visa"),
    (OURS, "Capture", "2026-03-28 23:00:00.000000", "adyen", "EUR", "20.20", "card", "visa"),
    (OURS, "Capture", "2026-03-29 21:59:59.000000", "adyen", "EUR", "0.30", "card", "visa"),
    (OURS, "Capture", "2026-03-29 22:00:00.000000", "adyen", "EUR", "100.00", "paypal", None),
    (OURS, "Capture", "2026-03-29 10:00:00.000000", "stripe", "EUR", "7.0001", "card", "visa"),
    (OURS, "Capture", "2026-03-29 10:00:00.000000", "stripe", "USD", "5.00", "card", "visa"),
    (OURS, "Refund", "2026-03-29 11:00:00.000000", "adyen", "EUR", "2.50", "card", "visa"),
    (OURS, "Refund", "2026-03-29 11:00:00.000000", "adyen", "EUR", "1.50", "card", "visa"),
    (OURS, "Refund", "2026-03-29 11:00:00.000000", "adyen", "GBP", "9.99", "card", "visa"),
    (THEIRS, "Capture", "2026-03-29 10:00:00.000000", "adyen", "EUR", "999.99", "card", "visa"),
)


class NoFiles:
    """File records of a workspace that sent one file."""

    async def newest(self, workspace_id: str, *, limit: int) -> Sequence[NewestFile]:
        """Return that file to its workspace only."""
        sent = datetime(2026, 3, 30, 8, 0, tzinfo=UTC)
        file = NewestFile("0195", "a.csv", "transactions", "Completed", "imported", 9, 900, sent)
        return [file][:limit] if workspace_id == OURS else []


@pytest.fixture(scope="module")
def analytics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Analytics]:
    """Yield the engine with the known rows; chDB allows one folder at a time."""
    folder: Path = tmp_path_factory.mktemp("chdb")
    gateway = Analytics(f"chdb:///{folder}", database="tallydock", threads=2)
    asyncio.run(_fill(gateway))
    yield gateway
    gateway.close()


async def _fill(gateway: Analytics) -> None:
    await gateway.create_database()
    await gateway.command(_TABLE, comment="test")
    await gateway.command(
        f"INSERT INTO tallydock.transactions_current ({', '.join(_COLUMNS)}) VALUES "
        + ", ".join(_values(row) for row in _ROWS),
        comment="test",
    )


def _values(row: tuple[str | None, ...]) -> str:
    return "(" + ", ".join("NULL" if cell is None else f"'{cell}'" for cell in row) + ")"


@pytest.fixture
def insights(analytics: Analytics) -> Insights:
    """Return the panels over the known rows."""
    return Insights(analytics, NoFiles())


Ask = Callable[..., Awaitable[list[tuple[Cell, ...]]]]


@pytest.fixture
def ask(insights: Insights) -> Ask:
    """Return a function that asks a panel and returns its rows."""

    async def answer(
        panel: str, workspace_id: str = OURS, **parameters: str
    ) -> list[tuple[Cell, ...]]:
        question = read_question(
            {Filter(name.rstrip("_")): value for name, value in parameters.items()}
        )
        return list((await insights.answer(panel, question, workspace_id=workspace_id)).rows)

    return answer
