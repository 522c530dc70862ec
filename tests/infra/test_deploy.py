"""``oneroof deploy``: the command it builds, what it reads from Ansible's output, when it may skip."""

from __future__ import annotations

import getpass
from pathlib import Path

import pytest

from infra.deploy import Outcome, Wish, build_argv, build_digest, deploy, is_deployed, parse_failure, stamp, unfinished
from tenants.installation import Installation
from tenants.problem import UserError

OUTPUT = """
PLAY [Storage and networks] ****************************************************

TASK [ceph : Validating arguments against arg spec 'main' - Ceph] **************
ok: [one]

TASK [ceph : Configure Ceph and its block client] ******************************
changed: [one]

RUNNING HANDLER [ceph : Restart Ceph] ******************************************
changed: [one]

PLAY RECAP *********************************************************************
one                        : ok=16   changed=2    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0
two                        : ok=2    changed=0    unreachable=1    failed=0    skipped=0    rescued=0    ignored=0
"""

FAILURE = """[ERROR]: Task failed: Action failed: These machines cannot
fatal: [localhost]: FAILED! =>
    assertion: problems | length == 0
    msg: |-
        These machines cannot become the cloud yet:
        one: its clock differs.
          HINT: Set it.
    evaluated_to: false

PLAY RECAP ****
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    for folder in ("playbooks/roles", "tenants", "infra", "backup", "monitoring"):
        (root / folder).mkdir(parents=True)
    (root / "playbooks/site.yml").write_text(
        "- hosts: localhost\n  gather_facts: false\n  tasks: [{meta: noop, tags: [ceph]}]\n"
    )
    (root / "playbooks/secrets.yaml").write_text("- {name: secret_a, kind: uuid, what: x}\n")
    (root / "infra/code.py").write_text("1\n")
    (root / "oneroof.py").write_text("\n")
    (root / "pyproject.toml").write_text("\n")
    return root


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    installation = Installation(tmp_path / "home")
    installation.inventory.parent.mkdir(parents=True)
    installation.inventory.write_text("all:\n")
    return installation


def test_progress_and_recap_are_read() -> None:
    outcome = Outcome()
    began = [line for line in OUTPUT.splitlines() if outcome.read(line)]
    assert len(began) == 3  # the play, its task and its handler; checking arguments is no task of ours
    assert (outcome.play, outcome.task, outcome.tasks) == ("Storage and networks", "ceph : Restart Ceph", 2)
    assert outcome.changed == {"one": 2, "two": 0}
    assert outcome.troubled == ("two",)


def test_a_failures_message_is_given_as_it_was_written() -> None:
    assert parse_failure(FAILURE.splitlines()) == (
        "These machines cannot become the cloud yet:\none: its clock differs.\n  HINT: Set it."
    )


def test_secrets_are_named_by_file(installation: Installation) -> None:
    argv = build_argv(installation, Path("/p"), Wish(check=True, tags="ceph", limit="one"), ansible="ansible-playbook")
    assert argv == (
        *("ansible-playbook", "-i", str(installation.inventory), "-e", f"@{installation.secrets}"),
        *("--vault-password-file", str(installation.secrets_key)),
        *("--check", "--diff", "--tags", "ceph", "--limit", "one", "/p/site.yml"),
    )


def test_the_digest_follows_what_decides_and_nothing_else(repository: Path, installation: Installation) -> None:
    first = build_digest(repository, installation.inventory)
    (repository / "tenants/health.yaml").write_text("name: health\n")
    (repository / "infra/__pycache__").mkdir()
    (repository / "infra/__pycache__/code.pyc").write_text("x")
    (repository / "playbooks/.cache").write_text("x")
    assert build_digest(repository, installation.inventory) == first
    (repository / "infra/code.py").write_text("2\n")
    second = build_digest(repository, installation.inventory)
    installation.inventory.write_text("all: {}\n")
    assert len({first, second, build_digest(repository, installation.inventory)}) == 3


def test_a_whole_run_with_success_lets_the_next_one_skip(repository: Path, installation: Installation) -> None:
    lines: list[str] = []
    log = installation.logs / "ansible.log"
    outcome = deploy(installation, repository, Wish(), log, lambda line, _: lines.append(line))
    assert outcome.returncode == 0, "\n".join(lines)
    assert is_deployed(installation, repository)
    assert log.read_text().splitlines() == lines
    (repository / "infra/code.py").write_text("2\n")
    assert not is_deployed(installation, repository)


def test_part_of_it_or_a_failure_does_not(repository: Path, installation: Installation) -> None:
    log = installation.logs / "ansible.log"
    deploy(installation, repository, Wish(tags="ceph"), log, lambda *_: None)
    assert not stamp(installation).exists()
    deploy(installation, repository, Wish(), log, lambda *_: None)
    (repository / "playbooks/site.yml").write_text(
        "- hosts: localhost\n  gather_facts: false\n  tasks: [{fail: {msg: it}}]\n"
    )
    outcome = deploy(installation, repository, Wish(), log, lambda *_: None)
    assert outcome.returncode == 2
    assert not stamp(installation).exists()


WRITES_AND_TELLS = """
- hosts: localhost
  gather_facts: false
  module_defaults: {config_files: {pending_since: "{{ pending_since | default(0) }}"}}
  tasks:
    - config_files: {files: [{path: PLACE/service.conf, content: new, owner: USER, group: USER}]}
      notify: Restart
    - command: "{{ 'true' if lookup('file', 'PLACE/well') == 'yes' else 'false' }}"
      changed_when: false
  handlers:
    - name: Restart
      shell: echo restarted >> PLACE/restarts
"""


def test_what_a_cut_off_run_wrote_is_told_to_the_service_by_the_next(
    repository: Path, installation: Installation, tmp_path: Path
) -> None:
    library = Path(__file__).parents[2] / "playbooks/library"
    (repository / "playbooks/ansible.cfg").write_text(f"[defaults]\nlibrary = {library}\n")
    play = WRITES_AND_TELLS.replace("PLACE", str(tmp_path)).replace("USER", getpass.getuser())
    (repository / "playbooks/site.yml").write_text(play)
    well, restarts, log = tmp_path / "well", tmp_path / "restarts", installation.logs / "ansible.log"

    def run() -> tuple[int | None, int]:
        outcome = deploy(installation, repository, Wish(), log, lambda *_: None)
        return outcome.returncode, len(restarts.read_text().splitlines()) if restarts.exists() else 0

    well.write_text("no")
    assert run() == (2, 0)  # the file is written, the service not told
    assert unfinished(installation).exists()
    assert run() == (2, 0)
    well.write_text("yes")
    assert run() == (0, 1)
    assert not unfinished(installation).exists()
    assert run() == (0, 1)


def test_without_an_inventory_it_says_what_makes_one(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no installation in"):
        deploy(Installation(tmp_path / "none"), repository, Wish(), tmp_path / "log", lambda *_: None)
