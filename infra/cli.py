"""The commands of ``infra``, gathered from its parts."""

from __future__ import annotations

import click

from infra import apply_cli, deploy_cli, inventory_cli, up_cli
from infra.adopt import cli as adopt_cli
from infra.drift import cli as drift_cli
from infra.erasure import cli as erasure_cli
from infra.erasure import withdraw_cli
from infra.image import cli as image_cli
from infra.lab import cli as lab_cli
from infra.plan import cli as plan_cli
from infra.recovery import cli as recovery_cli
from infra.review import cli as review_cli
from infra.sharing import cli as shares_cli

COMMANDS: tuple[click.Command, ...] = (
    *up_cli.COMMANDS,
    *lab_cli.COMMANDS,
    *deploy_cli.COMMANDS,
    *image_cli.COMMANDS,
    *plan_cli.COMMANDS,
    *apply_cli.COMMANDS,
    *drift_cli.COMMANDS,
    *adopt_cli.COMMANDS,
    *erasure_cli.COMMANDS,
    *withdraw_cli.COMMANDS,
    *inventory_cli.COMMANDS,
    *review_cli.COMMANDS,
    *shares_cli.COMMANDS,
    *recovery_cli.COMMANDS,
)
