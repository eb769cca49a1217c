"""Setting a bundled store up, on a real MinIO: what our own keys may do afterwards."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from types_boto3_s3 import S3Client
from types_boto3_s3.type_defs import LifecycleRuleTypeDef

from server.doctor.bucket import check_rules
from server.doctor.finding import Ill
from server.errors import StorageUnavailable
from server.parts import build_parts
from server.settings import Settings
from server.storage.s3 import from_settings
from server.storage.s3.administration import Root, set_up_storage
from server.storage.s3.rules import parts_rule
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
    access_key = settings.storage_access_key.get_secret_value()
    return client_with(access_key, settings.storage_secret_key.get_secret_value(), store)


def client_with(access_key: str, secret_key: str, store: StorageAddress) -> S3Client:
    """Return a client with some keys."""
    return boto3.client(
        "s3",
        endpoint_url=store.url,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name=store.region,
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
        lambda: client.delete_bucket_lifecycle(Bucket=settings.storage_bucket),
        lambda: client.put_bucket_versioning(
            Bucket=settings.storage_bucket, VersioningConfiguration={"Status": "Suspended"}
        ),
    )
    for refused in refusals:
        with pytest.raises(ClientError, match="AccessDenied"):
            refused()
    client.close()


async def test_rules_tidy_up_behind_us_and_never_touch_files_as_sent(
    store: StorageAddress,
) -> None:
    settings, root = settings_for(store), Root(store.access_key, store.secret_key)
    set_up_storage(settings, root)
    with administrator(store) as client:
        bucket = settings.storage_bucket
        ours = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        theirs = rule("theirs", "elsewhere/")
        client.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration={"Rules": [theirs, *ours]}
        )

    set_up_storage(settings, root)

    storage = from_settings(settings)
    rules = await storage.rules()
    announces = await storage.announces_objects()
    storage.close()
    assert rules is not None
    assert {one.prefix for one in rules if one.takes_objects} == {
        *("derived/", "doctor/", "elsewhere/")
    }
    # Long after the last part of the slowest upload.
    told = parts_rule(settings).abort_incomplete_multipart_upload
    assert told is not None
    assert told.days_after_initiation is not None
    longest = settings.upload_expires_seconds + settings.upload_grace_seconds
    assert told.days_after_initiation * 86_400 > longest + 86_400
    # It was started without our webhook.
    assert announces is False


async def test_the_doctor_tells_of_rules_that_take_files_away_or_are_missing(
    store: StorageAddress, tmp_path: Path
) -> None:
    settings, root = settings_for(store), Root(store.access_key, store.secret_key)
    set_up_storage(settings, root)
    unused = {
        "database_url": f"sqlite+aiosqlite:///{tmp_path}/none.db",
        "valkey_url": "redis://127.0.0.1:1",
    }
    parts = build_parts(settings.model_copy(update=unused))

    await check_rules(parts)
    for rules, found in (
        ([rule("all", "")], "files as sent"),
        ([rule("one", "incoming/2026/")], "files as sent"),
        ([rule("half", "derived/")], "doctor/"),
    ):
        with administrator(store) as client:
            client.put_bucket_lifecycle_configuration(
                Bucket=settings.storage_bucket, LifecycleConfiguration={"Rules": rules}
            )
        with pytest.raises(Ill) as trouble:
            await check_rules(parts)
        assert found in trouble.value.finding
    await parts.close()


def rule(name: str, prefix: str) -> LifecycleRuleTypeDef:
    """Return a rule that lets older versions go."""
    return {
        "ID": name,
        "Status": "Enabled",
        "Filter": {"Prefix": prefix},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
    }


@contextmanager
def administrator(store: StorageAddress) -> Iterator[S3Client]:
    """Give a client with the root keys."""
    client = client_with(store.access_key, store.secret_key, store)
    yield client
    client.close()


def test_wrong_root_keys_are_told_without_being_repeated(store: StorageAddress) -> None:
    root = Root("somebody", "a wrong secret of some length")

    with pytest.raises(StorageUnavailable) as fault:
        set_up_storage(settings_for(store), root)

    assert "secret" not in str(fault.value)
