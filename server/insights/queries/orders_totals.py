"""Totals of the orders dataset by type and currency."""

from server.insights.panel import PERIOD, Column, ColumnType, Filter, Panel, Unit

PANEL = Panel(
    panel="orders-totals",
    title="Orders by type and currency",
    description=(
        "Rows and amounts of the orders dataset for the whole period, by type and currency."
    ),
    filters=(*PERIOD, Filter.PROVIDER, Filter.ACCOUNT, Filter.CURRENCY),
    columns=(
        Column("type", ColumnType.STRING),
        Column("currency", ColumnType.STRING),
        Column("rows", ColumnType.INTEGER, Unit.ROWS),
        Column("amount", ColumnType.DECIMAL, Unit.CURRENCY),
    ),
    sql="""
SELECT
    toString(orders.type) AS order_type,
    toString(orders.currency) AS currency_code,
    count() AS row_count,
    sum(amount) AS total_amount
FROM {database:Identifier}.orders_current AS orders
WHERE _workspace = {workspace:String}
    AND created_at >= {from_at:DateTime64(6, 'UTC')}
    AND created_at < {to_at:DateTime64(6, 'UTC')}
    AND ({provider:String} = '' OR orders.provider = {provider:String})
    AND ({account:String} = '' OR provider_account = {account:String})
    AND ({currency:String} = '' OR orders.currency = {currency:String})
GROUP BY order_type, currency_code
ORDER BY order_type, currency_code
""",
)
