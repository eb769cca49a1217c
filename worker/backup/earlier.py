"""What the newest backup of a vault holds: a new one refers to it instead of copying it again."""

from worker.backup.plan import AttemptRows
from worker.backup.vault import Vault

Part = dict[str, object]
"""A part as a manifest tells of it."""


class Earlier:
    """The newest backup's parts, by what they are of; nothing where there is no backup."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._originals: dict[str, Part] = {}
        self._rows: dict[tuple[str, str, str, int], list[Part]] = {}
        backups = vault.backups()
        if not backups:
            return
        told, lacking = vault.manifest(backups[-1]), vault.lacking()
        for original in _list(told["originals"]):
            self._originals[str(original["part"])] = original
        for part in _list(told["rows"]):
            held = part["attempts"]
            attempts = held if isinstance(held, list) else []
            # A part with a gap is written anew, all of it: else the gap would not be seen again.
            if any(str(file_id) in lacking for file_id, _ in attempts):
                continue
            for file_id, attempt in attempts:
                place = (str(part["dataset"]), str(part["table"]), str(file_id), int(attempt))
                self._rows.setdefault(place, []).append(part)

    def original(self, part: str) -> Part | None:
        """Return the part of that name, when it is there."""
        known = self._originals.get(part)
        return known if known is not None and self._vault.has(part) else None

    def rows(self, one: AttemptRows) -> list[Part] | None:
        """Return the parts that hold the attempt's rows, when all are there."""
        known = self._rows.get((one.dataset, one.table, str(one.file_id), one.attempt))
        if known and all(self._vault.has(str(part["part"])) for part in known):
            return known
        return None


def _list(value: object) -> list[Part]:
    return value if isinstance(value, list) else []
