"""What is in escrow comes back into its places, and nothing else is ever replaced."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backup.escrow.bundle import Bundle, collect_bundle, install_bundle, parse_bundle, render_bundle
from backup.escrow.record import Escrow, find_outdated
from backup.keys import Keys, load_keys, store_keys
from tenants.installation import Installation
from tenants.problem import UserError
from tenants.writing import write_private

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
KEYS = {"control-plane": Keys("a", "b"), "health": Keys("c", "d")}


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    made = Installation(tmp_path / "site")
    write_private(made.secrets_key, "the key\n")
    for name in ("pki/ca.key", "pki/ca.pem"):
        write_private(made.home / name, f"{name} of today\n")
    store_keys(made, KEYS)
    return made


@pytest.fixture
def empty(tmp_path: Path, installation: Installation) -> Installation:
    installation.secrets_key.rename(tmp_path / "gone")  # both have the same name, so the same place for the key
    return Installation(tmp_path / "new" / installation.name)


@pytest.fixture
def bundle(installation: Installation) -> Bundle:
    return collect_bundle(installation, 1, NOW)


def test_all_of_it_comes_back_into_an_empty_home(bundle: Bundle, empty: Installation) -> None:
    came = install_bundle(parse_bundle(render_bundle(bundle)), empty)
    assert load_keys(empty) == KEYS
    assert empty.secrets_key.read_text() == "the key\n"
    assert (empty.home / "pki/ca.key").read_text() == "pki/ca.key of today\n"
    assert (empty.home / "pki/ca.key").stat().st_mode & 0o077 == 0
    assert len(came) == 5
    assert install_bundle(bundle, empty) == ()


def test_another_key_is_never_replaced(bundle: Bundle, empty: Installation) -> None:
    write_private(empty.home / "pki/ca.key", "of another cloud\n")
    with pytest.raises(UserError, match="another key than the one in escrow"):
        install_bundle(bundle, empty)
    assert not empty.secrets_key.exists(), "nothing may be put back where not all can be"


def test_what_an_older_sealing_brought_is_replaced_by_the_newer(bundle: Bundle, empty: Installation) -> None:
    install_bundle(bundle, empty)
    newer = replace(bundle, version=2, files={**bundle.files, "pki/ca.key": b"renewed\n"})
    came = install_bundle(newer, empty, [bundle])
    assert came == (str(empty.home / "pki/ca.key"),)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"format": 2}', b'{"format": 1, "repositories": 3}'])
def test_what_is_no_bundle_is_said(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_bundle(content)


def test_no_secret_shows_itself(bundle: Bundle) -> None:
    assert repr(bundle) == "Bundle(site 1)"


def escrow_of(bundle: Bundle) -> Escrow:
    return Escrow("", 5, 3, "", bundle.version, "", tuple(bundle.repositories), bundle.digest)


def test_it_is_current_until_something_changes(bundle: Bundle) -> None:
    known = escrow_of(bundle)
    later = replace(bundle, version=7, sealed_at=datetime(2027, 1, 1, tzinfo=UTC))
    assert find_outdated(known, later.repositories, later.digest) == ()
    renewed = replace(bundle, files={})
    assert find_outdated(known, renewed.repositories, renewed.digest) == ("keys are not those in escrow any more",)


def test_a_department_added_since_is_named(bundle: Bundle) -> None:
    more = replace(bundle, repositories={**bundle.repositories, "transport": Keys("e", "f")})
    told = find_outdated(escrow_of(bundle), more.repositories, more.digest)
    assert told == ("the password of transport is not in escrow",)


def test_no_escrow_at_all_is_said(bundle: Bundle) -> None:
    (told,) = find_outdated(None, bundle.repositories, bundle.digest)
    assert "nothing is in escrow" in told
