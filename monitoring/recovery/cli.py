"""``oneroof report recovery``."""

from __future__ import annotations

from pathlib import Path

import click

from tenants.installation import Installation


@click.command()
@click.option("--cloud", default="oneroof", show_default=True, help="Entry of clouds.yaml.")
@click.option("--days", type=click.IntRange(1, 3660), default=90, show_default=True, help="Length of the period told of.")
@click.option(
    "--output", type=click.Path(path_type=Path), help="Folder to write to; the installation's reports/ if left out."
)
@click.option("--pdf", is_flag=True, help="Print the pages as well; needs Chromium.")
def recovery(cloud: str, days: int, output: Path | None, pdf: bool) -> None:
    """Write the recovery report: per department what was promised, what the ledger proves of it, and what is missing.

    Writes recovery.json, recovery.csv, and recovery.en.html and recovery.zh.html; every figure names the entry of the ledger
    that it came from. What the cloud holds is put on record at the same moment.
    """
    from monitoring.recovery.files import write_recovery

    installation = Installation.existing()
    document = write_recovery(installation, cloud, days, output or installation.reports, pdf, click.echo)
    for unread in document["inputs"]["coverage"]["unread"]:
        click.echo(f"{unread['source']} could not be read: {unread['error']}", err=True)
