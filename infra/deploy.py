"""Runs the playbooks against an installation's machines: what ``oneroof deploy`` does.

Ansible is started as a program of its own; its output goes to a log, and plays and tasks are read from it as they pass.
A digest of all that decides the outcome is left behind after a whole, successful run, so that the next can be skipped.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infra.secrets import ensure_secrets, load_declared
from tenants.installation import Installation
from tenants.writing import write_whole

_GRACE_SECONDS = 60.0  # for tasks on the machines to come to their end after Ctrl-C
_SKEW_SECONDS = 60.0  # by which the machines' clocks may differ from this one; precheck allows half of it
_CODE = ("backup", "infra", "monitoring", "tenants")
_PLAY = re.compile(r"PLAY \[(?P<name>.*)\] \*+$")
_TASK = re.compile(r"(?:TASK|RUNNING HANDLER) \[(?P<name>.*)\] \*+$")
_ARGUMENT_CHECK = re.compile(r" : Validating arguments against arg spec ")
_RECAP = re.compile(
    r"(?P<host>\S+)\s+: ok=\d+\s+changed=(?P<changed>\d+)\s+unreachable=(?P<gone>\d+)\s+failed=(?P<failed>\d+)"
)


@dataclass(frozen=True)
class Wish:
    """What of the playbooks is to be run."""

    check: bool = False
    """Show what would change, change nothing."""
    tags: str = ""
    limit: str = ""
    playbook: str = "site.yml"

    @property
    def whole(self) -> bool:
        """Whether a run of it leaves a fully deployed cloud."""
        return self.changes and not (self.tags or self.limit)

    @property
    def changes(self) -> bool:
        """Whether a run of it may change the machines."""
        return self.playbook == "site.yml" and not self.check


@dataclass
class Outcome:
    """What Ansible said so far."""

    play: str = ""
    task: str = ""
    tasks: int = 0
    changed: dict[str, int] = field(default_factory=dict)
    """Changes by host, from the recap."""
    troubled: tuple[str, ...] = ()
    """Hosts on which something failed or that did not answer."""
    returncode: int | None = None

    def read(self, line: str) -> bool:
        """Take in one line of Ansible's output; tell whether a play or task began with it."""
        if found := _PLAY.match(line):
            self.play, self.task = found["name"], ""
            return True
        if found := _TASK.match(line):
            if _ARGUMENT_CHECK.search(line):
                return False
            self.task = found["name"]
            self.tasks += 1
            return True
        if found := _RECAP.match(line):
            self.changed[found["host"]] = int(found["changed"])
            if int(found["gone"]) or int(found["failed"]):
                self.troubled = (*self.troubled, found["host"])
        return False


def build_argv(
    installation: Installation, playbooks: Path, wish: Wish, *, ansible: str, pending_since: float = 0.0
) -> tuple[str, ...]:
    """Give the command; secrets are named by their encrypted file, never by value.

    ``pending_since`` is when a run began that was cut off, seconds since the epoch: what was written since is told to the
    services again.
    """
    argv = [ansible, "-i", str(installation.inventory), "-e", f"@{installation.secrets}"]
    argv += ["--vault-password-file", str(installation.secrets_key)]
    if pending_since:
        argv += ["-e", f"pending_since={pending_since:.0f}"]
    if wish.check:
        argv += ["--check", "--diff"]
    if wish.tags:
        argv += ["--tags", wish.tags]
    if wish.limit:
        argv += ["--limit", wish.limit]
    return (*argv, str(playbooks / wish.playbook))


def build_environment(environ: Mapping[str, str], playbooks: Path) -> dict[str, str]:
    """Give Ansible's environment: its configuration is the repository's, its output is made to be read."""
    settings = {"ANSIBLE_CONFIG": str(playbooks / "ansible.cfg"), "ANSIBLE_FORCE_COLOR": "0", "PYTHONUNBUFFERED": "1"}
    return {**environ, **settings}


def build_digest(repository: Path, inventory: Path) -> str:
    """Give a digest of all that decides a deployment: playbooks, inventory and the code that operations hosts get."""
    digest = hashlib.sha256(inventory.read_bytes())
    for path in _deciding(repository):
        digest.update(f"\0{path.relative_to(repository)}\0{path.stat().st_mode & 0o777:o}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _deciding(repository: Path) -> Iterator[Path]:
    for folder in ("playbooks", *_CODE):
        for path in sorted((repository / folder).rglob("*")):
            parts = path.relative_to(repository).parts
            # a declaration changes what departments have, not the cloud they have it on
            declaration = (
                parts[0] == "tenants" and len(parts) == 2 and path.suffix == ".yaml" and parts[1] != "catalogue.yaml"
            )
            made = any(part.startswith(".") or part == "__pycache__" for part in parts)
            if path.is_file() and not (made or declaration):
                yield path
    yield repository / "oneroof.py"
    yield repository / "pyproject.toml"


def parse_failure(lines: Iterable[str]) -> str:
    """Give what the first failure said: the message of several lines where it has one, else what followed it."""
    after = list(itertools.dropwhile(lambda line: not line.startswith(("fatal:", "[ERROR]")), lines))
    block = list(itertools.dropwhile(lambda line: line.strip() != "msg: |-", after))
    if not block:
        return "\n".join(after[:30])
    indent = len(block[0]) - len(block[0].lstrip())
    inside = itertools.takewhile(lambda line: not line.strip() or len(line) - len(line.lstrip()) > indent, block[1:])
    return textwrap.dedent("\n".join(inside)).strip()


def stamp(installation: Installation) -> Path:
    """Give the file that holds the digest of the last whole, successful deployment."""
    return installation.stamps / "deploy"


def unfinished(installation: Installation) -> Path:
    """Give the file that says when a run began that did not come to its end; absent where all of them did."""
    return installation.stamps / "deploy-unfinished"


def is_deployed(installation: Installation, repository: Path) -> bool:
    """Tell whether exactly this was deployed already, whole and with success."""
    if not installation.inventory.exists() or not stamp(installation).exists() or not installation.secrets.exists():
        return False
    return stamp(installation).read_text().strip() == build_digest(repository, installation.inventory)


def deploy(
    installation: Installation,
    repository: Path,
    wish: Wish,
    log: Path,
    on_line: Callable[[str, Outcome], None],
    environ: Mapping[str, str] = os.environ,
) -> Outcome:
    """Make missing secrets and run the playbooks; ``on_line`` gets each line with what is known by then.

    Raises UserError where there is no inventory. A KeyboardInterrupt ends Ansible in order and goes on.
    """
    if not installation.inventory.exists():
        raise installation.absent()
    ensure_secrets(installation, load_declared(repository / "playbooks" / "secrets.yaml"))
    digest = build_digest(repository, installation.inventory)
    if wish.whole:
        stamp(installation).unlink(missing_ok=True)
    playbooks = repository / "playbooks"
    ansible = str(Path(sys.executable).with_name("ansible-playbook"))
    cut_off = unfinished(installation)
    pending_since = float(cut_off.read_text()) - _SKEW_SECONDS if cut_off.exists() else 0.0
    argv = build_argv(installation, playbooks, wish, ansible=ansible, pending_since=pending_since)
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists():
        log.replace(log.with_name(f"{log.name}.1"))
    outcome = Outcome()
    if wish.changes and not pending_since:
        write_whole(cut_off, f"{time.time():.0f}\n")
    with log.open("x") as written:
        outcome.returncode = _run(argv, build_environment(environ, playbooks), _tee(written.write, outcome, on_line))
    if outcome.returncode == 0 and (wish.whole or (wish.changes and not pending_since)):
        cut_off.unlink()
    if wish.whole and outcome.returncode == 0:
        stamp(installation).parent.mkdir(parents=True, exist_ok=True)
        stamp(installation).write_text(f"{digest}\n")
    return outcome


def _tee(write: Callable[[str], object], outcome: Outcome, on_line: Callable[[str, Outcome], None]) -> Callable[[str], None]:
    def take(line: str) -> None:
        write(line)
        outcome.read(line.rstrip("\n"))
        on_line(line.rstrip("\n"), outcome)

    return take


def _run(argv: Iterable[str], environment: Mapping[str, str], take: Callable[[str], None]) -> int:
    process = subprocess.Popen(
        tuple(argv),
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # Ctrl-C reaches it once, from here
    )
    assert process.stdout is not None  # noqa: S101  # asked for above
    try:
        for line in process.stdout:
            take(line)
        return process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        raise
