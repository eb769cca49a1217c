"""The audit trail in words: what was done, and what a detail says."""

from collections.abc import Mapping

from server.access.roles import Role
from server.access.scopes import Scope
from server.audit.actions import Action
from server.portal.counts import counted
from server.portal.role_words import ROLES
from server.portal.scope_words import scopes_in_words
from server.portal.texts import Words
from server.portal.texts import gettext as _

KINDS = Words(
    {
        "": "Everything",
        "session": "Signing in and out",
        "key": "API keys",
        "user": "People",
        "password": "Passwords",
        "second-factor": "Second factors",
        "workspace": "Workspaces",
        "mapping": "Mappings",
        "file": "Files",
    }
)
"""Kinds of actions, as the filter offers them."""

ACTIONS = Words(
    {
        Action.SIGNED_IN: "Signed in",
        Action.SIGN_IN_REFUSED: "Was refused: wrong password or code",
        Action.SIGN_IN_LOCKED: "Was locked out after wrong tries",
        Action.SIGNED_OUT: "Signed out",
        Action.WORKSPACE_ENTERED: "Came from another workspace",
        Action.WORKSPACE_MADE: "Made the workspace",
        Action.WORKSPACE_RENAMED: "Renamed the workspace",
        Action.KEY_CREATED: "Made a key",
        Action.KEY_ROTATED: "Rotated a key",
        Action.KEY_REVOKED: "Revoked a key",
        Action.USER_INVITED: "Invited",
        Action.INVITATION_WITHDRAWN: "Took an invitation back",
        Action.USER_JOINED: "Joined",
        Action.ROLE_CHANGED: "Changed a role",
        Action.USER_DISABLED: "Kept out",
        Action.USER_ENABLED: "Let in again",
        Action.USER_REMOVED: "Took out of the workspace",
        Action.RESET_LINK_MADE: "Made a password link",
        Action.PASSWORD_RESET: "Set a password by a link",
        Action.PASSWORD_CHANGED: "Changed their password",
        Action.SECOND_FACTOR_ON: "Turned their second factor on",
        Action.SECOND_FACTOR_OFF: "Turned their second factor off",
        Action.SECOND_FACTOR_RESET: "Turned a second factor off",
        Action.RECOVERY_CODE_USED: "Used a recovery code",
        Action.SECOND_FACTOR_REQUIRED: "Asked everybody for a second factor",
        Action.SECOND_FACTOR_OPTIONAL: "Made second factors optional",
        Action.SETTLEMENT_SOURCE_CHOSEN: "Chose which report counts for an account",
        Action.MAPPING_SAVED: "Saved a mapping",
        Action.MAPPING_REPLACED: "Changed a mapping",
        Action.MAPPING_DELETED: "Deleted a mapping",
        Action.CARD_EXEMPTION_GRANTED: "Exempted a column from the search for card numbers",
        Action.CARD_EXEMPTION_ENDED: "Ended a column's exemption from the search for card numbers",
        Action.ORIGINAL_DOWNLOADED: "Downloaded a file as sent",
        Action.REJECTED_DOWNLOADED: "Downloaded rows set aside",
        Action.UNDO_REQUESTED: "Asked to undo an import",
        Action.REPROCESS_REQUESTED: "Asked to check a file again",
        Action.UPLOAD_CANCELLED: "Cancelled an upload",
    }
)


def action_in_words(code: str) -> str:
    """Return what was done; an unknown code is told as it is written."""
    return ACTIONS[Action(code)] if code in list(Action) else code


def detail_in_words(detail: Mapping[str, object]) -> str:
    """Return what a line's detail says, short enough for its second line."""
    match detail:
        case {"before": str(before), "after": str(after)}:
            return f"{_role(before)} → {_role(after)}"
        case {"role": str(role)}:
            return _("as %(role)s") % {"role": _role(role)}
        case {"scopes": list(scopes)}:
            return scopes_in_words(Scope(scope) for scope in scopes)
        case {"from": str(name)}:
            return _("from %(workspace)s") % {"workspace": name}
        case {"left": int(left)}:
            return counted("%(number)s left", "%(number)s left", left)
        case _:
            return ""


def _role(value: str) -> str:
    return ROLES[Role(value)] if value in list(Role) else value
