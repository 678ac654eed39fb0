"""Engines by name. Each is imported only when asked for, so that a heavy one costs nobody else anything."""

from collections.abc import Callable
from importlib import import_module

from generator.port import BeyondCapabilities, Engine

ENGINES = {
    "scene": "generator.engines.scene.engine:SceneEngine",
    "small": "generator.engines.diffusion.engine:DiffusersEngine",
}


class UnknownEngine(BeyondCapabilities):
    code = "unknown_engine"

    def __init__(self, name: str) -> None:
        super().__init__(f"No engine is called {name!r}; nothing was started. Choose one of: {', '.join(ENGINES)}.")
        self.name = name


def engine_named(name: str) -> Engine:
    """A fresh engine, not yet loaded. Raises UnknownEngine."""
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
