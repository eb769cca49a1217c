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

from tests.compose.engine import EngineMissing

ROOT: Final = Path(__file__).resolve().parents[2]
_HERE: Final = Path(__file__).resolve().parent
APPLIANCE: Final = "tallydock-test/tallydock"
_BASE: Final = "tallydock-test/base"
_CA: Final = Path("/etc/ssl/certs/ca-certificates.crt")
_STAND_INS: Final = ("postgres", "valkey", "caddy", "storage", "clickhouse", "prometheus")
_DEBIAN: Final = "bookworm"
_PACKAGES: Final = "ca-certificates,wget,python3-venv,postgresql,redis-server"
_PYTHON: Final = "3.11"  # Debian's
_BUILT: Final = {
    "caddy": "github.com/caddyserver/caddy/v2/cmd/caddy@v2.11.4",
    "minio": "github.com/minio/minio@latest",
}


def make_images(environment: dict[str, str], cache: Path) -> None:
    """Make what the override names; only what changed is made anew.

    Raises:
        EngineMissing: Debian's files cannot be had here.
    """
    cache.mkdir(parents=True, exist_ok=True)
    _make_base(environment, cache)
    build_ours(environment, ROOT, APPLIANCE)
    context = cache / "context"
    _fill(context, cache)
    for name in _STAND_INS:
        _build(
            environment,
            context,
            "--network=host",
            f"--target={name}",
            f"--tag=tallydock-test/{name}",
        )


def build_ours(environment: dict[str, str], sources: Path, tag: str, *options: str) -> None:
    """Build the appliance's image from the sources of some version."""
    _build(
        environment,
        sources,
        "--network=host",
        f"--build-arg=BASE={_BASE}",
        f"--secret=id=ca,src={_CA}",
        f"--file={sources / 'compose' / 'Dockerfile'}",
        f"--tag={tag}",
        *options,
    )


def _make_base(environment: dict[str, str], cache: Path) -> None:
    known = ["docker", "image", "inspect", _BASE]
    if subprocess.run(known, env=environment, capture_output=True, check=False).returncode == 0:
        return
    files = debian_files(environment, cache)
    _run(environment, "sh", "-c", f"tar -C '{files}' -c . | docker import - {_BASE}")


def debian_files(environment: dict[str, str], cache: Path) -> Path:
    """Return the folder of a small Debian, made when it is not there.

    Raises:
        EngineMissing: debootstrap is missing, or did not succeed; nothing half-made is left.
    """
    files = cache / "debian"
    if (files / "usr/bin/python3").exists():
        return files
    program = shutil.which("debootstrap", path=environment.get("PATH"))
    if program is None:
        message = "no base image can be made: debootstrap is missing"
        raise EngineMissing(message)
    drafted = files.with_name("debian.draft")
    shutil.rmtree(drafted, ignore_errors=True)
    done = subprocess.run(
        [program, "--variant=minbase", f"--include={_PACKAGES}", _DEBIAN, str(drafted)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        shutil.rmtree(drafted, ignore_errors=True)
        told = (done.stdout + done.stderr).strip()[-500:]
        message = f"no base image can be made: debootstrap did not succeed: {told}"
        raise EngineMissing(message)
    # Machines behind a proxy of their own trust more than Debian does.
    shutil.copy(_CA, drafted / "etc/ssl/certs/ca-certificates.crt")
    shutil.rmtree(files, ignore_errors=True)
    drafted.rename(files)
    return files


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
