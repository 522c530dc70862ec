"""Every service of the cloud is confined as far as it bears: systemd's own measure, 0 (closed) to 10 (open)."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from infra.lab.status import LabStatus

pytestmark = pytest.mark.system

OURS = (
    *("ceph-", "cinder-", "glance-", "haproxy", "keystone-", "libvirtd", "mariadb", "memcached", "neutron-", "nova-"),
    *("oneroof-", "ovn-", "ovs", "placement-", "prometheus", "rabbitmq-"),
)
MOST = 5.0
MORE = {
    "cinder-volume.service": 8.5,  # converts images as root, through sudo
    "libvirtd.service": 9.6,  # starts the guests' emulators as other users, in namespaces of their own
    "nova-compute.service": 6.2,  # mounts and plugs what its guests need
    "ovs-vswitchd.service": 5.0,  # root: it makes the guests' network devices
}


@pytest.mark.usefixtures("cloud")
def test_no_service_is_more_open_than_it_must_be(lab: LabStatus, oneroof: Callable[..., str]) -> None:
    found: dict[str, float] = {}
    for machine in lab.machines:
        said = json.loads(oneroof("lab", "ssh", machine.name, "--", "systemd-analyze security --no-pager --json=short"))
        of_ours = [unit for unit in said if unit["unit"].startswith(OURS)]
        found |= {f"{machine.name} {unit['unit']}": float(unit["exposure"]) for unit in of_ours}
    assert any("keystone-api.service" in name for name in found)
    open_ones = {name: value for name, value in found.items() if value > MORE.get(name.split()[1], MOST)}
    assert open_ones == {}
