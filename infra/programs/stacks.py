"""Runs inline programs through Pulumi's Automation API: the only place that starts the ``pulumi`` command.

Everything a run needs is given to it by environment: the state's folder, the passphrase, the cloud's name. No language host
is needed, for the program runs here; so does the provider, one for the engines of all stacks.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from pulumi import automation
from pulumi.automation.events import EngineEvent

from infra.programs.command import PulumiCommand
from infra.provider.cloud import ADOPT_VARIABLE, CLOUD_VARIABLE, ERASE_VARIABLE
from infra.provider.serving import attach
from tenants.writing import write_whole

Program = Callable[[], None]

_LOCK_SECONDS = 120.0


@dataclass(frozen=True)
class Engine:
    """What every run of an installation's stacks shares."""

    command: Path
    """The ``pulumi`` command, of the SDK's version."""
    state: Path
    """Folder of the file backend; holds the stacks of every cloud."""
    home: Path
    """Folder for Pulumi's own files, which can be made again."""
    cloud: str
    """Entry in ``clouds``."""
    clouds: Path
    """``clouds.yaml``."""
    passphrase: str
    """Encrypts the secrets in the state."""
    may_erase: bool = False
    """Whether all that holds data may be deleted."""
    erasable: frozenset[str] = frozenset()
    """Ids of what may be deleted with its data."""
    adopt: Path | None = None
    """File of what is taken over by its id instead of being made."""

    def environment(self, state: Path) -> dict[str, str]:
        """Give what pulumi and the provider read."""
        return {**self.provider_environment(), **self._pulumi_environment(state)}

    def provider_environment(self) -> dict[str, str]:
        """Give what the provider reads."""
        return {
            "OS_CLIENT_CONFIG_FILE": str(self.clouds),
            CLOUD_VARIABLE: self.cloud,
            ERASE_VARIABLE: "yes" if self.may_erase else " ".join(sorted(self.erasable)),
            **({} if self.adopt is None else {ADOPT_VARIABLE: str(self.adopt)}),
        }

    def _pulumi_environment(self, state: Path) -> dict[str, str]:
        return {
            "PULUMI_BACKEND_URL": f"file://{state}",
            "PULUMI_CONFIG_PASSPHRASE": self.passphrase,
            "PULUMI_CONFIG_PASSPHRASE_FILE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            # several engines run at once: each keeps its heap small, for a tenth of a second of processor time, and
            # collects garbage in no idle processor, which the cloud beside it has a use for. With 50 ten departments
            # took 310 MB at their peak, and no less processor time
            "GOGC": "20",
            "GOMAXPROCS": "1",
            "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}",
        }

    def checkpoint(self, stack: str) -> Path:
        """Give the file that holds the state of a stack."""
        return self.state / ".pulumi" / "stacks" / self.cloud / f"{stack}.json"

    def exists(self, stack: str) -> bool:
        """Tell whether a stack was ever applied."""
        return self.checkpoint(stack).exists()


@dataclass(frozen=True)
class Step:
    """One thing the engine does, or would do."""

    operation: str
    """create, update, replace, delete, or same."""
    type: str
    """Provider's type, such as ``oneroof:network:Router``."""
    name: str
    changes: tuple[tuple[str, Any, Any], ...] = ()
    """Property, actual value, declared value."""


class StackError(Exception):
    """A run failed; each reason is one sentence."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        self.reasons = reasons
        super().__init__("\n".join(reasons))


class _Stack(automation.Stack):
    """A stack that asks the command for nothing that a file says or does as well: each call costs half a second."""

    def __init__(self, name: str, workspace: automation.LocalWorkspace) -> None:
        self.name, self.workspace = name, workspace

    def outputs(self) -> automation.OutputMap:
        """Give nothing: :func:`read_outputs` reads the file."""
        return {}

    def info(self, show_secrets: bool = True) -> automation.UpdateSummary:  # noqa: ARG002 - the SDK's signature
        """Give a summary without asking for the history."""
        return automation.UpdateSummary("", datetime.now(UTC), "", {}, {}, "succeeded")


def preview(engine: Engine, stack: str, program: Program, *, refresh: bool) -> tuple[Step, ...]:
    """Give what an apply would do. Works on a copy of the state, so that nothing of the installation is touched."""
    steps: list[Step] = []
    with tempfile.TemporaryDirectory(prefix="oneroof-plan-") as folder:
        copy = Path(folder) / "state"
        for path in (
            engine.checkpoint(stack),
            engine.state / ".pulumi" / "meta.yaml",
            _settings(engine.state, engine, stack),
        ):
            if path.exists():
                target = copy / path.relative_to(engine.state)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target)
        with _opened(engine, stack, program, copy) as opened:
            _run(lambda listen: opened.preview(on_event=listen, refresh=refresh), steps.append)
    return tuple(steps)


def update(
    engine: Engine, stack: str, program: Program, *, refresh: bool, on_step: Callable[[Step], None]
) -> dict[str, Any]:
    """Make the cloud as the program says; give the stack's outputs, secrets closed. Raises :class:`StackError`."""
    with _opened(engine, stack, program, engine.state) as opened:
        _run(lambda listen: opened.up(on_event=listen, refresh=refresh, suppress_outputs=True, show_secrets=False), on_step)
    return read_outputs(engine, stack)


def destroy(engine: Engine, stack: str, *, on_step: Callable[[Step], None]) -> None:
    """Delete everything a stack made, then the stack. Raises :class:`StackError`."""
    with _opened(engine, stack, lambda: None, engine.state) as opened:
        _run(lambda listen: opened.destroy(on_event=listen, suppress_outputs=True, show_secrets=False), on_step)
    for trace in (engine.checkpoint(stack), *engine.checkpoint(stack).parent.glob(f"{stack}.json.*")):
        trace.unlink(missing_ok=True)
    shutil.rmtree(engine.state / ".pulumi" / "history" / engine.cloud / stack, ignore_errors=True)
    shutil.rmtree(_folder(engine.state, engine, stack), ignore_errors=True)


def read_outputs(engine: Engine, stack: str) -> dict[str, Any]:
    """Give a stack's outputs as its state's file has them, secrets closed."""
    root = (each for each in read_resources(engine, stack) if each["type"] == "pulumi:pulumi:Stack")
    return next((dict(each.get("outputs") or {}) for each in root), {})


def read_secrets(engine: Engine, stack: str) -> dict[str, Any]:
    """Give a stack's outputs with its secrets in clear: never to be printed."""
    with _opened(engine, stack, lambda: None, engine.state) as opened:
        return {name: output.value for name, output in opened.workspace.stack_outputs(stack).items()}


def read_resources(engine: Engine, stack: str) -> tuple[Mapping[str, Any], ...]:
    """Give the resources of a stack's state as recorded (``type``, ``urn``, ``outputs`` …); secrets stay closed."""
    path = engine.checkpoint(stack)
    if not path.exists():
        return ()
    latest = json.loads(path.read_text())["checkpoint"].get("latest") or {}
    return tuple(latest.get("resources") or ())


def was_interrupted(engine: Engine, stack: str) -> bool:
    """Tell whether a run was cut off while something was under way, which may be in the cloud and in no record."""
    path = engine.checkpoint(stack)
    latest = json.loads(path.read_text())["checkpoint"].get("latest") or {} if path.exists() else {}
    return bool(latest.get("pending_operations"))


def forget_interruption(engine: Engine, stack: str) -> None:
    """Take from the record what was under way when a run was cut off, once it was looked for in the cloud."""
    with _opened(engine, stack, lambda: None, engine.state) as opened, tempfile.TemporaryDirectory() as folder:
        file, work = Path(folder) / "state.json", opened.workspace.work_dir
        # by the command itself, for the SDK's export writes secrets in clear
        run = partial(PulumiCommand(engine.command).run, cwd=work, additional_env=_environment(engine))
        run(["stack", "export", "--stack", stack, "--file", str(file)])
        exported = json.loads(file.read_text())
        exported["deployment"]["pending_operations"] = []
        file.write_text(json.dumps(exported))
        run(["stack", "import", "--stack", stack, "--file", str(file)])


def _environment(engine: Engine) -> dict[str, str]:
    return {**engine.environment(engine.state), "PULUMI_HOME": str(engine.home)}


def _folder(state: Path, engine: Engine, stack: str) -> Path:
    return state / "work" / engine.cloud / stack


def _settings(state: Path, engine: Engine, stack: str) -> Path:
    return _folder(state, engine, stack) / f"Pulumi.{stack}.yaml"


@contextmanager
def _opened(engine: Engine, stack: str, program: Program, state: Path) -> Iterator[automation.Stack]:
    """Open a stack in a folder of its own, which keeps the salt of its secrets."""
    folder = _folder(state, engine, stack)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    state.chmod(0o700)
    engine.home.mkdir(parents=True, exist_ok=True)
    settings = automation.ProjectSettings(engine.cloud, "python", backend=automation.ProjectBackend(f"file://{state}"))
    workspace = automation.LocalWorkspace(
        work_dir=str(folder),
        pulumi_home=str(engine.home),
        program=program,
        env_vars={**engine.environment(state), **attach(engine.provider_environment())},
        project_settings=settings,
        pulumi_command=PulumiCommand(engine.command),
    )
    _free(state, engine.cloud, stack)
    try:
        _begin(state / ".pulumi" / "stacks" / engine.cloud / f"{stack}.json", engine.cloud, stack)
        yield _Stack(stack, workspace)
    except automation.ConcurrentUpdateError as error:
        raise StackError((f"another run works on {stack}; wait until it ends",)) from error


def _begin(checkpoint: Path, project: str, stack: str) -> None:
    """Make a stack that is not there yet: what `pulumi stack init` leaves, version 3 of Pulumi's checkpoints."""
    if not checkpoint.exists():
        checkpoint.parent.mkdir(parents=True, exist_ok=True)
        empty = {"version": 3, "checkpoint": {"stack": f"organization/{project}/{stack}", "latest": None}}
        write_whole(checkpoint, json.dumps(empty))
    meta = checkpoint.parents[2] / "meta.yaml"
    if not meta.exists():
        write_whole(meta, "version: 1\n")


def _free(state: Path, cloud: str, stack: str) -> None:
    """Remove the locks of killed runs of this machine; a run that still ends after its caller died is waited for."""
    folder = state / ".pulumi" / "locks" / "organization" / cloud / stack
    deadline = time.monotonic() + _LOCK_SECONDS
    while locks := list(folder.glob("*.json")):
        for lock in locks:
            owner = json.loads(lock.read_text())
            if owner.get("hostname") == socket.gethostname() and not Path(f"/proc/{owner.get('pid')}").exists():
                lock.unlink()
        if time.monotonic() > deadline:
            return
        time.sleep(0.2)


def _run(start: Callable[[Callable[[EngineEvent], None]], Any], on_step: Callable[[Step], None]) -> Any:
    """Start an operation, hand on its steps, and turn its failure into sentences."""
    reasons: list[str] = []

    def listen(event: EngineEvent) -> None:
        if event.resource_pre_event is not None:
            step = _step(event.resource_pre_event.metadata)
            if step is not None:
                on_step(step)
        told = event.diagnostic_event
        if told is not None and told.severity == "error" and (reason := _sentence(told.message)):
            reasons.append(reason)

    try:
        return start(listen)
    except automation.ConcurrentUpdateError:
        raise
    except automation.CommandError as error:
        raise StackError(tuple(dict.fromkeys(reasons)) or _errors(str(error))) from error


def _errors(output: str) -> tuple[str, ...]:
    """Give what the command itself complained of, such as a full disk; all it said where no line is an error."""
    lines = [line.partition("error: ")[2].strip() for line in output.splitlines() if "error: " in line]
    return tuple(dict.fromkeys(line for line in lines if _sentence(line))) or (output,)


def _sentence(message: str) -> str:
    """Give a diagnostic without colours and without the engine's words around ours."""
    plain = re.sub(r"<\{%.*?%\}>", "", message).strip()
    # the engine says the first after every failure, the second when it stops the provider itself after one
    if re.fullmatch(r"(update|preview|destroy) failed", plain) or "exited prematurely" in plain:
        return ""
    found = re.search(r"(?:has a problem: |(?=cannot (?:create|read|update|delete) ))(.*)", plain, re.DOTALL)
    text = found.group(1) if found else plain
    return re.sub(r"\s*\n\s*\*?\s*", " ", text).strip()


_OPERATIONS = {
    "create": "create",
    "update": "update",
    "delete": "delete",
    "replace": "replace",
    "same": "same",
    "delete-replaced": "",
    "create-replacement": "",
}


def _step(metadata: Any) -> Step | None:
    operation = _OPERATIONS.get(str(metadata.op.value), "")
    if (
        not operation
        or not metadata.type.startswith("oneroof:")
        or metadata.type.startswith(("oneroof:department", "oneroof:cloud"))
    ):
        return None
    old = metadata.old.outputs if metadata.old and metadata.old.outputs else {}
    new = metadata.new.inputs if metadata.new and metadata.new.inputs else {}
    changes = tuple((name, old.get(name), new.get(name)) for name in metadata.diffs or ())
    return Step(operation, metadata.type, metadata.urn.rpartition("::")[2], changes)
