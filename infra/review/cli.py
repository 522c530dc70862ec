"""``oneroof review``."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from tenants.installation import Installation
from tenants.problem import Problem, UserError

if TYPE_CHECKING:
    from infra.apply import Site
    from infra.review.forges.forge import Forge
    from infra.review.reviewing import Desk

TOKEN = "ONEROOF_FORGE_TOKEN"  # noqa: S105 - the variable's name
SECRET = "ONEROOF_WEBHOOK_SECRET"  # noqa: S105 - the variable's name
FORGES = ("gitea", "github", "gitlab")
_FAILED = 1
_EVERY = timedelta(minutes=10)
"""How often everything is looked at, whatever the webhooks tell."""


@dataclass(frozen=True)
class Told:
    """Which repository on which forge is meant."""

    forge: str
    site: str
    """Address without a slash at its end."""
    repository: str
    authority: str = ""
    """File with the certificate that the forge's is signed by; the machine's own authorities without."""


@click.command()
@click.argument("numbers", nargs=-1, type=click.IntRange(min=1))
@click.option("--merged", is_flag=True, help="Apply what was merged, instead of reviewing what is open.")
@click.option("--listen", metavar="ADDRESS:PORT", help="Stay, and answer what the forge's webhooks tell of: both of these.")
@click.option("--certificate", metavar="FILE", help="Listen with TLS: the certificate, and its key in the same file.")
@click.option("--forge", type=click.Choice(FORGES), help="Which API it speaks (Forgejo: gitea).  [default: the job's]")
@click.option("--url", help="Address of the forge.  [default: the job's]")
@click.option("--authority", metavar="FILE", help="Certificate that the forge's is signed by.  [default: the machine's]")
@click.option("--repository", metavar="OWNER/NAME", help="The repository there.  [default: the job's]")
@click.option("--branch", default="main", show_default=True, help="The protected branch; others are not reviewed.")
@click.option("--cloud", default="oneroof", show_default=True, help="Entry of clouds.yaml to work on.")
@click.option("--external-network", default="public", show_default=True, help="Where floating addresses are from.")
def review(
    numbers: tuple[int, ...],
    merged: bool,
    listen: str | None,
    certificate: str | None,
    forge: str | None,
    url: str | None,
    authority: str | None,
    repository: str | None,
    branch: str,
    cloud: str,
    external_network: str,
) -> None:
    """Review pull requests NUMBERS, or all that are open: who may ask for it, what it means, whose approval is missing.

    The answer is one comment with the plan, kept up to date, labels for risks, and the commit status oneroof/plan. Rights
    and rules are the protected branch's; of the request its declarations alone are read, as data. With --merged, applies
    merged requests exactly as they were planned and approved, and reports in the same comment. The forge's token is read
    from ONEROOF_FORGE_TOKEN, the secret of its webhooks from ONEROOF_WEBHOOK_SECRET. Ends with 0 when every request was
    answered, 1 where one could not be, or an apply failed.
    """
    told = replace(find_told(forge, url, repository, os.environ), authority=_file("--authority", authority))
    if listen is None:
        if certificate:
            raise UserError(Problem("got --certificate without --listen, expected both"))
        desk = _open_desk(told, branch, cloud, external_network)
        sys.exit(_FAILED if _work(desk, frozenset(numbers), merged=merged) else 0)
    if numbers or merged:
        raise UserError(Problem("got --listen with NUMBERS or --merged, expected it alone"))
    address = parse_address(listen)
    # out of the environment, as the token is
    if not (secret := os.environ.pop(SECRET, "")):
        raise UserError(Problem(f"{SECRET}: got nothing, expected the secret that the forge signs its webhooks with"))
    _listen(_open_desk(told, branch, cloud, external_network), address, secret, _file("--certificate", certificate))


def _work(desk: Desk, numbers: frozenset[int], *, merged: bool) -> bool:
    """Review or apply requests, all that wait where none is told; tell whether any could not be."""
    from infra.review.clone import GitError
    from infra.review.merged import apply_merged, waiting_numbers
    from infra.review.request import ForgeError
    from infra.review.reviewing import open_numbers, review_request

    failed = False
    with (desk.records / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two reviews at once would each write a comment
        try:
            for number in sorted(numbers) or tuple(waiting_numbers(desk) if merged else open_numbers(desk)):
                try:
                    if merged:
                        result = apply_merged(desk, number)
                        failed = failed or (result is not None and not result.is_well)
                    else:
                        review_request(desk, number)
                except (ForgeError, GitError) as error:
                    failed = True
                    _tell(f"request {number}: {error}")
        except ForgeError as error:
            raise UserError(Problem(str(error), "Is the address right, and may the token's account do this?")) from error
    return failed


def _listen(desk: Desk, address: tuple[str, int], secret: str, certificate: str) -> None:
    from infra.review.listening import Heard, listen

    waiting = Heard(_EVERY)
    try:
        with listen(address, secret, waiting.add, certificate) as port:
            _tell(f"listening on port {port}")
            for numbers in waiting:
                for merged in (False, True):
                    try:
                        _work(desk, numbers, merged=merged)
                    except UserError as error:  # the forge is away, or the branch is broken: the next look finds out
                        _tell(str(error))
    except KeyboardInterrupt:
        _tell("stopped")


def parse_address(text: str) -> tuple[str, int]:
    """Give host and port; raises UserError for anything else."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise UserError(Problem(f"--listen: got {text}, expected ADDRESS:PORT such as 127.0.0.1:8480"))
    return host, int(port)


def find_told(forge: str | None, url: str | None, repository: str | None, environ: Mapping[str, str]) -> Told:
    """Give what is meant: as told, else as the job that runs this says; raises UserError with all that is missing.

    GitHub and Gitea set the same variables (https://docs.github.com/actions/reference/variables-reference), GitLab its
    own (https://docs.gitlab.com/ci/variables/predefined_variables/).
    """
    job = "gitlab" if environ.get("GITLAB_CI") else "gitea" if environ.get("GITEA_ACTIONS") else "github"
    site = url or environ.get("GITHUB_SERVER_URL") or environ.get("CI_SERVER_URL") or ""
    name = repository or environ.get("GITHUB_REPOSITORY") or environ.get("CI_PROJECT_PATH") or ""
    kind = forge or (job if environ.get("GITHUB_SERVER_URL") or environ.get("GITLAB_CI") else "")
    problems = []
    if not kind:
        problems.append(Problem("--forge: got nothing, expected gitea, github or gitlab"))
    parts = urlsplit(site)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
        got = site if site and "@" not in site else "nothing" if not site else "an address with a name or a password in it"
        problems.append(Problem(f"--url: got {got}, expected the forge's address such as https://forge.gov.example"))
    if len(name.strip("/").split("/")) < 2 or name.startswith("-") or ".." in name:
        problems.append(Problem(f"--repository: got {name or 'nothing'}, expected OWNER/NAME"))
    if problems:
        raise UserError(*problems)
    return Told(kind, site.rstrip("/"), name.strip("/"))


def open_forge(told: Told, token: str) -> Forge:
    """Give the adapter."""
    from infra.review.forges.gitea import Gitea
    from infra.review.forges.github import GitHub
    from infra.review.forges.gitlab import GitLab

    kinds: Mapping[str, Callable[[str, str, str, str | None], Forge]] = {
        "gitea": Gitea.open,
        "github": GitHub.open,
        "gitlab": GitLab.open,
    }
    return kinds[told.forge](told.site, told.repository, token, told.authority or None)


def _file(option: str, name: str | None) -> str:
    if name and not Path(name).is_file():
        raise UserError(Problem(f"{option}: got {name}, expected a file with a certificate"))
    return str(Path(name).resolve()) if name else ""


def _open_desk(told: Told, branch: str, cloud: str, external_network: str) -> Desk:
    from infra.review.clone import Clone
    from infra.review.reviewing import Desk

    # out of the environment, so that no program that is started from here has it
    token = os.environ.pop(TOKEN, "")
    if not token:
        raise UserError(Problem(f"{TOKEN}: got nothing, expected the token of the reviews' account on the forge"))
    installation = Installation.existing()
    forge = open_forge(told, token)
    folder = installation.home / "reviews" / told.repository.replace("/", "+")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    clone = Clone(folder / "repository.git", forge.git_url, forge.git_user, token, told.authority)
    return Desk(forge, clone, branch, lambda: _site(installation, cloud, external_network), folder, _tell)


def _site(installation: Installation, cloud: str, external_network: str) -> Site:
    from infra.site import open_site

    # a merge never erases data, whatever it says
    return open_site(installation, cloud=cloud, external_network=external_network, may_erase=False, tell=_tell)


def _tell(message: str) -> None:
    click.echo(message, err=True)


COMMANDS: tuple[click.Command, ...] = (review,)
