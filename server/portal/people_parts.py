"""The parts only the pages of people, audit and profile are made of."""

from dataclasses import dataclass

from server.portal.parts import Chip


@dataclass(frozen=True)
class RoleKind:
    """A role that can be given."""

    value: str
    label: str
    explains: str


@dataclass(frozen=True)
class PersonLine:
    """A person in the list."""

    user_id: str
    name: str
    email: str
    """Empty when the name is the e-mail already."""
    called: str
    """For questions about them."""
    role: str
    """As the API has it."""
    role_words: str
    chip: Chip
    second_factor: str
    has_second_factor: bool
    is_disabled: bool
    is_locked: bool
    """True while too many wrong passwords keep them out."""
    is_self: bool
    last_seen: str


@dataclass(frozen=True)
class InvitationLine:
    """An invitation that nobody has used yet, or that has ended."""

    invitation_id: str
    email: str
    role_words: str
    chip: Chip
    made: str
    is_open: bool


@dataclass(frozen=True)
class AuditLine:
    """A line of the audit trail."""

    at: str
    at_iso: str
    who: str
    address: str
    what: str
    code: str
    subject: str
    href: str
    """Page of the subject, empty when it has none."""
    detail: str


@dataclass(frozen=True)
class Said:
    """What a form is answered with, beside itself."""

    place: str
    """Which of the page's forms: `name`, `password` or `second-factor`."""
    words: str
    is_refusal: bool = True
