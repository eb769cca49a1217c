"""Files and numbers that pages of the portal are tested with."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from server.access.scopes import ALL_SCOPES
from server.files.lifecycle import Outcome, Stage
from server.files.models import File
from server.insights.cells import to_rows
from server.insights.panels import PANELS
from server.insights.question import Question
from server.insights.service import Answer, Insights
from server.portal.contexts import PlaceLine, Shell
from server.portal.navigation import navigation_for
from server.portal.texts import English

NOW = datetime(2026, 11, 22, 8, 42, tzinfo=UTC)
FILE_ID = UUID("01936d2a-0000-7000-8000-000000000001")
SHELL = Shell(
    title="A page",
    place="files",
    user="nadia.keller@example.com",
    person="Nadia Keller",
    initials="NK",
    zone="Europe/Berlin",
    csrf_token="token",
    workspace="Northwind Pay",
    role="editor",
    places=(PlaceLine("ours", "Northwind Pay", "editor", is_here=True),),
    navigation=navigation_for(ALL_SCOPES),
    may_send=True,
)
TITLES = {"transactions": English("Transactions")}

STATISTICS: dict[str, object] = {
    "rowsTotal": 48112,
    "rowsImported": 48104,
    "rowsRejected": 8,
    "rowsInserted": 48092,
    "rowsReplaced": 12,
    "totals": [
        {"currency": "EUR", "transactionType": "Capture", "count": 31202, "amount": "1204331.18"},
        {"currency": "EUR", "transactionType": "Refund", "count": 1110, "amount": "42118"},
        {"currency": "JPY", "transactionType": "Capture", "count": 208, "amount": "402118"},
    ],
    "controls": [
        {
            "name": "Expected",
            "currency": "EUR",
            "expected": "1.00",
            "actual": "1.00",
            "difference": "0.00",
            "result": "ok",
        }
    ],
    "durations": {"inspectSeconds": 0.1, "loadSeconds": 0.6, "publishSeconds": 0.2},
}
ISSUE: dict[str, object] = {
    "code": "decimal-comma",
    "severity": "error",
    "column": "amount",
    "count": 8,
    "firstRowNumber": 17,
    "message": "amount uses a comma",
}


def make_file(stage: Stage, outcome: Outcome | None = None, **changes: object) -> File:
    """Return a file in that state, as the database holds it."""
    is_here = stage is not Stage.AWAITING_UPLOAD
    values: dict[str, object] = {
        "file_id": FILE_ID,
        "workspace_id": "ours",
        "dataset_type": "transactions",
        "name": "checkout_transactions_2026-11-22.csv",
        "file_type": "csv",
        "created_by": "user:nadia.keller@example.com",
        "stage": str(stage),
        "outcome": str(outcome) if outcome else None,
        "object_key": "key",
        "size_bytes": 11_800_000 if is_here else None,
        "created_at": NOW - timedelta(hours=1),
        "expires_at": NOW,
        "uploaded_at": NOW - timedelta(minutes=59) if is_here else None,
        "completed_at": NOW - timedelta(minutes=58) if outcome else None,
        "attempt": 1,
        **changes,
    }
    return File(**values)  # type: ignore[arg-type]  # a builder takes any column


class CannedInsights(Insights):
    """Three providers and three currencies that capture the same every day, for ever."""

    def __init__(self) -> None:
        """Need no ClickHouse."""

    async def answer(
        self,
        panel: str,
        question: Question,
        *,
        workspace_id: str,  # noqa: ARG002 - the interface's
    ) -> Answer:
        """Return rows for the days of the period."""
        zone = ZoneInfo(question.timezone)
        first = max(question.from_at, NOW - timedelta(days=60)).astimezone(zone).date()
        last = min(question.to_at - timedelta(seconds=1), NOW).astimezone(zone).date()
        days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
        currencies = [question.currency] if question.currency else ["EUR", "USD", "JPY"]
        rows: list[tuple[object, ...]] = []
        match panel:
            case "volume-over-time":
                rows = [
                    (day, provider, currency, 10, _amount(day, provider))
                    for day in days
                    for provider in ("adyen", "checkout", "paypal")
                    for currency in currencies
                ]
            case "captures-and-refunds":
                rows = [
                    (day, currency, 30, Decimal("900.5"), 1, Decimal(12), None, None)
                    for day in days
                    for currency in currencies
                ]
            case "volume-by-provider":
                rows = [
                    (provider, currency, 300, Decimal("9000.50"), 9, Decimal(120), NOW, NOW)
                    for provider in ("adyen", "checkout", "paypal")
                    for currency in currencies
                ]
            case _:
                pass
        declared = PANELS[panel]
        return Answer(declared, to_rows(declared.columns, rows), NOW, 0.001)


class NoInsights(Insights):
    """A workspace without a single transaction."""

    def __init__(self) -> None:
        """Need no ClickHouse."""

    async def answer(
        self,
        panel: str,
        question: Question,  # noqa: ARG002 - the interface's
        *,
        workspace_id: str,  # noqa: ARG002 - the interface's
    ) -> Answer:
        """Return no rows."""
        return Answer(PANELS[panel], (), NOW, 0.001)


def _amount(day: date, provider: str) -> Decimal:
    return Decimal(1000 + day.day * 37 + len(provider) * 91) / 3
