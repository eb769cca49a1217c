"""Captures against refunds per bucket and currency, with the refund rate and what it is made of."""

from server.insights.panel import PERIOD, Column, ColumnType, Filter, Panel, Unit

PANEL = Panel(
    panel="captures-and-refunds",
    title="Captures against refunds",
    description=(
        "Captures and refunds per day, week or month and currency, each by the time it happened. "
        "refundRate = refunds / captures of the same bucket, refundedShare = refundedAmount / "
        "capturedAmount; both are empty where nothing was captured."
    ),
    filters=(*PERIOD, Filter.INTERVAL, Filter.PROVIDER, Filter.CURRENCY, Filter.PAYMENT_METHOD),
    columns=(
        Column("bucket", ColumnType.DATE),
        Column("currency", ColumnType.STRING),
        Column("captures", ColumnType.INTEGER, Unit.ROWS),
        Column("capturedAmount", ColumnType.DECIMAL, Unit.CURRENCY),
        Column("refunds", ColumnType.INTEGER, Unit.ROWS),
        Column("refundedAmount", ColumnType.DECIMAL, Unit.CURRENCY),
        Column("refundRate", ColumnType.DECIMAL, Unit.RATIO),
        Column("refundedShare", ColumnType.DECIMAL, Unit.RATIO),
    ),
    sql="""
SELECT
    multiIf(
        {interval:String} = 'month', toStartOfMonth(created_at, {timezone:String}),
        {interval:String} = 'week', toMonday(created_at, {timezone:String}),
        toDate(created_at, {timezone:String})
    ) AS bucket,
    toString(transactions.currency) AS currency_code,
    countIf(transaction_type = 'Capture') AS captures,
    sumIf(amount, transaction_type = 'Capture') AS captured_amount,
    countIf(transaction_type = 'Refund') AS refunds,
    sumIf(amount, transaction_type = 'Refund') AS refunded_amount,
    if(
        captures = 0,
        NULL,
        round(divideDecimal(toDecimal128(refunds, 0), toDecimal128(greatest(captures, 1), 0), 7), 6)
    ) AS refund_rate,
    if(
        captured_amount <= 0,
        NULL,
        round(divideDecimal(refunded_amount, if(captured_amount <= 0, 1, captured_amount), 7), 6)
    ) AS refunded_share
FROM {database:Identifier}.transactions_current AS transactions
WHERE _workspace = {workspace:String}
    AND created_at >= {from_at:DateTime64(6, 'UTC')}
    AND created_at < {to_at:DateTime64(6, 'UTC')}
    AND ({provider:String} = '' OR provider_code = {provider:String})
    AND ({currency:String} = '' OR transactions.currency = {currency:String})
    AND ({payment_method:String} = '' OR payment_method_code = {payment_method:String})
GROUP BY bucket, currency_code
ORDER BY bucket, currency_code
""",
)
