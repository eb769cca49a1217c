"""Captured volume per bucket, provider and currency."""

from server.insights.panel import PERIOD, Column, ColumnType, Filter, Panel, Unit

PANEL = Panel(
    panel="volume-over-time",
    title="Captured volume over time",
    description=(
        "Sum and number of captures per day, week or month, by provider and currency. "
        "Buckets without captures have no row."
    ),
    filters=(*PERIOD, Filter.INTERVAL, Filter.PROVIDER, Filter.CURRENCY, Filter.PAYMENT_METHOD),
    columns=(
        Column("bucket", ColumnType.DATE),
        Column("provider", ColumnType.STRING),
        Column("currency", ColumnType.STRING),
        Column("captures", ColumnType.INTEGER, Unit.ROWS),
        Column("capturedAmount", ColumnType.DECIMAL, Unit.CURRENCY),
    ),
    sql="""
SELECT
    multiIf(
        {interval:String} = 'month', toStartOfMonth(created_at, {timezone:String}),
        {interval:String} = 'week', toMonday(created_at, {timezone:String}),
        toDate(created_at, {timezone:String})
    ) AS bucket,
    toString(provider_code) AS provider,
    toString(transactions.currency) AS currency_code,
    count() AS captures,
    sum(amount) AS captured_amount
FROM {database:Identifier}.transactions_current AS transactions
WHERE _workspace = {workspace:String}
    AND created_at >= {from_at:DateTime64(6, 'UTC')}
    AND created_at < {to_at:DateTime64(6, 'UTC')}
    AND transaction_type = 'Capture'
    AND ({provider:String} = '' OR provider_code = {provider:String})
    AND ({currency:String} = '' OR transactions.currency = {currency:String})
    AND ({payment_method:String} = '' OR payment_method_code = {payment_method:String})
GROUP BY bucket, provider, currency_code
ORDER BY bucket, provider, currency_code
""",
)
