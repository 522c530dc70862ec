"""A real MariaDB on this machine, with TLS and a certificate of its own authority, from PATH or from the lab's image."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PASSWORD = 'a "quoted" \\ pass#word'  # noqa: S105 - of databases that live as long as a test
AS_SQL = PASSWORD.replace("\\", "\\\\")
PROGRAMS = ("sbin/mariadbd", "bin/mariadb-dump", "bin/mariadb")


@dataclass(frozen=True)
class MariaDb:
    """A server that answers on loopback."""

    port: int
    authority: str
    socket: Path
    client: Path

    def sql(self, text: str) -> str:
        done = subprocess.run(self._argv, input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def locked(self, table: str) -> Iterator[None]:
        """Keep everybody else from reading a table, for the time of the block."""
        session = subprocess.Popen([*self._argv, "--unbuffered"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        with session:  # its end of input, at the block's end, ends it and its lock
            assert session.stdin is not None
            assert session.stdout is not None
            session.stdin.write(f"lock tables {table} write; select 'locked';\n")
            session.stdin.flush()
            assert session.stdout.readline() == "locked\n"
            yield
            session.stdin.close()

    @property
    def _argv(self) -> list[str | Path]:
        argv = [self.client, "--no-defaults", f"--socket={self.socket}", "--user=root", "--batch", "--skip-column-names"]
        return [*argv, "--default-character-set=utf8mb4"]


def install_programs(root: Path, folder: Path) -> None:
    """Make the image's programs run here: each with the image's own libraries."""
    libraries = f"{root}/usr/lib/x86_64-linux-gnu"
    for program in PROGRAMS:
        target = folder / Path(program).name
        target.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH={libraries} exec {root}/usr/{program} "$@"\n')
        target.chmod(0o755)


@contextmanager
def serve_mariadb(root: Path, programs: Path, home: Path) -> Iterator[MariaDb]:
    """Make a database in ``home`` and serve it."""
    data, share = home / "data", root / "usr/share/mysql"
    data.mkdir(parents=True)
    common = ["--no-defaults", "--user=root", f"--datadir={data}", f"--lc-messages-dir={share}", "--innodb-log-file-size=8M"]
    tables = "".join((share / f"mysql_{name}.sql").read_text() for name in ("system_tables", "system_tables_data"))
    made = f"create database if not exists mysql;\nuse mysql;\n{tables}"
    bootstrap = [programs / "mariadbd", *common, "--bootstrap"]
    subprocess.run(bootstrap, input=made, text=True, capture_output=True, check=True)
    authority = make_certificates(home)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    tls = [f"--ssl-cert={home}/server.pem", f"--ssl-key={home}/server.key", "--require-secure-transport=ON"]
    listen = ["--bind-address=127.0.0.1", f"--port={port}", f"--socket={home}/db.sock", f"--pid-file={home}/db.pid"]
    log = (home / "log").open("wb")
    process = subprocess.Popen([programs / "mariadbd", *common, *tls, *listen], stderr=log)
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, (home / "log").read_text()
            time.sleep(0.05)
        yield MariaDb(port, authority, home / "db.sock", programs / "mariadb")
    finally:
        process.terminate()
        process.wait()


def make_certificates(home: Path) -> str:
    """Make an authority and a server's certificate for 127.0.0.1; give the authority's."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Trial authority")])
    now = datetime.now(UTC)

    def build(subject: x509.Name, public: ec.EllipticCurvePublicKey, extension: x509.ExtensionType) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(named)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(extension, critical=False)
            .sign(root_key, hashes.SHA256())
        )

    authority = build(named, root_key.public_key(), x509.BasicConstraints(ca=True, path_length=None))
    server = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    names = x509.SubjectAlternativeName([x509.DNSName("127.0.0.1"), x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = build(server, key.public_key(), names)
    (home / "server.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    descriptor = os.open(home / "server.key", os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(private)
    return authority.public_bytes(serialization.Encoding.PEM).decode()
