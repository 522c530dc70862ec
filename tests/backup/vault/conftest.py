"""Each test here runs with every restic that is at hand, against a vault of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from plumbum import local
from real_vault import Vault, named, serve

from backup.opening import probe_version
from backup.restic import Repository

OF_THE_CLOUD = "of the cloud"
"""The restic that the cloud's own machines have, or this machine's."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "restic" in metafunc.fixturenames:
        others = [str(path) for path in named("restic")]
        metafunc.parametrize("restic", [OF_THE_CLOUD, *others], indirect=True)


@pytest.fixture
def restic(
    request: pytest.FixtureRequest,
    image_program: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """Put this restic first on PATH."""
    chosen = image_program("restic") if request.param == OF_THE_CLOUD else Path(request.param)
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "restic").symlink_to(chosen)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setitem(local.env, "PATH", f"{folder}:{os.environ['PATH']}")
    return chosen


@pytest.fixture
def vault(restic: Path, image_program: Callable[[str], Path], tmp_path: Path) -> Iterator[Vault]:  # noqa: ARG001 - restic must be on PATH
    rclone = image_program("rclone")
    root = tmp_path / "srv"
    root.mkdir()
    (tmp_path / "password").write_text("correct horse")
    said: list[str] = []
    version = probe_version(said.append)
    repository = Repository(
        "health", tmp_path / "repository", tmp_path / "password", cache=tmp_path / "cache", version=version
    )
    with serve(rclone, root) as port:
        (tmp_path / "repository").write_text(f"rest:http://127.0.0.1:{port}/health/")
        yield Vault(repository, root / "health", tmp_path / "records", said)


@pytest.fixture
def damage() -> Callable[[Path, str], None]:
    """Damage a file as disks do."""

    def do(file: Path, how: str) -> None:
        content = bytearray(file.read_bytes())
        file.chmod(0o600)
        match how:
            case "bit flip":
                content[len(content) // 2] ^= 1
                file.write_bytes(content)
            case "missing":
                file.unlink()
            case "zeroed":
                file.write_bytes(bytes(len(content)))
            case "empty":
                file.write_bytes(b"")

    return do
