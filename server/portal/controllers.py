"""Every page of the portal, for the composition root."""

from litestar.types import ControllerRouterHandler

from server.portal.audit_controller import AuditPageController
from server.portal.datasets_controller import DatasetPagesController
from server.portal.file_controller import FilePageController
from server.portal.files_controller import FilePagesController
from server.portal.joining_controller import JoiningController
from server.portal.keys_controller import KeysPageController
from server.portal.overview_controller import OverviewController
from server.portal.people_controller import PeoplePageController
from server.portal.profile_controller import ProfileController
from server.portal.script_texts_controller import show_script_texts
from server.portal.session_controller import SessionController
from server.portal.standing_controller import show_standing

controllers: list[ControllerRouterHandler] = [
    SessionController,
    JoiningController,
    OverviewController,
    FilePagesController,
    FilePageController,
    DatasetPagesController,
    KeysPageController,
    PeoplePageController,
    AuditPageController,
    ProfileController,
    show_standing,
]

assets: list[ControllerRouterHandler] = [show_script_texts]
"""Beside the static files: the same for everybody, so that they may be compressed like those."""
