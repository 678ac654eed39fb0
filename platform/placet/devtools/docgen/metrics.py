"""`docs/metrics.md`, generated from `METRICS`."""

from typing import Final

from placet.operations.monitoring.metrics import METRICS

HEAD: Final = """# Metrics

Generated from `platform/placet/operations/monitoring/metrics.py` by `placet generate-docs`. `/metrics` serves
them in the text format of Prometheus; [Operating Placet](how-to/operate.md) says who may read it.

All metrics are gauges. PostgreSQL measures them at each scrape, with its own clock. None carries a person's id.

| name | labels | meaning |
|---|---|---|
"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join(
        f"| `{name}` | {', '.join(f'`{label}`' for label in labels)} | {description} |\n"
        for name, (description, labels, _) in METRICS.items()
    )
