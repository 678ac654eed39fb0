"""The measures as one mapping, and as tables for people."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table

from placet.operations.monitoring.snapshot import Snapshot


def as_mapping(measured: Snapshot) -> dict[str, Any]:
    """For `--json`."""
    return {
        "position": measured.position,
        "transport": measured.transport,
        "sequencer": asdict(measured.sequencer),
        "projections": {name: asdict(place) for name, place in measured.projections.items()},
        "consumers": {name: asdict(place) for name, place in measured.consumers.items()},
        "followers": {name: asdict(place) for name, place in measured.followers.items()},
        "parked": [{"consumer": name, **asdict(waiting)} for name, waiting in measured.dead_letters.items()],
        "effects": measured.outbox,
        "late": {kind: asdict(waiting) for kind, waiting in measured.outbox_overdue.items()},
        "runs": asdict(measured.generation_jobs),
        "cases": asdict(measured.cases),
        "processes": measured.processes,
        "keys": asdict(measured.keys) if measured.keys else None,
        "disk": asdict(measured.disk),
        "chores": {name: asdict(chore) for name, chore in measured.jobs.items()},
    }


def as_tables(told: Mapping[str, Any], alerts: Sequence[Mapping[str, str]]) -> list[Table | str]:
    """What needs somebody comes last: it is nearest to the prompt."""
    return [_components(told), _rest(told), *_alerts(alerts)]


def _components(told: Mapping[str, Any]) -> Table:
    table = Table("part", "position", "lag", "seconds", "parked", box=None)
    parked = {row["consumer"]: str(row["count"]) for row in told["parked"]}
    for kind in ("projections", "consumers", "followers"):
        for name, place in told[kind].items():
            seconds = f"{place['seconds']:.1f}" if place["seconds"] else ""
            table.add_row(name, str(place["position"]), str(place["lag"] or ""), seconds, parked.get(name, ""))
    return table


def _rest(told: Mapping[str, Any]) -> Table:
    table = Table("", "", box=None, show_header=False)
    sequencer, runs, cases, disk = told["sequencer"], told["runs"], told["cases"], told["disk"]
    table.add_row("log", f"position {told['position']}, transport {told['transport']}")
    table.add_row("sequencer", _backlog(sequencer, "without a position"))
    table.add_row("effects", "; ".join(f"{kind}: {_states(states)}" for kind, states in told["effects"].items()))
    beat = f", the quietest beat {runs['last_beat_seconds']:.1f} s ago" if runs["leased"] else ""
    table.add_row("runs", f"{runs['leased']} being made{beat}; {_backlog(runs['waiting'], 'waiting')}")
    table.add_row("cases", _backlog(cases, "open"))
    table.add_row("processes", ", ".join(f"{role} {count}" for role, count in told["processes"].items()) or "none seen")
    keys = told["keys"]
    table.add_row("certificate", f"{keys['age_days']} days old, {keys['days_left']} left" if keys else "none")
    table.add_row("disk", f"{disk['free_bytes'] / 2**30:.1f} GiB free ({disk['free_0_1']:.0%})")
    for name, chore in told["chores"].items():
        table.add_row(name, _job(chore))
    return table


def _alerts(alarms: Sequence[Mapping[str, str]]) -> list[Table | str]:
    if not alarms:
        return ["Nothing needs anybody."]
    lines = [f"ALARM {a['code']}: {a['told']}\n  To mend it: {a['mend']}\n  Its page: {a['page']}" for a in alarms]
    return ["\n".join(lines)]


def _backlog(waiting: Mapping[str, Any], what: str) -> str:
    since = f", the oldest for {waiting['oldest_seconds']:.0f} s" if waiting["count"] else ""
    return f"{waiting['count']} {what}{since}"


def _states(states: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in states.items())


def _job(chore: Mapping[str, Any]) -> str:
    if chore["ended_seconds"] is None:
        return "has not been due yet"
    outcome = chore["outcome"]
    found = outcome.get("differences")
    told = (
        f"differs: {_states(found)}" if found else ", ".join(f"{k} {v}" for k, v in outcome.items() if k == "removed")
    )
    return f"ended {chore['ended_seconds'] / 3600:.1f} h ago; {told or 'live equals replay'}"
