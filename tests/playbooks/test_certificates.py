"""The authority's script: what it issues is valid, is kept, and is renewed when due."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "playbooks/roles/pki/files/issue.sh"
NAMES = "DNS:one,IP:10.0.0.1,IP:127.0.0.1"


def issue(home: Path, host: str = "one", names: str = NAMES, days: int = 30, mode: str = "--issue") -> list[str]:
    environment = {
        **os.environ,
        "PKI_DIRECTORY": str(home / "pki"),
        "PKI_AUTHORITY": "test authority",
        "PKI_RENEW_DAYS": str(days),
        "PKI_HOST": host,
        "PKI_NAMES": names,
    }
    done = subprocess.run(
        ["bash", "-s", "--", mode], input=SCRIPT.read_text(), env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def openssl(*arguments: str) -> str:
    return subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=True).stdout


def test_a_certificate_is_valid_for_its_names_and_issued_once(tmp_path: Path) -> None:
    assert issue(tmp_path) == ["authority", "one"]
    assert issue(tmp_path) == []
    host = tmp_path / "pki/hosts/one"
    for name in ("-verify_hostname", "one"), ("-verify_ip", "10.0.0.1"):
        assert "OK" in openssl("verify", "-x509_strict", *name, "-CAfile", str(tmp_path / "ca.pem"), str(host / "host.pem"))
    assert (host / "host.pem").read_text().count("BEGIN CERTIFICATE") == 2


def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    issue(tmp_path)
    for key in ("ca.key", "hosts/one/host.key"):
        assert stat.S_IMODE((tmp_path / "pki" / key).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "pki").stat().st_mode) == 0o700


def test_it_is_renewed_when_it_ends_soon_or_its_names_change(tmp_path: Path) -> None:
    issue(tmp_path)
    assert issue(tmp_path, days=398) == ["one"]  # certificates live 397 days, the authority ten years
    assert issue(tmp_path, names=f"{NAMES},DNS:two") == ["one"]


def test_a_lost_authority_renews_what_it_signed(tmp_path: Path) -> None:
    issue(tmp_path)
    (tmp_path / "pki/ca.pem").unlink()
    (tmp_path / "pki/ca.key").unlink()
    assert issue(tmp_path) == ["authority", "one"]


def test_looking_only_tells_and_changes_nothing(tmp_path: Path) -> None:
    assert issue(tmp_path, mode="--check") == ["authority", "one"]
    assert not list(tmp_path.iterdir())


def test_hosts_at_the_same_time_share_one_authority_and_no_serial_number(tmp_path: Path) -> None:
    hosts = [f"host{number}" for number in range(6)]
    environment = {**os.environ, "PKI_DIRECTORY": str(tmp_path / "pki"), "PKI_AUTHORITY": "a", "PKI_RENEW_DAYS": "30"}
    running = [
        subprocess.Popen(
            ["bash", str(SCRIPT), "--issue"],
            env={**environment, "PKI_HOST": host, "PKI_NAMES": f"DNS:{host}"},
            stdout=subprocess.PIPE,
            text=True,
        )
        for host in hosts
    ]
    said = [process.communicate()[0].split() for process in running]
    assert sum("authority" in words for words in said) == 1
    certificates = [str(tmp_path / "pki/hosts" / host / "host.pem") for host in hosts]
    assert len({openssl("x509", "-noout", "-serial", "-in", path) for path in certificates}) == len(hosts)
    for path in certificates:
        assert "OK" in openssl("verify", "-CAfile", str(tmp_path / "ca.pem"), path)


def test_an_unreadable_authority_is_an_error(tmp_path: Path) -> None:
    issue(tmp_path)
    (tmp_path / "pki/ca.key").write_text("not a key\n")
    with pytest.raises(subprocess.CalledProcessError):
        issue(tmp_path, host="two")
