"""What the tests of declarations share: a folder with the real catalogue, and the sentences that loading it ends in."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tenants.declaration.load import CATALOGUE_NAME, default_directory, load_departments
from tenants.problem import Problem, UserError

HEAD = "name: {name}\nlocal_name: Forestry Bureau\nowners: [it@forestry.gov.example]\ncost_centre: F-1\n"
Problems = Callable[..., tuple[Problem, ...]]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A folder with the repository's catalogue and no department."""
    shutil.copy(default_directory() / CATALOGUE_NAME, tmp_path)
    return tmp_path


@pytest.fixture
def problems(directory: Path) -> Problems:
    """Write departments (name=body, after four standing lines) and give what loading them complains about."""

    def load(**bodies: str) -> tuple[Problem, ...]:
        for name, body in bodies.items():
            called = name.replace("_", "-")
            (directory / f"{called}.yaml").write_text(HEAD.format(name=called) + body)
        try:
            load_departments(directory)
        except UserError as error:
            return error.problems
        return ()

    return load
