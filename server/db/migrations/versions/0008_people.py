"""People in workspaces: roles, invitations, second factors, and the audit trail.

Revision 0008, after 0007. Who was an administrator stays one; everybody signs in once again, since
a session now knows its workspace.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

JSON_DOCUMENT = sa.JSON(none_as_null=True).with_variant(
    postgresql.JSONB(none_as_null=True), "postgresql"
)
_MESSAGE = "audit_events is append-only"
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the tables up."""
    op.drop_table("user_sessions")
    # SQLite cannot drop a column that refers elsewhere: the table is made anew.
    op.execute("CREATE TABLE users_before AS SELECT * FROM users")
    op.drop_table("users")
    _users(
        [
            sa.Column("name", sa.String(length=120), nullable=False),
            sa.Column("totp_secret", sa.LargeBinary(), nullable=True),
            sa.Column("totp_since", _MOMENT, nullable=True),
            sa.Column("totp_step", sa.BigInteger(), nullable=True),
        ]
    )
    op.execute(
        "INSERT INTO users (user_id, email, name, password_hash, created_at)"
        " SELECT user_id, email, '', password_hash, created_at FROM users_before"
    )
    _memberships()
    op.execute(
        "INSERT INTO memberships (user_id, workspace_id, role, created_at, disabled_at)"
        " SELECT user_id, workspace_id,"
        " CASE WHEN CAST(scopes AS VARCHAR) LIKE '%\"admin\"%' THEN 'admin' ELSE 'viewer' END,"
        " created_at, disabled_at FROM users_before"
    )
    op.drop_table("users_before")
    op.add_column(
        "workspaces",
        sa.Column("requires_totp", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    _sessions([_workspace()])
    _links()
    _trail()


def downgrade() -> None:
    """Take the tables down; a user keeps the first of their workspaces."""
    for table in ("audit_events", "recovery_codes", "passes", "invitations", "user_sessions"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change_of_audit()")
    op.execute(
        "CREATE TABLE users_after AS SELECT users.*, first.workspace_id, first.disabled_at"
        " FROM users JOIN memberships AS first ON first.user_id = users.user_id"
        " AND first.workspace_id = (SELECT min(workspace_id) FROM memberships AS other"
        " WHERE other.user_id = users.user_id)"
    )
    op.drop_table("memberships")
    op.drop_table("users")
    op.drop_column("workspaces", "requires_totp")
    _users(
        [
            _workspace(),
            sa.Column("scopes", JSON_DOCUMENT, nullable=False),
            sa.Column("disabled_at", _MOMENT, nullable=True),
        ]
    )
    op.create_index("ix_users_workspace_id", "users", ["workspace_id"])
    op.execute(
        "INSERT INTO users"
        " (user_id, workspace_id, email, password_hash, scopes, created_at, disabled_at)"
        " SELECT user_id, workspace_id, email, password_hash, '[]', created_at, disabled_at"
        " FROM users_after"
    )
    op.drop_table("users_after")
    _sessions([])


def _workspace(*, is_key: bool = False) -> sa.Column[object]:
    return sa.Column(
        "workspace_id",
        sa.String(length=36),
        sa.ForeignKey("workspaces.workspace_id"),
        nullable=False,
        primary_key=is_key,
    )


def _user(*, is_key: bool = False) -> sa.Column[object]:
    owner = sa.ForeignKey("users.user_id")
    return sa.Column("user_id", sa.Uuid(), owner, nullable=False, primary_key=is_key)


def _users(own: list[sa.Column[object]]) -> None:
    op.create_table(
        "users",
        sa.Column("user_id", sa.Uuid(), primary_key=True),
        sa.Column("email", sa.String(length=110), nullable=False, unique=True),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        *own,
    )


def _memberships() -> None:
    op.create_table(
        "memberships",
        _user(is_key=True),
        _workspace(is_key=True),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("disabled_at", _MOMENT, nullable=True),
    )
    op.create_index("ix_memberships_workspace_id", "memberships", ["workspace_id"])


def _sessions(own: list[sa.Column[object]]) -> None:
    op.create_table(
        "user_sessions",
        sa.Column("token_hash", sa.String(length=64), primary_key=True),
        _user(),
        *own,
        sa.Column("csrf_token", sa.String(length=64), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("last_seen_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
    )
    op.create_index("ix_user_sessions_expires_at", "user_sessions", ["expires_at"])
    op.create_index("ix_user_sessions_user_id", "user_sessions", ["user_id"])


def _links() -> None:
    op.create_table(
        "invitations",
        sa.Column("invitation_id", sa.Uuid(), primary_key=True),
        _workspace(),
        sa.Column("email", sa.String(length=110), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False, unique=True),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("joined_at", _MOMENT, nullable=True),
        sa.Column("withdrawn_at", _MOMENT, nullable=True),
    )
    op.create_index("ix_invitations_workspace_id", "invitations", ["workspace_id"])
    op.create_table(
        "passes",
        sa.Column("token_hash", sa.String(length=64), primary_key=True),
        _user(),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("made_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
    )
    op.create_index("ix_passes_user_id", "passes", ["user_id"])
    op.create_index("ix_passes_expires_at", "passes", ["expires_at"])
    op.create_table(
        "recovery_codes",
        _user(is_key=True),
        sa.Column("code_hash", sa.String(length=64), primary_key=True),
    )


def _trail() -> None:
    op.create_table(
        "audit_events",
        sa.Column("event_id", sa.Uuid(), primary_key=True),
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("actor_id", sa.String(length=36), nullable=False),
        sa.Column("action", sa.String(length=48), nullable=False),
        sa.Column("subject_kind", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("detail", JSON_DOCUMENT, nullable=False),
    )
    op.create_index("ix_audit_events_newest", "audit_events", ["workspace_id", "event_id"])
    op.create_index("ix_audit_events_actor", "audit_events", ["workspace_id", "actor"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change_of_audit() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION '{_MESSAGE}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_events_append_only"
            " BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_events_append_only_{change.lower()} BEFORE {change}"
            f" ON audit_events BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
        )
