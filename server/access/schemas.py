"""What callers send and see of API keys; the secret is in exactly one answer."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from server.access.models import ApiKey
from server.access.scopes import Scope
from server.access.service import MadeKey

_SHAPE = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")
# Control characters would spoil the history and the logs that show the name.
NAME = r"^[^\x00-\x1f\x7f]+$"


class KeyRequest(BaseModel):
    """A key to be made."""

    model_config = _SHAPE

    name: Annotated[str, Field(min_length=1, max_length=80, pattern=NAME)]
    scopes: Annotated[list[Scope], Field(min_length=1)]
    expires_at: AwareDatetime | None = None


class KeySchema(BaseModel):
    """A key, without what opens the door."""

    model_config = _SHAPE

    id: str
    name: str
    prefix: str
    last4: str
    scopes: list[Scope]
    created_by: str
    created_at: str
    last_used_at: str | None
    expires_at: str | None
    revoked_at: str | None

    @classmethod
    def of(cls, row: ApiKey) -> "KeySchema":
        """Return what callers see of the row."""
        return cls(**_fields(row))


class NewKeySchema(KeySchema):
    """A key just made; `apiKey` is shown this once."""

    api_key: str

    @classmethod
    def of_new(cls, made: MadeKey) -> "NewKeySchema":
        """Return the row with its text."""
        return cls(**_fields(made.row), api_key=made.text)


class NextLink(BaseModel):
    """Where a list goes on; null at its end."""

    next: str | None


class KeyListSchema(BaseModel):
    """A page of keys, newest first."""

    results: list[KeySchema]
    links: NextLink


def _fields(row: ApiKey) -> dict[str, object]:
    return {
        "id": str(row.key_id),
        "name": row.name,
        "prefix": f"tdk_{row.public_id}",
        "last4": row.last4,
        "scopes": [Scope(scope) for scope in row.scopes],
        "created_by": row.created_by,
        "created_at": time_text(row.created_at),
        "last_used_at": time_text(row.last_used_at),
        "expires_at": time_text(row.expires_at),
        "revoked_at": time_text(row.revoked_at),
    }


def next_path(path: str, size: int, after: UUID, asked: Mapping[str, str] | None = None) -> str:
    """Return where a list goes on, relative to the host.

    Args:
        path: of the list.
        size: lines of a page.
        after: the last line that was shown.
        asked: the filters, by parameter; empty ones are left out.
    """
    chosen = [(name, text) for name, text in (asked or {}).items() if text]
    query = [*chosen, ("page[size]", str(size)), ("page[after]", str(after))]
    return f"{path}?{urlencode(query, safe='[]:')}"


def time_text(value: datetime | None) -> str | None:
    """Return a moment as the API tells it: RFC 3339, UTC, milliseconds."""
    if value is None:
        return None
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
