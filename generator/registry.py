"""Engines by name. Each is imported only when asked for, so that a heavy one costs nobody else anything.

Two are built in. An operator's own weights are engines too: `PLACET_WEIGHTS` names their folders, each with a manifest
that says what the engine is called.
"""

import logging
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from generator.engines.diffusion.manifest import Manifest, WeightsRefused
from generator.port import BeyondCapabilities, Engine

log = logging.getLogger(__name__)
ENGINES = {
    "scene": "generator.engines.scene.engine:SceneEngine",
    "small": "generator.engines.diffusion.engine:DiffusersEngine",
}


class UnknownEngine(BeyondCapabilities):
    code = "unknown_engine"

    def __init__(self, name: str) -> None:
        super().__init__(f"No engine is called {name!r}; nothing was started. Choose one of: {', '.join(names())}.")
        self.name = name


def names() -> tuple[str, ...]:
    """All that may be asked for: those built in, then the operator's."""
    return (*ENGINES, *own_weights())


def own_weights() -> dict[str, Path]:
    """Name -> folder, of those in `PLACET_WEIGHTS`. One that cannot be read is left out, and that is logged."""
    found: dict[str, Path] = {}
    for folder in filter(None, os.environ.get("PLACET_WEIGHTS", "").split(os.pathsep)):
        try:
            name = Manifest.read(Path(folder)).engine
        except WeightsRefused as refused:
            log.warning("%s", refused)
            continue
        if name in ENGINES:
            log.warning("The weights in %s may not be called %r: that engine is built in.", folder, name)
        else:
            found[name] = Path(folder)
    return found


def engine_named(name: str) -> Engine:
    """A fresh engine, not yet loaded. Raises UnknownEngine."""
    if folder := own_weights().get(name):
        from generator.engines.diffusion.engine import DiffusersEngine

        return DiffusersEngine(folder)
    try:
        module, _, attribute = ENGINES[name].partition(":")
    except KeyError:
        raise UnknownEngine(name) from None
    engine: Engine = getattr(import_module(module), attribute)()
    return engine


class Engines:
    """Those that one worker holds: each is loaded by the first run that asks for it, and kept."""

    def __init__(self, make: Callable[[str], Engine] = engine_named) -> None:
        self._make = make
        self._loaded: dict[str, Engine] = {}

    def loaded(self, name: str) -> Engine:
        """The engine of this name, ready. Raises UnknownEngine, and whatever its `load` raises."""
        if name not in self._loaded:
            engine = self._make(name)
            engine.load()
            self._loaded[name] = engine
        return self._loaded[name]

    def unload(self) -> None:
        while self._loaded:
            self._loaded.popitem()[1].unload()
