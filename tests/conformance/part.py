"""One process of a conformance test: the sequencer, the relay, or a member that answers the ledger's entries."""

import sys

import django

django.setup()

from placet.config import roles  # noqa: E402
from placet.eventlog.consuming import CONSUMERS  # noqa: E402
from tests.conformance.answering import NAME  # noqa: E402

match sys.argv[1]:
    case "member":
        roles.answer_events("ledger", [CONSUMERS[NAME]])
    case "sequencer":
        roles.sequencer()
    case "relay":
        roles.relay()
