"""What repairs of a file have brought in.

Revision 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the column up, and count what has come back so far."""
    op.add_column(
        "files", sa.Column("rows_repaired", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.create_index("ix_files_repair_of", "files", ["repair_of"])
    op.execute(
        "UPDATE files SET rows_repaired = (SELECT coalesce(sum(repair.rows_imported), 0)"
        " FROM files AS repair WHERE repair.repair_of = files.file_id"
        " AND repair.stage = 'completed'"
        " AND repair.outcome IN ('imported', 'imported_with_rejections'))"
        " WHERE file_id IN (SELECT repair_of FROM files)"
    )


def downgrade() -> None:
    """Take the column down."""
    op.drop_index("ix_files_repair_of", table_name="files")
    op.drop_column("files", "rows_repaired")
