"""Prints what is installed beside this interpreter as a CycloneDX bill of materials.

Run while the image is built; the result is `/opt/tallydock/sbom.cdx.json` in it.
"""

import json
import sys
from importlib.metadata import Distribution, distributions

_SPEC_VERSION = "1.6"


def main() -> None:
    """Print the bill."""
    found = {part.metadata["Name"].lower(): part for part in distributions()}
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": _SPEC_VERSION,
        "version": 1,
        "components": [_component(found[name]) for name in sorted(found)],
    }
    json.dump(bill, sys.stdout, indent=2)
    sys.stdout.write("\n")


def _component(part: Distribution) -> dict[str, object]:
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


if __name__ == "__main__":
    main()
