"""The names that a stack should record are those of the program: a golden department has each of them."""

from __future__ import annotations

from infra.desired import (
    DesiredContainer,
    DesiredCredential,
    DesiredGroup,
    DesiredGroupOfRules,
    DesiredNetwork,
    DesiredProject,
    DesiredServer,
    DesiredServerGroup,
    DesiredShare,
    DesiredState,
    DesiredUser,
    DesiredVolume,
)
from infra.drift.declared import build_names

SERVER = DesiredServer("web", "tiny", "tiny", "front", ("web",), ("data",), "", floating_ip=True)
PROJECT = DesiredProject(
    "prod", "parks-prod", "", (), {"compute": {"cores": 1}, "network": {"ports": 1}},
    (DesiredNetwork("front", "10.0.0.0/24", routed=True),), (DesiredGroupOfRules("web", ()),),
    (DesiredVolume("data", 1, "standard"),), (DesiredContainer("papers", -1, -1, ""),), (SERVER,),
    (DesiredServerGroup("apart", "soft-anti-affinity"),), {"desk": None},
    (
        DesiredShare("network", "prod", "front", "water/water-prod", "read"),
        DesiredShare("container", "prod", "papers", "water/water-prod", "read"),
        DesiredShare("image", "prod", "desk", "water/water-prod", "read"),
    ),
)  # fmt: skip


def test_everything_of_a_department_has_a_name() -> None:
    state = DesiredState(
        "parks",
        "",
        (PROJECT,),
        (DesiredGroup("ops", {"prod": "member"}), DesiredGroup("eyes", {"prod": "reader"}, "staff", "Gardeners")),
        (DesiredUser("ann", ("ops",)),),
        (DesiredCredential("sync", "ann", "prod", ("member",), "2027-06-30T23:59:59.000000"),),
    )
    assert {type_.removeprefix("oneroof:"): sorted(names) for type_, names in build_names(state).items()} == {
        "identity:Domain": ["parks"],
        "identity:RoleAssignment": ["prod/eyes/reader", "prod/ops/member", "provisioner"],
        "identity:Group": ["ops"],
        "identity:DirectoryGroup": ["eyes"],
        "identity:User": ["ann"],
        "identity:Membership": ["ops/ann"],
        "identity:ApplicationCredential": ["ann/sync"],
        "identity:Project": ["prod"],
        "compute:Quota": ["prod"],
        "network:Quota": ["prod"],
        "network:Network": ["prod/front"],
        "network:Subnet": ["prod/front"],
        "network:Router": ["prod"],
        "network:SecurityGroup": ["prod/web"],
        "network:FloatingIp": ["prod/desk", "prod/web"],
        "network:RbacPolicy": ["prod/front/water/water-prod"],
        "image:Member": ["prod/desk/water/water-prod"],
        "block_storage:Volume": ["prod/data"],
        "object_store:Container": ["prod/papers"],
        "compute:ServerGroup": ["prod/apart"],
        "compute:Server": ["prod/web"],
    }
