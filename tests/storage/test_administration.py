"""Setting a bundled store up, on a real MinIO: what our own keys may do afterwards."""

import secrets
from collections.abc import Callable, Iterator

import boto3
import pytest
from botocore.exceptions import ClientError
from types_boto3_s3 import S3Client

from server.errors import StorageUnavailable
from server.settings import Settings
from server.storage.s3 import from_settings
from server.storage.s3.administration import Root, set_up_storage
from tests.fixtures.storage import StorageAddress, minio_server


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorageAddress]:
    """Give a MinIO that nobody has set up."""
    with minio_server(tmp_path_factory.mktemp("minio")) as address:
        yield address


def settings_for(store: StorageAddress) -> Settings:
    """Return settings with keys of our own, for a bucket that is not there yet."""
    name = secrets.token_hex(4)
    return Settings.model_validate(
        {
            "storage_internal_url": store.url,
            "storage_public_url": store.url,
            "storage_bucket": f"files-{name}",
            "storage_access_key": f"tallydock-{name}",
            "storage_secret_key": secrets.token_hex(20),
        }
    )


def client_of(settings: Settings, store: StorageAddress) -> S3Client:
    """Return a client with our own keys."""
    return boto3.client(
        "s3",
        endpoint_url=store.url,
        aws_access_key_id=settings.storage_access_key.get_secret_value(),
        aws_secret_access_key=settings.storage_secret_key.get_secret_value(),
        region_name=settings.storage_region,
    )


async def test_our_own_keys_reach_our_bucket_and_nothing_else(store: StorageAddress) -> None:
    root = Root(store.access_key, store.secret_key)
    settings, others = settings_for(store), settings_for(store)

    has_events = set_up_storage(settings, root)
    set_up_storage(others, root)
    set_up_storage(settings, root)

    storage = from_settings(settings)
    await storage.ensure_bucket()
    client = client_of(settings, store)
    first = client.put_object(Bucket=settings.storage_bucket, Key="a", Body=b"1")
    second = client.put_object(Bucket=settings.storage_bucket, Key="a", Body=b"2")
    versions = await storage.list_versions("a")
    await storage.remove_version("a", first["VersionId"])
    storage.close()
    assert not has_events
    assert [version.version_id for version in versions] == [first["VersionId"], second["VersionId"]]
    refusals: tuple[Callable[[], object], ...] = (
        lambda: client.list_objects_v2(Bucket=others.storage_bucket),
        lambda: client.put_object(Bucket=others.storage_bucket, Key="a", Body=b"1"),
        lambda: client.create_bucket(Bucket="another"),
        lambda: client.delete_bucket(Bucket=settings.storage_bucket),
        lambda: client.put_bucket_versioning(
            Bucket=settings.storage_bucket, VersioningConfiguration={"Status": "Suspended"}
        ),
    )
    for refused in refusals:
        with pytest.raises(ClientError, match="AccessDenied"):
            refused()
    client.close()


def test_wrong_root_keys_are_told_without_being_repeated(store: StorageAddress) -> None:
    root = Root("somebody", "a wrong secret of some length")

    with pytest.raises(StorageUnavailable) as fault:
        set_up_storage(settings_for(store), root)

    assert "secret" not in str(fault.value)
