"""What callers send and see of people and invitations; a link's token is in exactly one answer."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from server.access.invitations import MadeInvitation
from server.access.models import Invitation
from server.access.people_repository import Person
from server.access.roles import Role
from server.access.schemas import NextLink, time_text

_SHAPE = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")
# What stands before and after the @ is for the mail server to judge; nobody is written to.
_EMAIL = r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+$"


class InvitationRequest(BaseModel):
    """A person to be invited."""

    model_config = _SHAPE

    email: Annotated[str, Field(min_length=3, max_length=110, pattern=_EMAIL)]
    role: Role


class UserRequest(BaseModel):
    """What is to become of a person; what is left out stays as it is."""

    model_config = _SHAPE

    role: Role | None = None
    disabled: bool | None = None


class UserSchema(BaseModel):
    """A person of the workspace."""

    model_config = _SHAPE

    id: str
    email: str
    name: str
    role: Role
    disabled: bool
    second_factor: bool
    joined_at: str | None
    last_seen_at: str | None

    @classmethod
    def of(cls, person: Person) -> "UserSchema":
        """Return what callers see of the person."""
        return cls(
            id=str(person.user.user_id),
            email=person.user.email,
            name=person.user.name,
            role=Role(person.membership.role),
            disabled=person.membership.disabled_at is not None,
            second_factor=person.user.totp_since is not None,
            joined_at=time_text(person.membership.created_at),
            last_seen_at=time_text(person.last_seen_at),
        )


class UserListSchema(BaseModel):
    """A page of people, the newest user first."""

    results: list[UserSchema]
    links: NextLink


class InvitationSchema(BaseModel):
    """An invitation, without what opens the door."""

    model_config = _SHAPE

    id: str
    email: str
    role: Role
    created_by: str
    created_at: str | None
    expires_at: str | None
    joined_at: str | None
    withdrawn_at: str | None

    @classmethod
    def of(cls, row: Invitation) -> "InvitationSchema":
        """Return what callers see of the row."""
        return cls(**_fields(row))


class NewInvitationSchema(InvitationSchema):
    """An invitation just made; `secret` is the link's token, shown this once."""

    secret: str
    path: str
    """Where the person joins, relative to the host; `secret` is added to its end."""

    @classmethod
    def of_new(cls, made: MadeInvitation) -> "NewInvitationSchema":
        """Return the row with its token."""
        return cls(**_fields(made.row), secret=made.token, path=JOIN_PATH)


class InvitationListSchema(BaseModel):
    """A page of invitations, newest first."""

    results: list[InvitationSchema]
    links: NextLink


class LinkSchema(BaseModel):
    """A link just made; `secret` is its token, shown this once."""

    model_config = _SHAPE

    secret: str
    path: str
    """Where the person goes, relative to the host; `secret` is added to its end."""
    expires_at: str | None


# The token stands in the query: paths are logged, queries are not.
JOIN_PATH = "/sign-in/join?token="
RESET_PATH = "/sign-in/password?token="


def _fields(row: Invitation) -> dict[str, object]:
    return {
        "id": str(row.invitation_id),
        "email": row.email,
        "role": Role(row.role),
        "created_by": row.created_by,
        "created_at": time_text(row.created_at),
        "expires_at": time_text(row.expires_at),
        "joined_at": time_text(row.joined_at),
        "withdrawn_at": time_text(row.withdrawn_at),
    }
