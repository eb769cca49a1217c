"""History is append-only: the database itself refuses to change or remove a line of it.

Revision 0002, after 0001.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_MESSAGE = "file_events is append-only"


def upgrade() -> None:
    """Bring the triggers up."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change_of_history() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION '{_MESSAGE}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER file_events_append_only"
            " BEFORE UPDATE OR DELETE OR TRUNCATE ON file_events"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER file_events_append_only_{change.lower()} BEFORE {change}"
            f" ON file_events BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
        )


def downgrade() -> None:
    """Take the triggers back."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER file_events_append_only ON file_events")
        op.execute("DROP FUNCTION refuse_change_of_history()")
        return
    for change in ("update", "delete"):
        op.execute(f"DROP TRIGGER file_events_append_only_{change}")
