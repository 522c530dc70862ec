"""The names that a stack should record are those of the program: a golden department has each of them."""

from __future__ import annotations

from infra.declared import build_names
from infra.desired import (
    DesiredGroup,
    DesiredGroupOfRules,
    DesiredNetwork,
    DesiredProject,
    DesiredServer,
    DesiredState,
    DesiredUser,
    DesiredVolume,
)

SERVER = DesiredServer("web", "tiny", "tiny", "front", ("web",), ("data",), "", floating_ip=True)
PROJECT = DesiredProject(
    "prod", "parks-prod", "", (), {"compute": {"cores": 1}, "network": {"ports": 1}},
    (DesiredNetwork("front", "10.0.0.0/24", routed=True),), (DesiredGroupOfRules("web", ()),),
    (DesiredVolume("data", 1, "standard"),), ("papers",), (SERVER,),
)  # fmt: skip


def test_everything_of_a_department_has_a_name() -> None:
    state = DesiredState(
        "parks", "", (PROJECT,), (DesiredGroup("ops", {"prod": "member"}),), (DesiredUser("ann", ("ops",)),)
    )
    assert {type_.removeprefix("oneroof:"): sorted(names) for type_, names in build_names(state).items()} == {
        "identity:Domain": ["parks"],
        "identity:RoleAssignment": ["prod/ops/member", "provisioner"],
        "identity:Group": ["ops"],
        "identity:User": ["ann"],
        "identity:Membership": ["ops/ann"],
        "identity:Project": ["prod"],
        "compute:Quota": ["prod"],
        "network:Quota": ["prod"],
        "network:Network": ["prod/front"],
        "network:Subnet": ["prod/front"],
        "network:Router": ["prod"],
        "network:SecurityGroup": ["prod/web"],
        "network:FloatingIp": ["prod/web"],
        "block_storage:Volume": ["prod/data"],
        "object_store:Container": ["prod/papers"],
        "compute:Server": ["prod/web"],
    }
