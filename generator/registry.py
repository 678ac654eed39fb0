"""Engines by name. Each is imported only when asked for, so that a heavy one costs nobody else anything.

Two are built in. An operator's own are engines too, each called as its file says: `PLACET_WEIGHTS` names folders of
weights, `PLACET_ENDPOINTS` files that describe services elsewhere.
"""

import gc
import logging
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from generator.engines.diffusion.manifest import Manifest, WeightsRefused
from generator.engines.remote.endpoint import Endpoint, EndpointRefused
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
    return (*ENGINES, *own_weights(), *own_endpoints())


def territories() -> dict[str, tuple[str, ...]]:
    """Name -> where its licence does not let it be used."""
    own = {name: Manifest.read(folder).excluded_territories for name, folder in own_weights().items()}
    elsewhere = {name: Endpoint.read(file).excluded_territories for name, file in own_endpoints().items()}
    return {**dict.fromkeys(ENGINES, ()), **own, **elsewhere}


def own_weights() -> dict[str, Path]:
    """Name -> folder, of those in `PLACET_WEIGHTS`. One that cannot be read is left out, and that is logged."""
    return _own("PLACET_WEIGHTS", lambda folder: Manifest.read(folder).engine)


def own_endpoints() -> dict[str, Path]:
    """Name -> file, of those in `PLACET_ENDPOINTS`. As with weights."""
    return _own("PLACET_ENDPOINTS", lambda file: Endpoint.read(file).engine)


def _own(setting: str, named: Callable[[Path], str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for place in filter(None, os.environ.get(setting, "").split(os.pathsep)):
        try:
            name = named(Path(place))
        except (WeightsRefused, EndpointRefused) as refused:
            log.warning("%s", refused)
            continue
        if name in ENGINES:
            log.warning("What is in %s may not be called %r: that engine is built in.", place, name)
        else:
            found[name] = Path(place)
    return found


def engine_named(name: str) -> Engine:
    """A fresh engine, not yet loaded. Raises UnknownEngine."""
    if folder := own_weights().get(name):
        from generator.engines.diffusion.engine import DiffusersEngine

        return DiffusersEngine(folder)
    if file := own_endpoints().get(name):
        from generator.engines.remote.engine import RemoteEngine

        return RemoteEngine(Endpoint.read(file))
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

    def unload_but(self, name: str) -> bool:
        """Make room for one. False when there was no other to unload."""
        others = [other for other in self._loaded if other != name]
        for other in others:
            self._loaded.pop(other).unload()
        gc.collect()
        return bool(others)

    def unload(self) -> None:
        while self._loaded:
            self._loaded.popitem()[1].unload()
