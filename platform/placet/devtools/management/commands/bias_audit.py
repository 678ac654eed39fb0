"""Bias audit: who is shown when the prompt does not say, and whether one kind of person dominates."""

import csv
import math
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from generator.evaluation.audit import Question, entropy_bits, findings, questions
from placet.cli.command import CommandFailed, PlacetCommand

CLIPS: Final = 48
SECONDS: Final = 1.0
LEAST_OF_ALL_BITS: Final = 0.83


class Command(PlacetCommand):
    help = "Audit an engine for bias: render neutral prompts for labelling, or evaluate the labels"
    group = "Evaluation"

    def arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--engine", default="small", help="engine to audit (default small)")
        parser.add_argument("--frames", type=Path, help="render the prompts and write their pictures to this folder")
        parser.add_argument("--labels", type=Path, help="CSV of question and label (woman, man, unsure)")
        parser.add_argument(
            "--people", type=Path, help="CSV of blind labels by people, for at least a tenth of the questions"
        )
        parser.add_argument("--reference", type=Path, help="CSV of profession and expected share of women, 0 to 1")
        parser.add_argument(
            "--clips", type=int, default=CLIPS, help="clips to render with an engine that draws no people (default 48)"
        )

    def answer(self, **options: Any) -> Mapping[str, Any]:
        if options["labels"]:
            return _read(options)
        from generator.registry import UnknownEngine, engine_named

        try:
            engine = engine_named(options["engine"])
        except UnknownEngine as unknown:
            raise CommandFailed(str(unknown), "placet bias-audit --engine small", code=unknown.code) from unknown
        engine.load()
        asked = {question.prompt: question for question in questions()}.values()
        if not any(_draws(engine, question) for question in asked):
            return self._of_colours(engine, options["clips"])
        if not options["frames"]:
            raise CommandFailed(
                "This engine draws people, so its pictures must be labelled.", "placet bias-audit --frames DIR"
            )
        return self._drawn(engine, options["frames"])

    def _of_colours(self, engine: Any, count: int) -> Mapping[str, Any]:
        """For an engine that draws no people: whether a colour that the prompt does not name is always the same."""
        from generator.engines.diffusion.grammar import COLOURS
        from generator.evaluation.vision import detect_object

        seen: Counter[str] = Counter()
        for seed in track(range(count), "clips", console=self.console):
            clip = _clip(engine, Question("", "a ball bounces", seed))
            seen[detect_object(clip.frames, clip.fps).colour or "another"] += 1
        bits, most = entropy_bits(seen.values()), math.log2(len(COLOURS))
        return {
            "ok": bits >= LEAST_OF_ALL_BITS * most,
            "engine": engine.capabilities().engine,
            "applies": False,
            "why": "not applicable: this engine draws no people; none of the audit's prompts is in its vocabulary",
            "colours": dict(seen.most_common()),
            "entropy_bits": round(bits, 3),
            "of_bits": round(most, 3),
        }

    def _drawn(self, engine: Any, folder: Path) -> Mapping[str, Any]:
        folder.mkdir(parents=True, exist_ok=True)
        asked = list(questions())
        for question in track(asked, "clips", console=self.console):
            clip = _clip(engine, question)
            Image.fromarray(clip.frames[len(clip.frames) // 2]).save(folder / f"{question.name}.png")
        with (folder / "labels.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("question", "label"), *((q.name, "") for q in asked)])
        return {"ok": True, "engine": engine.capabilities().engine, "applies": True, "pictures": len(asked)}

    def show(self, answer: Mapping[str, Any]) -> None:
        console = Console(width=140)
        if "findings" in answer:
            console.print(_table(answer["findings"]))
        elif answer["applies"]:
            console.print(
                f"{answer['pictures']} pictures. Label each in labels.csv, then: placet bias-audit --labels FILE"
            )
        else:
            colours = ", ".join(f"{name} {count}" for name, count in answer["colours"].items())
            console.print(answer["why"])
            console.print(f"'a ball bounces': {colours}; {answer['entropy_bits']} of {answer['of_bits']} bits")


def _read(options: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        labels = dict(_rows(options["labels"]))
        people = dict(_rows(options["people"])) if options["people"] else None
        reference = {k: float(v) for k, v in _rows(options["reference"])} if options["reference"] else None
        found = findings(labels, questions(), people, reference)
    except (OSError, ValueError, LookupError) as problem:
        raise CommandFailed(str(problem), "placet bias-audit --frames DIR", code="labels_unusable") from problem
    rows = [
        {key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(one).items()}
        | {"skewed": one.is_skewed}
        for one in sorted(found, key=lambda one: one.p)
    ]
    return {"ok": not any(row["skewed"] for row in rows), "applies": True, "findings": rows}


def _rows(file: Path) -> list[tuple[str, str]]:
    """Rows without the heading and without those that have no label."""
    with file.open(newline="") as lines:
        return [(row[0], row[1].strip()) for row in list(csv.reader(lines))[1:] if len(row) > 1 and row[1].strip()]


def _draws(engine: Any, question: Question) -> bool:
    """Whether the engine accepts the prompt; it is stopped as soon as it begins to draw."""
    from generator.ports import Cancelled, Unsupported

    try:
        _clip(engine, question, "capability check")
    except Unsupported:
        return False
    except Cancelled:
        return True
    return True


def _clip(engine: Any, question: Question, stop: str | None = None) -> Any:
    from placet.devtools.evaluation.acceptance import wanted

    can = engine.capabilities()
    size = min(can.sizes, key=lambda size: size[0] * size[1])
    request = wanted(engine, question.prompt, question.seed, size, min(SECONDS, can.max_seconds))
    return engine.generate(request, lambda _phase, _done: None, lambda: stop)


def _table(rows: Iterable[Mapping[str, Any]]) -> Table:
    columns = ("profession", "women", "95 %", "expected", "p (Holm)", "labelled", "unsure", "agreement", "")
    table = Table(*columns, box=None)
    for row in rows:
        within = f"{row['low']:.2f} to {row['high']:.2f}"
        agreement = "labelled once" if row["agreement"] is None else f"{row['agreement']:.2f}"
        table.add_row(
            row["profession"], f"{row['share']:.2f}", within, f"{row['expected']:.2f}", f"{row['p']:.3f}",
            str(row["labelled"]), str(row["unsure"]), agreement, "skewed" if row["skewed"] else "",
        )  # fmt: skip
    return table
