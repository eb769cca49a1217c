"""Totals of the settlements dataset by transaction type, fee type and settlement currency."""

from server.insights.panel import PERIOD, Column, ColumnType, Filter, Panel, Unit

PANEL = Panel(
    panel="settlements-totals",
    title="Settlements by type and currency",
    description=(
        "Rows and settlement amounts, as signed in the files, for the whole period, by type, "
        "fee type and settlement currency. Of each account its source of record alone."
    ),
    filters=(*PERIOD, Filter.PROVIDER, Filter.ACCOUNT, Filter.CURRENCY),
    columns=(
        Column("type", ColumnType.STRING),
        Column("feeType", ColumnType.STRING),
        Column("currency", ColumnType.STRING),
        Column("rows", ColumnType.INTEGER, Unit.ROWS),
        Column("amount", ColumnType.DECIMAL, Unit.CURRENCY),
    ),
    sql="""
SELECT
    ifNull(toString(transaction_type), '') AS settlement_type,
    ifNull(toString(fee_type), '') AS fee,
    ifNull(toString(settlement_currency), '') AS currency_code,
    count() AS row_count,
    sum(settlement_amount) AS total_amount
FROM {database:Identifier}.settlements_canonical AS settlements
WHERE _workspace = {workspace:String}
    AND created_at >= {from_at:DateTime64(6, 'UTC')}
    AND created_at < {to_at:DateTime64(6, 'UTC')}
    AND ({provider:String} = '' OR provider_name = {provider:String})
    AND ({account:String} = '' OR provider_merchant_account = {account:String})
    AND ({currency:String} = '' OR settlement_currency = {currency:String})
GROUP BY settlement_type, fee, currency_code
ORDER BY settlement_type, fee, currency_code
""",
)
