"""Totals of the period by payment method and card network."""

from server.insights.panel import PERIOD, Column, ColumnType, Filter, Panel, Unit

PANEL = Panel(
    panel="payment-methods",
    title="Payment methods",
    description=(
        "Captures and refunds of the whole period by payment method, card network and currency. "
        "An empty method or network was not given in the file."
    ),
    filters=(*PERIOD, Filter.PROVIDER, Filter.CURRENCY, Filter.PAYMENT_METHOD),
    columns=(
        Column("paymentMethod", ColumnType.STRING),
        Column("cardNetwork", ColumnType.STRING),
        Column("currency", ColumnType.STRING),
        Column("captures", ColumnType.INTEGER, Unit.ROWS),
        Column("capturedAmount", ColumnType.DECIMAL, Unit.CURRENCY),
        Column("refunds", ColumnType.INTEGER, Unit.ROWS),
        Column("refundedAmount", ColumnType.DECIMAL, Unit.CURRENCY),
    ),
    sql="""
SELECT
    ifNull(toString(payment_method_code), '') AS method,
    ifNull(toString(card_network), '') AS network,
    toString(transactions.currency) AS currency_code,
    countIf(transaction_type = 'Capture') AS captures,
    sumIf(amount, transaction_type = 'Capture') AS captured_amount,
    countIf(transaction_type = 'Refund') AS refunds,
    sumIf(amount, transaction_type = 'Refund') AS refunded_amount
FROM {database:Identifier}.transactions_current AS transactions
WHERE _workspace = {workspace:String}
    AND created_at >= {from_at:DateTime64(6, 'UTC')}
    AND created_at < {to_at:DateTime64(6, 'UTC')}
    AND ({provider:String} = '' OR provider_code = {provider:String})
    AND ({currency:String} = '' OR transactions.currency = {currency:String})
    AND ({payment_method:String} = '' OR payment_method_code = {payment_method:String})
GROUP BY method, network, currency_code
ORDER BY method, network, currency_code
""",
)
