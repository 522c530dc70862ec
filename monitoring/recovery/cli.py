"""``oneroof report recovery`` and ``oneroof report verify``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from tenants.installation import Installation, repository
from tenants.problem import Problem, UserError


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
    from datetime import UTC, datetime, timedelta

    from backup.report.assembly import make_report
    from monitoring.recovery.page import LANGUAGES, print_page, render_page, render_table
    from tenants.writing import write_whole

    installation = Installation.existing()
    folder = output or installation.reports
    document = make_report(installation, cloud, timedelta(days=days), datetime.now(UTC).replace(microsecond=0))
    folder.mkdir(parents=True, exist_ok=True)
    written = {
        "recovery.json": json.dumps(document, indent=1, ensure_ascii=False) + "\n",
        "recovery.csv": render_table(document),
    }
    written |= {f"recovery.{language}.html": render_page(document, language) for language in LANGUAGES}
    for name, text in written.items():
        write_whole(folder / name, text)
        click.echo(str(folder / name))
    for language in LANGUAGES if pdf else ():
        target = folder / f"recovery.{language}.pdf"
        print_page(written[f"recovery.{language}.html"], target)
        click.echo(str(target))
    for unread in document["inputs"]["coverage"]["unread"]:
        click.echo(f"{unread['source']} could not be read: {unread['error']}", err=True)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def verify(file: Path) -> None:
    """Derive every figure of a recovery report again, from this machine's ledgers; FILE is its recovery.json.

    One sentence names each figure that does not follow from them, and each entry of a ledger that was changed. Exit code 1
    where there is any.
    """
    from backup.evidence import verify as verify_ledgers
    from backup.ledger import load_entries
    from backup.report.assembly import check_inputs
    from backup.report.derive import find_changes

    if not file.is_file():
        raise UserError(Problem("there is no such file", "`oneroof report recovery` writes one.", file))
    records = Installation.existing().records
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        changes = find_changes(told, load_entries(records))
    except (ValueError, TypeError, AttributeError) as error:
        raise UserError(Problem(f"this is no recovery report: {error}", "Tell the file recovery.json.", file)) from error
    wrong, unseen = check_inputs(told, records, repository())
    named = {head["ledger"] for head in told["inputs"]["ledgers"]}
    wrong += [f"ledger {e.ledger}: {said}" for e in verify_ledgers(records) if e.ledger in named for said in e.problems]
    for sentence in (*changes, *wrong):
        click.echo(sentence, err=True)
    for sentence in unseen:
        click.echo(f"not looked at: {sentence}", err=True)
    if changes or wrong:
        sys.exit(1)
    click.echo(f"every figure follows from {len(told['evidence'])} entries of {len(named)} ledgers")


COMMANDS: tuple[click.Command, ...] = (recovery, verify)
