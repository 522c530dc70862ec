"""The way from an empty machine to departments served, backed up and measured, as steps."""

from __future__ import annotations

from infra.steps import Step


def build_steps(oneroof: str) -> tuple[Step, ...]:
    """Give the steps of ``oneroof up``; ``oneroof`` is the path of the command itself."""

    def step(name: str, title: str, *argv: str, needs: str = "") -> Step:
        return Step(name, title, (oneroof, *argv), frozenset(needs.split()))

    return (
        step("preflight", "this machine can bear it", "preflight", "--install"),
        step("lab", "machines of both sites", "lab", "up", needs="preflight"),
        step("pulumi", "the pulumi command", "pulumi", needs="preflight"),
        step("images", "guest images", "image", "build", needs="preflight"),
        step("deploy", "the cloud's services", "deploy", "--if-changed", needs="lab"),
        step("verify", "every API, agent and pool is used", "verify", needs="deploy"),
        step("apply", "what all share, then the departments", "apply", needs="verify pulumi images"),
        step("push", "declarations and inventory to the operations host", "operations", "push", needs="apply"),
        step(
            "backup",
            "every department and the control plane to the vault",
            "backup",
            "run",
            "--all",
            "--if-due",
            needs="push",
        ),
        step("drill", "restored at the second site and compared", "drill", "--if-due", needs="backup"),
        step("report", "the page", "report", needs="drill"),
    )
