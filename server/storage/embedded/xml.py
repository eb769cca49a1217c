"""The XML that S3 speaks: written with a few functions, read with the standard library."""

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import quote
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from server.storage.embedded.faults import Code, S3Fault

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


def document(name: str, *content: str) -> bytes:
    """Return a whole document of S3's namespace."""
    body = "".join(content)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns="{_NAMESPACE}">{body}</{name}>'
    ).encode()


def group(name: str, *content: str) -> str:
    """Return an element that holds other elements."""
    return f"<{name}>{''.join(content)}</{name}>"


def text(name: str, value: object) -> str:
    """Return an element that holds text; True and False in lower case."""
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    # A carriage return left as it is would be read back as a line feed.
    return f"<{name}>{escape(shown, {chr(13): '&#13;'})}</{name}>"


def moment(value: datetime) -> str:
    """Return a time as S3 writes it, in milliseconds."""
    return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"


def encode_key(key: str, encoding_type: str) -> str:
    """Return a key as a listing shows it; `url` asks for percent-encoding."""
    return quote(key, safe="/") if encoding_type == "url" else key


def read(data: bytes, root: str) -> ET.Element:
    """Return the root element of a document a client sent, with namespaces taken off.

    Raises:
        S3Fault: MalformedXML, also for a document with a DTD.
    """
    if b"<!" in data:
        # Entities are the way to make a small document a huge one; S3's documents have none.
        raise S3Fault(Code.MALFORMED_XML)
    try:
        found = ET.fromstring(data)  # noqa: S314 - no DTD, and at most 4 MiB
    except ET.ParseError as error:
        raise S3Fault(Code.MALFORMED_XML) from error
    for element in found.iter():
        element.tag = element.tag.rpartition("}")[2]
    if found.tag != root:
        raise S3Fault(Code.MALFORMED_XML)
    return found


def required(element: ET.Element, name: str) -> str:
    """Return the text of a child element.

    Raises:
        S3Fault: MalformedXML, when it is missing or empty.
    """
    value = element.findtext(name)
    if not value:
        raise S3Fault(Code.MALFORMED_XML)
    return value


def error(code: str, message: str, *, resource: str, request_id: str) -> bytes:
    """Return S3's error document, which has no namespace."""
    inside: Iterable[str] = (
        text("Code", code),
        text("Message", message),
        text("Resource", resource),
        text("RequestId", request_id),
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{group("Error", *inside)}'.encode()
