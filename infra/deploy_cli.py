"""``oneroof deploy``: the playbooks, run on the installation's machines; ``oneroof precheck``: could they be."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from tenants.installation import Installation, repository
from tenants.problem import Problem, UserError

if TYPE_CHECKING:
    from infra.deploy import Outcome, Wish


_STEPS = ("install", "configure", "run")
_OF_ANSIBLE = ("all", "always", "never", "tagged", "untagged")


@click.command()
@click.option("--check", is_flag=True, help="Show what would change, with differences; change nothing.")
@click.option(
    "--tags", metavar="TAG,...", multiple=True, help="Only these roles (keystone) or steps (install, configure, run)."
)
@click.option("--limit", metavar="HOST,...", multiple=True, help="Only these hosts or groups.")
@click.option("--if-changed", is_flag=True, help="Skip when exactly this was deployed already, whole and with success.")
def deploy(check: bool, tags: tuple[str, ...], limit: tuple[str, ...], if_changed: bool) -> None:
    """Deploy the cloud's services on the machines of the inventory.

    Makes missing passwords first. Ends with ansible-playbook's exit code: 0 done, 2 a task failed, 4 a host did not
    answer, 130 interrupted. Running it again carries on: what is done is left alone.
    """
    from infra.deploy import Wish, is_deployed

    installation = Installation.current()
    if if_changed and is_deployed(installation, repository()):
        click.echo("unchanged since the last deployment: nothing to do", err=True)
        return
    _run(installation, Wish(check=check, tags=",".join(tags), limit=",".join(limit)))


@click.command()
@click.option("--limit", metavar="HOST,...", multiple=True, help="Only these hosts or groups.")
def precheck(limit: tuple[str, ...]) -> None:
    """Look whether the machines of the inventory can become the cloud; change nothing on them."""
    from infra.deploy import Wish

    _run(Installation.current(), Wish(limit=",".join(limit), playbook="precheck.yml"))


@click.command()
def verify() -> None:
    """Use every API, ask every agent and open every pool of the deployed cloud; change nothing."""
    from infra.deploy import Wish

    _run(Installation.current(), Wish(playbook="verify.yml"))


def _run(installation: Installation, wish: Wish) -> None:
    from infra.deploy import deploy as run_deploy
    from infra.deploy import parse_failure

    _check(wish, installation)
    log = installation.logs / "ansible.log"
    begun = time.monotonic()
    try:
        with _progress(show_all=wish.check) as show:
            outcome = run_deploy(installation, repository(), wish, log, show)
    except KeyboardInterrupt:
        click.echo(f"interrupted; run it again to carry on (log: {log})", err=True)
        sys.exit(130)
    if wish.playbook == "site.yml":
        _tell(outcome, wish, time.monotonic() - begun)
    elif not outcome.returncode:
        hosts = len(outcome.changed) - 1
        click.echo("the cloud works" if wish.playbook == "verify.yml" else f"{hosts} hosts can become the cloud")
    if outcome.returncode:
        click.echo(parse_failure(log.read_text().splitlines()), err=True)
        click.echo(f"log: {log}", err=True)
        sys.exit(outcome.returncode)


def _check(wish: Wish, installation: Installation) -> None:
    """Raise UserError for hosts and tags that nothing has: Ansible says little of the first and skips the second."""
    import yaml

    if wish.limit and installation.inventory.is_file():
        inventory = yaml.safe_load(installation.inventory.read_text(encoding="utf-8")) or {}
        unknown_words(wish.limit, known_hosts(inventory), "--limit")
    if wish.tags:
        roles = sorted(path.name for path in (repository() / "playbooks" / "roles").iterdir() if path.is_dir())
        unknown_words(wish.tags, (*_STEPS, *roles), "--tags", also=_OF_ANSIBLE)


def known_hosts(inventory: Mapping[str, Any]) -> tuple[str, ...]:
    """Give what ``--limit`` may name: groups and hosts of an inventory, sorted."""
    names = {"all", "localhost"} if inventory else set()
    for name, node in inventory.items():
        names |= {name, *((node or {}).get("hosts") or {}), *known_hosts((node or {}).get("children") or {})}
    return tuple(sorted(names))


def unknown_words(told: str, known: Sequence[str], option: str, *, also: Sequence[str] = ()) -> None:
    """Raise UserError for every name in a list that is not known; Ansible's patterns are left to Ansible."""
    words = [word.strip() for word in told.replace(":", ",").split(",")]
    plain = [word for word in words if word and not set(word) & set("*?!&~@[]")]
    if unknown := [word for word in plain if word not in known and word not in also]:
        expected = ", ".join(name for name in known if name != "localhost")
        raise UserError(*(Problem(f"{option}: got {word}, expected one of: {expected}") for word in unknown))


def _tell(outcome: Outcome, wish: Wish, seconds: float) -> None:
    verb = "would change" if wish.check else "changed"
    for host, changed in sorted(outcome.changed.items()):
        failed = ", failed" if host in outcome.troubled else ""
        click.echo(f"{host}: {verb} {changed}{failed}")
    click.echo(f"{outcome.tasks} tasks in {seconds:.0f} s", err=True)


@contextmanager
def _progress(*, show_all: bool) -> Iterator[Callable[[str, Outcome], None]]:
    """Show play and task: on a terminal in one moving line, elsewhere a line each; everything with ``show_all``."""
    from rich.console import Console
    from rich.markup import escape

    console = Console(stderr=True)
    if show_all:
        yield lambda line, _: click.echo(line)
    elif console.is_terminal:
        with console.status("starting Ansible") as status:
            yield lambda _, outcome: status.update(f"{escape(outcome.play)}  [dim]{escape(outcome.task)}[/dim]")
    else:
        yield _Lines()


class _Lines:
    """One line for every play and task, for logs."""

    def __init__(self) -> None:
        self._said = ("", "")

    def __call__(self, _: str, outcome: Outcome) -> None:
        if (now := (outcome.play, outcome.task)) != self._said:
            self._said = now
            click.echo(f"{outcome.play}: {outcome.task}" if outcome.task else outcome.play, err=True)


COMMANDS: tuple[click.Command, ...] = (deploy, precheck, verify)
