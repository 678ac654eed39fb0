"""Engines by name. Each is imported only when asked for, so that a heavy one costs nobody else anything."""

from importlib import import_module

from generator.port import Engine

ENGINES = {
    "scene": "generator.engines.scene.engine:SceneEngine",
    "small": "generator.engines.diffusion.engine:DiffusersEngine",
}


class UnknownEngine(LookupError):
    code = "unknown_engine"

    def __init__(self, name: str) -> None:
        super().__init__(f"No engine is called {name!r}; nothing was started. Choose one of: {', '.join(ENGINES)}.")
        self.name = name


def engine_named(name: str) -> Engine:
    """A fresh engine, not yet loaded."""
    try:
        module, _, attribute = ENGINES[name].partition(":")
    except KeyError:
        raise UnknownEngine(name) from None
    engine: Engine = getattr(import_module(module), attribute)()
    return engine
