"""A snapshot as one mapping for `--json`, and as tables for the terminal."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table

from placet.operations.monitoring.snapshot import Snapshot


def as_mapping(measured: Snapshot) -> dict[str, Any]:
    """For `--json`."""
    keys = measured.keys
    return {
        "position": measured.position,
        "transport": measured.transport,
        "sequencer": asdict(measured.sequencer),
        "projections": {name: asdict(progress) for name, progress in measured.projections.items()},
        "consumers": {name: asdict(progress) for name, progress in measured.consumers.items()},
        "followers": {name: asdict(progress) for name, progress in measured.followers.items()},
        "dead_letters": [{"consumer": name, **asdict(backlog)} for name, backlog in measured.dead_letters.items()],
        "outbox": measured.outbox,
        "outbox_overdue": {kind: asdict(backlog) for kind, backlog in measured.outbox_overdue.items()},
        "generation_jobs": asdict(measured.generation_jobs),
        "cases": asdict(measured.cases),
        "processes": measured.processes,
        "keys": {**asdict(keys), "expires_at": keys.expires_at.isoformat()} if keys else None,
        "disk": asdict(measured.disk),
        "jobs": {name: asdict(job) for name, job in measured.jobs.items()},
    }


def as_tables(status: Mapping[str, Any], alerts: Sequence[Mapping[str, str]]) -> list[Table | str]:
    """Alerts come last, nearest to the prompt."""
    return [_components(status), _rest(status), _alerts(alerts)]


def _components(status: Mapping[str, Any]) -> Table:
    table = Table("component", "position", "lag", "seconds", "dead letters", box=None)
    dead_letters = {row["consumer"]: str(row["count"]) for row in status["dead_letters"]}
    for kind in ("projections", "consumers", "followers"):
        for name, progress in status[kind].items():
            seconds = f"{progress['seconds']:.1f}" if progress["seconds"] else ""
            lag = str(progress["lag"] or "")
            table.add_row(name, str(progress["position"]), lag, seconds, dead_letters.get(name, ""))
    return table


def _rest(status: Mapping[str, Any]) -> Table:
    table = Table("", "", box=None, show_header=False)
    jobs, disk, keys = status["generation_jobs"], status["disk"], status["keys"]
    table.add_row("log", f"position {status['position']}, transport {status['transport']}")
    table.add_row("sequencer", _backlog(status["sequencer"], "without a position"))
    table.add_row("outbox", "; ".join(f"{kind}: {_states(states)}" for kind, states in status["outbox"].items()))
    heartbeat = f" (oldest heartbeat {jobs['last_heartbeat_seconds']:.1f} s ago)" if jobs["leased"] else ""
    table.add_row("generation jobs", f"{jobs['leased']} running{heartbeat}; {_backlog(jobs['waiting'], 'waiting')}")
    table.add_row("cases", _backlog(status["cases"], "open"))
    table.add_row("processes", ", ".join(f"{role} {count}" for role, count in status["processes"].items()) or "none")
    table.add_row("certificate", f"expires in {keys['days_left']} days" if keys else "none")
    table.add_row("disk", f"{disk['free_bytes'] / 2**30:.1f} GiB free ({disk['free_0_1']:.0%})")
    for name, job in status["jobs"].items():
        table.add_row(f"job {name}", _job(job))
    return table


def _alerts(alerts: Sequence[Mapping[str, str]]) -> str:
    if not alerts:
        return "No active alerts."
    return "\n".join(
        f"ALERT {one['code']}: {one['message']}\n  Next: {one['hint']}\n  Runbook: {one['runbook_url']}"
        for one in alerts
    )


def _backlog(backlog: Mapping[str, Any], what: str) -> str:
    age = f" (the oldest for {backlog['oldest_seconds']:.0f} s)" if backlog["count"] else ""
    return f"{backlog['count']} {what}{age}"


def _states(states: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in states.items())


def _job(job: Mapping[str, Any]) -> str:
    if job["ended_seconds"] is None:
        return "not due yet"
    outcome = job["outcome"]
    if found := outcome.get("differences"):
        summary = f"differences: {', '.join(f'{name} {count}' for name, count in found.items())}"
    else:
        summary = f"{outcome['removed']} removed" if "removed" in outcome else "no differences"
    return f"succeeded {job['ended_seconds'] / 3600:.1f} h ago; {summary}"
