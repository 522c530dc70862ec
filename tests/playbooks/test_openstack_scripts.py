"""What the OpenStack roles run on the hosts: keys, schemas, the catalogue's users, files and units."""

from __future__ import annotations

import base64
import importlib.metadata
import importlib.util
import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"
SECRET = "5e" * 32


def load(path: str) -> ModuleType:
    """Import a script of the playbooks as a module."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, PLAYBOOKS / path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def keys() -> ModuleType:
    return load("roles/keystone/files/keys.py")


def fill(keys_file: ModuleType, repositories: list[Path], mode: str = "--apply") -> list[str]:
    wish = {"secret": SECRET, "repositories": [str(path) for path in repositories], "user": "root"}
    script = Path(str(keys_file.__file__))
    done = subprocess.run(
        [sys.executable, "-c", script.read_text(), mode], input=json.dumps(wish), capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_keys_are_the_same_on_every_controller_and_differ_from_each_other(keys: ModuleType) -> None:
    which = [(repository, number) for repository in ("fernet", "credential") for number in (0, 1)]
    made = [keys.build_key(SECRET, *name) for name in which]
    assert made == [keys.build_key(SECRET, *name) for name in which]
    assert len(set(made)) == len(made)
    assert {len(base64.urlsafe_b64decode(key)) for key in made} == {32}
    assert keys.build_key("00" * 32, "fernet", 0) not in made


@pytest.mark.skipif(os.geteuid() != 0, reason="files are given to another user, which root alone may do")
def test_keys_are_private_and_rotated_ones_are_left_alone(keys: ModuleType, tmp_path: Path) -> None:
    repository = tmp_path / "fernet"
    assert fill(keys, [repository], "--check") == [str(repository)]
    assert not repository.exists()
    assert fill(keys, [repository]) == [str(repository)]
    assert {key.name: stat.S_IMODE(key.stat().st_mode) for key in repository.iterdir()} == {"0": 0o600, "1": 0o600}
    (repository / "1").rename(repository / "2")
    assert fill(keys, [repository]) == []
    assert sorted(key.name for key in repository.iterdir()) == ["0", "2"]


def test_a_schema_is_migrated_for_another_release_or_another_wish() -> None:
    schema = load("roles/openstack/files/schema.py")
    wish = {"wheel": "pyyaml", "commands": [{"argv": ["keystone-manage", "db_sync"]}], "environment": {"A": "1"}}
    stamp = schema.wanted_stamp(wish)
    assert stamp.split()[0] == importlib.metadata.version("pyyaml")
    assert schema.wanted_stamp({**wish, "password": "not looked at"}) == stamp
    assert schema.wanted_stamp({**wish, "environment": {"A": "2"}}) != stamp
    assert schema.wanted_stamp({**wish, "commands": []}) != stamp
    assert (
        "1"
        not in schema.wanted_stamp({**wish, "environment": {"A": "secret"}})
        .replace(stamp.split()[0], "")
        .split("secret")[1:]
    )


def show(**units: tuple[str, str]) -> str:
    blocks = [f"Id={name}.service\nActiveState={active}\nUnitFileState={file}\n" for name, (active, file) in units.items()]
    return "\n".join(blocks)


def test_units_that_run_or_are_on_their_way_are_left_alone() -> None:
    units = load("library/units.py")
    shown = show(
        one=("active", "enabled"),
        two=("activating", "enabled"),
        three=("failed", "enabled"),
        four=("active", "disabled"),
        five=("inactive", ""),
    )
    assert units.unfinished(units.parse_states(shown)) == {
        "three.service": "enabled, failed",
        "four.service": "disabled, active",
        "five.service": "absent, inactive",
    }


def run_module(name: str, arguments: dict[str, Any], check: bool = False) -> dict[str, Any]:
    """Run a module of ours as Ansible does: its arguments as JSON on standard input."""
    told = {"ANSIBLE_MODULE_ARGS": {**arguments, "_ansible_check_mode": check, "_ansible_diff": True}}
    done = subprocess.run(
        [sys.executable, str(PLAYBOOKS / name)], input=json.dumps(told), capture_output=True, text=True, check=False
    )
    return dict(json.loads(done.stdout))


@pytest.mark.skipif(os.geteuid() != 0, reason="files are given to root, which root alone may do")
def test_files_are_written_once_and_secrets_are_in_no_answer(tmp_path: Path) -> None:
    files = [
        {"path": str(tmp_path / "etc/plain.conf"), "content": "a = 1"},
        {"path": str(tmp_path / "etc/secret.conf"), "secret_content": "password = geheim", "mode": "0640"},
    ]
    asked = run_module("library/config_files.py", {"files": files}, check=True)
    assert asked["changed"] is True
    assert not (tmp_path / "etc").exists()
    made = run_module("library/config_files.py", {"files": files})
    assert made["changed"] is True
    assert "geheim" not in json.dumps({key: value for key, value in made.items() if key != "invocation"})
    assert (tmp_path / "etc/plain.conf").read_text() == "a = 1\n"
    assert stat.S_IMODE((tmp_path / "etc/secret.conf").stat().st_mode) == 0o640
    assert run_module("library/config_files.py", {"files": files})["changed"] is False
    (tmp_path / "etc/secret.conf").chmod(0o644)
    assert run_module("library/config_files.py", {"files": files})["paths"] == [str(tmp_path / "etc/secret.conf")]


def test_the_server_tells_systemd_on_the_socket_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = load("roles/openstack/files/serve_wsgi.py")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        server.notify_systemd("READY=1")
        assert manager.recv(100) == b"READY=1"
    monkeypatch.delenv("NOTIFY_SOCKET")
    server.notify_systemd("READY=1")


def test_verification_names_what_is_missing() -> None:
    verify = load("files/verify.py")
    assert verify.expect("compute", {"a", "b"}, {"a"}) == "compute: a, b"
    with pytest.raises(verify.NotYet, match="compute: b not up, found up: a"):
        verify.expect("compute", {"a"}, {"a", "b"})
