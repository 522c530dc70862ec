"""Options of the whole test suite."""

import signal

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite golden files and generated blocks instead of comparing")
    parser.addoption(
        "--as-it-stands", action="store_true", help="drive the lab that runs, not brought up to this checkout first"
    )


def pytest_configure() -> None:
    """Let programs under test hear SIGINT, also where a shell started the tests in the background, deaf to it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
