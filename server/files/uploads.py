"""Asking for an upload: the row, and the URLs for its bytes, in one PUT or in parts.

Comes after `policy.py`; then the caller PUTs to the store, and `arrival.py` pins what came.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col

from server.access.principal import Principal
from server.clock import Clock
from server.datasets.catalogue import Catalogue
from server.errors import (
    FieldFault,
    Malformed,
    ObjectMissing,
    PartsRefused,
    StateConflict,
    StorageUnavailable,
    UnknownMapping,
)
from server.files.ids import new_id
from server.files.lifecycle import Stage
from server.files.mapped import MappingUsed, SavedMappings, mapping_of
from server.files.models import File
from server.files.policy import check_request, check_size, part_count
from server.files.quotas import Quotas
from server.files.repository import NewFile, change, get_file, insert_file
from server.files.schemas import PartSent, UploadRequest
from server.files.tickets import (
    MultipartTicket,
    PartArrived,
    PartsAnswer,
    PartTicket,
    UploadTicket,
    answer_multipart,
    answer_upload,
)
from server.settings import Settings
from server.storage.interface import Storage, UploadedPart
from server.storage.keys import object_key
from server.unit_of_work import UnitsOfWork


class Uploads:
    """Tickets for uploads."""

    def __init__(
        self,
        *,
        units: UnitsOfWork,
        storage: Storage,
        catalogue: Catalogue,
        settings: Settings,
        clock: Clock,
        mappings: SavedMappings,
    ) -> None:
        self._units = units
        self._mappings = mappings
        self._storage = storage
        self._catalogue = catalogue
        self._settings = settings
        self._clock = clock
        self._quotas = Quotas(settings, clock)
        self._expires_in = timedelta(seconds=settings.upload_expires_seconds)

    async def request(
        self, principal: Principal, asked: UploadRequest
    ) -> UploadTicket | MultipartTicket:
        """Write a new file and return where to PUT its bytes.

        One commit; no network call but the creation of a multipart upload, which is begun for who
        was admitted only.

        Raises:
            Malformed: multipart that cannot be, or `repairOf` a file of another dataset.
            UnknownDataset: no dataset of that name.
            UnsupportedFileType: the dataset does not take that file type.
            UnknownMapping: no such mapping in this workspace.
            TooLarge: the announced size is over the limit.
            FileNotFound: `repairOf` is no file of this workspace.
            RateLimited: the workspace has too many files pending, or has sent enough today.
        """
        check_request(asked, self._catalogue)
        file = self._new_file(principal, asked)
        if asked.options.mapping is not None:
            mapping = await self._find_mapping(principal, asked, asked.options.mapping)
            file = _mapped(file, mapping)
        check_size(asked, self._settings)
        async with self._units.begin() as unit:
            await self._quotas.admit(unit, principal.workspace_id, file.declared_size_bytes)
            if file.repair_of is not None:
                repaired = await get_file(unit, principal.workspace_id, file.repair_of)
                _check_repair(repaired, file)
                file = _mapped(file, mapping_of(repaired))
            if asked.multipart is None:
                await insert_file(unit, file)
        if asked.multipart is not None:
            # Only what was admitted begins one: open uploads take up room in the store.
            file = await self._begin_parts(file)
        return self.sign(file)

    async def _begin_parts(self, file: NewFile) -> NewFile:
        multipart_id = await self._storage.create_multipart(file.object_key)
        file = replace(file, multipart_id=multipart_id)
        try:
            async with self._units.begin() as unit:
                await insert_file(unit, file)
        except BaseException:
            # No row knows of it, so nobody would give it up before the reconciler does.
            with suppress(StorageUnavailable):
                await self._storage.abort_multipart(file.object_key, multipart_id)
            raise
        return file

    def sign(self, file: File | NewFile) -> UploadTicket | MultipartTicket:
        """Return the ticket of a file: the same, byte for byte, every time."""
        if file.multipart_id is not None:
            count = part_count(file.declared_size_bytes or 1, file.part_size_bytes or 1)
            numbers = range(1, count + 1)
            urls = {n: self._part_url(file, n, signed_at=_second(file.created_at)) for n in numbers}
            return answer_multipart(file, urls)
        return answer_upload(file, self.put_url(file.object_key, file.created_at))

    def put_url(self, key: str, created_at: datetime) -> str:
        """Return the upload URL of the file that was asked for then, whenever it is signed."""
        return self._storage.presign_put(
            key, expires_in=self._expires_in, signed_at=_second(created_at)
        )

    async def parts(self, principal: Principal, file_id: UUID) -> PartsAnswer:
        """Return which parts have arrived, and fresh URLs for the rest; the file waits longer.

        Raises:
            FileNotFound: there is none of that id in this workspace.
            StateConflict: the file does not come in parts, or does not wait for them any more.
        """
        async with self._units.begin() as unit:
            file = await get_file(unit, principal.workspace_id, file_id)
        if file.multipart_id is None or file.is_at is not Stage.AWAITING_UPLOAD:
            detail = "This file does not wait for parts."
            raise StateConflict(detail)
        arrived = await self._list_parts(file, file.multipart_id)
        signed_at = _second(self._clock())
        expires_at = signed_at + self._expires_in
        async with self._units.begin() as unit:
            waits = [col(File.stage) == str(Stage.AWAITING_UPLOAD)]
            await change(unit, file_id, None, values={"expires_at": expires_at}, where=waits)
        there = {part.part_number for part in arrived}
        count = part_count(file.declared_size_bytes or 1, file.part_size_bytes or 1)
        missing = [number for number in range(1, count + 1) if number not in there]
        return PartsAnswer(
            part_size_bytes=file.part_size_bytes or 0,
            arrived=[
                PartArrived(
                    part_number=part.part_number, etag=part.etag, size_bytes=part.size_bytes
                )
                for part in arrived
            ],
            parts=[
                PartTicket(
                    part_number=number, upload_url=self._part_url(file, number, signed_at=signed_at)
                )
                for number in missing
            ],
            expires_at=expires_at,
        )

    async def join(self, file: File, sent: list[PartSent] | None) -> None:
        """Join the parts into the object; without a list, those that have arrived.

        Raises:
            StateConflict: a part is missing or not the one that was sent.
        """
        if file.multipart_id is None:
            return
        arrived = await self._list_parts(file, file.multipart_id)
        by_number = {part.part_number: part for part in arrived}
        count = part_count(file.declared_size_bytes or 1, file.part_size_bytes or 1)
        missing = [number for number in range(1, count + 1) if number not in by_number]
        other = [
            part.part_number
            for part in sent or ()
            if part.part_number not in by_number
            or by_number[part.part_number].etag != part.etag.strip('"')
        ]
        if not arrived and await self._storage.oldest_version(file.object_key) is not None:
            # Joined by an earlier call whose answer was lost.
            return
        if missing or other:
            detail = "Parts have not arrived, or are not those that were sent; see parts."
            raise StateConflict(detail, extras={"parts": sorted({*missing, *other})})
        try:
            await self._storage.complete_multipart(file.object_key, file.multipart_id, arrived)
        except ObjectMissing:
            return
        except PartsRefused as fault:
            detail = "The store refused to join the parts."
            raise StateConflict(detail) from fault

    async def _list_parts(self, file: File, multipart_id: str) -> list[UploadedPart]:
        try:
            return await self._storage.list_parts(file.object_key, multipart_id)
        except ObjectMissing:
            # Joined or given up meanwhile.
            return []

    def _part_url(self, file: File | NewFile, part_number: int, *, signed_at: datetime) -> str:
        return self._storage.presign_part(
            file.object_key,
            multipart_id=file.multipart_id or "",
            part_number=part_number,
            expires_in=self._expires_in,
            signed_at=signed_at,
        )

    async def _find_mapping(
        self, principal: Principal, asked: UploadRequest, name: str
    ) -> MappingUsed:
        async with self._units.begin() as unit:
            found = await self._mappings.find(
                unit, principal.workspace_id, asked.dataset_type, name
            )
        if found is None:
            detail = f"There is no mapping {name!r} for {asked.dataset_type} in this workspace."
            raise UnknownMapping(detail)
        return found

    def _new_file(self, principal: Principal, asked: UploadRequest) -> NewFile:
        file_id = new_id()
        created_at = self._clock()
        repair_of = asked.options.repair_of
        sha256 = asked.file.sha256
        return NewFile(
            file_id=file_id,
            workspace_id=principal.workspace_id,
            dataset_type=asked.dataset_type,
            name=asked.file.name,
            file_type=asked.file.type,
            created_by=principal.name,
            declared_size_bytes=asked.file.size_bytes,
            declared_sha256=sha256.lower() if sha256 else None,
            options=asked.options_as_sent(),
            tags=dict(asked.metadata),
            repair_of=UUID(repair_of) if repair_of else None,
            mapping_id=None,
            mapping_name=None,
            mapping_version=None,
            object_key=object_key(principal.workspace_id, str(file_id), created_at),
            multipart_id=None,
            part_size_bytes=asked.multipart.part_size_bytes if asked.multipart else None,
            created_at=created_at,
            expires_at=_second(created_at) + self._expires_in,
        )


def _second(moment: datetime) -> datetime:
    # The signature's date has whole seconds.
    return moment.replace(microsecond=0)


def _check_repair(repaired: File, file: NewFile) -> None:
    if repaired.dataset_type != file.dataset_type:
        fault = FieldFault("/options/repairOf", "other-dataset", "A file of another dataset")
        detail = "One thing is not as documented; see errors."
        raise Malformed(detail, errors=[fault])


def _mapped(file: NewFile, mapping: MappingUsed | None) -> NewFile:
    """Return the file as it is read with the mapping; its own goes before that of what it repairs.

    A repaired report has the labels of the file that it is about.
    """
    if mapping is None or file.mapping_id is not None:
        return file
    return replace(
        file,
        mapping_id=mapping.mapping_id,
        mapping_name=mapping.name,
        mapping_version=mapping.version,
    )
