"""Rows of a report that are sent once more when their payout is known: told once.

A part of the view in `canonical_sql.py`, from the dataset's key and its fallback alone.
"""

from server.datasets.declaration import Dataset
from server.datasets.tables import current_table


def not_told_again(report: Dataset, database: str) -> str:
    """Return the WHERE that leaves out rows sent without a payout which have one by now.

    A provider reports some rows (late interchange) before it knows the payout they go into. Such a
    row is known by its fallback key until another file brings the same thing in a payout's rows;
    then those speak, whichever file arrived first, and when that file is undone the row without a
    payout speaks again. Within one file both are told: the provider listed both.
    """
    fallback = report.key_fallback
    if fallback is None or report.canonical is None:
        return ""
    table = f"{database}.{current_table(report)}"
    known = [name for name in report.key if name not in fallback.when_empty]
    same = ", ".join(["_workspace", *known, *fallback.columns])
    without = " AND ".join(f"empty({name})" for name in fallback.when_empty)
    # The rows without a payout are few: they are what is looked for among all others.
    again = (
        "SELECT _workspace, early_file, early_row FROM"
        f" (SELECT {same}, _file FROM {table} WHERE NOT ({without})"
        f" AND ({same}) IN (SELECT {same} FROM {table} WHERE {without})) AS paid"
        f" INNER JOIN (SELECT {same}, _file AS early_file, _row AS early_row FROM {table}"
        f" WHERE {without}) AS early USING ({same}) WHERE early_file != _file"
    )
    return f" WHERE NOT ({without}) OR (_workspace, _file, _row) NOT IN ({again})"
