"""Where ClickHouse reads pinned versions from a store that it reaches over HTTP."""

from datetime import timedelta

from server.storage.interface import Place, Storage


class SignedOriginals:
    """Gives `url()` on a presigned GET with the version in it.

    Never `s3()`: its HEAD drops the version, and a later PUT would cut the pinned object.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def place(self, key: str, version_id: str, *, expires_in: timedelta) -> Place:
        """Return a URL of the internal endpoint."""
        url = self._storage.presign_get(
            key, version_id=version_id, expires_in=expires_in, public=False
        )
        return Place("url", url)
