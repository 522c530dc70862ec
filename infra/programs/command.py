"""The ``pulumi`` command as the Automation API runs it, each run in a session of its own so that Ctrl-C ends it in order."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pulumi import automation
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

from infra.provider.serving import stop_waiting

_running: set[subprocess.Popen[str]] = set()


def interrupt() -> None:
    """Tell every running command to finish what is under way, record it, and stop."""
    for process in list(_running):
        process.send_signal(signal.SIGINT)
    stop_waiting()


class PulumiCommand(automation.PulumiCommand):
    """A ``pulumi`` command whose version was checked when it was found."""

    def __init__(self, path: Path) -> None:
        self.command = str(path)
        self.version = VersionInfo.parse(version("pulumi"))

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Callable[[str], Any] | None = None,  # noqa: ARG002 - steps come as events
        on_error: Callable[[str], Any] | None = None,  # noqa: ARG002 - steps come as events
    ) -> automation.CommandResult:
        """Run it in a session of its own: Ctrl-C reaches it through :func:`interrupt`, once, and it ends in order."""
        argv = [self.command, "--non-interactive", *args]
        environment = {**os.environ, **additional_env, "PULUMI_AUTOMATION_API": "true"}
        pipe = subprocess.PIPE
        with subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            cwd=cwd,
            env=environment,
            text=True,
            start_new_session=True,
        ) as process:
            _running.add(process)
            stdout, stderr = process.communicate()
            _running.discard(process)
        result = automation.CommandResult(stdout=stdout, stderr=stderr, code=process.returncode)
        if process.returncode != 0:
            raise create_command_error(result)
        return result
