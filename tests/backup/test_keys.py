"""Passwords of the repositories: made once, encrypted where they are kept, readable by root alone where they are used."""

from __future__ import annotations

from pathlib import Path

import pytest

from backup.keys import (
    Keys,
    install_repositories,
    installed_repository,
    keys_file,
    load_keys,
    make_keys,
    parse_repositories,
    store_keys,
)
from tenants.installation import Installation
from tenants.problem import UserError

TOLD = {"health": {"repository": "rest:https://health:door@10.0.0.1:8000/health/", "password": "data"}}


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    installation = Installation(tmp_path / "home")
    installation.secrets_key.parent.mkdir(parents=True)
    installation.secrets_key.write_text("key of the test\n")
    return installation


def test_keys_are_kept_encrypted_and_come_back(installation: Installation) -> None:
    keys = make_keys({}, ["health", "transport"])
    store_keys(installation, keys)
    text = keys_file(installation).read_text()
    assert text.startswith("$ANSIBLE_VAULT;1.1;AES256\n")
    assert keys_file(installation).stat().st_mode & 0o777 == 0o600
    assert load_keys(installation) == keys


def test_known_keys_are_never_changed_and_new_ones_differ() -> None:
    known = make_keys({}, ["health"])
    more = make_keys(known, ["health", "transport"])
    assert more["health"] == known["health"]
    passwords = [p for k in more.values() for p in (k.vault_password, k.restic_password)]
    assert len(set(passwords)) == 4
    assert all(len(p) == 43 for p in passwords)
    assert make_keys(more, ["transport"]) == more, "a department that is gone keeps its keys: its data is still there"


def test_keys_show_themselves_nowhere() -> None:
    assert repr(Keys("door", "data")) == "Keys(…)"


def test_a_wrong_or_missing_key_is_one_sentence(installation: Installation) -> None:
    store_keys(installation, make_keys({}, ["health"]))
    installation.secrets_key.write_text("another key\n")
    with pytest.raises(UserError, match="cannot be decrypted"):
        load_keys(installation)
    installation.secrets_key.unlink()
    with pytest.raises(UserError, match="is not there"):
        load_keys(installation)


def test_installing_says_what_changed_and_changes_nothing_twice(tmp_path: Path) -> None:
    directory = tmp_path / "restic"
    files = [str(directory / "health" / name) for name in ("repository", "password")]
    assert install_repositories(TOLD, directory, dry_run=True) == files
    assert not directory.exists()
    assert install_repositories(TOLD, directory, dry_run=False) == files
    assert install_repositories(TOLD, directory, dry_run=False) == []
    assert directory.stat().st_mode & 0o777 == (directory / "health").stat().st_mode & 0o777 == 0o700
    assert all(Path(f).stat().st_mode & 0o777 == 0o600 for f in files)
    assert install_repositories({}, directory, dry_run=False) == [str(directory / "health")]
    assert list(directory.iterdir()) == []


def test_a_host_without_a_repository_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="health: this host has no repository for it"):
        installed_repository("health", tmp_path, tmp_path / "restic")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"health": {"repository": "x"}}', '{"health": "x"}'])
def test_what_is_no_list_of_repositories_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="expected JSON"):
        parse_repositories(text)
