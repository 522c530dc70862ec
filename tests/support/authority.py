"""A certificate authority of a test's own, by openssl."""

from __future__ import annotations

import subprocess
from pathlib import Path

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")


class Authority:
    """Signs certificates of addresses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700)
        self.certificate, self._key = folder / "authority.pem", folder / "authority.key"
        self._ask("-subj", "/CN=Authority of a test", "-keyout", str(self._key), "-out", str(self.certificate))

    def issue(self, address: str) -> tuple[Path, Path]:
        """Give a certificate of an IP address, and its key."""
        certificate, key = self.folder / f"{address}.pem", self.folder / f"{address}.key"
        names = (
            "-subj",
            f"/CN={address}",
            "-addext",
            f"subjectAltName=IP:{address}",
            "-addext",
            "basicConstraints=CA:FALSE",
        )
        signed = ("-CA", str(self.certificate), "-CAkey", str(self._key))
        self._ask(*names, *signed, "-keyout", str(key), "-out", str(certificate))
        return certificate, key

    def issue_both(self, address: str) -> Path:
        """Give both in one file, as servers in Python read them."""
        certificate, key = self.issue(address)
        both = self.folder / f"{address}.both.pem"
        both.touch(mode=0o600)
        both.write_text(certificate.read_text() + key.read_text())
        return both

    @staticmethod
    def _ask(*words: str) -> None:
        subprocess.run(["openssl", "req", "-x509", *_KEY, *words], check=True, capture_output=True)
