"""Where everything stands: positions, lag, what is parked, what is planned. Reads only."""

from typing import Any

from django.db.models import Count

from placet.config.flow import consumers
from placet.eventlog.log import current_log
from placet.eventlog.models import Checkpoint, Effect, Parked
from placet.eventlog.projecting import PROJECTIONS
from placet.eventlog.proofs.storing import newest_head


def places() -> dict[str, Any]:
    """One mapping for `placet status`."""
    head = current_log().last_position
    reached = dict(Checkpoint.objects.filter(topic="").values_list("name", "position"))
    return {
        "position": head,
        "projections": {name: _place(reached.get(name, 0), head) for name in PROJECTIONS},
        "consumers": {one.name: _place(reached.get(one.name, 0), head) for one in consumers()},
        "signed": _signed(head),
        "parked": list(Parked.objects.order_by("position").values("consumer", "position", "stream", "error")),
        "effects": _effects(),
    }


def _place(position: int, head: int) -> dict[str, int]:
    return {"position": position, "lag": max(0, head - position)}


def _signed(head: int) -> dict[str, int]:
    """The newest tree head: how many events are under it."""
    newest = newest_head(current_log().connection)
    return _place(newest.head.size if newest else 0, head)


def _effects() -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for row in Effect.objects.values("kind", "state").annotate(count=Count("id")).order_by("kind", "state"):
        found.setdefault(row["kind"], {})[row["state"]] = row["count"]
    return found
