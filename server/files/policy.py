"""Who may send what: the rules for a request that is well formed.

Comes after `schemas.py` (400) and before `service.py`; first everything that is 422 (the
mapping it names is looked up by `uploads.py`), then 413.
"""

from collections.abc import Iterator

from server.datasets.catalogue import Catalogue
from server.datasets.declaration import Dataset
from server.errors import (
    FieldFault,
    Malformed,
    TooLarge,
    UnknownDataset,
    UnsupportedFileType,
)
from server.files.schemas import MAX_PARTS, UploadRequest
from server.settings import Settings

CAMT053 = "camt053"


def size_limit_bytes(settings: Settings, *, in_parts: bool) -> int:
    """Return the largest file that is taken (bytes).

    In parts more can come than in one PUT; what unpacks to more than max_decompressed_bytes would
    not be loaded, so nothing larger than that needs to be taken.
    """
    if not in_parts:
        return settings.max_upload_bytes
    return max(settings.max_upload_bytes, settings.max_decompressed_bytes)


def check_request(asked: UploadRequest, catalogue: Catalogue) -> None:
    """Return when the file may be sent, whatever its size.

    Raises:
        Malformed: multipart without a size, or in more parts than a store can join; totals that no
            file of the dataset can have.
        UnknownDataset: no dataset of that name.
        UnsupportedFileType: the dataset does not take that file type.
    """
    dataset = catalogue.get(asked.dataset_type)
    _check_form(asked, dataset)
    if dataset is None:
        known = list(catalogue.names())
        detail = f"There is no dataset {asked.dataset_type!r}. Known: {', '.join(known)}."
        raise UnknownDataset(detail, extras={"known": known})
    types = dataset.file_types
    if asked.file.type not in types:
        detail = f"{asked.dataset_type} takes {', '.join(types)}, not {asked.file.type!r}."
        raise UnsupportedFileType(detail, extras={"known": list(types)})


def check_size(asked: UploadRequest, settings: Settings) -> None:
    """Return when the file may be that large.

    Raises:
        TooLarge: the announced size is over the limit.
    """
    limit = size_limit_bytes(settings, in_parts=asked.multipart is not None)
    if asked.file.size_bytes is not None and asked.file.size_bytes > limit:
        detail = f"{asked.file.size_bytes} bytes; this appliance takes up to {limit} bytes."
        raise TooLarge(detail, extras={"limitBytes": limit})


def part_count(size_bytes: int, part_size_bytes: int) -> int:
    """Return how many parts the file comes in."""
    return -(-size_bytes // part_size_bytes)


def _check_form(asked: UploadRequest, dataset: Dataset | None) -> None:
    """Return when nothing is wrong that a schema cannot tell; else every fault at once."""
    faults = [*_of_parts(asked), *_of_totals(asked, dataset)]
    if faults:
        count = "One thing is" if len(faults) == 1 else f"{len(faults)} things are"
        detail = f"{count} not as documented; see errors."
        raise Malformed(detail, errors=faults)


def _of_parts(asked: UploadRequest) -> Iterator[FieldFault]:
    if asked.multipart is None:
        return
    if asked.file.size_bytes is None:
        sentence = "An upload in parts needs the file's size"
        yield FieldFault("/file/sizeBytes", "required", sentence)
    elif part_count(asked.file.size_bytes, asked.multipart.part_size_bytes) > MAX_PARTS:
        sentence = f"The file would come in more than {MAX_PARTS} parts"
        yield FieldFault("/multipart/partSizeBytes", "too-small", sentence)


def _of_totals(asked: UploadRequest, dataset: Dataset | None) -> Iterator[FieldFault]:
    totals = asked.options.expected_totals or []
    if totals and dataset is not None and dataset.roles.amount is None:
        sentence = f"Rows of {dataset.name} have no amount to add up"
        yield FieldFault("/options/expectedTotals", "no-amounts", sentence)
    currencies = [total.currency for total in totals]
    for place, currency in enumerate(currencies):
        if currency in currencies[:place]:
            sentence = f"{currency} has a total already"
            yield FieldFault(
                f"/options/expectedTotals/{place}/currency", "currency-twice", sentence
            )
