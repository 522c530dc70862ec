"""Which snapshots may go: by age in the vault alone, and never the last that are verified. Pure.

Counting (``keep-daily``, ``keep-last``) can be abused: snapshots dated ahead push out the true ones, and a wrong tag empties
a repository. Here a snapshot is kept because it is young by the vault's own clock, and goes only where enough newer ones of
the same thing are verified.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import groupby

from backup.plan import Job
from backup.policy import Policy, VaultTerms, render_duration
from backup.records import BackupRecord, Outcome
from backup.vault.holdings import Holdings, Snapshot

AHEAD = timedelta(minutes=10)
"""A snapshot that says it is made this long after it arrived is dated ahead: clocks differ by less."""


class Fate(StrEnum):
    """What becomes of a snapshot."""

    KEPT = "kept"
    QUARANTINED = "quarantined"
    """Kept, and counted for nothing."""
    GOES = "goes"


@dataclass(frozen=True)
class Decision:
    """What becomes of one snapshot, and why."""

    snapshot: Snapshot
    thing: str
    """``<source>:<name>``."""
    fate: Fate
    why: str


@dataclass(frozen=True)
class Chosen:
    """What becomes of everything in a repository."""

    decisions: tuple[Decision, ...]
    refused: tuple[str, ...]
    """Why nothing may go in this run, one sentence each; empty where nothing speaks against it."""

    @property
    def goes(self) -> dict[str, str]:
        """Full ids of what may go, each with why; empty where the run is refused."""
        return {} if self.refused else {d.snapshot.id: d.why for d in self.decisions if d.fate is Fate.GOES}

    @property
    def quarantined(self) -> tuple[Decision, ...]:
        """What is dated ahead."""
        return tuple(d for d in self.decisions if d.fate is Fate.QUARANTINED)


def keep_within(jobs: Iterable[Job], policy: Policy) -> dict[str, timedelta]:
    """Give how long each thing's snapshots are kept at least."""
    return {f"{job.source}:{job.name}": policy.tiers[job.tier].keep_within for job in jobs}


def choose(
    holdings: Holdings,
    records: Iterable[BackupRecord],
    kept_within: Mapping[str, timedelta],
    terms: VaultTerms,
    *,
    beyond: bool = False,
) -> Chosen:
    """Decide on every snapshot of a department's repository.

    ``records`` are the department's last states. What no declaration names any more is kept: it goes by an erasure alone.
    With ``beyond`` a person takes it upon himself that more than the policy's share goes at once.
    """
    states = {r.snapshot_id: r for r in records if r.snapshot_id}
    things = sorted(((_thing(s, states), s) for s in holdings.snapshots), key=lambda pair: (pair[0], pair[1].arrived_at))
    decisions: list[Decision] = []
    refused: list[str] = []
    for thing, own in groupby(things, key=lambda pair: pair[0]):
        made = _decide(thing, [s for _, s in own], states, holdings, kept_within.get(thing), terms.keep_verified)
        decisions += made
        going = sum(d.fate is Fate.GOES for d in made)
        if not beyond and going * 100 > len(made) * terms.most_at_once:
            refused.append(
                f"{thing}: {going} of {len(made)} snapshots would go at once, expected at most {terms.most_at_once} %: "
                "is keep_within in backup/policy.yaml as it should be?"
            )
    return Chosen(tuple(decisions), tuple(refused))


def _decide(
    thing: str,
    snapshots: list[Snapshot],
    states: Mapping[str, BackupRecord],
    holdings: Holdings,
    within: timedelta | None,
    keep_verified: int,
) -> list[Decision]:
    """Decide on one thing's snapshots, the newest first, so that what is verified and newer is counted on the way."""
    decisions: list[Decision] = []
    verified = 0
    for snapshot in reversed(snapshots):
        state = states.get(snapshot.id)
        age = holdings.at - snapshot.arrived_at
        proven = state is not None and state.outcome is Outcome.VERIFIED
        if snapshot.claimed_at > snapshot.arrived_at + AHEAD:
            ahead = (
                f"it says it is of {snapshot.claimed_at:%Y-%m-%d %H:%M}Z and arrived {snapshot.arrived_at:%Y-%m-%d %H:%M}Z"
            )
            decisions.append(Decision(snapshot, thing, Fate.QUARANTINED, ahead))
            continue
        if within is None:
            fate, why = Fate.KEPT, "nothing declares it any more: it goes by an erasure alone"
        elif age < within:
            fate, why = Fate.KEPT, f"younger than {render_duration(within)}"
        elif verified < keep_verified:
            fate, why = Fate.KEPT, f"{verified} newer ones are verified, expected {keep_verified}"
        else:
            how = str(state.outcome) if state else "not on record"
            fate, why = (
                Fate.GOES,
                f"older than {render_duration(within)} and {verified} newer ones are verified; it was {how}",
            )
        decisions.append(Decision(snapshot, thing, fate, why))
        verified += proven
    return decisions[::-1]


def _thing(snapshot: Snapshot, states: Mapping[str, BackupRecord]) -> str:
    """Say what a snapshot is of: as the ledger has it, else as its tag says, which whoever wrote it chose."""
    if (state := states.get(snapshot.id)) is not None:
        return f"{state.source}:{state.name}"
    return snapshot.tags[0] if len(snapshot.tags) == 1 else ""
