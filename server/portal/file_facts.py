"""What is known of the file itself: its ids, its bytes, what its sender said of it."""

from server.files.answers import FileAnswer
from server.portal.counts import counted
from server.portal.figures import count
from server.portal.file_parts import Fact
from server.portal.repairs import Family, rows_named, told_of
from server.portal.texts import Words
from server.portal.texts import gettext as _

_DELIMITERS = Words({",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"})


def file_facts(file: FileAnswer, family: Family, undo: str) -> tuple[Fact, ...]:
    """Return what is known of the file, without what is not.

    Args:
        file: as callers see it.
        family: the files it repairs and is repaired by.
        undo: until when its import can be undone, in words.
    """
    details = file.file
    facts = (
        Fact(_("File id"), file.id, is_code=True),
        Fact(_("Undo"), undo),
        _repaired(file, family),
        Fact(_("Rows it repairs"), rows_named(file)),
        _other(_("Same bytes as"), file.duplicate_of),
        Fact(_("Dataset"), file.dataset_type),
        Fact(_("Type"), " · ".join(part for part in (details.type, details.compression) if part)),
        Fact(_("Size"), _bytes(details.size_bytes)),
        Fact(_("Encoding"), details.encoding or ""),
        Fact(_("Delimiter"), _DELIMITERS.get(details.delimiter or "", details.delimiter or "")),
        Fact(_("ETag"), details.etag or "", is_code=True),
        Fact(_("SHA-256"), details.sha256 or "", is_code=True),
        Fact(_("Attempts"), count(file.attempt) if file.attempt > 1 else ""),
        *(Fact(label, value) for label, value in sorted(told_of(file).items())),
    )
    return tuple(fact for fact in facts if fact.value)


def _repaired(file: FileAnswer, family: Family) -> Fact:
    name = family.repaired.file.name if family.repaired else file.repair_of or ""
    return Fact(_("Repairs"), name, href=f"/files/{file.repair_of}")


def _bytes(size_bytes: int | None) -> str:
    if size_bytes is None:
        return ""
    return counted("%(number)s byte", "%(number)s bytes", size_bytes)


def _other(label: str, file_id: str | None) -> Fact:
    return Fact(label, file_id or "", href=f"/files/{file_id}", is_code=True)
