"""What the audit trail can tell of: every action with its stable code."""

from enum import StrEnum


class Action(StrEnum):
    """Something a person or a program did; the code is public and stays."""

    SIGNED_IN = "session.begun"
    SIGN_IN_REFUSED = "session.refused"
    """A wrong password or code for somebody who is known."""
    SIGN_IN_LOCKED = "session.locked"
    SIGNED_OUT = "session.ended"
    WORKSPACE_ENTERED = "workspace.entered"
    WORKSPACE_MADE = "workspace.made"
    WORKSPACE_RENAMED = "workspace.renamed"
    KEY_CREATED = "key.created"
    KEY_ROTATED = "key.rotated"
    KEY_REVOKED = "key.revoked"
    USER_INVITED = "user.invited"
    INVITATION_WITHDRAWN = "user.invitation-withdrawn"
    USER_JOINED = "user.joined"
    ROLE_CHANGED = "user.role-changed"
    USER_DISABLED = "user.disabled"
    USER_ENABLED = "user.enabled"
    USER_REMOVED = "user.removed"
    RESET_LINK_MADE = "password.link-made"
    PASSWORD_RESET = "password.reset"  # noqa: S105 - a code
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 - a code
    SECOND_FACTOR_ON = "second-factor.on"
    SECOND_FACTOR_OFF = "second-factor.off"
    SECOND_FACTOR_RESET = "second-factor.reset"
    RECOVERY_CODE_USED = "second-factor.recovery-code-used"
    SECOND_FACTOR_REQUIRED = "second-factor.required"
    SECOND_FACTOR_OPTIONAL = "second-factor.optional"
    MAPPING_SAVED = "mapping.saved"
    MAPPING_REPLACED = "mapping.replaced"
    MAPPING_DELETED = "mapping.deleted"
    SETTLEMENT_SOURCE_CHOSEN = "settlement-source.chosen"
    ORIGINAL_DOWNLOADED = "file.original-downloaded"
    REJECTED_DOWNLOADED = "file.rejected-rows-downloaded"
    UNDO_REQUESTED = "file.undo-requested"
    REPROCESS_REQUESTED = "file.reprocess-requested"
    UPLOAD_CANCELLED = "file.cancelled"
