"""Acceptance test of a model: how well its clips match their prompts. Decides whether it may be the default."""

import os
from argparse import ArgumentParser
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from placet.cli.command import CommandFailed, PlacetCommand


class Command(PlacetCommand):
    help = "Evaluate a trained engine with fixed prompts and seeds, measured on the encoded MP4"
    group = "Evaluation"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--engine", default="small", help="engine to evaluate (default small)")
        parser.add_argument(
            "--prompts", type=int, default=500, help="use the first N of the fixed prompts (default 500)"
        )
        parser.add_argument(
            "--max-attempts", type=int, help="render each clip up to N times (default: the model's manifest)"
        )
        parser.add_argument(
            "--processes", type=int, default=os.cpu_count() or 1, help="processes (default: one per core)"
        )
        parser.add_argument("--contact-sheet", type=Path, help="write frames of the first 24 clips to this PNG")
        parser.add_argument(
            "--conditioning-samples",
            type=int,
            default=0,
            help="test image input, identity badges, styles and extension with N clips each instead",
        )
        parser.add_argument("--csv", type=Path, help="write one line per clip to this file")

    def answer(self, **options: Any) -> Mapping[str, Any]:
        from generator.registry import UnknownEngine, engine_named
        from placet.devtools.evaluation.acceptance import contact_sheet, controls, evaluated, rows, written

        try:
            capabilities = engine_named(options["engine"]).capabilities()
        except UnknownEngine as unknown:
            raise CommandFailed(str(unknown), "placet evaluate-model --engine small", code=unknown.code) from unknown
        if options["conditioning_samples"]:
            return self._conditioning(capabilities.engine, options["conditioning_samples"])
        scored = evaluated(capabilities.engine, options["prompts"], options["processes"], options["max_attempts"])
        found = list(track(scored, "clips", options["prompts"], console=self.console))
        clips = [one for one, _ in found]
        if options["contact_sheet"]:
            contact_sheet(found).save(options["contact_sheet"])
        text = written(clips)
        if options["csv"]:
            options["csv"].write_text(text)
        table = rows(clips)
        return {
            "ok": all(row["met"] for row in table),
            "engine": capabilities.engine,
            "version": capabilities.version,
            "prompts": len(clips),
            "table": table,
            "controls": controls(clips),
            "csv_sha256": sha256(text.encode()).hexdigest(),
        }

    def _conditioning(self, name: str, count: int) -> Mapping[str, Any]:
        from generator.registry import engine_named
        from placet.devtools.evaluation.conditioning import ROWS, judged_ways, way_rows

        engine = engine_named(name)
        engine.load()
        results = list(track(judged_ways(engine, count), "clips", count * len(ROWS), console=self.console))
        table = way_rows(results)
        met = all(row["met"] for row in table)
        return {"ok": met, "engine": name, "prompts": count, "table": table, "controls": []}

    def show(self, answer: Mapping[str, Any]) -> None:
        table = Table("metric", "value", "goal", "", box=None)
        for row in answer["table"]:
            table.add_row(row["metric"], _figure(row["value"]), row["goal"], "" if row["met"] else "missed")
        for row in answer["controls"]:
            table.add_row(f"control: {row['control']}", _figure(row["value"]), row["must_be"])
        Console().print(table)


def _figure(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"
