"""``make bench-backups``: one volume by oneroof, by raw restic and by resticprofile, in one run, on the operations host.

Needs a cloud that stands with this checkout deployed, and free space for the volume three times over. resticprofile takes
part where ``ONEROOF_BENCH_RESTICPROFILE`` names its program. Figures go to stdout as a table, and as JSON to ``--json``.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shlex
import subprocess
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tenants.installation import Installation
from tenants.machines import load_machine

FLOOR = "raw restic"
AIMS = {"first": 1 / 1.05, "nothing changed": 30.0, "1 % changed": 15.0, "restore": 1 / 1.05}
"""How many times faster than raw restic it must be."""
HERE = Path(__file__).with_name("backups_here.py")


def main() -> None:
    """Bring the programs there, measure, and show."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=int, default=10, help="size of the volume")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    arguments = parser.parse_args()
    host = load_machine(Installation.current(), "operations")
    folder = f"/var/tmp/oneroof-bench-{secrets.token_hex(4)}"  # noqa: S108 - made for root alone, on the other machine
    profile = os.environ.get("ONEROOF_BENCH_RESTICPROFILE", "")
    programs = {"backups_here.py": HERE, **({"resticprofile": Path(profile)} if profile else {})}
    words = [f"{folder}/backups_here.py", str(arguments.gib), f"{folder}/work"]
    words += [f"{folder}/resticprofile"] if profile else []
    try:
        subprocess.run(host.ssh(f"umask 077 && mkdir {folder}"), check=True)
        for name, file in programs.items():
            put = f"cat > {folder}/{name} && chmod 700 {folder}/{name}"
            subprocess.run(host.ssh(put), input=file.read_bytes(), check=True)
        script = f"PYTHONPATH=/opt/oneroof/code exec /opt/oneroof/.venv/bin/python {shlex.join(words)}"
        done = subprocess.run(host.ssh(script), stdout=subprocess.PIPE, check=True)
    finally:
        subprocess.run(host.ssh(f"rm -rf {folder}"), check=True)
    figures = [json.loads(line) for line in done.stdout.splitlines()]
    Console(width=110).print(render(figures, arguments.gib))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


def render(figures: list[dict[str, Any]], gib: int) -> Table:
    """Give one line for each piece of work and side, with how many times faster than raw restic it is."""
    heads = ("work", "by", "seconds", "MiB/s", "x raw", "aim", "own CPU s")
    table = Table(*heads, title=f"a volume of {gib} GiB on Ceph, all of it written")
    for work, aim in AIMS.items():
        of_work = [figure for figure in figures if figure["work"] == work]
        floor = next(figure["seconds"] for figure in of_work if figure["side"] == FLOOR)
        for figure in of_work:
            own = figure["side"] == "oneroof"
            table.add_row(
                work if figure is of_work[0] else "",
                figure["side"],
                f"{figure['seconds']:.1f}",
                str(figure["mib_per_second"]),
                f"{floor / figure['seconds']:.2f}",
                f"{aim:.2f}" if own else "",
                f"{figure['client_cpu']:.1f}",
            )
        table.add_section()
    return table


if __name__ == "__main__":
    main()
