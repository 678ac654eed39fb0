"""One process of a conformance test: the sequencer, the relay, or a member of the consumer group."""

import sys

import django

django.setup()

from placet.eventlog.consumers.runner import CONSUMERS  # noqa: E402
from placet.processes import services  # noqa: E402
from tests.conformance.consumer import NAME  # noqa: E402

match sys.argv[1]:
    case "member":
        services.run_consumers("ledger", [CONSUMERS[NAME]])
    case "sequencer":
        services.sequencer()
    case "relay":
        services.relay()
