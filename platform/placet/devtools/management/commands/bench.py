"""Benchmarks: ratios against references from the same run, with the environment that they were measured in."""

import os
import platform
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import psycopg
from django.conf import settings
from rich.console import Console
from rich.table import Table

from placet.cli.command import CommandFailed, PlacetCommand
from placet.devtools.benchmarks.database import as_owner, bench_broker, bench_database
from placet.devtools.benchmarks.eventlog.row import Row
from placet.devtools.benchmarks.page import COLUMNS, with_result

ProgressCallback = Callable[[str], None]
PACKAGES: Final = ("django", "psycopg", "numpy", "av", "c2pa-python", "sentence-transformers")


def _append(dsn: str, options: Mapping[str, Any], report: ProgressCallback) -> list[Row]:
    from placet.devtools.benchmarks.eventlog.append import append_rows

    return append_rows(dsn, options["rounds"], options["seconds"], report)


def _read(dsn: str, options: Mapping[str, Any], report: ProgressCallback) -> list[Row]:
    from placet.devtools.benchmarks.eventlog.read import read_rows

    return read_rows(dsn, options["rounds"], report)


def _relay(dsn: str, options: Mapping[str, Any], report: ProgressCallback) -> list[Row]:
    from placet.devtools.benchmarks.eventlog.relay import relay_rows
    from placet.eventlog.transports.kafka import KafkaCluster

    with bench_broker(Path(settings.PLACET_DATA_DIR)) as address:
        return relay_rows(dsn, KafkaCluster((address,)), options["rounds"], report)


def _sequence(dsn: str, options: Mapping[str, Any], report: ProgressCallback) -> list[Row]:
    from placet.devtools.benchmarks.eventlog.sequence import sequence_rows

    return sequence_rows(dsn, options["sequence_seconds"], options["snapshot_seconds"], options["aged_events"], report)


def _rebuild(dsn: str, options: Mapping[str, Any], report: ProgressCallback) -> list[Row]:
    from placet.devtools.benchmarks.rebuild import rebuild_rows

    return rebuild_rows(
        dsn, as_owner(Path(settings.PLACET_DATA_DIR), dsn), options["events"], options["rounds"], report
    )


def _flow(dsn: str, options: Mapping[str, Any], report: ProgressCallback) -> list[Row]:
    from placet.devtools.benchmarks.flow import flow_rows

    return flow_rows(dsn, _rates(options), options["flow_seconds"], report)


def _flow_over_kafka(dsn: str, options: Mapping[str, Any], report: ProgressCallback) -> list[Row]:
    from placet.devtools.benchmarks.flow import kafka_rows

    with bench_broker(Path(settings.PLACET_DATA_DIR)) as address:
        return kafka_rows(dsn, address, _rates(options), options["flow_seconds"], report)


def _rates(options: Mapping[str, Any]) -> list[int]:
    return [int(rate) for rate in options["rates"].split(",")]


def _provenance(_dsn: str, _options: Mapping[str, Any], report: ProgressCallback) -> list[Mapping[str, Any]]:
    from placet.devtools.benchmarks.provenance import sign_rows, watermark_rows

    report("signing and watermarking a 10 s clip of 720p")
    return [dict(row) for row in (*sign_rows(), *watermark_rows())]


def _gate(_dsn: str, options: Mapping[str, Any], report: ProgressCallback) -> list[Row]:
    from placet.devtools.benchmarks.gate import gate_rows

    return gate_rows(["scene", "small"], options["clips"], report)


def _generate(dsn: str, options: Mapping[str, Any], report: ProgressCallback) -> list[Row]:
    from placet.devtools.benchmarks.generate import generate_rows

    return generate_rows(dsn, options["clips"], report)


def _verify(dsn: str, options: Mapping[str, Any], report: ProgressCallback) -> list[Row]:
    from placet.devtools.benchmarks.eventlog.verify import verify_rows

    return verify_rows(dsn, options["rounds"], report)


BENCHES: Final[dict[str, Callable[..., Sequence[Row | Mapping[str, Any]]]]] = {
    "append": _append,
    "read": _read,
    "relay": _relay,
    "sequence": _sequence,
    "rebuild": _rebuild,
    "flow": _flow,
    "flow-over-kafka": _flow_over_kafka,
    "provenance": _provenance,
    "generate": _generate,
    "gate": _gate,
    "verify": _verify,
}


class Command(PlacetCommand):
    help = "Measure throughput and latency against a reference measured in the same run"
    group = "Internal"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help=f"one of: {', '.join(BENCHES)}, all")
        parser.add_argument("--rounds", type=int, default=5, help="repetitions (default 5)")
        parser.add_argument("--seconds", type=float, default=3.0, help="append: seconds of one window (default 3)")
        parser.add_argument(
            "--rates", default="200,300", help="flow: requests per second, one run for each (default 200,300)"
        )
        parser.add_argument("--flow-seconds", type=float, default=20.0, help="flow: seconds per run (default 20)")
        parser.add_argument("--sequence-seconds", type=float, default=10.0, help="sequence: seconds without other load")
        parser.add_argument(
            "--snapshot-seconds", type=float, default=20.0, help="sequence: seconds with an open snapshot"
        )
        parser.add_argument(
            "--aged-events", type=int, default=300_000, help="sequence: events sequenced under the snapshot"
        )
        parser.add_argument("--events", type=int, default=100_000, help="rebuild: number of events")
        parser.add_argument("--clips", type=int, default=24, help="generate, gate: clips per engine")
        parser.add_argument("--page", type=Path, help="also write the results into this page")

    def answer(self, **options: Any) -> Mapping[str, Any]:
        name = options["name"]
        if name not in {*BENCHES, "all"}:
            raise CommandFailed(f"There is no benchmark {name!r}.", f"placet bench {'|'.join(BENCHES)}|all")
        results = [self._recorded(one, options) for one in (BENCHES if name == "all" else [name])]
        return results[0] if len(results) == 1 else {"name": "all", "benches": results}

    def _recorded(self, name: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Measure, and write the page at once: the next benchmark may fail, and each takes minutes."""
        result, page = self._measured(name, options), options["page"]
        if page:
            page.write_text(with_result(page.read_text() if page.exists() else "", result))
        return result

    def _measured(self, name: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
        load_before = os.getloadavg()[0]
        with bench_database(Path(settings.PLACET_DATA_DIR)) as dsn:
            rows = BENCHES[name](dsn, options, self.console.print)
            environment = {**_environment(dsn), "load_before": round(load_before, 2)}
        plain = [row.to_json() if isinstance(row, Row) else row for row in rows]
        return {"name": name, "rows": plain, "environment": environment}

    def show(self, answer: Mapping[str, Any]) -> None:
        for result in answer.get("benches", [answer]):
            self._show(result)

    def _show(self, answer: Mapping[str, Any]) -> None:
        columns = [column for column in COLUMNS if column != "reference_name"]
        table = Table(*columns, title=f"placet bench {answer['name']}")
        for row in answer["rows"]:
            table.add_row(*(str(row.get(c, "")) for c in columns))
        console = Console(width=160)
        console.print(table)
        console.print(answer["environment"])


def _environment(dsn: str) -> dict[str, Any]:
    with psycopg.connect(dsn) as connection:
        server = connection.execute("SHOW server_version").fetchone()
    return {
        "python": platform.python_version(),
        "postgresql": server[0] if server else "",
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "transport": settings.PLACET_TRANSPORT,
        "date": datetime.now(UTC).date().isoformat(),
        "packages": {name: version(name) for name in PACKAGES},
    }
