"""What is set around Neutron's API (``neutron_api.py``) holds in the release that is deployed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from infra.lab.status import LabStatus

pytestmark = pytest.mark.system

# the file that the role brought, around Neutron's models and constants; its application is not started
LOOK = """
import json, sys
sys.path.insert(0, "/usr/local/lib/oneroof")
import neutron_api, sqlalchemy
from sqlalchemy import orm
neutron_api.join_single_relations(orm)
neutron_api.keep_compiled(sqlalchemy, neutron_api.STATEMENTS)
from neutron.common.ovn import constants
from neutron.db import models_v2
from neutron.db.migration.models import head
from oslo_db.sqlalchemy import engines
neutron_api.trust_own_thread(constants)
orm.configure_mappers()
relations = models_v2.Port.__mapper__.relationships
print(json.dumps({
    "single": {name: relations[name].lazy for name in ("hints", "trusted", "hardware_offload_type")},
    "subqueries": [str(each) for mapper in models_v2.Port.registry.mappers for each in mapper.relationships
                   if each.lazy == "subquery"],
    "statements": engines.create_engine("sqlite://")._compiled_cache.capacity,
    "touched after": constants.HASH_RING_TOUCH_INTERVAL,
    "dead after": constants.HASH_RING_NODES_TIMEOUT,
}))
"""


def test_what_is_set_around_neutron_reaches_it(lab: LabStatus, command: Path) -> None:
    (controller,) = (machine.name for machine in lab.machines if "controllers" in machine.groups)
    argv = [command, "lab", "ssh", controller, "--", "/opt/openstack/bin/python -W ignore -"]
    done = subprocess.run(argv, input=LOOK, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["single"] == dict.fromkeys(("hints", "trusted", "hardware_offload_type"), "joined")
    assert found["subqueries"] == []
    assert found["statements"] == 3000
    assert found["touched after"] < found["dead after"], "a worker whose thread ended would be taken for dead while it works"
