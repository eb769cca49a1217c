"""How the appliance stands, for the banner above every page.

Needs no session, so that asking four times a minute neither keeps one alive nor needs the database
it would be looked up in. It tells no more than anybody meets who tries.
"""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from server.portal.standing import Outlook, standing_of


@get("/standing", include_in_schema=False, sync_to_thread=False)
def show_standing(outlook: NamedDependency[Outlook]) -> Template:
    """Show what does not answer; nothing when all does."""
    page = standing_of(outlook.outages())
    return Template("parts/standing.html", context={"page": page})
