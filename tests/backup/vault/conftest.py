"""Each test here runs with every restic that is at hand, against a vault of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from plumbum import local
from real_mariadb import AS_SQL, MariaDb, install_programs, serve_mariadb
from real_vault import Vault, named, serve

from backup.opening import probe_version
from backup.plan import Dump, Job
from backup.records import Source
from backup.restic import Repository
from tenants.declaration.kept import Engine

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


@pytest.fixture(scope="module")
def mariadb(image_program: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    """A server with one schema that has a table, a routine, an event and a trigger, and an account that may only read."""
    root = image_program("mariadb-dump").parents[2]
    folder = tmp_path_factory.mktemp("mariadb")
    programs = folder / "bin"
    programs.mkdir()
    install_programs(root, programs)
    with serve_mariadb(root, programs, folder / "home") as server:
        server.sql(
            f"""create database registry character set utf8mb4; use registry;
            create table clinics (id int primary key auto_increment, name varchar(200), picture blob) engine=innodb;
            insert into clinics (name, picture) select concat('卫生院 ', seq), repeat(unhex('00ff0d0a27'), 200)
              from seq_1_to_2000;
            create procedure greet() select 1;
            create event nightly on schedule every 1 day do select 1;
            create user backup@'%' identified by '{AS_SQL}' require ssl;
            grant select, show view, trigger, event on registry.* to backup@'%';
            grant select on mysql.proc to backup@'%';
            create user blind@'%' identified by '{AS_SQL}' require ssl;
            grant select, show view, trigger, event on registry.* to blind@'%';
            create user half@'%' identified by '{AS_SQL}' require ssl;
            grant select on registry.* to half@'%';
            grant select on mysql.proc to half@'%';
            """  # noqa: S608 - nothing of it is told by anybody
        )
        yield server


@pytest.fixture
def job(mariadb: MariaDb) -> Job:
    dump = Dump(Engine.MARIADB, "db", mariadb.port, ("registry",), "backup", mariadb.authority)
    zero = timedelta()
    return Job("health", Source.DATABASE, "prod/registry", "gold", zero, zero, zero, dump=dump)


@pytest.fixture
def path(mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch, vault: Vault) -> None:  # noqa: ARG001 - restic goes on PATH first
    for target in (os.environ, local.env):
        monkeypatch.setitem(target, "PATH", f"{mariadb.client.parent}:{os.environ['PATH']}")
