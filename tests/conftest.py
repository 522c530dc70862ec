"""Options of the whole test suite."""

import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from tenants.installation import cache_directory


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite golden files and generated blocks instead of comparing")
    parser.addoption(
        "--as-it-stands", action="store_true", help="drive the lab that runs, not brought up to this checkout first"
    )


settings.register_profile("busy", deadline=None)  # how quick something is, a benchmark tells
settings.load_profile("busy")


def pytest_configure() -> None:
    """Let programs under test hear SIGINT, also where a shell started the tests in the background, deaf to it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run last what needs a program of the lab's image: the system tests before make sure that there is one."""
    items.sort(key=lambda item: "image_program" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def image_program() -> Callable[[str], Path]:
    """Find a program on PATH or in the lab's image; skip where there is neither, for the machine can run no lab."""

    def find(name: str) -> Path:
        found = [shutil.which(name), *sorted(cache_directory().glob(f"images/*/root/usr/bin/{name}"))]
        for path in filter(None, found):
            return Path(path)
        pytest.skip(f"there is no {name}, which the lab's image has: this machine cannot run a lab")

    return find


@pytest.fixture(scope="session")
def image_library() -> Callable[[str], Path]:
    """Find a library of this machine or in the lab's image; skip where there is neither."""

    def find(name: str) -> Path:
        for root in ("/", *sorted(cache_directory().glob("images/*/root"))):
            for path in Path(root, "usr/lib").glob(f"*-linux-gnu/{name}"):
                return path
        pytest.skip(f"there is no {name}, which the lab's image has: this machine cannot run a lab")

    return find
