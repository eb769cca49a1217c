"""The answers to a request for an upload: where to PUT the bytes, and until when."""

from collections.abc import Mapping
from datetime import datetime

from server.files.answers import Answer
from server.files.lifecycle import Stage, Status
from server.files.models import File
from server.files.repository import NewFile


class FileNamed(Answer):
    """What was asked for."""

    name: str
    type: str


class UploadTicket(Answer):
    """The answer to a request for an upload: where to PUT the bytes, and until when."""

    id: str
    dataset_type: str
    status: Status
    stage: Stage
    file: FileNamed
    upload_url: str
    upload_method: str
    upload_headers: dict[str, str]
    expires_at: datetime
    created_at: datetime


class PartTicket(Answer):
    """Where to PUT one part."""

    part_number: int
    upload_url: str


class MultipartTicket(Answer):
    """The answer to a request for an upload in parts."""

    id: str
    dataset_type: str
    status: Status
    stage: Stage
    file: FileNamed
    part_size_bytes: int
    parts: list[PartTicket]
    upload_method: str
    upload_headers: dict[str, str]
    expires_at: datetime
    created_at: datetime


class PartArrived(Answer):
    """A part that is in the store."""

    part_number: int
    etag: str
    size_bytes: int


class PartsAnswer(Answer):
    """How far an upload in parts is: what has arrived, and fresh URLs for the rest."""

    part_size_bytes: int
    arrived: list[PartArrived]
    parts: list[PartTicket]
    expires_at: datetime


def answer_upload(file: File | NewFile, upload_url: str) -> UploadTicket:
    """Return the ticket for one PUT."""
    return UploadTicket(
        id=str(file.file_id),
        dataset_type=file.dataset_type,
        status=Status.PENDING,
        stage=Stage.AWAITING_UPLOAD,
        file=FileNamed(name=file.name, type=file.file_type),
        upload_url=upload_url,
        upload_method="PUT",
        upload_headers={},
        expires_at=file.expires_at,
        created_at=file.created_at,
    )


def answer_multipart(file: File | NewFile, urls: Mapping[int, str]) -> MultipartTicket:
    """Return the ticket for one PUT per part; urls are by part number."""
    return MultipartTicket(
        id=str(file.file_id),
        dataset_type=file.dataset_type,
        status=Status.PENDING,
        stage=Stage.AWAITING_UPLOAD,
        file=FileNamed(name=file.name, type=file.file_type),
        part_size_bytes=file.part_size_bytes or 0,
        parts=[PartTicket(part_number=number, upload_url=url) for number, url in urls.items()],
        upload_method="PUT",
        upload_headers={},
        expires_at=file.expires_at,
        created_at=file.created_at,
    )
