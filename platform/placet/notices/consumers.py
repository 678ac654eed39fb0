"""Notices by mail. In the app a notice is the numbered use itself: it cannot be late or lost."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage

from placet.eventlog.consumers.delivery import Delivery
from placet.eventlog.consumers.runner import consume
from placet.eventlog.outbox import outbox_handler
from placet.likeness.events import CameoUsed
from placet.notices.texts import subject_of, text_of
from placet.people.erasure import CONCERNS
from placet.people.queries import name_of


@consume(CameoUsed, name="notices.mail")
def mail(fact: CameoUsed, delivery: Delivery) -> None:
    """Retried; after 24 h the outbox item is marked failed and the operator is alerted; no event waits for it."""
    payload = {
        "person": fact.person, "number": delivery.event.version, "stage": fact.stage, "generation": fact.generation,
        "requested_by": fact.requested_by, "is_summary": fact.is_summary,
    }  # fmt: skip
    delivery.plan("mail", payload, key=f"cameo-{fact.person}")


@outbox_handler("mail")
def send(payload: Mapping[str, Any], key: str) -> None:
    """Send at least once, under one Message-ID. The address is decrypted only here; an erased person gets no mail."""
    from placet.people.email_address import address_of

    address = address_of(payload["person"])
    if not address:
        return
    requested_by = name_of(payload["requested_by"])
    message = EmailMessage(
        subject_of(payload["stage"], payload["number"]),
        text_of(payload["stage"], requested_by, f"{settings.PLACET_ORIGIN}/notices/"),
        to=[address],
        headers={
            "Message-ID": f"<{key}@placet.local>",
            CONCERNS: f"{payload['person']},{payload['requested_by']}",
        },
    )
    message.send()
