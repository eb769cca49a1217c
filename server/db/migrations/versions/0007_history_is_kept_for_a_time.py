"""History stays append-only, but for retention: old lines go in a transaction that says so.

The transaction notes the operation `retention`, deletes, and takes the note back: no other
transaction ever sees it, so nothing else can remove a line.

Revision 0007, after 0006.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_MESSAGE = "file_events is append-only"
_NOTED = "EXISTS (SELECT 1 FROM operations WHERE name = 'retention')"


def upgrade() -> None:
    """Bring the exception up."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE OR REPLACE FUNCTION refuse_change_of_history() RETURNS trigger LANGUAGE plpgsql"
            f" AS $$ BEGIN IF TG_OP = 'DELETE' AND {_NOTED} THEN RETURN NULL; END IF;"
            f" RAISE EXCEPTION '{_MESSAGE}'; END $$"
        )
        return
    op.execute("DROP TRIGGER file_events_append_only_delete")
    op.execute(
        "CREATE TRIGGER file_events_append_only_delete BEFORE DELETE ON file_events"
        f" WHEN NOT {_NOTED} BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
    )


def downgrade() -> None:
    """Take the exception back."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE OR REPLACE FUNCTION refuse_change_of_history() RETURNS trigger LANGUAGE plpgsql"
            f" AS $$ BEGIN RAISE EXCEPTION '{_MESSAGE}'; END $$"
        )
        return
    op.execute("DROP TRIGGER file_events_append_only_delete")
    op.execute(
        "CREATE TRIGGER file_events_append_only_delete BEFORE DELETE"
        f" ON file_events BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
    )
