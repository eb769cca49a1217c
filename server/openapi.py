"""The API's description, OpenAPI 3.1, and its reference page; every script comes from us.

`/schema/openapi.json` is built from the handlers. Litestar describes its own error bodies; ours are
put in their place, since every refusal is a problem document (`server/problems.py`).
"""

from litestar import Request, Response, Router, get
from litestar.datastructures import State
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.serialization import encode_json

from server.datasets.sources import declaration_schema
from server.errors import NotFound
from server.problems import MEDIA_TYPE
from server.version import VERSION

Json = dict[str, object]

_VENDOR = "/static/vendor/swagger-ui-5.35.0"
_FONT = "/static/vendor/inter-5.3.0/inter-latin-wght-normal.woff2?v=5.3.0"
_SCHEME = "apiKey"
_METHODS = frozenset({"get", "put", "post", "delete", "patch"})

_TEXT: Json = {"type": "string"}
_PROBLEM: Json = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457. `code` is stable; `errors` names every fault of a malformed request.",
    "required": ["type", "title", "status", "detail", "code", "requestId", "errors"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "code": _TEXT,
        "requestId": _TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {"pointer": _TEXT, "code": _TEXT, "detail": _TEXT},
            },
        },
    },
}
_ANY_PROBLEM: Json = {
    "description": "A problem document; `code` says which.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}

_PAGE = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API · Tallydock</title>
<link rel="icon" href="/static/img/mark.svg" type="image/svg+xml">
<script src="/static/js/early.js"></script>
<link rel="preload" href="{_FONT}" as="font" type="font/woff2" crossorigin>
<link rel="stylesheet" href="{_VENDOR}/swagger-ui.css">
<link rel="stylesheet" href="/static/css/api-reference.css">
<script src="{_VENDOR}/swagger-ui-bundle.js" defer></script>
<script src="/static/js/api-reference.js" defer></script>
</head>
<body>
<header>
<a class="brand" href="/">
<img src="/static/img/mark.svg" alt="" width="26" height="26">Tallydock
</a>
<a href="/">Back to the portal</a>
</header>
<main id="reference" data-schema="/schema/openapi.json"></main>
</body>
</html>
"""


class ReferencePage(OpenAPIRenderPlugin):
    """The page at `/schema`; Litestar's own load their scripts from a CDN."""

    def __init__(self) -> None:
        super().__init__(path="/")

    def render(
        self, _request: Request[object, object, State], _openapi_schema: dict[str, object]
    ) -> bytes:
        """Return the page; the browser fetches the description itself."""
        return _PAGE.encode()


class Description(JsonRenderPlugin):
    """The description, with problem documents where Litestar has error bodies of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._rendered: bytes | None = None

    def render(
        self, _request: Request[object, object, State], openapi_schema: dict[str, object]
    ) -> bytes:
        """Return the description; the same for everyone, so it is made once."""
        if self._rendered is None:
            describe_problems(openapi_schema)
            self._rendered = encode_json(openapi_schema)
        return self._rendered


def openapi_config() -> OpenAPIConfig:
    """Return Litestar's configuration of description and page."""
    return OpenAPIConfig(
        title="Tallydock",
        version=VERSION,
        description="Send payment files, watch them load, ask the dashboards.",
        components=Components(
            security_schemes={
                _SCHEME: SecurityScheme(
                    type="http", scheme="bearer", description="An API key, `tdk_…`."
                )
            }
        ),
        security=[{_SCHEME: []}],
        use_handler_docstrings=True,
        render_plugins=[ReferencePage(), Description()],
        openapi_router=Router(
            "/schema",
            route_handlers=[show_declaration_schema],
            include_in_schema=False,
            after_request=_refuse_unknown,
        ),
    )


@get("/dataset.schema.json", media_type="application/schema+json")
async def show_declaration_schema() -> bytes:
    """Answer the JSON Schema of a dataset's YAML, for editors."""
    return encode_json(declaration_schema())


def describe_problems(description: Json) -> None:
    """Put problem documents where the description has Litestar's error bodies."""
    schemas = _object(_object(description["components"])["schemas"])
    schemas.setdefault("Problem", _PROBLEM)
    for item in _object(description["paths"]).values():
        for method, operation in _object(item).items():
            if method in _METHODS:
                _describe(_object(operation))


def _describe(operation: Json) -> None:
    responses = _object(operation["responses"])
    kept = {
        code: response
        for code, response in responses.items()
        if code < "400" or MEDIA_TYPE in _object(_object(response).get("content", {}))
    }
    operation["responses"] = {**kept, "default": _ANY_PROBLEM}


def _object(value: object) -> Json:
    if not isinstance(value, dict):
        message = f"not an object: {type(value).__name__}"
        raise TypeError(message)
    return value


def _refuse_unknown(response: Response[object]) -> Response[object]:
    # Litestar answers unknown paths below /schema with a page of its own.
    if response.status_code == NotFound.status:
        raise NotFound
    return response
