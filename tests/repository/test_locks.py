"""The lists of Python packages: every one pinned with its hashes, and nothing in them of the machine that made them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tenants.installation import repository

ROOT = repository()
CONSTRAINTS = ROOT / "playbooks/constraints"
LOCKS = [ROOT / "requirements.lock", *sorted(CONSTRAINTS.glob("*.txt"))]
PINNED = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>[^\s;\\]+)(?: ; [^\\]+?)?"  # a marker may say for which Python
    r"(?: --hash=sha256:[0-9a-f]{64})+"
)
FOREIGN = {
    "an address": re.compile(r"\w+://|\bfile:"),
    "an index": re.compile(r"--(extra-)?index-url|--default-index|--index\b|--find-links|--trusted-host|(^|\s)-[if]\s"),
    "a path of a machine": re.compile(r"(^|[\s=@'\"])(/|~/|\.\./)"),
}


def requirements(lock: Path) -> list[str]:
    """Give each requirement in one line, without comments."""
    text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = (re.sub(r"\s+", " ", line.partition("#")[0]).strip() for line in text.splitlines())
    return [line for line in lines if line]


def versions(lock: Path) -> dict[str, str]:
    """Give the version of each package; a package pinned for several Pythons counts with the last."""
    return {found["name"]: found["version"] for line in requirements(lock) if (found := PINNED.fullmatch(line))}


@pytest.fixture(params=LOCKS, ids=lambda lock: lock.name)
def lock(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def test_every_package_is_pinned_with_its_hashes(lock: Path) -> None:
    listed = requirements(lock)
    assert listed
    assert [line[:80] for line in listed if not PINNED.fullmatch(line)] == []


@pytest.mark.parametrize("what", FOREIGN)
def test_nothing_tells_of_the_machine_that_made_it(lock: Path, what: str) -> None:
    lines = lock.read_text(encoding="utf-8").splitlines()
    assert [f"{lock.name}:{n}: {line}" for n, line in enumerate(lines, start=1) if FOREIGN[what].search(line)] == []


@pytest.mark.parametrize("source", sorted(CONSTRAINTS.glob("*.in")), ids=lambda source: source.name)
def test_what_is_asked_for_is_locked(source: Path) -> None:
    locked = versions(source.with_suffix(".txt"))
    for line in requirements(source):
        name, _, version = line.partition("==")
        assert name in locked, f"{source.name}: {name} is not in the lock: make lock"
        assert version in ("", locked[name])


def test_the_operations_host_has_the_versions_that_are_tested_here() -> None:
    here, there = versions(ROOT / "requirements.lock"), versions(CONSTRAINTS / "oneroof.txt")
    assert {name: version for name, version in there.items() if here.get(name) != version} == {}
