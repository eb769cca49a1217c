"""Where the sample of a trial comes from: a text in the request, or the head of a stored file."""

from dataclasses import replace
from datetime import timedelta

from server.access.principal import Principal
from server.access.scopes import Scope
from server.datasets.sql import quoted
from server.errors import FieldFault, Forbidden, Malformed, StateConflict
from server.files.contents import HEAD_BYTES, Contents, look
from server.files.ids import parse_file_id
from server.files.parquet import ParquetFile
from server.files.repository import get_file
from server.mappings.schemas import MAX_PARQUET_BYTES, MAX_SAMPLE_BYTES, TrialRequest
from server.mappings.trial import Sample
from server.storage.interface import Storage
from server.storage.originals import SignedOriginals
from server.unit_of_work import UnitsOfWork

_READABLE_FOR = timedelta(minutes=1)
_DETAIL = "One thing is not as documented; see errors."


class Samples:
    """Texts to try a mapping on."""

    def __init__(self, units: UnitsOfWork, storage: Storage) -> None:
        self._units = units
        self._storage = storage

    async def of(self, principal: Principal, asked: TrialRequest) -> Sample:
        """Return the sample.

        Raises:
            Malformed: neither or both of text and file, a text or a Parquet file that is too
                long, or a file of another kind.
            Forbidden: a stored file's rows are asked for without `files:download`.
            FileNotFound: no such file in this workspace.
            StateConflict: the file's bytes are not there.
            FileFailed: the file is no text.
            StorageUnavailable: the store did not answer.
        """
        if (asked.text is None) == (asked.file_id is None):
            fault = FieldFault("/text", "required", "Give either text or fileId")
            raise Malformed(_DETAIL, errors=[fault])
        if asked.text is not None:
            data = asked.text.encode()
            if len(data) > MAX_SAMPLE_BYTES:
                sentence = f"{len(data)} bytes; a sample has up to {MAX_SAMPLE_BYTES}"
                raise Malformed(_DETAIL, errors=[FieldFault("/text", "too-long", sentence)])
            contents = look(data, is_whole=True, wants_cp1252=False)
            return Sample(contents, asked.type, asked.rows)
        return await self._stored(principal, asked)

    async def _stored(self, principal: Principal, asked: TrialRequest) -> Sample:
        if Scope.FILES_DOWNLOAD not in principal.scopes:
            detail = f"To see a file's rows needs the scope {Scope.FILES_DOWNLOAD}."
            raise Forbidden(detail)
        file_id = parse_file_id(asked.file_id or "")
        async with self._units.begin() as unit:
            file = await get_file(unit, principal.workspace_id, file_id)
        if file.object_version is None or file.size_bytes is None:
            detail = "The bytes of the file have not arrived."
            raise StateConflict(detail)
        is_parquet = file.file_type == "parquet"
        if not is_parquet and file.file_type not in ("csv", "tsv", "jsonl"):
            sentence = f"A trial reads text and Parquet; the file is {file.file_type}"
            raise Malformed(_DETAIL, errors=[FieldFault("/fileId", "no-text", sentence)])
        if is_parquet and file.size_bytes > MAX_PARQUET_BYTES:
            sentence = f"A trial reads Parquet up to {MAX_PARQUET_BYTES} bytes"
            raise Malformed(_DETAIL, errors=[FieldFault("/fileId", "too-long", sentence)])
        head = await self._storage.read_range(
            file.object_key,
            version_id=file.object_version,
            offset_bytes=0,
            length_bytes=HEAD_BYTES,
        )
        contents = look(
            head,
            is_whole=len(head) >= file.size_bytes,
            wants_cp1252=file.options.get("encoding") == "cp1252",
            is_binary=is_parquet,
        )
        if not is_parquet:
            return Sample(_cut(contents), file.file_type, asked.rows)
        place = SignedOriginals(self._storage).place(
            file.object_key, file.object_version, expires_in=_READABLE_FOR
        )
        call = f"{place.function}({quoted(place.address)}"
        parquet = ParquetFile(call, file.size_bytes, head)
        return Sample(contents, file.file_type, asked.rows, parquet)


def _cut(contents: Contents) -> Contents:
    """Return no more of the text than a sample may have, up to the end of a line."""
    text = contents.text
    if contents.is_whole and len(text.encode()) <= MAX_SAMPLE_BYTES:
        return contents
    text = text.encode()[:MAX_SAMPLE_BYTES].decode("utf-8", "ignore")
    return replace(contents, text=text[: text.rfind("\n") + 1] or text, is_whole=False)
