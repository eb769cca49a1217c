"""Columns that a workspace may send card numbers in.

Revision 0011, after 0010.
"""

import sqlalchemy as sa
from alembic import op

from server.db.types import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TABLE = "card_exemptions"
_MESSAGE = "card_exemptions is append-only"


def upgrade() -> None:
    """Bring the table up."""
    op.create_table(
        _TABLE,
        sa.Column("exemption_id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("dataset_type", sa.String(64), nullable=False),
        sa.Column("column_name", sa.String(255), nullable=False),
        sa.Column("is_exempt", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("decided_by", sa.String(120), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("exemption_id"),
    )
    op.create_index(
        "ix_card_exemptions_dataset", _TABLE, ["workspace_id", "dataset_type", "exemption_id"]
    )
    _refuse_changes()


def downgrade() -> None:
    """Take it down."""
    op.drop_table(_TABLE)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change_of_card_exemptions()")


def _refuse_changes() -> None:
    # Who allowed card numbers, and why, has to be there when auditors ask.
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change_of_card_exemptions() RETURNS trigger LANGUAGE plpgsql"
            f" AS $$ BEGIN RAISE EXCEPTION '{_MESSAGE}'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {_TABLE}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {_TABLE}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_card_exemptions()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {_TABLE}_append_only_{change.lower()} BEFORE {change} ON {_TABLE}"
            f" BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
        )
