"""Saved mappings, and which of them a file is read with.

Revision 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

from server.db.types import Json, UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TABLE = "mapping_versions"
_MESSAGE = "mapping_versions is append-only"


def upgrade() -> None:
    """Bring the tables and the files' columns up."""
    op.create_table(
        "mappings",
        sa.Column("mapping_id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("dataset_type", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("header_fingerprint", sa.String(64), nullable=False),
        sa.Column("created_by", sa.String(120), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("mapping_id"),
    )
    op.create_index(
        "ix_mappings_name",
        "mappings",
        ["workspace_id", "name"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index("ix_mappings_workspace", "mappings", ["workspace_id", "mapping_id"])
    op.create_table(
        _TABLE,
        sa.Column("mapping_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", Json, nullable=False),
        sa.Column("created_by", sa.String(120), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("mapping_id", "version"),
    )
    for name, kind in (
        ("mapping_id", sa.Uuid()),
        ("mapping_name", sa.String(100)),
        ("mapping_version", sa.Integer()),
    ):
        op.add_column("files", sa.Column(name, kind, nullable=True))
    _refuse_changes()


def downgrade() -> None:
    """Take them down."""
    for name in ("mapping_version", "mapping_name", "mapping_id"):
        op.drop_column("files", name)
    op.drop_table(_TABLE)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change_of_mapping_versions()")
    op.drop_table("mappings")


def _refuse_changes() -> None:
    # A file's record names a version: what it said must stay.
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change_of_mapping_versions() RETURNS trigger LANGUAGE plpgsql"
            f" AS $$ BEGIN RAISE EXCEPTION '{_MESSAGE}'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {_TABLE}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {_TABLE}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_mapping_versions()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {_TABLE}_append_only_{change.lower()} BEFORE {change} ON {_TABLE}"
            f" BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
        )
