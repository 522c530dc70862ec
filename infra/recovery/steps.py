"""The way from the vault, the shares and the repository to the cloud as it was, as steps. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from infra.steps import Step


def build_steps(oneroof: str, shares: Sequence[str], *, vault: str = "", at: str = "", in_lab: bool) -> tuple[Step, ...]:
    """Give the steps of ``oneroof restore everything``; ``oneroof`` is the path of the command itself.

    In the lab new machines are made; elsewhere they are installed and in the inventory before. Each step can be run alone,
    and leaves alone what is done.
    """
    told = ("--vault", vault) if vault else ()
    since = ("--at", at) if at else ()
    steps: list[Step] = []

    def then(name: str, title: str, *argv: str, after: str = "") -> None:
        needs = after.split() if after else ([steps[-1].name] if steps else [])
        steps.append(Step(name, title, (oneroof, *argv), frozenset(needs)))

    then("shares", "the keys out of the shares", "escrow", "combine", *shares, *(() if in_lab else told))
    if in_lab:
        then("lab", "new machines for those that are gone", "lab", "up")
        then("keys", "the newest keys, as the vault has them sealed", "escrow", "combine", *shares)
    then("home", "state, secrets and evidence out of the vault", "restore", "home", *told, *since)
    then("pulumi", "the pulumi command", "pulumi", after="home")
    then("guests", "guest images", "image", "build", after="home")
    then("deploy", "the cloud's services, empty, with the same secrets", "deploy", "--if-changed", after="home")
    then("control-plane", "databases, keys and networks", "restore", "control-plane", after="deploy")
    then("images", "images by their ids", "restore", "images", after="control-plane guests")
    then("volumes", "every volume by its id", "restore", "volumes", after="control-plane")
    then("servers", "every server, from its image and its volumes", "restore", "servers", after="images volumes")
    then("apply", "what is declared and not there yet", "apply", "--refresh", after="servers pulumi")
    then("push", "declarations and inventory to the operations host", "operations", "push")
    then("containers", "every object into its container", "restore", "containers", after="push")
    then("verify", "every API, agent and pool is used", "verify", after="containers")
    then("compare", "nothing is left to change; backups begin again", "restore", "finish", after="verify")
    return tuple(steps)
