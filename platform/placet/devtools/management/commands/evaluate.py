"""How well the model does what it is asked: the table that decides whether it may be the default."""

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
    help = "Judge a trained engine by fixed prompts and seeds, from pixels and samples after the MP4"
    group = "Measure"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--engine", default="small")
        parser.add_argument("--prompts", type=int, default=500, help="the first so many of the fixed questions")
        parser.add_argument("--draws", type=int, help="draw each clip at most so often (default: as its manifest says)")
        parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
        parser.add_argument("--sheet", type=Path, help="write pictures of the first 24 clips to this PNG")
        parser.add_argument(
            "--ways", type=int, default=0, help="instead: pictures, badges, styles and ends, each so often, as drawn"
        )
        parser.add_argument("--csv", type=Path, help="write one line for each clip to this file")

    def answer(self, **options: Any) -> Mapping[str, Any]:
        from generator.registry import UnknownEngine, engine_named
        from placet.devtools.evaluation.acceptance import contact_sheet, controls, evaluated, rows, written

        try:
            told = engine_named(options["engine"]).capabilities()
        except UnknownEngine as unknown:
            raise CommandFailed(str(unknown), "placet evaluate --engine small", code=unknown.code) from unknown
        if options["ways"]:
            return self._ways(told.engine, options["ways"])
        judged = evaluated(told.engine, options["prompts"], options["processes"], options["draws"])
        found = list(track(judged, "clips", options["prompts"], console=self.console))
        clips = [one for one, _ in found]
        if options["sheet"]:
            contact_sheet(found).save(options["sheet"])
        text = written(clips)
        if options["csv"]:
            options["csv"].write_text(text)
        table = rows(clips)
        return {
            "ok": all(row["met"] for row in table),
            "engine": told.engine,
            "version": told.version,
            "prompts": len(clips),
            "table": table,
            "controls": controls(clips),
            "csv_sha256": sha256(text.encode()).hexdigest(),
        }

    def _ways(self, name: str, count: int) -> Mapping[str, Any]:
        from generator.registry import engine_named
        from placet.devtools.evaluation.conditioning import ROWS, judged_ways, way_rows

        engine = engine_named(name)
        engine.load()
        told = list(track(judged_ways(engine, count), "clips", count * len(ROWS), console=self.console))
        table = way_rows(told)
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
