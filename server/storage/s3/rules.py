"""What the bucket does by itself: lifecycle rules, and whom it tells of new objects.

The rules are a second line behind the reconciler (`worker/maintenance/`), for when no worker runs.
None touches `incoming/`: the oldest version of a key is the file, and what is kept of it and for
how long is decided where the file's row is (`retention.py` there), never by the age of a version.
"""

from datetime import timedelta
from math import ceil
from typing import Final

from minio.commonconfig import ENABLED, Filter
from minio.error import S3Error
from minio.lifecycleconfig import (
    AbortIncompleteMultipartUpload,
    Expiration,
    LifecycleConfig,
    NoncurrentVersionExpiration,
    Rule,
)

from server.settings import Settings
from server.storage.interface import BucketRule
from server.storage.keys import DERIVED, PROBES
from server.storage.s3.bucket import Bucket

OURS: Final = "tallydock-"
"""What the ids of our own rules begin with."""

# Much longer than an attempt at a file, or a check of the doctor's, may take.
_DERIVED_DAYS: Final = 7
_PROBES_DAYS: Final = 1
_LEAST_PARTS_DAYS: Final = 7
_UNKNOWN: Final = frozenset({"NotImplemented", "MethodNotAllowed"})


class Rules(Bucket):
    """Asks the bucket what it does by itself."""

    async def rules(self) -> list[BucketRule] | None:
        """Return the lifecycle rules in force; None when the store has no such thing."""
        return await self._run(self._rules)

    async def announces_objects(self) -> bool | None:
        """Return whether the bucket tells somebody of new objects; None when it cannot be asked."""
        return await self._run(self._announces_objects)

    def _rules(self) -> list[BucketRule] | None:
        try:
            config = self._internal.get_bucket_lifecycle(self._bucket)
        except S3Error as error:
            if error.code in _UNKNOWN:
                return None
            raise
        found = config.rules if config is not None else []
        return [_told(rule) for rule in found if rule.status == ENABLED]

    def _announces_objects(self) -> bool | None:
        try:
            config = self._internal.get_bucket_notification(self._bucket)
        except S3Error as error:
            if error.code in _UNKNOWN:
                return None
            raise
        told = (*config.queue_config_list, *config.topic_config_list)
        return any("ObjectCreated" in event for one in told for event in one.events)


def expiry_rules() -> list[Rule]:
    """Return our rules for what attempts derived, and for probes."""
    return [
        _expiry("derived", f"{DERIVED}/", _DERIVED_DAYS),
        _expiry("probes", f"{PROBES}/", _PROBES_DAYS),
    ]


def parts_rule(settings: Settings) -> Rule:
    """Return our rule for the parts of uploads that nobody will complete any more."""
    longest = timedelta(seconds=settings.upload_expires_seconds + settings.upload_grace_seconds)
    return Rule(
        ENABLED,
        rule_filter=Filter(prefix=""),
        rule_id=f"{OURS}parts",
        abort_incomplete_multipart_upload=AbortIncompleteMultipartUpload(
            max(_LEAST_PARTS_DAYS, ceil(longest / timedelta(days=1)) + 1)
        ),
    )


def merged(there: LifecycleConfig | None, wanted: list[Rule]) -> LifecycleConfig:
    """Return the wanted rules beside those that somebody else has set."""
    others = [rule for rule in (there.rules if there else []) if not _is_ours(rule)]
    return LifecycleConfig([*others, *wanted])


def _is_ours(rule: Rule) -> bool:
    return (rule.rule_id or "").startswith(OURS)


def _expiry(name: str, prefix: str, days: int) -> Rule:
    return Rule(
        ENABLED,
        rule_filter=Filter(prefix=prefix),
        rule_id=f"{OURS}{name}",
        expiration=Expiration(days=days),
        noncurrent_version_expiration=NoncurrentVersionExpiration(noncurrent_days=1),
    )


def _told(rule: Rule) -> BucketRule:
    prefix = ""
    if (chosen := rule.rule_filter) is not None:
        prefix = chosen.prefix or (chosen.and_operator.prefix if chosen.and_operator else "") or ""
    takes = (
        rule.expiration,
        rule.transition,
        rule.noncurrent_version_expiration,
        rule.noncurrent_version_transition,
    )
    return BucketRule(prefix=prefix, takes_objects=any(one is not None for one in takes))
