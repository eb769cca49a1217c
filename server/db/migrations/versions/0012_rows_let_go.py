"""How many rows of a file's published attempt were let go, since they can never be seen again.

Revision 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

from server.db.types import Json

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the column up."""
    op.add_column("files", sa.Column("rows_let_go", Json, nullable=True))


def downgrade() -> None:
    """Take the column down."""
    op.drop_column("files", "rows_let_go")
