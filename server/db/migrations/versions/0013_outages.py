"""How often attempts at a file found another system away: these are not held against the file.

Revision 0013, after 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the column up."""
    op.add_column("files", sa.Column("outages", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Take the column down."""
    op.drop_column("files", "outages")
