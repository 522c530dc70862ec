"""What can be reached: TLS alone, and on each machine nothing beyond ``tests/data/listeners.yaml``."""

from __future__ import annotations

import errno
import http.client
import select
import socket
import ssl
import time
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from openstack.connection import Connection

from infra.lab.status import LabStatus
from tenants.installation import Installation

pytestmark = pytest.mark.system
DESIGN = Path(__file__).parent.parent / "data" / "listeners.yaml"
AT_ONCE = 500


@pytest.mark.usefixtures("cloud")
def test_a_port_scan_finds_nothing_beyond_the_design(lab: LabStatus) -> None:
    found = {machine.name: set(scan(machine.address)) for machine in lab.machines}
    extra = {m.name: sorted(found[m.name] - allowed_ports(m.groups)) for m in lab.machines}
    assert {name: ports for name, ports in extra.items() if ports} == {}
    assert all(22 in ports for ports in found.values()), "the scan did not even see ssh"


def test_the_catalog_is_https_only(cloud: Connection) -> None:
    urls = catalog_urls(cloud)
    assert urls
    assert [url for url in urls if not url.startswith("https://")] == []


def test_plain_http_is_refused(cloud: Connection) -> None:
    served = {}
    for host, port in addresses(cloud):
        connection = http.client.HTTPConnection(host, port, timeout=10)
        try:
            connection.request("GET", "/")
            status = connection.getresponse().status
            if status != http.HTTPStatus.BAD_REQUEST:  # HAProxy may say so before it closes
                served[host, port] = status
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
    assert served == {}


def test_every_endpoint_has_a_certificate_of_the_installation(cloud: Connection, installation: Installation) -> None:
    context = ssl.create_default_context(cafile=str(installation.ca_certificate))
    for host, port in addresses(cloud):
        with socket.create_connection((host, port), 10) as plain, context.wrap_socket(plain, server_hostname=host) as tls:
            assert tls.version() in ("TLSv1.2", "TLSv1.3")


def catalog_urls(cloud: Connection) -> list[str]:
    access = cloud.session.auth.get_access(cloud.session)
    return [endpoint["url"] for service in access.service_catalog.catalog for endpoint in service["endpoints"]]


def addresses(cloud: Connection) -> list[tuple[str, int]]:
    parts = [urlsplit(url) for url in catalog_urls(cloud)]
    return sorted({(p.hostname, p.port or 443) for p in parts if p.hostname})


def allowed_ports(groups: Iterable[str]) -> set[int]:
    design = yaml.safe_load(DESIGN.read_text())
    allowed: set[int] = set()
    for group in ("every", *groups):
        for told in design[group]:
            first, _, last = str(told).partition("-")
            allowed.update(range(int(first), int(last or first) + 1))
    return allowed


def scan(address: str, patience: float = 2.0) -> list[int]:
    """Give the TCP ports of all that accept a connection; ``patience`` is for a batch that does not answer at all."""
    found = []
    for first in range(1, 65536, AT_ONCE):
        poll = select.poll()
        waiting: dict[int, tuple[socket.socket, int]] = {}
        for port in range(first, min(first + AT_ONCE, 65536)):
            one = socket.socket()
            one.setblocking(False)
            code = one.connect_ex((address, port))
            if code == errno.EINPROGRESS:
                waiting[one.fileno()] = one, port
                poll.register(one, select.POLLOUT)
                continue
            if code == 0:
                found.append(port)
            one.close()
        end = time.monotonic() + patience
        while waiting and (left := end - time.monotonic()) > 0:
            for number, _ in poll.poll(left * 1000):
                one, port = waiting.pop(number)
                poll.unregister(number)
                if one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                    found.append(port)
                one.close()
        for one, _ in waiting.values():
            one.close()
    return found
