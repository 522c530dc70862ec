"""What axe-core finds wrong with a page in a real browser, for who cannot see it: https://github.com/dequelabs/axe-core."""

from __future__ import annotations

import hashlib
import html
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest

from monitoring.reports.pdf import BROWSERS
from tenants.installation import cache_directory

AXE = "axe-core-4.11.0"
_SHA256 = "39bed7d72308f6d620789c169d699bfd7e8da80f65b545821a6b2215c3e83107"
_ASK = """<script src="axe.js"></script><script>
addEventListener("load", () => axe.run(document, {resultTypes: ["violations"]}).then(found => {
  const told = document.createElement("pre");
  told.id = "axe-found";
  told.textContent = JSON.stringify({violations: found.violations, passes: found.passes.length});
  document.body.append(told);
}));
</script></body>"""


def assert_accessible_in_a_browser(page: str) -> None:
    """Hold a page against all rules of axe-core; skip where no browser or no npm is at hand."""
    found = _run(page)
    assert found["passes"] > 20, "hardly any rule was tried"
    told = [f"{v['id']}: {v['help']}: {node['html'][:200]}" for v in found["violations"] for node in v["nodes"]]
    assert told == []


def _run(page: str) -> dict[str, list[dict[str, str]]]:
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        pytest.skip("there is no Chromium")
    assert page.count("</body>") == 1
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "axe.js").write_bytes(_axe())
        (place / "page.html").write_text(page.replace("</body>", _ASK), encoding="utf-8")
        flags = ["--headless=new", "--disable-gpu", "--no-sandbox", f"--user-data-dir={folder}/profile"]
        argv = [browser, *flags, "--virtual-time-budget=60000", "--dump-dom", (place / "page.html").as_uri()]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=180, check=False)
    told = re.search(r'<pre id="axe-found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert told, f"axe-core said nothing: {done.stderr[-1000:]}"
    answer: dict[str, list[dict[str, str]]] = json.loads(html.unescape(told[1]))
    return answer


def _axe() -> bytes:
    """Give the script, from npm's registry once."""
    kept = cache_directory() / "programs" / f"{AXE}.tgz"
    if not kept.exists():
        if not shutil.which("npm"):
            pytest.skip("there is no npm to get axe-core with")
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            name, _, version = AXE.rpartition("-")
            argv = ["npm", "pack", "--silent", f"{name}@{version}"]
            done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"npm has no axe-core at hand: {done.stderr.strip()[-200:]}")
            (Path(folder) / f"{AXE}.tgz").rename(kept)
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == _SHA256, f"{kept} is not what it was"
    with tarfile.open(kept) as archive:
        script = archive.extractfile("package/axe.min.js")
        assert script is not None
        return script.read()
