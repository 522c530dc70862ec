"""The ``gitea`` command of one version: found in the cache, or built there from its Go module, which takes minutes."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path

from infra.pulumi_cli.build import ensure_go
from tenants.installation import cache_directory

VERSION = "1.26.0"
MODULE = "code.gitea.io/gitea"
SUM = "h1:fJP9dqLbzKrKWUVnCVTfVersZdVDuyJQLEDzCAOmKKA="
"""Of the module, as Go's checksum database has it; its own ``go.sum`` holds those of all it needs."""
_TAGS = "sqlite sqlite_unlock_notify"


def folder() -> Path:
    return cache_directory() / "gitea" / VERSION


def find_gitea() -> Path | None:
    """Give the command where it was built already; beside it lies ``source`` with the templates that it reads."""
    command = folder() / "gitea"
    return command if os.access(command, os.X_OK) else None


def ensure_gitea() -> Path:
    """Give the command, building it first where it is missing: about five minutes on two cores."""
    home = folder()
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if found := find_gitea():
            return found
        go = ensure_go(home, print)
        told = subprocess.run(
            [go, "mod", "download", "-json", f"{MODULE}@v{VERSION}"], cwd=home, capture_output=True, text=True, check=True
        )
        module = json.loads(told.stdout)
        assert module["Sum"] == SUM, f"{MODULE}: got {module['Sum']}, expected {SUM}"
        source = home / "source"
        shutil.rmtree(source, ignore_errors=True)
        # Go keeps its modules read-only, which a build in place would stumble over.
        shutil.copytree(module["Dir"], source, copy_function=shutil.copyfile)
        source.chmod(0o755)
        for each in source.rglob("*"):
            each.chmod(0o755 if each.is_dir() else 0o644)
        environment = {**os.environ, "CGO_ENABLED": "1", "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false"}
        flags = f'-s -w -X main.Version={VERSION} -X "main.Tags={_TAGS}"'
        new = home / "gitea.new"
        with (home / "build.log").open("w") as log:
            subprocess.run(
                ["nice", go, "build", "-tags", _TAGS, "-ldflags", flags, "-o", str(new), "."],
                cwd=source, env=environment, stdout=log, stderr=log, check=True,
            )  # fmt: skip
        new.replace(home / "gitea")
    return home / "gitea"
