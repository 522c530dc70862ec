"""Everything of the first site is lost, and all that its operator knew: from the vault, three shares and this repository it
is back, as the runbook says, with the same ids, byte for byte.

In a lab of its own. It takes about half an hour, most of it for making the cloud twice.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openstack
import pytest
from lost_site import lose_site
from openstack.connection import Connection

from backup.command import Command, run
from backup.ledger import load_entries
from tenants.installation import Installation, repository, state_directory
from tenants.machines import load_machine

pytestmark = [pytest.mark.system, pytest.mark.slow]
LAB = "recover"
ONEROOF = Path(sys.executable).parent / "oneroof"
PAGE = repository() / "runbooks" / "procedures" / "lose-a-site.md"
PROJECT, CONTAINER, OBJECT = "health-prod", "bulletins", "公报 ../1.pdf"
ENVIRONMENT = {**os.environ, "ONEROOF_LAB": LAB, "PATH": f"{ONEROOF.parent}:{os.environ.get('PATH', '')}"}


def oneroof(*words: str, code: int = 0) -> str:
    done = subprocess.run([ONEROOF, *words], capture_output=True, text=True, env=ENVIRONMENT, check=False)
    assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout


def runbook_commands() -> list[str]:
    """Give the shell blocks of the page's steps, in order."""
    steps = PAGE.read_text(encoding="utf-8").partition("\n## Steps\n")[2].partition("\n## ")[0]
    return [block.strip() for block in re.findall(r"```console\n(.*?)```", steps, re.DOTALL)]


@dataclass(frozen=True)
class Seen:
    """What there was before the loss, and must be there after it."""

    servers: dict[str, str]
    volumes: dict[str, str]
    archive: str
    """SHA-256 of a volume that no server uses."""
    content: bytes
    token: str


class Cloud:
    """The lab's cloud as operator and department see it."""

    def __init__(self) -> None:
        self.installation = Installation(state_directory() / "labs" / LAB)

    def operator(self) -> Connection:
        config = openstack.config.OpenStackConfig(config_files=[str(self.installation.clouds)])
        return Connection(config=config.get_one(cloud="oneroof"))

    def user(self) -> Connection:
        file = Path(oneroof("department", "clouds", "health").strip())
        return Connection(
            config=openstack.config.OpenStackConfig(config_files=[str(file)]).get_one(cloud=f"{PROJECT}-operator")
        )

    def on(self, group: str, script: str) -> str:
        done = run(Command(load_machine(self.installation, group).ssh(script)))
        assert done.ok, done.reason
        return done.stdout.decode()

    def archive(self, operator: Connection) -> str:
        (volume,) = operator.block_storage.volumes(all_projects=True, name="archive")
        return self.on("storage", f"rbd export --no-progress volumes/volume-{volume.id} - | sha256sum").split()[0]

    def see(self, content: bytes) -> Seen:
        operator = self.operator()
        return Seen(
            servers={server.name: server.id for server in operator.compute.servers(all_projects=True)},
            volumes={volume.id: volume.name for volume in operator.block_storage.volumes(all_projects=True)},
            archive=self.archive(operator),
            content=content,
            token=str(self.user().session.get_token()),
        )


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    check = subprocess.run([ONEROOF, "preflight"], capture_output=True, text=True, env=ENVIRONMENT, check=False)
    if check.returncode != 0:
        pytest.skip(f"this machine cannot bear a second lab: {check.stderr.strip()}")
    oneroof("up")
    yield Cloud()
    oneroof("lab", "reset", "--yes")


@pytest.fixture(scope="module")
def shares(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001 - its keys are split
    """Give a folder with three of five shares, as three holders bring them."""
    folder = tmp_path_factory.mktemp("holders")
    oneroof("escrow", "split", "--output", str(folder / "all"))
    (folder / "shares").mkdir()
    for number in (1, 3, 4):
        shutil.move(folder / "all" / f"share-{number}-of-5.txt", folder / "shares")
    shutil.rmtree(folder / "all")
    oneroof("escrow", "drill", *map(str, sorted((folder / "shares").iterdir())))
    return folder


@pytest.fixture(scope="module")
def lost(cloud: Cloud, shares: Path) -> Seen:  # noqa: ARG001 - made before the loss
    """Fill the cloud, back it up, and lose the first site with the operator's home."""
    content = os.urandom(3_000_000)
    cloud.user().object_store.upload_object(container=CONTAINER, name=OBJECT, data=content)
    (archive,) = cloud.operator().block_storage.volumes(all_projects=True, name="archive")
    image = f"volumes/volume-{archive.id}"
    cloud.on("storage", f"rbd bench --io-type write --io-size 1M --io-total 64M --io-pattern rand {image} > /dev/null")
    oneroof("backup", "run", "--all")
    seen = cloud.see(content)
    lose_site(cloud.installation, "site-a")
    assert sorted(path.name for path in cloud.installation.home.iterdir()) == ["machines"]
    return seen


def interrupt_in(step: str, folder: Path) -> None:
    """Begin the recovery, and press Ctrl-C in the midst of a step."""
    words = [ONEROOF, "restore", "everything", *map(str, sorted((folder / "shares").iterdir())), "--yes"]
    begun = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    assert begun.stderr is not None
    for line in begun.stderr:
        if line.startswith(f"▸ {step} "):
            time.sleep(5)
            begun.send_signal(signal.SIGINT)
            break
    begun.stderr.read()
    assert begun.wait() == 130


def test_everything_is_back_in_one_command(cloud: Cloud, lost: Seen, shares: Path) -> None:
    interrupt_in("volumes", shares)
    took: dict[str, float] = {}
    for block in runbook_commands():
        begun = time.monotonic()
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=shares,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout[-3000:]}{done.stderr[-5000:]}"
        took[block.splitlines()[0]] = round(time.monotonic() - begun, 1)
    print(json.dumps(took, indent=1))
    now = cloud.see(lost.content)
    assert now.servers == lost.servers
    assert now.volumes == lost.volumes
    assert now.archive == lost.archive


def test_objects_are_what_they_were(cloud: Cloud, lost: Seen) -> None:
    found = cloud.user().object_store.download_object(OBJECT, container=CONTAINER)
    assert hashlib.sha256(found).digest() == hashlib.sha256(lost.content).digest()


def test_a_token_of_before_still_lets_in(cloud: Cloud, lost: Seen) -> None:
    operator: Any = cloud.operator()
    answer = operator.identity.get("/auth/tokens", headers={"X-Subject-Token": lost.token})
    assert answer.status_code == 200
    assert answer.json()["token"]["project"]["name"] == PROJECT


def test_the_departments_answer(cloud: Cloud) -> None:  # noqa: ARG001 - it is back by now
    status = json.loads(oneroof("status", "--json"))
    servers = [s for department in status["departments"] for project in department["projects"] for s in project["servers"]]
    probed = [server for server in servers if server["probe"]]
    assert len(probed) >= 4
    assert all(server["probe"]["good"] for server in probed)
    assert all(server["status"] == "ACTIVE" for server in servers)


def test_the_evidence_outlived_both_machines(cloud: Cloud) -> None:
    entries = load_entries(cloud.installation.records)
    recovery = [entry for entry in entries if entry.kind == "recovery"][-1]
    assert recovery.record["outcome"] == "verified"
    drills = [entry for entry in entries if entry.kind == "drill" and entry.at < recovery.at]
    assert drills, "what was proven before the loss is still on record"
    restored = [e.record for e in entries if e.kind == "restore" and e.record["outcome"] == "verified"]
    assert len({(r["department"], r["source"], r["name"]) for r in restored}) >= (
        recovery.record["volumes"] + recovery.record["containers"]
    )
    oneroof("evidence", "verify")
    assert oneroof("escrow", "status").startswith("shares: 3 of 5")


def test_nothing_secret_was_said(cloud: Cloud, shares: Path) -> None:
    """No word of a share, no password of a repository is in any log of the recovery."""
    words = [
        " ".join((shares / "shares" / f"share-{n}-of-5.txt").read_text().split("words:")[1].split()[:6]) for n in (1, 3, 4)
    ]
    from backup.keys import load_keys

    secrets = [
        password
        for keys in load_keys(cloud.installation).values()
        for password in (keys.vault_password, keys.restic_password)
    ]
    for log in cloud.installation.logs.iterdir():
        text = log.read_text(errors="replace")
        assert not [secret for secret in (*words, *secrets) if secret in text], log
