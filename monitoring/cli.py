"""Commands of ``monitoring``: what measures, tells and reports, and what brings things to the operations host."""

from __future__ import annotations

from pathlib import Path

import click

from monitoring.forecast.cli import forecast
from monitoring.reports.cli import report
from monitoring.rightsizing.cli import rightsize
from monitoring.showback.cli import showback
from monitoring.view.cli import show
from tenants.installation import Installation


@click.command()
@click.option("--listen", default="127.0.0.1:9180", show_default=True, help="Address and port to answer on.")
@click.option("--site", default="site-a", show_default=True, help="Label site of everything measured.")
@click.option("--cloud", default="oneroof", show_default=True, help="Entry of clouds.yaml.")
@click.option(
    "--through",
    multiple=True,
    metavar="URL",
    help="Another exporter that reads the same cloud: its reading is taken while it is fresh. May be told more than once.",
)
@click.option("--check", is_flag=True, help="Read once, say which rights are lacking and what that leaves out, and end.")
def exporter(listen: str, site: str, cloud: str, through: tuple[str, ...], check: bool) -> None:
    """Serve metrics of the cloud for Prometheus; runs on the operations host."""
    import logging

    from monitoring.exporters.service import Exporter, serve

    if check:
        _check_rights(cloud)
        return
    address, _, port = listen.rpartition(":")
    if not port.isdecimal() or not address:
        raise click.BadParameter(f"got {listen}, expected ADDRESS:PORT", param_hint="--listen")
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    thread = serve(Exporter(Installation.current(), cloud, site, through), address, int(port))
    click.echo(f"metrics on http://{listen}/metrics", err=True)
    thread.join()


def _check_rights(cloud: str) -> None:
    from monitoring.reading import CloudReader, ReadingError
    from monitoring.rights import build_lacks
    from tenants.problem import UserError

    try:
        usage = CloudReader(Installation.current(), cloud).turn()
    except ReadingError as error:
        raise UserError(f"{cloud}: {error}") from error
    lacks = build_lacks(usage.missing)
    for lack in lacks:
        click.echo(lack.sentence())
    for part, said in usage.missing.items():
        if part not in {lack.part for lack in lacks}:
            click.echo(f"{part}: could not be read: {said}")
    if usage.missing:
        raise SystemExit(1)
    click.echo(f"every part of {cloud} can be read, with {usage.calls} calls")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@click.option("--cloud", default="oneroof", show_default=True, help="Entry of clouds.yaml.")
def status(as_json: bool, cloud: str) -> None:
    """Show endpoints, machines, departments, their servers' answers, and the last backup and drill of each."""
    import json

    from monitoring.overview import collect_overview
    from monitoring.status import build_status, print_status

    overview = collect_overview(Installation.existing(), cloud)
    if as_json:
        click.echo(json.dumps(build_status(overview), indent=2, ensure_ascii=False))
    else:
        print_status(overview)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--cloud", default="oneroof", show_default=True, help="Entry of clouds.yaml.")
def savings(as_json: bool, cloud: str) -> None:
    """Compare the surveyed baseline with what the cloud measures now."""
    import json
    from dataclasses import asdict

    from monitoring.overview import collect_overview
    from monitoring.savings.table import print_savings
    from tenants.problem import UserError

    overview = collect_overview(Installation.existing(), cloud)
    if overview.savings is None:
        parts = ("the cloud", "baseline", "assumptions")
        why = [f"{part}: {overview.missing[part]}" for part in parts if part in overview.missing]
        raise UserError(*(why or ["savings: the cloud could not be read"]))
    if as_json:
        click.echo(json.dumps(asdict(overview.savings), indent=2, ensure_ascii=False))
    else:
        print_savings(overview.savings)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def dashboards(folder: Path) -> None:
    """Write Grafana's dashboards as JSON files, to import or to provision."""
    from monitoring.dashboards.boards import DASHBOARDS
    from monitoring.dashboards.render import render_dashboard

    folder.mkdir(parents=True, exist_ok=True)
    for dashboard in DASHBOARDS:
        (folder / f"{dashboard.uid}.json").write_text(render_dashboard(dashboard), encoding="utf-8")
    click.echo(f"{len(DASHBOARDS)} dashboards in {folder}", err=True)


@click.group()
def operations() -> None:
    """Bring things to the operations host."""


@operations.command()
@click.option(
    "--declarations",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of declarations; this checkout's tenants/ if left out.",
)
def push(declarations: Path | None) -> None:
    """Bring declarations and what apply made of them to the operations host."""
    from monitoring.operations import list_files
    from monitoring.operations import push as push_files
    from tenants.installation import repository
    from tenants.machines import load_machines

    installation = Installation.current()
    hosts = load_machines(installation, "operations")
    files = list_files(installation, declarations or repository() / "tenants")
    push_files(hosts, files)
    click.echo(f"{len(files)} files to {', '.join(host.name for host in hosts)}", err=True)


COMMANDS: tuple[click.Command, ...] = (
    status,
    report,
    show,
    savings,
    exporter,
    dashboards,
    rightsize,
    forecast,
    showback,
    operations,
)
