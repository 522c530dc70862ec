"""What an orphan is: marked, and recorded by no stack."""

from infra.provider.orphans import _IN_DOMAIN, _IN_PROJECTS
from infra.provider.registry import KINDS


def test_every_kind_with_a_mark_of_its_own_is_looked_for() -> None:
    looked_for = {kind.pulumi_type for kind in (*_IN_PROJECTS, *_IN_DOMAIN)}
    by_hand = {"oneroof:identity:Domain", "oneroof:object_store:Container"}
    # a subnet or a share goes with its network, a member with its image, an application credential with its user, the rest
    # is shared by all; links, quotas and groups of a directory have no mark
    elsewhere = {
        "network:Subnet",
        "network:RbacPolicy",
        "image:Member",
        "identity:ApplicationCredential",
        "compute:Flavor",
        "block_storage:VolumeType",
        "image:Image",
    }
    linked = {
        name
        for name, kind in KINDS.items()
        if kind.noun in ("membership", "role_assignment", "quota_set", "directory_group")
    }
    assert looked_for | by_hand | linked | {f"oneroof:{name}" for name in elsewhere} == KINDS.keys()


def test_what_holds_data_goes_after_what_uses_it() -> None:
    order = [kind.pulumi_type for kind in _IN_PROJECTS]
    assert order.index("oneroof:compute:Server") < order.index("oneroof:block_storage:Volume")
