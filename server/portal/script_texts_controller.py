"""The texts of scripts in a language, as a module (`script_texts.py`).

It needs no session, like the scripts themselves.
"""

from typing import Annotated

from litestar import Response, get
from litestar.datastructures import CacheControlHeader
from litestar.params import FromPath, QueryParameter

from server.errors import NotFound
from server.portal.script_texts import of_language

_FOREVER = CacheControlHeader(public=True, max_age=31_536_000, immutable=True)
_ASK_AGAIN = CacheControlHeader(no_cache=True)


@get("/texts/{spoken:str}", include_in_schema=False, sync_to_thread=False)
def show_script_texts(
    spoken: FromPath[str], version: Annotated[str, QueryParameter(name="v")] = ""
) -> Response[bytes]:
    """Show what scripts say in a language.

    Raises:
        NotFound: scripts have nothing translated in it.
    """
    texts = of_language(spoken)
    if texts is None:
        raise NotFound
    # A copy is right forever under the address of its own texts; not under one that a page has
    # from before a translation was changed.
    kept = _FOREVER if version == texts.version else _ASK_AGAIN
    headers = {"cache-control": kept.to_header()}
    return Response(texts.code, media_type="text/javascript", headers=headers)
