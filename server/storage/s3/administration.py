"""Sets a bundled store up: the bucket with its versions and rules, our own user, the webhook.

Run once at installation by `tallydock setup-storage`, with the root keys of a store that speaks
MinIO's administration API. The appliance itself never has them.
"""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.commonconfig import ENABLED
from minio.credentials.providers import StaticProvider
from minio.error import InvalidResponseError, MinioAdminException, MinioException, S3Error
from minio.minioadmin import MinioAdmin
from minio.notificationconfig import NotificationConfig, QueueConfig
from minio.versioningconfig import VersioningConfig

from server.errors import StorageUnavailable
from server.settings import Settings
from server.storage.connections import connection_pool
from server.storage.s3.rules import expiry_rules, merged, parts_rule

WEBHOOK = "TALLYDOCK"
"""The name the store knows our webhook by (`MINIO_NOTIFY_WEBHOOK_…_TALLYDOCK`)."""

_RULE_REFUSED = frozenset({"InvalidArgument", "MalformedXML", "NotImplemented"})
_OF_THE_BUCKET = (
    "s3:GetBucketLocation",
    "s3:GetBucketNotification",
    "s3:GetBucketVersioning",
    "s3:GetLifecycleConfiguration",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:ListBucketMultipartUploads",
)
_OF_OBJECTS = (
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
)


@dataclass(frozen=True)
class Root:
    """The keys that may do anything in the store."""

    user: str
    password: str


def set_up_storage(settings: Settings, root: Root) -> bool:
    """Make what is missing. Idempotent; new keys in the settings become the user's keys.

    Returns:
        Whether the store will tell of new objects. Else the sweep finds them, seconds later.

    Raises:
        StorageUnavailable: the store does not answer, or refuses.
    """
    pool = connection_pool()
    address = urlsplit(settings.storage_internal_url)
    is_secure = address.scheme == "https"
    client = Minio(
        address.netloc,
        access_key=root.user,
        secret_key=root.password,
        secure=is_secure,
        region=settings.storage_region,
        http_client=pool,
    )
    admin = MinioAdmin(
        endpoint=address.netloc,
        credentials=StaticProvider(root.user, root.password),
        secure=is_secure,
        region=settings.storage_region,
        http_client=pool,
    )
    try:
        _set_up_bucket(client, settings)
        _set_up_rules(client, settings)
        _set_up_user(admin, settings)
        return _set_up_events(client, settings.storage_bucket, _webhook(admin))
    except S3Error as error:
        raise StorageUnavailable(error.code or "") from error
    except (
        MinioAdminException,
        MinioException,
        InvalidResponseError,
        urllib3.exceptions.HTTPError,
    ) as error:
        raise StorageUnavailable(type(error).__name__) from error
    finally:
        pool.clear()


def _set_up_bucket(client: Minio, settings: Settings) -> None:
    bucket = settings.storage_bucket
    if not client.bucket_exists(bucket):
        client.make_bucket(bucket)
    client.set_bucket_versioning(bucket, VersioningConfig(ENABLED))


def _set_up_rules(client: Minio, settings: Settings) -> None:
    bucket = settings.storage_bucket
    there = client.get_bucket_lifecycle(bucket)
    rules, parts = expiry_rules(), parts_rule(settings)
    try:
        client.set_bucket_lifecycle(bucket, merged(there, [*rules, parts]))
    except S3Error as error:
        # MinIO aborts uploads of its own accord after a day (`stale_uploads_expiry`), and refuses
        # a rule that says so.
        if error.code not in _RULE_REFUSED:
            raise
        client.set_bucket_lifecycle(bucket, merged(there, rules))


def _webhook(admin: MinioAdmin) -> str | None:
    """Return the store's name for our webhook, None when it was started without one."""
    known = json.loads(admin.info()).get("sqsARN") or []
    return next((name for name in known if name.endswith(f":{WEBHOOK}:webhook")), None)


def _set_up_events(client: Minio, bucket: str, webhook: str | None) -> bool:
    if webhook is None:
        return False
    created = QueueConfig(["s3:ObjectCreated:*"], queue=webhook)
    client.set_bucket_notification(bucket, NotificationConfig(queue_config_list=[created]))
    return True


def _set_up_user(admin: MinioAdmin, settings: Settings) -> None:
    user = settings.storage_access_key.get_secret_value()
    admin.user_add(user, settings.storage_secret_key.get_secret_value())
    # A store may serve two appliances, each with a bucket of its own.
    name = f"tallydock-{settings.storage_bucket}"
    admin.policy_add(name, policy=policy(settings.storage_bucket))
    admin.policy_set(name, user)


def policy(bucket: str) -> dict[str, object]:
    """Return what the appliance's own user may do: read and write objects of one bucket."""

    def allow(actions: tuple[str, ...], resource: str) -> dict[str, object]:
        return {"Effect": "Allow", "Action": list(actions), "Resource": [resource]}

    name = f"arn:aws:s3:::{bucket}"
    statements = [allow(_OF_THE_BUCKET, name), allow(_OF_OBJECTS, f"{name}/*")]
    return {"Version": "2012-10-17", "Statement": statements}
