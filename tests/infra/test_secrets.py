"""Secrets: made once, kept encrypted, never lost by running again."""

from __future__ import annotations

import base64
import re
import stat
import uuid
from pathlib import Path

import pytest

from infra.secrets import DeclaredSecret, build_missing, ensure_secrets, load_declared, parse_declared, read_secret
from tenants.installation import Installation
from tenants.problem import UserError

DECLARED = (
    DeclaredSecret("secret_a", "password", "one"),
    DeclaredSecret("secret_b", "uuid", "another"),
)


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return Installation(tmp_path / "home" / "one")


def test_what_is_missing_is_made_and_what_exists_is_kept(installation: Installation) -> None:
    assert ensure_secrets(installation, DECLARED[:1]) == ("secret_a",)
    first = read_secret(installation, "secret_a")
    assert ensure_secrets(installation, DECLARED) == ("secret_b",)
    assert read_secret(installation, "secret_a") == first
    assert ensure_secrets(installation, DECLARED) == ()


def test_files_are_for_their_owner_alone_and_hold_no_clear_text(installation: Installation) -> None:
    ensure_secrets(installation, DECLARED)
    for path in (installation.secrets, installation.secrets_key):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    stored = installation.secrets.read_bytes()
    assert stored.startswith(b"$ANSIBLE_VAULT;1.1;AES256")
    assert read_secret(installation, "secret_a").encode() not in stored


def test_nothing_is_written_where_nothing_is_missing(installation: Installation) -> None:
    ensure_secrets(installation, DECLARED)
    before = installation.secrets.read_bytes()
    ensure_secrets(installation, DECLARED)
    assert installation.secrets.read_bytes() == before


def test_each_kind_has_its_form() -> None:
    declared = [DeclaredSecret(kind, kind, "it") for kind in ("password", "hex", "uuid", "cephx")]
    made = build_missing(declared, {})
    assert re.fullmatch(r"[A-Za-z0-9]{32}", made["password"])
    assert re.fullmatch(r"[0-9a-f]{64}", made["hex"])
    assert str(uuid.UUID(made["uuid"])) == made["uuid"]
    key = base64.b64decode(made["cephx"])
    assert key[:2] == b"\x01\x00"  # AES
    assert int.from_bytes(key[10:12], "little") == len(key) - 12 == 16


def test_a_lost_key_is_told_and_no_second_one_is_made(installation: Installation) -> None:
    ensure_secrets(installation, DECLARED)
    installation.secrets_key.unlink()
    with pytest.raises(UserError, match="is missing"):
        ensure_secrets(installation, DECLARED)
    assert not installation.secrets_key.exists()


def test_another_installations_key_is_told(installation: Installation) -> None:
    ensure_secrets(installation, DECLARED)
    installation.secrets_key.write_text("wrong\n")
    with pytest.raises(UserError, match="cannot be opened"):
        read_secret(installation, "secret_a")


def test_an_unknown_name_is_told(installation: Installation) -> None:
    ensure_secrets(installation, DECLARED)
    with pytest.raises(UserError, match="no secret secret_c"):
        read_secret(installation, "secret_c")


def test_every_mistake_of_the_declaration_is_told_at_once() -> None:
    twice = "- {name: c, kind: hex, what: x}\n" * 2
    text = f"- {{name: a, kind: rot13, what: x}}\n- {{name: b, kind: uuid}}\n{twice}"
    with pytest.raises(UserError) as raised:
        parse_declared(text, Path("secrets.yaml"))
    assert [problem.what for problem in raised.value.problems] == [
        "Secret 2: got {'name': 'b', 'kind': 'uuid'}, expected exactly name, kind and what.",
        "a: got kind 'rot13', expected one of cephx, hex, password, uuid.",
        "c is declared twice, expected once.",
    ]


def test_the_repositorys_own_declaration_is_right() -> None:
    assert load_declared()
