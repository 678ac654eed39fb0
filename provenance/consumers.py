"""Signing: the last step that touches the bytes."""

from placet.eventlog.consuming import consume
from placet.eventlog.delivery import Delivery
from placet.studio.events import OutputCleared


@consume(OutputCleared, name="provenance.sign_clip", never_skips=True, at_most=2)
def sign_clip(fact: OutputCleared, delivery: Delivery) -> None:
    """Never skips: what cannot be signed and verified is no draft."""
    raise NotImplementedError((fact, delivery))
