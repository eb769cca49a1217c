"""What the templates of people receive: coming in, settings, audit. As `contexts.py`."""

from dataclasses import dataclass

from server.portal.contexts import Shell
from server.portal.key_parts import KeyKind, KeyLine
from server.portal.parts import Choice, Option
from server.portal.people_parts import AuditLine, InvitationLine, PersonLine, RoleKind, Said


@dataclass(frozen=True)
class CodePage:
    """`code.html`."""

    following: str
    """Path to open after signing in; always a path of ours."""
    token: str
    """Must come back with the form, beside a cookie of the same value."""
    alert: str | None
    """Why the last try did not let in."""


@dataclass(frozen=True)
class JoinPage:
    """`join.html`."""

    link: str
    """The invitation's token, which comes back with the form."""
    token: str
    email: str
    workspace: str
    role: str
    may: str
    """What somebody in the role may do."""
    is_known: bool
    """True when the person has an account, and joins with its password."""
    name: str
    shortest: int
    """Characters that a password needs at least."""
    alert: str | None


@dataclass(frozen=True)
class NewPasswordPage:
    """`new-password.html`."""

    link: str
    """The link's token, which comes back with the form."""
    token: str
    email: str
    shortest: int
    alert: str | None


@dataclass(frozen=True)
class KeysPage:
    """`keys.html`."""

    shell: Shell
    tabs: tuple[Choice, ...]
    keys: tuple[KeyLine, ...]
    kinds: tuple[KeyKind, ...]
    """What a new key can be for."""
    next_href: str | None
    """Older keys, if there are."""


@dataclass(frozen=True)
class PeoplePage:
    """`people.html`."""

    shell: Shell
    tabs: tuple[Choice, ...]
    people: tuple[PersonLine, ...]
    next_href: str | None
    """More people, if there are."""
    invitations: tuple[InvitationLine, ...]
    """The newest ones that have not led to a member."""
    roles: tuple[RoleKind, ...]
    workspace: str
    requires_second_factor: bool
    second_factor_note: str
    """How many have one, in words."""
    may_require: bool
    """False while the reader has no second factor of their own."""


@dataclass(frozen=True)
class AuditPage:
    """`audit.html`."""

    shell: Shell
    tabs: tuple[Choice, ...]
    lines: tuple[AuditLine, ...]
    actor_filter: tuple[Option, ...]
    kind_filter: tuple[Option, ...]
    days_filter: tuple[Option, ...]
    is_filtered: bool
    next_href: str | None


@dataclass(frozen=True)
class ProfilePage:
    """`profile.html`."""

    shell: Shell
    tabs: tuple[Choice, ...]
    name: str
    email: str
    may: str
    """What the role allows."""
    shortest: int
    said: Said | None
    """What the form that was just sent is answered with."""
    second_factor_since: str
    """When it was turned on, in words; empty while it is off."""
    recovery_codes: str
    """How many are left, in words."""
    is_possible: bool
    """False when this appliance cannot keep a second factor's secret."""
    is_required: bool
    """True when the workspace asks everybody for one."""


@dataclass(frozen=True)
class SecondFactorPage:
    """`second-factor.html`: setting it up."""

    shell: Shell
    secret: str
    """To be typed, in groups of four."""
    address: str
    """`otpauth:` address: on a phone it opens the app."""
    picture: str
    """The QR code as an SVG path, a unit for each of its modules."""
    picture_size: int
    """Its width in modules, margin included."""
    is_required: bool
    alert: str | None


@dataclass(frozen=True)
class RecoveryCodesPage:
    """`recovery-codes.html`: shown once."""

    shell: Shell
    codes: tuple[str, ...]
