"""Everything of the first site is lost, and all that its operator knew: from the vault, three shares and a repository it
is back, as the runbook says, with the same ids, byte for byte; then lost again, and brought back with interruptions.

What is compared was read by the storage's own commands and the plain APIs, before and after. In a lab of its own. It takes
about forty minutes, most of it for making the cloud three times.
"""

from __future__ import annotations

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
from cloud_content import Content, hash_backed_up, hash_image, read_content
from lost_site import lose_site
from openstack.connection import Connection

from backup.command import Command, run
from backup.ledger import Entry, load_entries
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

    content: Content
    backed_up: dict[str, str]
    """SHA-256 of what the last backup of each volume read."""
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

    def archive(self) -> str:
        """Give the RBD image of a volume that no server uses."""
        (volume,) = self.operator().block_storage.volumes(all_projects=True, name="archive")
        return f"volume-{volume.id}"

    def lose(self) -> Seen:
        """Back all up, read what there is, and lose the first site with the operator's home."""
        self.on("operations", "systemctl stop 'oneroof-backup-*.timer'")  # what is read now is what was backed up last
        oneroof("backup", "run", "--all")
        seen = Seen(read_content(self.operator(), self.on), hash_backed_up(self.on), str(self.user().session.get_token()))
        lose_site(self.installation, "site-a")
        assert sorted(path.name for path in self.installation.home.iterdir()) == ["machines"]
        return seen


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
    """Fill the cloud, and lose its site."""
    cloud.user().object_store.upload_object(container=CONTAINER, name=OBJECT, data=os.urandom(3_000_000))
    image = f"volumes/{cloud.archive()}"
    cloud.on("storage", f"rbd bench --io-type write --io-size 1M --io-total 64M --io-pattern rand {image} > /dev/null")
    return cloud.lose()


def follow_runbook(folder: Path) -> None:
    """Do what the page says, block by block."""
    for block in runbook_commands():
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=folder,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout[-3000:]}{done.stderr[-5000:]}"


def interrupt_in(step: str, folder: Path, *, after: float) -> None:
    """Begin the recovery, and press Ctrl-C in the midst of a step."""
    words = [ONEROOF, "restore", "everything", *map(str, sorted((folder / "shares").iterdir())), "--yes"]
    begun = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    assert begun.stderr is not None
    for line in begun.stderr:
        if line.startswith(f"▸ {step} "):
            time.sleep(after)
            begun.send_signal(signal.SIGINT)
            break
    begun.stderr.read()
    assert begun.wait() == 130


def of_kind(cloud: Cloud, kind: str) -> list[Entry]:
    return [entry for entry in load_entries(cloud.installation.records) if entry.kind == kind]


def test_everything_is_back_in_one_command(
    cloud: Cloud, lost: Seen, shares: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert any(name.endswith(f"/{CONTAINER}/{OBJECT}") for name in lost.content.objects)
    assert len(lost.backed_up) >= 5
    assert len([page for page in lost.content.pages.values() if "no answer" not in page]) >= 4
    follow_runbook(shares)
    with capsys.disabled():
        print("\n" + oneroof("evidence", "list", "recovery-steps", "--last", "1"))
    assert read_content(cloud.operator(), cloud.on) == lost.content
    assert hash_image(cloud.on, f"volumes/{cloud.archive()}") == lost.backed_up[cloud.archive()]


def test_what_each_step_took_is_on_record(cloud: Cloud, lost: Seen) -> None:  # noqa: ARG001 - it is back by now
    told = of_kind(cloud, "recovery-steps")[-1].record
    (line,) = (cloud.installation.logs / "recovery.jsonl").read_text().splitlines()
    assert told["seconds"] == {name: step["seconds"] for name, step in json.loads(line)["steps"].items()}
    assert told["earlier_runs"] == 0
    assert {"lab", "deploy", "control-plane", "volumes", "servers", "containers", "compare"} <= told["seconds"].keys()


def test_the_repository_is_back_with_it(cloud: Cloud, lost: Seen, tmp_path: Path) -> None:  # noqa: ARG001 - it is back by now
    bundle = cloud.installation.home / "repository.bundle"
    heads = []
    for source, name in ((bundle, "of-the-vault"), (repository(), "at-hand")):
        subprocess.run(["git", "clone", "--quiet", str(source), name], cwd=tmp_path, check=True)
        words = ["git", "-C", str(tmp_path / name), "rev-parse", "HEAD", "HEAD^{tree}"]
        heads.append(subprocess.run(words, capture_output=True, check=True).stdout)
    assert heads[0] == heads[1]


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
    recovery = of_kind(cloud, "recovery")[-1]
    assert recovery.record["outcome"] == "verified"
    drills = [entry for entry in of_kind(cloud, "drill") if entry.at < recovery.at]
    assert drills, "what was proven before the loss is still on record"
    restored = [e.record for e in of_kind(cloud, "restore") if e.record["outcome"] == "verified"]
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


def test_interrupted_in_the_midst_it_carries_on_to_the_same(cloud: Cloud, lost: Seen, shares: Path) -> None:  # noqa: ARG001 - lost a second time
    """Stopped before the first server writes, every volume is to the byte what the storage had at its last backup."""
    again = cloud.lose()
    interrupt_in("volumes", shares, after=5)
    interrupt_in("servers", shares, after=0)
    there = set(cloud.on("storage", "rbd ls vms").split())
    assert not there, "a server began to write before its volumes were read"
    assert {volume: hash_image(cloud.on, f"volumes/{volume}") for volume in again.backed_up} == again.backed_up
    follow_runbook(shares)
    assert read_content(cloud.operator(), cloud.on) == again.content
    assert of_kind(cloud, "recovery-steps")[-1].record["earlier_runs"] == 2
