"""What the Prometheus of an installation says, asked inside of its container."""

import json
import time
from typing import Any, Final

from tests.compose.site import Site

_LONGEST_SECONDS: Final = 120


def settled(site: Site, wanted: set[str]) -> dict[str, set[str]]:
    """Return the health of the targets by job, once each was asked."""
    end = time.monotonic() + _LONGEST_SECONDS
    while True:
        found: dict[str, set[str]] = {}
        for target in asked(site, "targets")["activeTargets"]:
            found.setdefault(target["labels"]["job"], set()).add(target["health"])
        if found.keys() >= wanted and not any("unknown" in each for each in found.values()):
            return found
        assert time.monotonic() < end, found
        time.sleep(2)


def evaluated(site: Site) -> list[str]:
    """Return the health of every rule, once each was worked out."""
    end = time.monotonic() + _LONGEST_SECONDS
    while True:
        groups = asked(site, "rules")["groups"]
        found = [rule["health"] for group in groups for rule in group["rules"]]
        if found and "unknown" not in found:
            return found
        assert time.monotonic() < end, found
        time.sleep(2)


def asked(site: Site, path: str) -> dict[str, Any]:
    """Return what Prometheus answers."""
    address = f"http://127.0.0.1:9090/api/v1/{path}"
    said = json.loads(site.compose("exec", "-T", "prometheus", "wget", "-q", "-O", "-", address))
    assert said["status"] == "success", said
    data: dict[str, Any] = said["data"]
    return data
