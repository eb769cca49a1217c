"""The public contract as a table of its own: routes, statuses, scopes and codes.

Written by hand from the contract and never from the code: `test_contract.py` holds the code and its
OpenAPI description to it. A line goes only when the contract changes.
"""

from types import MappingProxyType
from typing import Final, NamedTuple


class Route(NamedTuple):
    """One call: what it takes, what it answers when all is well, and who may."""

    method: str
    path: str
    status: int
    scope: str | None
    """None: any key."""


FILES: Final = "/analytics/files"
_FILE: Final = FILES + "/{file_id}"
_DATASET: Final = "/analytics/datasets/{dataset_type}"
_MAPPING: Final = "/analytics/mappings/{mapping_id}"
_KEY: Final = "/analytics/keys/{key_id}"
_USER: Final = "/analytics/users/{user_id}"

ROUTES: Final = (
    Route("POST", f"{FILES}/upload", 201, "files:write"),
    Route("POST", f"{_FILE}/complete", 202, "files:write"),
    Route("POST", f"{_FILE}/cancel", 202, "files:write"),
    # A GET, but its answer lets bytes be written.
    Route("GET", f"{_FILE}/parts", 200, "files:write"),
    Route("GET", FILES, 200, "files:read"),
    Route("GET", _FILE, 200, "files:read"),
    Route("GET", f"{_FILE}/rejected-rows", 200, "files:download"),
    Route("GET", f"{_FILE}/warned-rows", 200, "files:download"),
    Route("GET", f"{_FILE}/rejected-rows.csv", 200, "files:download"),
    Route("GET", f"{_FILE}/original", 302, "files:download"),
    Route("GET", f"{_FILE}/events", 200, "files:read"),
    Route("GET", f"{_FILE}/history", 200, "files:read"),
    Route("POST", f"{_FILE}/reprocess", 202, "files:write"),
    Route("POST", f"{_FILE}/undo", 202, "files:undo"),
    Route("GET", "/analytics/datasets", 200, None),
    Route("GET", _DATASET, 200, None),
    Route("GET", f"{_DATASET}/template.csv", 200, None),
    Route("GET", f"{_DATASET}/sample.csv", 200, None),
    Route("GET", f"{_DATASET}/card-exemptions", 200, "admin"),
    Route("POST", f"{_DATASET}/card-exemptions", 201, "admin"),
    Route("DELETE", f"{_DATASET}/card-exemptions/{{column}}", 204, "admin"),
    Route("GET", "/analytics/mappings", 200, "files:read"),
    Route("POST", "/analytics/mappings", 201, "files:write"),
    Route("GET", _MAPPING, 200, "files:read"),
    Route("PUT", _MAPPING, 200, "files:write"),
    Route("DELETE", _MAPPING, 204, "files:write"),
    Route("GET", "/analytics/keys", 200, "admin"),
    Route("POST", "/analytics/keys", 201, "admin"),
    Route("POST", f"{_KEY}/rotate", 201, "admin"),
    Route("DELETE", _KEY, 204, "admin"),
    Route("GET", "/analytics/users", 200, "admin"),
    Route("GET", _USER, 200, "admin"),
    Route("PATCH", _USER, 200, "admin"),
    Route("DELETE", _USER, 204, "admin"),
    Route("POST", f"{_USER}/password-link", 201, "admin"),
    Route("DELETE", f"{_USER}/second-factor", 204, "admin"),
    Route("GET", "/analytics/invitations", 200, "admin"),
    Route("POST", "/analytics/invitations", 201, "admin"),
    Route("DELETE", "/analytics/invitations/{invitation_id}", 204, "admin"),
    Route("GET", "/analytics/workspace", 200, None),
    Route("PATCH", "/analytics/workspace", 200, "admin"),
    Route("GET", "/analytics/audit", 200, "audit:read"),
    Route("GET", "/analytics/insights", 200, "insights:read"),
    Route("GET", "/analytics/insights/{panel}", 200, "insights:read"),
    # Not named in the contract: the source of record of each provider account, in its idiom.
    Route("GET", "/analytics/settlement-sources", 200, "files:read"),
    Route("PUT", "/analytics/settlement-sources", 200, "admin"),
)

TO_COME: Final = MappingProxyType({"/analytics/reconciliation": "the reconciliation product"})
"""Routes of the contract that belong to work still open: they must not be described as yet."""

PROBLEMS: Final = MappingProxyType(
    {
        "malformed": 400,
        "unauthenticated": 401,
        "forbidden": 403,
        "file-not-found": 404,
        "not-found": 404,
        "method-not-allowed": 405,
        "state-conflict": 409,
        "idempotency-conflict": 409,
        "idempotency-in-progress": 409,
        "too-large": 413,
        "unsupported-media-type": 415,
        "unknown-dataset": 422,
        "unsupported-file-type": 422,
        "unknown-mapping": 422,
        "rate-limited": 429,
        "internal": 500,
        "unavailable": 503,
    }
)

STATUSES: Final = ("Pending", "Processing", "Completed", "Failed")
STAGES: Final = MappingProxyType(
    {
        "awaiting_upload": "Pending",
        "queued": "Processing",
        "inspecting": "Processing",
        "loading": "Processing",
        "publishing": "Processing",
        "completed": "Completed",
        "failed": "Failed",
    }
)
OUTCOMES: Final = frozenset(
    (
        "imported",
        "imported_with_rejections",
        "duplicate",
        "dry_run",
        "undone",
        "failed",
        "never_uploaded",
        "cancelled",
    )
)
FAILURES: Final = frozenset(
    (
        "upload-expired",
        "cancelled",
        "too-large",
        "size-mismatch",
        "checksum-mismatch",
        "empty-file",
        "not-text",
        "encoding-error",
        "compression-error",
        "decompression-limit",
        "header-missing",
        "header-mismatch",
        "header-duplicate",
        "structure-error",
        "row-too-long",
        "too-many-rejected",
        "aborted-on-error",
        "control-total-mismatch",
        "pan-detected",
        "sensitive-column",
        "object-changed",
    )
)
"""The file's fault."""
OUR_FAILURES: Final = frozenset(
    (
        "object-missing",
        "storage-unavailable",
        "analytics-unavailable",
        "internal",
    )
)
ISSUES: Final = frozenset(
    (
        "missing-cell",
        "extra-cell",
        "required-value",
        "type-error",
        "decimal-comma",
        "thousands-separator",
        "scientific-notation",
        "too-precise",
        "out-of-range",
        "enum-error",
        "pattern-error",
        "currency-unknown",
        "timezone-unknown",
        "time-nonexistent",
        "time-ambiguous",
        "date-out-of-range",
        "encoding-error",
        "control-character",
        "spreadsheet-damage",
        "ambiguous-key",
        "pan-suspected",
    )
)
SCOPES: Final = frozenset(
    (
        "files:write",
        "files:read",
        "files:download",
        "files:undo",
        "insights:read",
        "reconciliation:read",
        "reconciliation:write",
        "audit:read",
        "admin",
    )
)
