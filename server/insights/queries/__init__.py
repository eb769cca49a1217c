"""One module per panel: its declaration and its query, complete as it is sent to ClickHouse."""
