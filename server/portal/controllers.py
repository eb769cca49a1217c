"""Every page of the portal, for the composition root."""

from litestar.types import ControllerRouterHandler

from server.portal.datasets_controller import DatasetPagesController
from server.portal.file_controller import FilePageController
from server.portal.files_controller import FilePagesController
from server.portal.keys_controller import KeysPageController
from server.portal.overview_controller import OverviewController
from server.portal.session_controller import SessionController

controllers: list[ControllerRouterHandler] = [
    SessionController,
    OverviewController,
    FilePagesController,
    FilePageController,
    DatasetPagesController,
    KeysPageController,
]
