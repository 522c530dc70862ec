"""Who may import whom, and where each outside library lives."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenants.installation import repository

ROOT = repository()
PACKAGES = ("tenants", "infra", "backup", "monitoring")
FILES = sorted(file.relative_to(ROOT) for package in PACKAGES for file in (ROOT / package).rglob("*.py"))

MAY_IMPORT = {
    "tenants": ("tenants",),
    "infra": ("tenants", "infra"),
    "backup": ("tenants", "backup"),
    # the cloud may let data go only once its backup is proven: who decides that needs both, and neither needs the other
    "infra/erasure": ("tenants", "infra", "backup"),
    # the same where all is brought back: the cloud is made by one and filled by the other
    "infra/recovery": ("tenants", "infra", "backup"),
    # what is not backed up is known only by whoever sees both what there is and what was backed up
    "backup/coverage": ("tenants", "infra.inventory", "backup"),
    "backup/report": ("tenants", "backup"),
    "monitoring/recovery": ("tenants", "monitoring", "backup.report", "backup.ledger", "backup.evidence"),
    "monitoring": (
        "tenants",
        "monitoring",
        "infra.inventory",
        "infra.lab.status",
        "backup.records",
        "backup.evidence",
        "backup.coverage",
        "backup.erased",
        "backup.vault.records",
        "backup.reread",
    ),
}
HOMES = {
    "pulumi": ("infra/programs", "infra/components", "infra/provider"),
    "openstack": ("infra/provider", "infra/inventory", "infra/image", "backup/sources"),
    "keystoneauth1": ("infra/provider", "infra/inventory", "infra/image", "backup/sources"),
    "mfusepy": ("backup/sources/mounting",),
    "plumbum": ("backup/command",),
    "prometheus_client": ("monitoring/exporters",),
    "requests": ("infra/review/forges/api", "monitoring/view/document"),
}
HEAVY = frozenset(
    {"ansible", "keystoneauth1", "openstack", "plumbum", "prometheus_client", "pulumi", "pydantic", "requests", "rich"}
)


def imports(file: Path) -> Iterator[tuple[str, int]]:
    """Give everything that a file imports by its full name, with its line."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: got a relative import, expected the full name"
            assert node.module
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno


def within(name: str, homes: tuple[str, ...], separator: str) -> bool:
    """Tell whether a dotted name or a path is one of the homes or inside one."""
    return any(name == home or name.startswith(home + separator) for home in homes)


@pytest.mark.parametrize("file", FILES, ids=str)
def test_packages_import_only_what_they_may(file: Path) -> None:
    allowed = MAY_IMPORT.get(file.parent.as_posix()) or MAY_IMPORT[file.parts[0]]
    crossing = [
        f"{file}:{line}: {name}"
        for name, line in imports(file)
        if name.split(".")[0] in PACKAGES and not within(name, allowed, ".")
    ]
    assert not crossing, f"{file.parts[0]} may import {', '.join(allowed)}"


@pytest.mark.parametrize("file", FILES, ids=str)
def test_outside_libraries_stay_at_home(file: Path) -> None:
    place = file.with_suffix("").as_posix()
    astray = [
        f"{file}:{line}: {name} belongs to {', '.join(HOMES[library])}"
        for name, line in imports(file)
        if (library := name.split(".")[0]) in HOMES and not within(place, HOMES[library], "/")
    ]
    assert not astray


def test_the_command_loads_nothing_heavy_before_it_knows_what_to_do() -> None:
    code = "import sys, oneroof; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not HEAVY & set(loaded.stdout.split()), "import it inside the command's function"
