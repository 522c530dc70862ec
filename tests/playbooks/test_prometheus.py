"""Prometheus' configuration as the role writes it; what it sends to a store for years arrives there, and no more."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

import jinja2
import pytest
import yaml
from debian_program import debian_program

from tenants.installation import repository

ROLE = repository() / "playbooks/roles/prometheus"
DEFAULTS = yaml.safe_load((ROLE / "defaults/main.yml").read_text(encoding="utf-8"))
PATIENCE_SECONDS = 90


def render(remote_write: list[str]) -> str:
    environment = jinja2.Environment(trim_blocks=True, autoescape=False)  # noqa: S701 — YAML
    environment.filters["basename"] = lambda path: Path(path).name
    text = environment.from_string((ROLE / "templates/etc/prometheus/prometheus.yml.j2").read_text(encoding="utf-8"))
    hosts = {"site-a": {"management_address": "10.0.0.1"}}
    return text.render(
        {
            **DEFAULTS,
            "prometheus_remote_write": remote_write,
            "prometheus_rules": ["/rules/capacity.yaml"],
            "ansible_managed": "test",
            "cloud_name": "trial",
            "inventory_hostname": "site-a",
            "tls_directory": "/etc/pki",
            "groups": {name: ["site-a"] for name in ("all", "computes", "controllers", "storage")} | {"vaults": []},
            "hostvars": hosts,
        }
    )


@pytest.mark.parametrize("remote_write", [[], ["http://store:8428/api/v1/write"]], ids=["alone", "with a store"])
def test_promtool_agrees(remote_write: list[str], tmp_path: Path, image_program: Callable[[str], Path]) -> None:
    file = tmp_path / "prometheus.yml"
    file.write_text(render(remote_write), encoding="utf-8")
    argv = [image_program("promtool"), "check", "config", "--syntax-only", str(file)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ("remote_write" in yaml.safe_load(file.read_text(encoding="utf-8"))) == bool(remote_write)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def ask(port: int, expression: str) -> list[dict[str, str]]:
    query = urllib.parse.urlencode({"query": expression})
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?{query}", timeout=5) as answer:
            return [entry["metric"] for entry in json.load(answer)["data"]["result"]]
    except urllib.error.URLError:
        return []


def test_victoria_metrics_gets_what_was_recorded_and_no_more(tmp_path: Path, image_program: Callable[[str], Path]) -> None:
    store, own = free_port(), free_port()
    configured = yaml.safe_load(render([f"http://127.0.0.1:{store}/api/v1/write"]))
    rules = {
        "groups": [{"name": "trial", "interval": "1s", "rules": [{"record": "site:trial:ratio1h", "expr": "vector(7)"}]}]
    }
    (tmp_path / "rules.yaml").write_text(json.dumps(rules))
    target = {"job_name": "own", "scrape_interval": "1s", "static_configs": [{"targets": [f"127.0.0.1:{own}"]}]}
    configuration = {
        "rule_files": ["rules.yaml"],
        "remote_write": configured["remote_write"],
        "scrape_configs": [target],
        "global": {"external_labels": configured["global"]["external_labels"]},
    }
    (tmp_path / "prometheus.yml").write_text(json.dumps(configuration))
    victoria = [
        debian_program("victoria-metrics", "victoria-metrics"),
        f"-storageDataPath={tmp_path}/store",
        f"-httpListenAddr=127.0.0.1:{store}",
    ]
    prometheus = [
        image_program("prometheus"),
        f"--config.file={tmp_path}/prometheus.yml",
        f"--storage.tsdb.path={tmp_path}/tsdb",
        f"--web.listen-address=127.0.0.1:{own}",
    ]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(victoria, **quiet) as keeper:
        try:
            with subprocess.Popen(prometheus, **quiet) as sender:
                try:
                    end = time.monotonic() + PATIENCE_SECONDS
                    while not (found := ask(store, "last_over_time(site:trial:ratio1h[1h])")):
                        assert time.monotonic() < end, "nothing arrived"
                        time.sleep(1)
                    while not ask(own, "up"):
                        time.sleep(1)
                finally:
                    sender.terminate()
            assert [labels["cloud"] for labels in found] == ["trial"]
            assert ask(store, "last_over_time(up[1h])") == [], "what no report needs stays where it is"
        finally:
            keeper.terminate()
