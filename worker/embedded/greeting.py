"""What `make up` prints when the appliance is ready: where to go, who to be, what to try."""

import json
from pathlib import Path

from worker.embedded.household import write_private

_BODY = '{"datasetType": "transactions", "file": {"name": "transactions.csv", "type": "csv"}}'


def keep_address(path: Path, url: str) -> dict[str, str] | None:
    """Return what `first-run.json` says, its address made the present one; None without it."""
    try:
        facts: dict[str, str] = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    if facts.get("url") != url:
        facts["url"] = url
        write_private(path, facts)
    return facts


def greeting(facts: dict[str, str] | None, *, url: str, path: Path, is_first_run: bool) -> str:
    """Return the lines; secrets stand in them on the first run only.

    Args:
        facts: what `first-run.json` says, None when it is not there.
        url: the portal's address.
        path: where `first-run.json` is.
        is_first_run: whether this run made the administrator and the key.
    """
    lines = ["", f"Tallydock is ready: {url}", ""]
    if facts is None:
        lines += [
            "  Sign in with the e-mail and password of the first run.",
            "",
            "  Stop with Ctrl-C.",
            "",
        ]
        return "\n".join(lines)
    if is_first_run:
        lines += [
            f"  e-mail    {facts['adminEmail']}",
            f"  password  {facts['adminPassword']}",
            f"  API key   {facts['apiKey']}",
            "",
            f"  Kept for you in {path} (told in full only this once).",
        ]
        key = facts["apiKey"]
    else:
        lines += [f"  E-mail, password and API key: {path}"]
        key = f"$(sed -n 's/.*\"apiKey\": \"\\(.*\\)\".*/\\1/p' '{path}')"
    lines += [
        "",
        "  Ask for an upload URL:",
        "",
        f"  curl -sS {url}/analytics/files/upload \\",
        f'    -H "authorization: Bearer {key}" -H "content-type: application/json" \\',
        f"    -d '{_BODY}'",
        "",
        "  Stop with Ctrl-C.",
        "",
    ]
    return "\n".join(lines)
