"""A real forge on this machine: Gitea as a user without rights, on loopback, with people, a repository and pull requests."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

OWNER, NAME = "government", "machine-room"
REPOSITORY = f"{OWNER}/{NAME}"
ADMIN, BOT = "keeper", "oneroof-bot"
ADMINISTRATOR = (
    *("admin", "user", "create", "--admin", "--username", ADMIN, "--email", f"{ADMIN}@forge.example", "--random-password"),
    *("--access-token", "--access-token-scopes", "all", "--access-token-name", "tests"),
)
"""Words of the command that makes the administrator and prints a token."""
_START_SECONDS = 300

SETTINGS = """
RUN_USER = {user}
RUN_MODE = prod
WORK_PATH = {root}
[server]
PROTOCOL = {scheme}
HTTP_ADDR = {address}
HTTP_PORT = {port}
ROOT_URL = {scheme}://{address}:{port}/
CERT_FILE = {root}/certificate.pem
KEY_FILE = {root}/key.pem
STATIC_ROOT_PATH = {source}
DISABLE_SSH = true
OFFLINE_MODE = true
[database]
DB_TYPE = sqlite3
PATH = {root}/gitea.db
[repository]
ROOT = {root}/repositories
[security]
INSTALL_LOCK = true
SECRET_KEY = {secret}
PASSWORD_COMPLEXITY = off
[service]
DISABLE_REGISTRATION = true
[oauth2]
ENABLED = false
[actions]
ENABLED = false
[cron]
ENABLED = false
[indexer]
ISSUE_INDEXER_TYPE = db
[webhook]
ALLOWED_HOST_LIST = {hears}
DELIVER_TIMEOUT = 10
[log]
MODE = console
LEVEL = Warn
ROOT_PATH = {root}/log
"""


@dataclass
class RealForge:
    """The forge as its people see it: each acts through its API or git with a token of their own."""

    root: Path
    url: str
    tokens: dict[str, str] = field(default_factory=dict)
    session: requests.Session = field(default_factory=requests.Session)
    authority: str = ""
    """File with the certificate that the forge's is signed by; empty where it speaks without TLS."""

    def __post_init__(self) -> None:
        self.session.trust_env = False
        if self.authority:
            self.session.verify = self.authority

    def ask(self, account: str, method: str, path: str, body: Any = None) -> requests.Response:
        headers = {"Authorization": f"token {self.tokens[account]}"}
        return self.session.request(method, f"{self.url}/api/v1{path}", json=body, headers=headers, timeout=60)

    def do(self, account: str, method: str, path: str, body: Any = None) -> Any:
        answer = self.ask(account, method, path, body)
        assert answer.ok, f"{account}: {method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None

    def join(self, account: str, *scopes: str) -> None:
        """Make an account with a token of these scopes, of all where none is told."""
        password = secrets.token_urlsafe(16)
        told = {
            "username": account,
            "email": f"{account}@forge.example",
            "password": password,
            "must_change_password": False,
        }
        self.do(ADMIN, "POST", "/admin/users", told)
        answer = self.session.post(
            f"{self.url}/api/v1/users/{account}/tokens",
            json={"name": "tests", "scopes": scopes or ["all"]}, auth=(account, password), timeout=60,
        )  # fmt: skip
        assert answer.ok, answer.text
        self.tokens[account] = str(answer.json()["sha1"])

    def admit(self, account: str, permission: str = "write") -> None:
        """Let an account write to the repository: branches of its own, for the protected one is closed to it."""
        self.do(ADMIN, "PUT", f"/repos/{REPOSITORY}/collaborators/{account}", {"permission": permission})

    def git(self, folder: Path, *arguments: str, account: str = ADMIN) -> str:
        who = {"NAME": account, "EMAIL": f"{account}@forge.example"}
        names = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
        environment = {**os.environ, **names, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        if self.authority:
            environment["GIT_SSL_CAINFO"] = self.authority
        done = subprocess.run(["git", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"git {arguments[0]}: {done.stderr}"
        return done.stdout.strip()

    def address(self, account: str) -> str:
        return f"{self.url.replace('://', f'://{account}:{self.tokens[account]}@')}/{REPOSITORY}.git"

    def begin(self, files: Mapping[str, str]) -> None:
        """Make the repository with one commit on its protected branch, which takes what oneroof/plan says yes to."""
        self.do(ADMIN, "POST", "/orgs", {"username": OWNER})
        self.do(ADMIN, "POST", f"/orgs/{OWNER}/repos", {"name": NAME, "default_branch": "main", "private": True})
        seed = self.root / "seed"
        seed.mkdir()
        self.git(seed, "init", "--quiet", "--initial-branch=main")
        self._write(seed, files)
        self.git(seed, "add", "--all")
        self.git(seed, "commit", "--quiet", "--message=As it begins")
        self.git(seed, "push", "--quiet", self.address(ADMIN), "main")
        self._await_known("main", self.git(seed, "rev-parse", "HEAD"))
        rules = {"rule_name": "main", "enable_push": False, "enable_status_check": True}
        rules["status_check_contexts"] = ["oneroof/plan"]
        self.do(ADMIN, "POST", f"/repos/{REPOSITORY}/branch_protections", rules)

    def push(self, account: str, branch: str, files: Mapping[str, str | None], *, onto: str = "origin/main") -> str:
        """Change files on a branch as an account; None deletes one, and text after ``link:`` is a link's target."""
        work = self.root / f"work-{account}"
        if not work.exists():
            self.git(self.root, "clone", "--quiet", self.address(account), str(work))
        self.git(work, "fetch", "--quiet", "origin")
        self.git(work, "checkout", "--quiet", "-B", branch, onto)
        self._write(work, files)
        self.git(work, "add", "--all")
        self.git(work, "commit", "--quiet", f"--message=Change {branch}", account=account)
        self.git(work, "push", "--quiet", "--force", "origin", branch)
        made = self.git(work, "rev-parse", "HEAD")
        self._await_known(branch, made)
        return made

    def _await_known(self, branch: str, commit: str) -> None:
        """Wait until the forge, which notes a push in its own time, tells of it: as the branch, and as a request's head."""
        until = time.monotonic() + 30
        while True:
            found = self.ask(ADMIN, "GET", f"/repos/{REPOSITORY}/branches/{quote(branch, safe='')}")
            opened = self.ask(ADMIN, "GET", f"/repos/{REPOSITORY}/pulls?state=open&limit=50")
            # refused as long as the forge takes the repository for an empty one
            heads = [each["head"] for each in opened.json()] if opened.ok else [{"sha": "", "ref": branch}]
            told = found.json()["commit"]["id"] if found.ok else ""
            if {told, *(head["sha"] for head in heads if head["ref"] == branch)} == {commit}:
                return
            assert time.monotonic() < until, f"{branch}: the forge does not tell of {commit}"
            time.sleep(0.1)

    def propose(self, account: str, branch: str, title: str, text: str = "") -> int:
        """Open a pull request; give its number."""
        told = {"base": "main", "head": branch, "title": title, "body": text}
        return int(self.do(account, "POST", f"/repos/{REPOSITORY}/pulls", told)["number"])

    def approve(self, account: str, number: int) -> None:
        self.do(account, "POST", f"/repos/{REPOSITORY}/pulls/{number}/reviews", {"event": "APPROVED", "body": "yes"})

    def merge(self, account: str, number: int, *, style: str = "merge") -> requests.Response:
        """Try to merge; the forge still works out for a moment whether a request can be."""
        for _ in range(40):
            answer = self.ask(account, "POST", f"/repos/{REPOSITORY}/pulls/{number}/merge", {"Do": style})
            if answer.ok or "try again later" not in answer.text.lower():
                return answer
            time.sleep(0.5)
        return answer

    def force(self, number: int) -> None:
        """Merge as the forge's own administrator, whatever its rules say."""
        answer = self.ask(ADMIN, "POST", f"/repos/{REPOSITORY}/pulls/{number}/merge", {"Do": "merge", "force_merge": True})
        assert answer.ok, answer.text

    def request(self, number: int) -> dict[str, Any]:
        return dict(self.do(ADMIN, "GET", f"/repos/{REPOSITORY}/pulls/{number}"))

    def labels(self, number: int) -> set[str]:
        return {label["name"] for label in self.request(number)["labels"]}

    def comments(self, number: int) -> list[dict[str, Any]]:
        return list(self.do(ADMIN, "GET", f"/repos/{REPOSITORY}/issues/{number}/comments"))

    def shown(self, text: str) -> str:
        """Give a comment's text as the forge shows it: HTML."""
        told = {"Text": text, "Mode": "comment", "Context": f"/{REPOSITORY}", "Wiki": False}
        answer = self.session.post(
            f"{self.url}/api/v1/markup", json=told, headers={"Authorization": f"token {self.tokens[ADMIN]}"}, timeout=60
        )
        assert answer.ok, answer.text
        return answer.text

    def statuses(self, commit: str) -> dict[str, tuple[str, str]]:
        """Give each context's newest status and its description."""
        found: dict[str, tuple[str, str]] = {}
        told = self.do(ADMIN, "GET", f"/repos/{REPOSITORY}/commits/{commit}/statuses")
        for status in sorted(told, key=lambda each: int(each["id"])):
            found[status["context"]] = (status["status"], status["description"])
        return found

    @staticmethod
    def _write(folder: Path, files: Mapping[str, str | None]) -> None:
        for name, content in files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.unlink(missing_ok=True)
            if content is not None and content.startswith("link:"):
                file.symlink_to(content.removeprefix("link:"))
            elif content is not None:
                file.write_text(content, encoding="utf-8")


def parse_token(said: str) -> str:
    """Give the token that making the administrator printed."""
    return said.split("Access token was successfully created... ")[1].split()[0]


@contextmanager
def run_forge(gitea: Path) -> Iterator[RealForge]:
    """Run Gitea until the end of the block; nothing of it stays."""
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    root = Path(tempfile.mkdtemp(prefix="oneroof-forge-"))
    own = root / "gitea"
    own.mkdir()
    root.chmod(0o755)
    port = free_port()
    settings = own / "app.ini"
    settings.write_text(
        SETTINGS.format(
            user=user.pw_name,
            root=own,
            scheme="http",
            address="127.0.0.1",
            port=port,
            hears="loopback",
            source=gitea.parent / "source",
            secret=secrets.token_urlsafe(32),
        )
    )
    for each in (own, settings):
        os.chown(each, user.pw_uid, user.pw_gid)
        each.chmod(0o700 if each.is_dir() else 0o600)
    environment = {"PATH": os.environ["PATH"], "HOME": str(own), "USER": user.pw_name, "GITEA_WORK_DIR": str(own)}
    who: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}

    def command(*words: str) -> subprocess.CompletedProcess[str]:
        argv = [gitea, "--config", settings, *words]
        done = subprocess.run(argv, cwd=own, env=environment, capture_output=True, text=True, check=False, **who)
        assert done.returncode == 0, f"gitea {words[0]}: {done.stdout}{done.stderr}"
        return done

    command("migrate")
    token = parse_token(command(*ADMINISTRATOR).stdout)
    with (root / "gitea.log").open("wb") as log:
        process = subprocess.Popen(
            [gitea, "--config", settings, "web"], cwd=own, env=environment, stdout=log, stderr=log, **who
        )
    try:
        forge = RealForge(root, f"http://127.0.0.1:{port}", {ADMIN: token})
        await_answer(forge, (root / "gitea.log").read_text, lambda: process.poll() is not None)
        yield forge
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(root, ignore_errors=True)


def await_answer(forge: RealForge, log: Callable[[], str], ended: Callable[[], bool] = lambda: False) -> None:
    """Wait until the forge answers; fail with its log where it does not."""
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and not ended():
        try:
            if forge.session.get(f"{forge.url}/api/v1/version", timeout=5).ok:
                return
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.2)
    raise AssertionError(log()[-2000:])


def free_port(address: str = "127.0.0.1") -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])
