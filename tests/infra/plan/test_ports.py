"""Taking back a shared network says whose ports go with it, and says nothing of anybody else's."""

from dataclasses import fields
from typing import Any

from infra.agreement import Cloud
from infra.inventory.model import Inventory, Port, Server
from infra.plan.document import PlanStep
from infra.plan.ports import lost_ports

POLICY = "oneroof:network:RbacPolicy"
NAME = "prod/front/parks/parks-prod"
RECORDED = (
    {
        "type": POLICY,
        "id": "r",
        "urn": f"urn::{NAME}",
        "outputs": {"object_id": "n", "target_project_id": "q", "grantee": "parks/parks-prod"},
    },
)


def port(identifier: str, project: str, network: str, device: str) -> Port:
    return Port(identifier, project, network, "ACTIVE", "compute:nova", device, (f"10.0.0.{len(identifier)}",), ())


def cloud(*ports: Port) -> Cloud:
    node = Server("s", "node", *(None for _ in fields(Server)[2:]))  # type: ignore[arg-type]
    held: dict[str, Any] = {field.name: () for field in fields(Inventory)}
    return Cloud(Inventory(**{**held, "ports": ports, "servers": (node,)}))


def step(operation: Any) -> PlanStep:
    return PlanStep(operation, POLICY, NAME, "share", "", None, "present", None)


def test_the_ports_of_the_other_project_are_named_with_their_server_and_address() -> None:
    found = cloud(port("a", "q", "n", "s"), port("bb", "p", "n", "x"), port("cc", "q", "m", "y"), port("ddd", "q", "n", ""))
    assert list(lost_ports([step("delete")], RECORDED, found)) == [
        "network prod/front is taken back from parks-prod, and with it the port there of: "
        "device (none) (10.0.0.3), server node (10.0.0.1)"
    ]


def test_a_share_that_stays_or_that_nobody_uses_takes_nothing_along() -> None:
    assert list(lost_ports([step("update")], RECORDED, cloud(port("a", "q", "n", "s")))) == []
    assert list(lost_ports([step("delete")], RECORDED, cloud(port("a", "p", "n", "s")))) == []
    assert list(lost_ports([step("delete")], RECORDED, None)) == []
