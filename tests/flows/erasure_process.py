"""A process with only the consumers of an erasure; it dies at the failpoints that are set."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "platform")]

if __name__ == "__main__":
    import django

    django.setup()
    from placet.config import flow
    from placet.processes import services

    consumers = [one for one in flow.consumers() if one.name in {"studio.prepare_erasure", "studio.erase_person"}]
    services.run_consumers("erasure", consumers)
