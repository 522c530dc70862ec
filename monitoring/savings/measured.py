"""What Prometheus measured of the machines that run the cloud itself."""

from __future__ import annotations

from monitoring.prometheus import PLATFORM, PLATFORM_UTILISATION, Prometheus
from monitoring.savings.model import Platform


def ask_platform(prometheus: Prometheus) -> Platform | None:
    """Give them as of now, None where they were not counted or not measured; raise PrometheusError."""
    hosts, used = prometheus.query(PLATFORM), prometheus.query(PLATFORM_UTILISATION)
    return Platform(hosts[0].value, used[0].value) if hosts and used else None
