"""A program of Debian's that the lab's image has not: from PATH, or unpacked out of its package."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tenants.installation import cache_directory


def debian_program(package: str, name: str) -> Path:
    """Give a program; skip where it is nowhere and apt has no such package at hand."""
    if found := shutil.which(name):
        return Path(found)
    unpacked = cache_directory() / "programs" / package
    program = unpacked / "usr" / "bin" / name
    if not program.exists():
        unpacked.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=unpacked.parent) as folder:
            argv = ["apt-get", "-o", "APT::Sandbox::User=root", "download", package]
            done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
            files = list(Path(folder).glob("*.deb"))
            if not files:
                pytest.skip(f"there is no {name}, and apt has none: {done.stderr.strip()[-200:]}")
            whole = Path(folder) / "whole"
            subprocess.run(["dpkg-deb", "--extract", str(files[0]), str(whole)], check=True)
            shutil.rmtree(unpacked, ignore_errors=True)
            whole.rename(unpacked)
    return program
