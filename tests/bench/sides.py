"""Who takes part in the departments' benchmark: each writes its files and gives the commands of each piece of work."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import yaml
from department_files import (
    CHANGED_CORES,
    LIMITS,
    build_bare_declaration,
    build_catalogue,
    build_declaration,
    render_terraform,
)
from figures import FLOOR

from tenants.installation import Installation, repository

PROVIDER_VARIABLE = "ONEROOF_BENCH_TERRAFORM_PROVIDER"
_PROVIDER = "terraform-provider-openstack"
_CLOUD = "oneroof"
Argvs = Sequence[Sequence[str]]


class Side(Protocol):
    """One way to do the work; a piece of work is one or more commands, one after the other."""

    name: str
    environment: Mapping[str, str]

    def create(self) -> Argvs: ...
    def plan(self) -> Argvs: ...
    def change(self) -> Argvs: ...
    def destroy(self) -> Argvs: ...


class RawCalls:
    """The floor."""

    name = FLOOR

    def __init__(self, folder: Path, prefix: str, number: int, installation: Installation, external: str) -> None:
        self.environment = {"OS_CLIENT_CONFIG_FILE": str(installation.clouds), "OS_CLOUD": _CLOUD}
        program = Path(__file__).with_name("raw_floor.py")
        self._argv = lambda what: [[sys.executable, str(program), what, str(folder), prefix, str(number), external]]

    def create(self) -> Argvs:
        return self._argv("create")

    def plan(self) -> Argvs:
        return self._argv("plan")

    def change(self) -> Argvs:
        return self._argv("change")

    def destroy(self) -> Argvs:
        return self._argv("destroy")


class Oneroof:
    """The command of this checkout, as an operator types it."""

    name = "oneroof"
    environment: Mapping[str, str] = {}

    def __init__(self, folder: Path, names: Sequence[str], command: Path, external: str, *, bare: bool = False) -> None:
        sample = yaml.safe_load((repository() / "tenants" / "catalogue.yaml").read_text())
        (folder / "catalogue.yaml").write_text(yaml.safe_dump(build_catalogue(sample), sort_keys=False))
        self._folder, self._names, self._command, self._bare = folder, names, str(command), bare
        self._where = ["--directory", str(folder), "--external-network", external]
        for number, name in enumerate(names):
            self._declare(name, number, LIMITS["compute"]["cores"])

    def _declare(self, name: str, number: int, cores: int) -> None:
        declared = build_bare_declaration(name) if self._bare else build_declaration(name, number, cores=cores)
        (self._folder / f"{name}.yaml").write_text(yaml.safe_dump(declared, sort_keys=False))

    def create(self) -> Argvs:
        return [[self._command, "apply", *self._names, *self._where]]

    def plan(self) -> Argvs:
        return [[self._command, "plan", *self._names, *self._where]]

    def change(self) -> Argvs:
        self._declare(self._names[0], 0, CHANGED_CORES)
        return self.create()

    def destroy(self) -> Argvs:
        return [[self._command, "withdraw", *self._names, "--yes"]]


@dataclass(frozen=True)
class TerraformPrograms:
    """The command and the folder of the provider's binary."""

    command: str
    provider: Path


def find_terraform(environ: Mapping[str, str] = os.environ) -> TerraformPrograms | None:
    """Give what Terraform's side needs, where it is at hand."""
    command, provider = shutil.which("terraform"), environ.get(PROVIDER_VARIABLE) or shutil.which(_PROVIDER)
    return TerraformPrograms(command, Path(provider).resolve().parent) if command and provider else None


class Terraform:
    """Terraform with its OpenStack provider; ``dev_overrides`` need no ``init``."""

    name = "Terraform"

    def __init__(
        self, folder: Path, names: Sequence[str], programs: TerraformPrograms, installation: Installation, external: str
    ) -> None:
        self._folder, self._names, self._command, self._external = folder, names, programs.command, external
        self._password = secrets.token_urlsafe(18)
        overrides = f'dev_overrides {{ "terraform-provider-openstack/openstack" = "{programs.provider}" }}'
        (folder / "terraformrc").write_text(f"provider_installation {{\n  {overrides}\n  direct {{}}\n}}\n")
        self.environment = {
            "TF_CLI_CONFIG_FILE": str(folder / "terraformrc"),
            "OS_CLIENT_CONFIG_FILE": str(installation.clouds),
            "OS_CLOUD": _CLOUD,
        }
        self._declare(LIMITS["compute"]["cores"])

    def _declare(self, first_cores: int) -> None:
        text = render_terraform(self._names, external=self._external, password=self._password, first_cores=first_cores)
        (self._folder / "main.tf").write_text(text)

    def _argv(self, verb: str, *options: str) -> Argvs:
        return [[self._command, f"-chdir={self._folder}", verb, "-input=false", "-no-color", *options]]

    def create(self) -> Argvs:
        return self._argv("apply", "-auto-approve")

    def plan(self) -> Argvs:
        return self._argv("plan", "-detailed-exitcode")

    def change(self) -> Argvs:
        self._declare(CHANGED_CORES)
        return self.create()

    def destroy(self) -> Argvs:
        return self._argv("destroy", "-auto-approve")
