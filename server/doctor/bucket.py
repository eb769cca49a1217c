"""What the bucket does by itself: what it lets go, and whether it tells of what arrives."""

import asyncio
from typing import Final

from server.doctor.finding import Ill
from server.doctor.probe import probe
from server.errors import StorageUnavailable
from server.operations.repository import ANNOUNCED, find_operation
from server.parts import Parts
from server.storage.interface import BucketRule
from server.storage.keys import DERIVED, INCOMING, PROBES

# MinIO sends what it keeps in a folder every three seconds.
ARRIVES_WITHIN_SECONDS: Final = 6
_LOOK_SECONDS: Final = 0.1
_MAY_NOT: Final = "AccessDenied"
_SETUP: Final = "Run `docker compose run --rm setup`; for a store of your own see"


async def check_rules(parts: Parts) -> None:
    """Look for a rule by which files would vanish, and for those that tidy up behind us.

    A store that knows no rules needs none: the reconciler does the same, as long as a worker runs.
    """
    try:
        rules = await parts.storage.rules()
    except StorageUnavailable as fault:
        if str(fault) != _MAY_NOT:
            raise
        finding = "its lifecycle rules may not be read"
        raise Ill(finding, "Let our user do s3:GetLifecycleConfiguration.") from fault
    if rules is None:
        return
    if any(rule.takes_objects and _meets(rule, f"{INCOMING}/") for rule in rules):
        finding = "a lifecycle rule takes away files as sent, of which the oldest version counts"
        advice = (
            f"Take {INCOMING}/ out of the rule; TALLYDOCK_ORIGINALS_DAYS says how long files stay."
        )
        raise Ill(finding, advice)
    for prefix in (f"{DERIVED}/", f"{PROBES}/"):
        if not any(rule.takes_objects and prefix.startswith(rule.prefix) for rule in rules):
            finding = f"no lifecycle rule removes what a dead worker left below {prefix}"
            raise Ill(finding, f"{_SETUP} external-storage.yaml.")


async def check_events(parts: Parts) -> None:
    """Have the store tell a server of an object, where it is meant to; the sweep finds it if not.

    It is meant to when there is a token that its webhook would present.
    """
    if not parts.settings.storage_event_token.get_secret_value():
        return
    try:
        announces = await parts.storage.announces_objects()
    except StorageUnavailable as fault:
        if str(fault) != _MAY_NOT:
            raise
        # What arrives says more than what is configured.
        announces = None
    if announces is False:
        finding = "it tells nobody of new files, so each begins seconds later than it could"
        raise Ill(finding, f"{_SETUP} external-storage.yaml.")
    async with probe(parts, is_announced=True) as stored:
        try:
            async with asyncio.timeout(ARRIVES_WITHIN_SECONDS):
                while not await _is_noted(parts, stored.key):  # noqa: ASYNC110 - a server notes it
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError:
            finding = "no server hears of new files from it, so each begins seconds later"
            advice = (
                "Does a server run, does the store reach its /storage/events, and does it present"
                " the token of TALLYDOCK_STORAGE_EVENT_TOKEN?"
            )
            raise Ill(finding, advice) from None


def _meets(rule: BucketRule, prefix: str) -> bool:
    """Return whether some key that begins with prefix may fall under the rule."""
    return prefix.startswith(rule.prefix) or rule.prefix.startswith(prefix)


async def _is_noted(parts: Parts, key: str) -> bool:
    async with parts.units.begin() as unit:
        noted = await find_operation(unit, ANNOUNCED)
    return noted is not None and noted.detail.get("key") == key
