"""Makes the images that cannot be pulled where the tests run: the appliance's and the stand-ins.

What takes long (Debian's files, Caddy) is kept in a cache folder between runs.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
_HERE: Final = Path(__file__).resolve().parent
_BASE: Final = "tallydock-test/base"
_CA: Final = Path("/etc/ssl/certs/ca-certificates.crt")
_STAND_INS: Final = ("postgres", "valkey", "caddy", "storage", "clickhouse")
_DEBIAN: Final = "bookworm"
_PACKAGES: Final = "ca-certificates,wget,python3-venv,postgresql,redis-server"
_PYTHON: Final = "3.11"  # Debian's
_BUILT: Final = {
    "caddy": "github.com/caddyserver/caddy/v2/cmd/caddy@v2.11.4",
    "minio": "github.com/minio/minio@latest",
}


def make_images(environment: dict[str, str], cache: Path) -> None:
    """Make what the override names; only what changed is made anew."""
    cache.mkdir(parents=True, exist_ok=True)
    _make_base(environment, cache)
    _build(
        environment,
        ROOT,
        "--network=host",
        f"--build-arg=BASE={_BASE}",
        f"--secret=id=ca,src={_CA}",
        f"--file={ROOT / 'compose' / 'Dockerfile'}",
        "--tag=tallydock-test/tallydock",
    )
    context = cache / "context"
    _fill(context, cache)
    for name in _STAND_INS:
        _build(environment, context, f"--target={name}", f"--tag=tallydock-test/{name}")


def _make_base(environment: dict[str, str], cache: Path) -> None:
    known = ["docker", "image", "inspect", _BASE]
    if subprocess.run(known, env=environment, capture_output=True, check=False).returncode == 0:
        return
    files = cache / "debian"
    if not (files / "usr/bin/python3").exists():
        shutil.rmtree(files, ignore_errors=True)
        _run(
            environment,
            *("debootstrap", "--variant=minbase", f"--include={_PACKAGES}", _DEBIAN, str(files)),
        )
        # Machines behind a proxy of their own trust more than Debian does.
        shutil.copy(_CA, files / "etc/ssl/certs/ca-certificates.crt")
    _run(environment, "sh", "-c", f"tar -C '{files}' -c . | docker import - {_BASE}")


def _fill(context: Path, cache: Path) -> None:
    shutil.rmtree(context, ignore_errors=True)
    shutil.copytree(_HERE / "stand_ins", context)
    fixtures = ROOT / "tests" / "fixtures" / "clickhouse"
    shutil.copytree(fixtures, context / "fixtures", ignore=shutil.ignore_patterns("__pycache__"))
    (context / "bin").mkdir()
    for name, module in _BUILT.items():
        shutil.copy(_program(name, module, cache), context / "bin" / name)
    wheels = cache / "wheels"
    _fetch_wheels(wheels)
    shutil.copytree(wheels, context / "wheels")


def _program(name: str, module: str, cache: Path) -> Path:
    if name == "minio" and (found := shutil.which(name)):
        return Path(found)
    built = cache / "bin" / name
    if not built.exists():
        _run({**os.environ, "GOBIN": str(cache / "bin")}, "go", "install", module)
    return built


def _fetch_wheels(wheels: Path) -> None:
    """Fetch what the embedded default needs beyond production: chDB and what it imports."""
    all_of_it = _requirements(ROOT / "requirements.lock")
    production = _requirements(ROOT / "compose" / "requirements.lock")
    wanted = [text for name, text in all_of_it.items() if name not in production]
    lines = wheels.with_suffix(".txt")
    said = "\n".join(wanted)
    if wheels.exists() and lines.exists() and lines.read_text() == said:
        return
    shutil.rmtree(wheels, ignore_errors=True)
    lines.write_text(said)
    # An environment made by another tool may come without pip.
    own = wheels.with_name("pip")
    _run(dict(os.environ), sys.executable, "-m", "venv", str(own))
    _run(
        dict(os.environ),
        *(str(own / "bin" / "pip"), "download", "--quiet", "--no-deps"),
        *("--require-hashes", "--only-binary=:all:", f"--python-version={_PYTHON}"),
        *(f"--dest={wheels}", f"--requirement={lines}"),
    )


def _build(environment: dict[str, str], context: Path, *arguments: str) -> None:
    # The engine's own builder: no plugin is needed for it.
    program = "/usr/bin/docker" if Path("/usr/bin/docker").exists() else "docker"
    built = {**environment, "DOCKER_BUILDKIT": "1"}
    _run(built, program, "build", "--quiet", *arguments, str(context))


def _run(environment: dict[str, str], *command: str) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]}: {(done.stdout + done.stderr)[-4000:]}"


def _requirements(lock: Path) -> dict[str, str]:
    """Return the entries of a lock file by the package's name."""
    entries = re.split(r"\n(?=[a-z])", lock.read_text().strip())
    return {entry.partition("==")[0]: entry for entry in entries}
