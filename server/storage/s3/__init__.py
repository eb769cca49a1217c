"""Object storage over the `minio` SDK: the only room that knows it.

Implements `interface.Storage` for every S3-compatible store. `bucket.py` calls the SDK and puts its
errors into our words, `rules.py`, `versions.py` and `multipart.py` say what is called,
`administration.py` sets a bundled store up.
"""

from server.settings import Settings
from server.storage.s3.multipart import Multipart

__all__ = ["S3Storage", "from_settings"]


class S3Storage(Multipart):
    """The calls of `interface.Storage` against one bucket."""


def from_settings(settings: Settings) -> S3Storage:
    """Return the storage the settings name; makes no network call."""
    return S3Storage(
        internal_url=settings.storage_internal_url,
        public_url=settings.storage_public_url or settings.base_url,
        bucket=settings.storage_bucket,
        region=settings.storage_region,
        access_key=settings.storage_access_key.get_secret_value(),
        secret_key=settings.storage_secret_key.get_secret_value(),
    )
