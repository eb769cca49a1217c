"""Prints what is installed beside this interpreter as a CycloneDX bill of materials.

Run while the image is built; the result is `/opt/tallydock/sbom.cdx.json` in it: the interpreter,
its libraries, and the packages of the Debian below, which is that of the finished image too.
"""

import json
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from urllib.parse import quote

_SPEC_VERSION = "1.6"
_PACKAGES = Path("/var/lib/dpkg/status")


def main() -> None:
    """Print the bill."""
    found = {part.metadata["Name"].lower(): part for part in distributions()}
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": _SPEC_VERSION,
        "version": 1,
        "components": [
            _interpreter(),
            *(_library(found[name]) for name in sorted(found)),
            *(_package(*named) for named in sorted(_packages())),
        ],
    }
    json.dump(bill, sys.stdout, indent=2)
    sys.stdout.write("\n")


def _interpreter() -> dict[str, object]:
    version = platform.python_version()
    return {
        "type": "platform",
        "name": "python",
        "version": version,
        "purl": f"pkg:generic/python@{version}",
    }


def _library(part: Distribution) -> dict[str, object]:
    name, version = part.metadata["Name"], part.version
    component: dict[str, object] = {
        "type": "library",
        "name": name,
        "version": version,
        "purl": f"pkg:pypi/{name.lower().replace('_', '-')}@{version}",
    }
    licence = part.metadata.get("License-Expression")
    if licence:
        component["licenses"] = [{"expression": licence}]
    return component


def _packages() -> Iterator[tuple[str, str, str]]:
    """Yield name, version and architecture of what Debian has installed; elsewhere nothing."""
    text = _PACKAGES.read_text(encoding="utf-8") if _PACKAGES.exists() else ""
    for paragraph in text.split("\n\n"):
        # A line that goes on from the one above begins with a space.
        lines = (line.partition(": ") for line in paragraph.splitlines() if line[:1] != " ")
        fields = {name: value for name, _, value in lines}
        if fields.get("Status", "").endswith(" installed"):
            yield fields["Package"], fields["Version"], fields["Architecture"]


def _package(name: str, version: str, architecture: str) -> dict[str, object]:
    return {
        "type": "library",
        "name": name,
        "version": version,
        "purl": f"pkg:deb/debian/{quote(name)}@{quote(version, safe='')}?arch={architecture}",
    }


if __name__ == "__main__":
    main()
