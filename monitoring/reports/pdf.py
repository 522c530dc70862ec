"""Prints a page to PDF by the browser that is at hand."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from tenants.problem import Problem, UserError
from tenants.writing import write_private

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def print_page(page: str, target: Path) -> None:
    """Have a browser print a page to PDF; raise :class:`UserError` where this machine has none."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        hint = "Install Debian's package chromium, or print the HTML page from any browser."
        raise UserError(Problem("a PDF is printed by Chromium, and this machine has none", hint))
    with tempfile.TemporaryDirectory(prefix="oneroof-pdf-") as folder:
        source, made = Path(folder, "report.html"), Path(folder, "report.pdf")
        source.write_text(page, encoding="utf-8")
        flags = ["--headless=new", "--disable-gpu", "--no-pdf-header-footer", f"--user-data-dir={folder}/profile"]
        flags += ["--no-sandbox"]  # the page has no script and reaches nothing, and root has no other way
        argv = [browser, *flags, f"--print-to-pdf={made}", source.as_uri()]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode or not made.is_file():
            said = " ".join(done.stderr.split())[-300:]
            raise UserError(Problem(f"{browser} did not print the page: it ended with {done.returncode}: {said}"))
        data = made.read_bytes()
    write_private(target, data)
