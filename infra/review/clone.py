"""A clone without files that git is asked in: what a request changes is read from it as data, and nothing of it runs.

No work tree, no hooks, no filters, no configuration but ours. Names of branches and titles reach no command line; what
does is the number of the request, names of commits that were checked, and the branch of our own configuration.
"""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infra.review.change import PLAIN, FileChange, parse_changes
from tenants.declaration.source import MAX_BYTES

_SECONDS = 120
_PASSED_ON = ("PATH", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy", "SSL_CERT_FILE",
              "GIT_SSL_CAINFO")  # fmt: skip
_SETTINGS: Mapping[str, str] = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.attributesFile": "/dev/null",
    "fetch.fsckObjects": "true",
    "fetch.recurseSubmodules": "false",
    "gc.auto": "0",
    "http.followRedirects": "false",
    "protocol.allow": "never",
    "protocol.http.allow": "always",
    "protocol.https.allow": "always",
}


class GitError(Exception):
    """Git failed; its last words in one sentence."""


@dataclass(frozen=True)
class Clone:
    """The clone of one repository."""

    folder: Path
    url: str
    """Where it is fetched from: the forge's address and the repository's name, both of our own configuration."""
    user: str = ""
    token: str = field(default="", repr=False)
    authority: str = ""
    """File with the certificate of the authority that signed the forge's; the machine's own authorities without."""

    def fetch(self, branch: str, request: str) -> None:
        """Bring the protected branch and a request's head; ``request`` is the forge's name of it, made of its number."""
        if not (self.folder / "HEAD").is_file():
            self.folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._git("init", "--quiet", "--bare", str(self.folder), inside=False)
        wanted = (f"+refs/heads/{branch}:refs/oneroof/base", *([f"+{request}:refs/oneroof/head"] if request else []))
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
        self._git("fetch", *options, "--", self.url, *wanted, secret=True)

    def base(self) -> str:
        """Give the commit that the protected branch was at when it was last fetched."""
        return self._git("rev-parse", "--verify", "refs/oneroof/base^{commit}").decode().strip()

    def head(self) -> str:
        """Give the commit that the request was at when it was last fetched."""
        return self._git("rev-parse", "--verify", "refs/oneroof/head^{commit}").decode().strip()

    def merge(self, base: str, head: str) -> str | None:
        """Give the tree that merging two commits would make, or nothing where they conflict or share no history."""
        done = self._run("merge-tree", "--write-tree", "-z", "--no-messages", base, head)
        if done.returncode == 0:
            return done.stdout.split(b"\0")[0].decode("ascii")
        if done.returncode == 1 or b"unrelated histories" in done.stderr:
            return None
        raise _failed(done)

    def changes(self, base: str, tree: str) -> tuple[FileChange, ...]:
        """Give what differs between two trees or commits, renames as a file gone and another come."""
        options = ("-r", "-z", "--raw", "--no-renames", "--no-ext-diff", "--no-textconv", "--full-index")
        return parse_changes(self._git("diff-tree", *options, base, tree))

    def files(self, tree: str, folder: str) -> Mapping[str, str]:
        """Give the plain files right in a folder of a tree: name and object."""
        found = {}
        for line in self._git("ls-tree", "-z", tree, f"{folder}/").split(b"\0")[:-1]:
            facts, _, path = line.partition(b"\t")
            mode, _, blob = facts.decode("ascii").split()
            if mode == PLAIN:
                found[path.decode("utf-8", errors="surrogateescape").removeprefix(f"{folder}/")] = blob
        return found

    def blob(self, tree: str, path: str) -> str | None:
        """Give the object's name of a file in a tree, or nothing where there is no such file."""
        done = self._run("rev-parse", "--verify", "--quiet", f"{tree}:{path}")
        return done.stdout.decode().strip() if done.returncode == 0 else None

    def read(self, blob: str) -> bytes:
        """Give a file's content, one byte more than a declaration may have at most."""
        size = int(self._git("cat-file", "-s", blob))
        return self._git("cat-file", "blob", blob) if size <= MAX_BYTES else b" " * (MAX_BYTES + 1)

    def write(self, tree: str, target: Path) -> None:
        """Write the declarations and the catalogue of a tree into a folder: plain files alone, as data."""
        target.mkdir(parents=True, exist_ok=True)
        for name, blob in self.files(tree, "tenants").items():
            if name.endswith(".yaml") and "/" not in name:
                (target / name).write_bytes(self.read(blob))

    def _git(self, *arguments: str, inside: bool = True, secret: bool = False) -> bytes:
        done = self._run(*arguments, inside=inside, secret=secret)
        if done.returncode:
            raise _failed(done)
        return done.stdout

    def _run(self, *arguments: str, inside: bool = True, secret: bool = False) -> subprocess.CompletedProcess[bytes]:
        where = ("--git-dir", str(self.folder)) if inside else ()
        try:
            return subprocess.run(
                ["git", *where, *arguments], env=self._environment(secret=secret), stdin=subprocess.DEVNULL,
                capture_output=True, timeout=_SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise GitError(f"git {arguments[0]} did not end within {_SECONDS} s") from error

    def _environment(self, *, secret: bool) -> dict[str, str]:
        """Give git's whole environment; the token is in it, never in the command line that everybody can list."""
        settings = dict(_SETTINGS)
        if secret and self.token:
            basic = base64.b64encode(f"{self.user}:{self.token}".encode()).decode()
            settings[f"http.{self.url}.extraHeader"] = f"Authorization: Basic {basic}"
        told = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        if self.authority:
            told["GIT_SSL_CAINFO"] = self.authority  # this variable wins over every setting
        told |= {"HOME": "/nonexistent", "LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
                 "GIT_TERMINAL_PROMPT": "0", "GIT_ATTR_NOSYSTEM": "1", "GIT_CONFIG_COUNT": str(len(settings))}  # fmt: skip
        for number, (name, value) in enumerate(settings.items()):
            told |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
        return told


def _failed(done: subprocess.CompletedProcess[bytes]) -> GitError:
    said = done.stderr.decode(errors="replace").strip().splitlines()
    return GitError(f"git {done.args[3] if '--git-dir' in done.args else done.args[1]}: {said[-1] if said else 'failed'}")
