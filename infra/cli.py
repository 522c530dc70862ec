"""The commands of ``infra``, gathered from its parts."""

from __future__ import annotations

import click

from infra import adopt_cli, apply_cli, deploy_cli, drift_cli, inventory_cli, shares_cli, up_cli
from infra.image import cli as image_cli
from infra.lab import cli as lab_cli
from infra.plan import cli as plan_cli
from infra.review import cli as review_cli

COMMANDS: tuple[click.Command, ...] = (
    *up_cli.COMMANDS,
    *lab_cli.COMMANDS,
    *deploy_cli.COMMANDS,
    *image_cli.COMMANDS,
    *plan_cli.COMMANDS,
    *apply_cli.COMMANDS,
    *drift_cli.COMMANDS,
    *adopt_cli.COMMANDS,
    *inventory_cli.COMMANDS,
    *review_cli.COMMANDS,
    *shares_cli.COMMANDS,
)
