"""What operators do: draining, the last backup, the versions that ran.

Revision 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from server.db.types import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Bring the tables up."""
    op.create_table(
        "operations",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("detail", _JSON, nullable=False),
    )
    op.create_table(
        "installations",
        sa.Column("version", sa.String(32), primary_key=True),
        sa.Column("revision", sa.String(32), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
    )


def downgrade() -> None:
    """Take the tables down."""
    op.drop_table("installations")
    op.drop_table("operations")
