"""Runs the acceptance checks against a running appliance and compares them with what is expected.

    acceptance.py CHECKS EXPECTATIONS FIRST_RUN

The exit status is 0 when exactly the scenarios listed in EXPECTATIONS fall short.
"""

import re
import subprocess
import sys
from pathlib import Path

_HOLDS = re.compile(r"holds\s+(\w+)")
_FALLS = re.compile(r"FALLS SHORT\s+(\w+)")
_CLOSING = re.compile(r"\d+ passed, \d+ failed")


def main(checks: Path, expectations: Path, first_run: Path) -> int:
    """Run the checks and return the exit status."""
    expected = read_expectations(expectations.read_text())
    held, short = run(checks, first_run)
    unforeseen = [name for name in short if name not in expected]
    mended = [name for name in held if name in expected]
    unknown = [name for name in expected if name not in (*held, *short)]
    for name in short:
        if name in expected:
            say(f"fell short as expected: {name} (to come: {expected[name]})")
    for name in unforeseen:
        say(f"fell short and is not expected to: {name}")
    for name in mended:
        say(f"holds although it is listed as falling short: take {name} out of {expectations}")
    for name in unknown:
        say(f"listed in {expectations} and never run: {name}")
    if not held and not short:
        say("the acceptance checks ran no scenario")
        return 1
    faults = [*unforeseen, *mended, *unknown]
    say(f"acceptance: {len(held) - len(mended)} passed, {len(faults)} failed")
    return 1 if faults else 0


def read_expectations(text: str) -> dict[str, str]:
    """Return the scenarios that are expected to fall short, with the work that is to come."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    pairs = [line.partition(":") for line in lines]
    return {name.strip(): reason.strip() for name, _, reason in pairs}


def run(checks: Path, first_run: Path) -> tuple[list[str], list[str]]:
    """Run the checks, show what they say, return which scenarios held and which fell short."""
    held: list[str] = []
    short: list[str] = []
    command = [sys.executable, "-u", str(checks), "--first-run", str(first_run)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            told = line.rstrip("\n")
            # Its own count knows nothing of what is expected, so it is no closing line here.
            say(f"(the checks by themselves: {told})" if _CLOSING.fullmatch(told) else told)
            if found := _HOLDS.match(told):
                held.append(found[1])
            elif found := _FALLS.match(told):
                short.append(found[1])
    return held, short


def say(line: str) -> None:
    """Print a line at once, so that it stands in order with what others print."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:4])))
