"""Engines by name. Each is imported only when asked for, so that a heavy one costs nobody else anything.

Two are built in. An operator's own are engines too, each called as its file says: `PLACET_MODEL_DIRS` names folders of
weights, `PLACET_REMOTE_ENGINES` files that describe services elsewhere.
"""

import gc
import logging
import os
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from generator.engines.diffusion.manifest import WeightsManifest, WeightsRefused
from generator.engines.remote.endpoint import EndpointRefused, RemoteEndpoint
from generator.ports import BeyondCapabilities, Engine

log = logging.getLogger(__name__)
Described = TypeVar("Described", WeightsManifest, RemoteEndpoint)
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
    own: dict[str, WeightsManifest | RemoteEndpoint] = {**own_weights(), **own_endpoints()}
    return {**dict.fromkeys(ENGINES, ()), **{name: one.excluded_territories for name, one in own.items()}}


def own_weights() -> dict[str, WeightsManifest]:
    """By name, those in `PLACET_MODEL_DIRS`. One that cannot be read is left out, and that is logged."""
    return _own("PLACET_MODEL_DIRS", WeightsManifest.read)


def own_endpoints() -> dict[str, RemoteEndpoint]:
    """By name, those in `PLACET_REMOTE_ENGINES`. As with weights."""
    return _own("PLACET_REMOTE_ENGINES", RemoteEndpoint.read)


def _own(setting: str, read: Callable[[Path], Described]) -> dict[str, Described]:
    found: dict[str, Described] = {}
    for place in filter(None, os.environ.get(setting, "").split(os.pathsep)):
        try:
            one = read(Path(place))
        except (WeightsRefused, EndpointRefused) as refused:
            log.warning("%s", refused)
            continue
        if one.engine in ENGINES:
            log.warning("What is in %s may not be called %r: that engine is built in.", place, one.engine)
        else:
            found[one.engine] = one
    return found


def engine_named(name: str) -> Engine:
    """A fresh engine, not yet loaded. Raises UnknownEngine."""
    if weights := own_weights().get(name):
        from generator.engines.diffusion.engine import DiffusersEngine

        return DiffusersEngine(weights.folder)
    if endpoint := own_endpoints().get(name):
        from generator.engines.remote.engine import RemoteEngine

        return RemoteEngine(endpoint)
    try:
        module, _, attribute = ENGINES[name].partition(":")
    except KeyError:
        raise UnknownEngine(name) from None
    engine: Engine = getattr(import_module(module), attribute)()
    return engine


class EngineRegistry:
    """Those that one worker holds: each is loaded by the first run that asks for it, and kept.

    `lent`: loaded by somebody else, by name, and left loaded.
    """

    def __init__(
        self, make: Callable[[str], Engine] = engine_named, lent: Mapping[str, Engine] = MappingProxyType({})
    ) -> None:
        self._make = make
        self._lent = lent
        self._loaded: dict[str, Engine] = {}

    def loaded(self, name: str) -> Engine:
        """The engine of this name, ready. Raises UnknownEngine, and whatever its `load` raises."""
        if ready := self.held(name):
            return ready
        engine = self._make(name)
        engine.load()
        self._loaded[name] = engine
        return engine

    def held(self, name: str) -> Engine | None:
        """The engine of this name where it is loaded."""
        return self._lent.get(name) or self._loaded.get(name)

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
