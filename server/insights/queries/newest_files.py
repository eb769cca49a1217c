"""The newest files of the workspace; its rows are file records, so it has no SQL here."""

from server.insights.panel import Column, ColumnType, Panel, Unit

LIMIT = 10
"""As many as a card on the overview can show without becoming a list of its own."""

PANEL = Panel(
    panel="newest-files",
    title="Newest files",
    description="The ten files sent last, newest first; it depends on the file records.",
    filters=(),
    columns=(
        Column("fileId", ColumnType.STRING),
        Column("name", ColumnType.STRING),
        Column("datasetType", ColumnType.STRING),
        Column("status", ColumnType.STRING),
        Column("outcome", ColumnType.STRING),
        Column("rowsImported", ColumnType.INTEGER, Unit.ROWS),
        Column("sizeBytes", ColumnType.INTEGER, Unit.BYTES),
        Column("createdAt", ColumnType.DATETIME),
    ),
    is_volatile=True,
)
