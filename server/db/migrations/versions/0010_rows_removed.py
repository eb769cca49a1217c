"""When the rows that a file's record tells of were removed.

Revision 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

from server.db.types import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the column up."""
    op.add_column("files", sa.Column("rows_removed_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    """Take the column down."""
    op.drop_column("files", "rows_removed_at")
