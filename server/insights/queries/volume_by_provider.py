"""Totals of the period by provider and currency, with the first and the last event."""

from server.insights.panel import PERIOD, Column, ColumnType, Filter, Panel, Unit

PANEL = Panel(
    panel="volume-by-provider",
    title="Volume by provider and currency",
    description="Captures and refunds of the whole period, by provider and currency.",
    filters=(*PERIOD, Filter.PROVIDER, Filter.CURRENCY, Filter.PAYMENT_METHOD),
    columns=(
        Column("provider", ColumnType.STRING),
        Column("currency", ColumnType.STRING),
        Column("captures", ColumnType.INTEGER, Unit.ROWS),
        Column("capturedAmount", ColumnType.DECIMAL, Unit.CURRENCY),
        Column("refunds", ColumnType.INTEGER, Unit.ROWS),
        Column("refundedAmount", ColumnType.DECIMAL, Unit.CURRENCY),
        Column("firstEventAt", ColumnType.DATETIME),
        Column("lastEventAt", ColumnType.DATETIME),
    ),
    sql="""
SELECT
    toString(provider_code) AS provider,
    toString(transactions.currency) AS currency_code,
    countIf(transaction_type = 'Capture') AS captures,
    sumIf(amount, transaction_type = 'Capture') AS captured_amount,
    countIf(transaction_type = 'Refund') AS refunds,
    sumIf(amount, transaction_type = 'Refund') AS refunded_amount,
    min(created_at) AS first_event_at,
    max(created_at) AS last_event_at
FROM {database:Identifier}.transactions_current AS transactions
WHERE _workspace = {workspace:String}
    AND created_at >= {from_at:DateTime64(6, 'UTC')}
    AND created_at < {to_at:DateTime64(6, 'UTC')}
    AND ({provider:String} = '' OR provider_code = {provider:String})
    AND ({currency:String} = '' OR transactions.currency = {currency:String})
    AND ({payment_method:String} = '' OR payment_method_code = {payment_method:String})
GROUP BY provider, currency_code
ORDER BY provider, currency_code
""",
)
