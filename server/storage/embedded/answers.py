"""What a call answers with, and how it is sent over ASGI."""

from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from server.storage.embedded import xml
from server.storage.embedded.faults import S3Fault
from server.storage.embedded.request import Send
from server.storage.embedded.sending import ObjectReader


@dataclass(frozen=True)
class Answer:
    """A status, headers, and a body: bytes, or part of an object that is read while it is sent."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    reader: ObjectReader | None = None
    length: int = 0
    """Bytes to send from the reader; for a HEAD, what a GET would send."""


def xml_answer(document: bytes) -> Answer:
    """Return an answer that is a document."""
    return Answer(headers={"content-type": "application/xml"}, body=document)


def fault_answer(fault: S3Fault, *, method: str, path: str, request_id: str) -> Answer:
    """Return S3's error document; a HEAD gets its status only."""
    headers = dict(fault.headers)
    if method == "HEAD":
        return Answer(fault.status, headers)
    headers["content-type"] = "application/xml"
    body = xml.error(fault.code, fault.message, resource=path, request_id=request_id)
    return Answer(fault.status, headers, body)


def http_date(value: datetime) -> str:
    """Return a time as HTTP headers hold it, in whole seconds."""
    return format_datetime(value, usegmt=True)


async def send_head(answer: Answer, send: Send, *, request_id: str) -> None:
    """Send status and headers."""
    headers = {
        "content-length": str(answer.length or len(answer.body)),
        "x-amz-request-id": request_id,
        "server": "tallydock",
        **answer.headers,
    }
    if answer.status in (204, 304):  # These may not announce a length.
        del headers["content-length"]
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [
                (name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()
            ],
        }
    )
