"""What reaches the operations host, tried with the real tar and find in a folder that stands for it."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from monitoring import operations
from monitoring.operations import build_script, list_files, pack
from tenants.installation import Installation


def test_files_arrive_and_what_is_gone_here_is_gone_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there, home, declarations = tmp_path / "there", tmp_path / "home", tmp_path / "decla rations"
    monkeypatch.setattr(operations, "CODE", f"{there}/code")
    monkeypatch.setattr(operations, "SITE", f"{there}/site")
    for folder in (there / "code/tenants", there / "site/departments", home / "departments", declarations):
        folder.mkdir(parents=True)
    for gone in ("code/tenants/old.yaml", "code/tenants/model.py", "site/departments/old.json"):
        (there / gone).write_text("old")
    (declarations / "health.yaml").write_text("name: health\n")
    (declarations / "README.md").write_text("not sent")
    (home / "departments" / "health.json").write_text("{}")
    (there / "code/monitoring/savings").mkdir(parents=True)
    files = list_files(Installation(home), declarations)
    done = subprocess.run(["sh", "-c", build_script(files)], input=pack(files), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    found = sorted(str(path.relative_to(there)) for path in there.rglob("*") if path.is_file())
    assert found == [
        "code/monitoring/savings/baseline.yaml",
        "code/tenants/assumptions/assumptions.yaml",
        "code/tenants/health.yaml",
        "code/tenants/model.py",
        "site/departments/health.json",
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="unpacking sets owners as root does")
def test_what_is_packed_can_be_read_by_the_exporter(tmp_path: Path) -> None:
    file = tmp_path / "secretive.json"
    file.write_text("{}")
    file.chmod(0o600)
    with tarfile.open(fileobj=io.BytesIO(pack({"/x/secretive.json": file}))) as archive:
        (entry,) = archive.getmembers()
    assert (entry.name, entry.mode) == ("x/secretive.json", 0o644)
