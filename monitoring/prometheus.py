"""Asks a Prometheus one question at a time over its HTTP API.

https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries
"""

from __future__ import annotations

import base64
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from tenants.installation import Installation

LOCAL = "http://127.0.0.1:9090"

HOST_UTILISATION = '1 - avg(rate(node_cpu_seconds_total{mode="idle",role="compute"}[10m]))'
"""Measured CPU use of the hosts that run servers, 0..1."""
DEPARTMENT_UTILISATION = (
    "sum by (department) (rate(oneroof_server_cpu_seconds_total[10m])) / sum by (department) (oneroof_server_cores)"
)
"""CPU time that a department's servers really took over the cores they were given, 0..1."""

PLATFORM = "platform:node_hosts:count"
"""Machines that run the cloud itself and no department's servers."""
PLATFORM_UTILISATION = "platform:node_cpu:utilisation2m"
"""Measured CPU use of these, 0..1."""


class PrometheusError(Exception):
    """Prometheus did not answer, or refused the question."""


@dataclass(frozen=True)
class Sample:
    """One value of an answer."""

    labels: Mapping[str, str]
    value: float
    at: float
    """Unix time."""


@dataclass(frozen=True)
class Prometheus:
    """Where Prometheus listens and how to be let in."""

    url: str
    username: str = ""
    password: str = ""
    ca_certificate: Path | None = None

    @classmethod
    def of(cls, installation: Installation) -> Prometheus | None:
        """Give the installation's Prometheus, or None where its playbook has not run yet."""
        return cls._told(installation, "prometheus.yaml")

    @classmethod
    def of_years(cls, installation: Installation) -> Prometheus | None:
        """Give the store that keeps years and answers the same questions, or None where the inventory asks for none."""
        return cls._told(installation, "long_term.yaml")

    @classmethod
    def _told(cls, installation: Installation, file: str) -> Prometheus | None:
        try:
            told = yaml.safe_load((installation.home / file).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return cls(told["url"], told["username"], told["password"], installation.ca_certificate)

    def query(self, expression: str, timeout: float = 10.0, at: float | None = None) -> tuple[Sample, ...]:
        """Give the answer to an expression as of now, or of a Unix time; raise PrometheusError."""
        moment = {} if at is None else {"time": f"{at:.3f}"}
        data = self.get("/api/v1/query", {"query": expression, **moment}, timeout)
        return tuple(Sample(entry["metric"], float(entry["value"][1]), float(entry["value"][0])) for entry in data["result"])

    def points(
        self, expression: str, start: datetime, end: datetime, step: timedelta, timeout: float = 10.0
    ) -> tuple[tuple[float, float], ...]:
        """Give Unix time and value of an expression's one series, step by step; raise PrometheusError."""
        moments = {
            "start": f"{start.timestamp():.3f}",
            "end": f"{end.timestamp():.3f}",
            "step": f"{step.total_seconds():.0f}s",
        }
        data = self.get("/api/v1/query_range", {"query": expression, **moments}, timeout)
        return tuple((float(at), float(value)) for series in data["result"][:1] for at, value in series["values"])

    def get(self, path: str, parameters: Mapping[str, str], timeout: float = 10.0) -> Any:
        """Give the ``data`` of an API answer; raise PrometheusError."""
        url = f"{self.url}{path}?{urllib.parse.urlencode(parameters)}"
        request = urllib.request.Request(url)  # noqa: S310 — http and https only, from a file of the playbook's
        if self.username:
            token = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
            request.add_header("Authorization", f"Basic {token}")
        context = None
        if url.startswith("https:"):
            context = ssl.create_default_context(cafile=None if not self.ca_certificate else str(self.ca_certificate))
        try:
            with urllib.request.urlopen(request, timeout=timeout, context=context) as response:  # noqa: S310 — as above
                answer = json.load(response)
        except (OSError, ValueError) as error:
            raise PrometheusError(f"{self.url} does not answer: {error}") from error
        if answer.get("status") != "success":
            raise PrometheusError(f"{self.url} refused: {answer.get('error')}")
        return answer["data"]
