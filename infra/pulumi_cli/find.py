"""Finds the ``pulumi`` command of the SDK version: on PATH, in the cache, as the official release, or built from source."""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import platform
import shutil
import subprocess
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from infra.pulumi_cli.build import build_pulumi
from tenants.installation import cache_directory

RELEASES = "https://get.pulumi.com/releases/sdk"
_CONNECT_SECONDS = 5.0

Tell = Callable[[str], None]


def wanted_version() -> str:
    """Give the version that the command must have: the SDK's, which is pinned."""
    return version("pulumi")


def cached_command(cache: Path) -> Path:
    """Give where the command lies once it was downloaded or built."""
    return cache / "pulumi" / wanted_version() / "pulumi"


def find_pulumi(cache: Path | None = None) -> Path | None:
    """Give the command where this machine has it already, on PATH or in the cache."""
    on_path = shutil.which("pulumi")
    if on_path and _version_of(Path(on_path)) == wanted_version():
        return Path(on_path)
    cached = cached_command(cache or cache_directory())
    return cached if os.access(cached, os.X_OK) else None


def ensure_pulumi(cache: Path | None = None, *, tell: Tell) -> Path:
    """Give the command, getting it first where this machine has none; one run at a time.

    Raises :class:`tenants.problem.UserError` where it can neither be downloaded nor built.
    """
    cache = cache or cache_directory()
    if found := find_pulumi(cache):
        return found
    target = cached_command(cache)
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if found := find_pulumi(cache):
            return found
        new = target.with_suffix(".new")
        reason = download_release(new, wanted_version())
        if reason:
            tell(f"pulumi {wanted_version()} cannot be downloaded ({reason}); building it from source")
            build_pulumi(new, wanted_version(), target.parent, tell=tell)
        new.chmod(0o755)
        new.replace(target)
    return target


def download_release(target: Path, wanted: str) -> str | None:
    """Write the official release's command to ``target`` after its checksum was compared; give why not, else nothing."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine())
    if machine is None:
        return f"no release for {platform.machine()}"
    name = f"pulumi-v{wanted}-linux-{machine}.tar.gz"
    try:
        sums = _fetch(f"{RELEASES}/pulumi-{wanted}-checksums.txt").decode()
        archive = _fetch(f"{RELEASES}/{name}")
    except (OSError, urllib.error.URLError) as error:
        return str(getattr(error, "reason", error))
    expected = next((line.split()[0] for line in sums.splitlines() if line.endswith(name)), None)
    got = hashlib.sha256(archive).hexdigest()
    if got != expected:
        return f"{name} has SHA-256 {got}, expected {expected}"
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        member = tar.extractfile("pulumi/pulumi")
        if member is None:
            return f"{name} holds no pulumi/pulumi"
        target.write_bytes(member.read())
    return None


def _fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=_CONNECT_SECONDS) as answer:  # noqa: S310 - an https address of ours
        return bytes(answer.read())


def _version_of(command: Path) -> str | None:
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    answer = subprocess.run([command, "version"], capture_output=True, text=True, env=environment, check=False)
    return answer.stdout.strip().removeprefix("v") if answer.returncode == 0 else None
