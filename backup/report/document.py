"""The recovery report as one JSON document: derived from what was declared, what the cloud held, and the ledger. Pure.

Everything under ``departments``, ``cloud`` and ``evidence`` follows from ``inputs`` and the ledgers up to the entries that
``inputs`` names, so that anybody who holds the ledgers can derive it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from backup.copies.record import CopyRecord, find_held, find_young
from backup.ledger import WITNESS, Entry
from backup.plan import CONTROL_PLANE
from backup.records import ErasureRecord, Outcome
from backup.report.level import Facts, judge_level, render_span, worst_gap
from backup.report.proof import Run, checks_of, cite, describe, drills_of, find_runs, last_good, of_kind
from backup.report.standards import load_standards
from backup.reread import count_parts, last_reads

SCHEMA_VERSION = 1
KIND = "oneroof recovery report"
Item = TypeVar("Item")


@dataclass(frozen=True)
class Inputs:
    """What the report follows from, beside the ledgers; all of it is in the document."""

    at: datetime
    since: datetime
    """Begin of the period that failures, restores and the longest gaps are told for."""
    declared: Mapping[str, str]
    """Digest and commit of declarations and policy."""
    departments: Mapping[str, str]
    """Slug to full name."""
    promises: Sequence[Mapping[str, Any]]
    """One for each job: department, source, name, tier, level, copies; durations in seconds."""
    waivers: Sequence[Mapping[str, Any]]
    coverage: Mapping[str, Any]
    """``at``, ``unread`` and ``things``, as ``oneroof backup coverage --format json`` has them."""
    ledgers: Sequence[Mapping[str, Any]]
    """Each ledger's last entry that was read."""

    def values(self) -> dict[str, Any]:
        """Give them as what JSON can say."""
        return {
            "declared": dict(self.declared),
            "departments": dict(self.departments),
            "promises": [dict(p) for p in self.promises],
            "waivers": [dict(w) for w in self.waivers],
            "coverage": dict(self.coverage),
            "ledgers": [dict(e) for e in self.ledgers],
        }


def parse_inputs(told: Mapping[str, Any]) -> Inputs:
    """Read the inputs out of a document; raise ``ValueError`` where they are none."""
    try:
        if told["schema_version"] != SCHEMA_VERSION or told["kind"] != KIND:
            raise ValueError(
                f"got {told['kind']} version {told['schema_version']}, expected {KIND} version {SCHEMA_VERSION}"
            )
        inputs = told["inputs"]
        at, since = datetime.fromisoformat(told["at"]), datetime.fromisoformat(told["since"])
        return Inputs(at, since, *(inputs[key] for key in _KEYS))
    except (KeyError, TypeError) as error:
        raise ValueError(f"it has no {error}") from error


_KEYS = ("declared", "departments", "promises", "waivers", "coverage", "ledgers")


def list_heads(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Give the last entry of each ledger."""
    last: dict[str, Entry] = {}
    for entry in entries:
        if entry.ledger not in last or entry.number > last[entry.ledger].number:
            last[entry.ledger] = entry
    return [{"ledger": e.ledger, "entry": e.number, "hash": e.hash} for _, e in sorted(last.items())]


def up_to(entries: Iterable[Entry], heads: Iterable[Mapping[str, Any]]) -> tuple[Entry, ...]:
    """Give the entries that a report could have read."""
    ends = {str(head["ledger"]): int(head["entry"]) for head in heads}
    return tuple(entry for entry in entries if entry.number <= ends.get(entry.ledger, 0))


def build_document(inputs: Inputs, entries: Sequence[Entry]) -> dict[str, Any]:
    """Derive the report."""
    told = [entry for entry in entries if entry.kind != WITNESS]
    cited: dict[str, Entry] = {}

    def refer(*found: Entry | None) -> list[str]:
        """Give how entries are cited, and remember to tell them."""
        cited.update({cite(entry): entry for entry in found if entry is not None})
        return [cite(entry) for entry in found if entry is not None]

    builder = _Builder(inputs, told, refer)
    departments = [builder.department(slug) for slug in builder.slugs()]
    cloud = builder.cloud()
    evidence = {key: describe(entry) for key, entry in sorted(cited.items())}
    standards = load_standards().model_dump(mode="json")
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": KIND,
        "at": inputs.at.isoformat(),
        "since": inputs.since.isoformat(),
        "standards": standards,
        "departments": departments,
        "cloud": cloud,
        "not_claimed": [
            {"level": number, "why": level.never} for number, level in load_standards().levels.items() if level.never
        ],
        "evidence": evidence,
        "inputs": inputs.values(),
    }


def _group(items: Iterable[Item], key: Callable[[Item], str]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found


class _Builder:
    """One report in the making."""

    def __init__(self, inputs: Inputs, entries: Sequence[Entry], refer: Any) -> None:
        self.inputs, self.entries, self.refer = inputs, entries, refer
        # by department, as each is asked for all of its own: a ledger of years is long
        self.runs = _group(find_runs(entries), lambda run: run.record.department)
        self.drills = _group(drills_of(entries), lambda pair: pair[0].department)
        self.checks = _group(checks_of(entries), lambda pair: pair[0].department)
        self.own = _group(entries, lambda entry: str(entry.record.get("department")))
        copied = of_kind(CopyRecord, entries)
        self.held = find_held((record for record, _ in copied), (run.record for own in self.runs.values() for run in own))
        ended = (pair for pair in copied if pair[0].outcome is not Outcome.PENDING)
        self.copies = {record.copy_id: entry for record, entry in sorted(ended, key=lambda pair: pair[0].ended_at)}
        self.by_name = {cite(entry): entry for entry in entries}
        self.escrow = last_good(entries, "escrow", what="drill")
        self.rebuilt = last_good(entries, "recovery")

    def slugs(self) -> list[str]:
        """Give the control plane and every department that is declared, holds anything, or is on record."""
        held = {str(thing["department"]) for thing in self.inputs.coverage.get("things", ())}
        known = {*self.inputs.departments, *held, *self.runs}
        return [CONTROL_PLANE, *sorted(known - {CONTROL_PLANE})]

    def department(self, slug: str) -> dict[str, Any]:
        """Give everything of one department."""
        items = [self.item(promise) for promise in self.inputs.promises if promise["department"] == slug]
        things = [t for t in self.inputs.coverage.get("things", ()) if t["department"] == slug]
        counts: dict[str, int] = {}
        for thing in things:
            counts[thing["state"]] = counts.get(thing["state"], 0) + 1
        return {
            "department": slug,
            "name": self.inputs.departments.get(slug, slug),
            "level": min((item["level"]["achieved"] for item in items), default=None),
            "at_level": sum(item["level"]["achieved"] >= item["level"]["promised"] for item in items),
            "items": items,
            "coverage": {"things": len(things), "gaps": sum(bool(t["gap"]) for t in things), "states": counts},
            "waivers": [w for w in self.inputs.waivers if w["department"] == slug],
            "reading": self.reading(slug),
            "drills": self.drilled(slug),
            "restores": [
                self.event(e, "target", "sha256_restored", "request", "approved_by") for e in self.of(slug, "restore")
            ],
            "deletions": [self.event(e, "by", "left") for e in self.of(slug, "deletion")],
            "erasures": [self.event(e, "name", "approved_by") for _, e in of_kind(ErasureRecord, self.of(slug, "erasure"))],
            "incidents": self.incidents(slug),
        }

    def item(self, promise: Mapping[str, Any]) -> dict[str, Any]:
        """Give one thing that is backed up: what was promised and what is proven."""
        slug, key = str(promise["department"]), (promise["source"], promise["name"])
        runs = [run for run in self.runs.get(slug, ()) if (run.record.source, run.record.name) == key]
        newest = next((run for run in reversed(runs) if run.counts), None)
        held = [(d, e) for d, e in self.drills.get(slug, ()) if (d.source, d.name) == key]
        drill, entry = held[-1] if held else (None, None)
        proven = drill is not None and drill.identical and drill.outcome is not Outcome.FAILED
        worst = worst_gap(runs, self.inputs.since, self.inputs.at)
        reached, conditions = judge_level(
            Facts(
                now=self.inputs.at,
                every=timedelta(seconds=promise["every"]),
                newest=newest,
                worst=worst,
                drill=entry if proven else None,
                drill_seconds=drill.recovery_seconds if drill else 0.0,
                drill_every=timedelta(seconds=promise["drill_every"]),
                probe=last_good(self.own.get(slug, ()), "probe"),
                escrow=self.escrow,
                rebuilt=self.rebuilt,
            )
        )
        for condition in conditions:
            self.refer(*(self.by_name[name] for name in condition.evidence))
        age = None if newest is None else self.inputs.at - newest.record.started_at
        wanted = int(promise["level"])
        return {
            "source": promise["source"],
            "name": promise["name"],
            "tier": promise["tier"],
            "recovery_point": {
                "promised": promise["recovery_point"],
                "now": None if age is None else age.total_seconds(),
                "worst": None if worst is None else worst.total_seconds(),
                "kept": age is not None and age.total_seconds() <= promise["recovery_point"],
                "as_of": None if newest is None else newest.record.started_at.isoformat(),
                "snapshot": None if newest is None else newest.record.snapshot_id,
                "state": None if newest is None else str(newest.record.outcome),
                "bytes": None if newest is None else newest.record.bytes,
                "evidence": self.refer(newest.entry if newest else None),
            },
            "recovery_time": {
                "promised": promise["recovery_time"],
                "measured": drill.recovery_seconds if drill and proven else None,
                "kept": proven and drill is not None and drill.recovery_seconds <= promise["recovery_time"],
                "at": None if drill is None else drill.ended_at.isoformat(),
                "identical": None if drill is None else drill.identical,
                "reason": "" if drill is None else drill.reason,
                "evidence": self.refer(entry),
            },
            "places": self.places(promise, newest),
            "level": {
                "promised": wanted,
                "achieved": reached,
                "missing": [
                    {
                        "condition": c.key,
                        "level": c.level,
                        "measured": c.measured,
                        "limit": c.limit,
                        "source": c.source,
                        "evidence": list(c.evidence),
                    }
                    for c in conditions
                    if not c.met and c.level <= wanted
                ],
            },
        }

    def places(self, promise: Mapping[str, Any], newest: Run | None) -> dict[str, Any]:
        """Give how many places hold one thing: the cloud's own, the vault, and each further copy that counts."""
        thing = (str(promise["department"]), str(promise["source"]), str(promise["name"]))
        within = timedelta(seconds=promise["copied_within"])
        further = find_young(self.held.get(thing, ()), within, self.inputs.at)
        number = 1 + (newest is not None) + len(further)
        cited = (newest.entry if newest else None, *(self.copies[each.copy_id] for each in further))
        return {
            "promised": promise["copies"],
            "held": number,
            "kept": number >= promise["copies"],
            "evidence": self.refer(*cited),
        }

    def reading(self, slug: str) -> dict[str, Any] | None:
        """Give which share of the packs was read again within the promised time, and the part read longest ago."""
        within = [p["reread_within"] for p in self.inputs.promises if p["department"] == slug]
        own = self.checks.get(slug, [])
        if not within or not own:
            return None
        repository = own[-1][0].repository_id
        own = [(check, entry) for check, entry in own if check.repository_id == repository]
        span = timedelta(seconds=min(within))
        parts = count_parts(span)
        good = last_reads((check for check, _ in own if check.outcome is Outcome.GOOD), parts)
        fresh = [part for part, check in good.items() if self.inputs.at - check.started_at <= span]
        oldest = min(good.values(), key=lambda check: check.started_at, default=None)
        entries = {(check.part, check.started_at): entry for check, entry in own}
        last, last_entry = own[-1]
        return {
            "repository": repository,
            "within": span.total_seconds(),
            "parts": parts,
            "read": len(fresh),
            "share": len(fresh) / parts,
            "oldest": None if oldest is None or len(good) < parts else oldest.started_at.isoformat(),
            "failed": sum(check.outcome is Outcome.FAILED for check, _ in own if check.started_at >= self.inputs.since),
            "last": {"at": last.ended_at.isoformat(), "outcome": str(last.outcome), "evidence": self.refer(last_entry)},
            "evidence": self.refer(*(entries[check.part, check.started_at] for check in good.values())),
        }

    def drilled(self, slug: str) -> dict[str, Any]:
        """Count the drills of the period."""
        own = [(d, e) for d, e in self.drills.get(slug, ()) if d.ended_at >= self.inputs.since]
        return {
            "held": len(own),
            "identical": sum(d.identical for d, _ in own),
            "failed": [
                {"name": d.name, "at": d.ended_at.isoformat(), "reason": d.reason, "evidence": self.refer(e)}
                for d, e in own
                if not d.identical
            ],
        }

    def incidents(self, slug: str) -> list[dict[str, Any]]:
        """Give each time that a thing's runs failed, from the first failure to the next snapshot that counts."""
        found: list[dict[str, Any]] = []
        by_item: dict[tuple[str, str], list[Run]] = {}
        for run in self.runs.get(slug, ()):
            by_item.setdefault((run.record.source, run.record.name), []).append(run)
        for (source, name), runs in sorted(by_item.items()):
            failed: list[Run] = []
            for run in runs:
                if run.record.outcome is Outcome.FAILED:
                    failed.append(run)
                elif run.counts and failed:
                    found.append(self._incident(source, name, failed, run))
                    failed = []
            if failed:
                found.append(self._incident(source, name, failed, None))
        since = self.inputs.since.isoformat()
        return [incident for incident in found if (incident["ended"] or incident["last"]) >= since]

    def _incident(self, source: str, name: str, failed: Sequence[Run], end: Run | None) -> dict[str, Any]:
        first, last = failed[0].record, failed[-1].record
        return {
            "source": source,
            "name": name,
            "began": first.ended_at.isoformat(),
            "last": last.ended_at.isoformat(),
            "ended": end.record.ended_at.isoformat() if end else None,
            "took": render_span(end.record.ended_at - first.ended_at) if end else None,
            "runs": len(failed),
            "reason": last.reason,
            "evidence": self.refer(failed[0].entry, end.entry if end else None),
        }

    def of(self, slug: str, kind: str) -> list[Entry]:
        """Give a department's entries of a kind in the period."""
        return [
            e
            for e in self.own.get(slug, ())
            if e.kind == kind and e.at >= self.inputs.since
            and e.record.get("outcome") != Outcome.PENDING
        ]  # fmt: skip

    def event(self, entry: Entry, *keys: str) -> dict[str, Any]:
        """Give what a person wants to know of one entry."""
        record = entry.record
        named = {key: record.get(key) for key in ("source", "name", "outcome", "reason", "started_at", "ended_at", *keys)}
        return {**named, "evidence": self.refer(entry)}

    def cloud(self) -> dict[str, Any]:
        """Give what holds for all: the escrow, the last rebuilding, refused deletes, the ledgers."""

        def told(entry: Entry | None) -> dict[str, Any] | None:
            return None if entry is None else {"at": entry.record.get("ended_at"), "evidence": self.refer(entry)}

        probes = [e for e in self.entries if e.kind == "probe"]
        last = {str(e.record.get("department")): e for e in sorted(probes, key=lambda e: e.at)}
        return {
            "escrow": told(self.escrow),
            "rebuilt": told(self.rebuilt),
            "probes": {
                slug: {"at": e.record.get("ended_at"), "outcome": e.record.get("outcome"), "evidence": self.refer(e)}
                for slug, e in sorted(last.items())
            },
        }
