"""The exposition of given readings, as the exporter would give it; and what libvirt said of two guests."""

from __future__ import annotations

import re
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest

from monitoring.collector import Collector, Source
from monitoring.exporters.exposition import Metrics

NOW = 1_795_348_800.0
MEASURED_HERE = re.compile(r'oneroof_source_duration_seconds\{site="site-a",source="[^/]*"\}')
LISTED = "11   instance-00000001\n99   instance-00000009\n"
STATS = """Domain: 'instance-00000001'
  balloon.current=1048576
  balloon.available=1000000
  balloon.usable=250000
  balloon.rss=900000
  vcpu.current=2
  vcpu.maximum=2
  vcpu.0.state=1
  vcpu.0.time=12000000000
  vcpu.0.delay=99000000000
  vcpu.1.time=500000000
  net.count=2
  net.0.rx.bytes=1000
  net.0.tx.bytes=2000
  net.1.rx.bytes=30
  net.1.tx.bytes=40
  block.count=2
  block.0.rd.bytes=4096
  block.0.wr.bytes=0
  block.1.rd.bytes=512
  block.1.wr.bytes=1048576

Domain: 'instance-00000009'
  vcpu.current=1
  vcpu.0.time=1000000000

"""


def metrics(sources: dict[str, Any]) -> Metrics:
    """Read every source once; an exception among the values is a source that fails."""

    def read(value: Any) -> Any:
        if isinstance(value, Exception):
            raise value
        return value

    collector = Collector(
        [Source(name, lambda value=value: read(value), 30.0) for name, value in sources.items()],
        clock=lambda: NOW,
    )
    for name in sources:
        collector.read_once(name)
    return Metrics(collector, "site-a", lambda: 14)


def exposition(sources: dict[str, Any]) -> str:
    """Give the text, without what was measured while it was made."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(metrics(sources))
    lines = generate_latest(registry).decode().splitlines(keepends=True)
    return "".join(line for line in lines if not MEASURED_HERE.match(line))
