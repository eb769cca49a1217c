"""Which report counts for an account, from which files that follows, and every change of it.

Revision 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

from server.db.types import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_CHANGES = "settlement_source_changes"
_MESSAGE = "settlement_source_changes is append-only"


def upgrade() -> None:
    """Bring the tables up, and the triggers that keep the history of changes."""
    op.create_table(
        "settlement_accounts",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=200), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("dataset_type", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("file_id", "attempt", "provider", "account"),
    )
    op.create_index(
        "ix_settlement_accounts_account",
        "settlement_accounts",
        ["workspace_id", "provider", "account"],
    )
    op.create_table(
        "settlement_sources",
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("provider", sa.String(length=200), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("dataset_type", sa.String(length=64), nullable=False),
        sa.Column("chosen", sa.String(length=64), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("mirrored_version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "provider", "account"),
    )
    op.create_table(
        _CHANGES,
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("provider", sa.String(length=200), nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("dataset_before", sa.String(length=64), nullable=True),
        sa.Column("dataset_after", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("change_id"),
    )
    op.create_index(
        "ix_settlement_source_changes_account", _CHANGES, ["workspace_id", "provider", "account"]
    )
    _make_append_only()


def _make_append_only() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change_of_sources() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION '{_MESSAGE}'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {_CHANGES}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE"
            f" ON {_CHANGES} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_sources()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {_CHANGES}_append_only_{change.lower()} BEFORE {change}"
            f" ON {_CHANGES} BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
        )


def downgrade() -> None:
    """Take the tables down."""
    is_postgres = op.get_bind().dialect.name == "postgresql"
    op.drop_table(_CHANGES)
    if is_postgres:
        op.execute("DROP FUNCTION refuse_change_of_sources()")
    op.drop_table("settlement_sources")
    op.drop_table("settlement_accounts")
