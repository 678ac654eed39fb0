"""Engine registry: engines by name, each imported only when it is requested.

Two are built in. Operators add their own, named in their files: `PLACET_MODEL_DIRS` lists folders of weights,
`PLACET_REMOTE_ENGINES` lists files that describe remote services.
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
        super().__init__(f"There is no engine {name!r}; nothing was started. Choose one of: {', '.join(names())}.")
        self.name = name


def names() -> tuple[str, ...]:
    """All engines: the built-in ones, then the operator's."""
    return (*ENGINES, *own_weights(), *own_endpoints())


def territories() -> dict[str, tuple[str, ...]]:
    """Engine name -> territories that its licence excludes."""
    own: dict[str, WeightsManifest | RemoteEndpoint] = {**own_weights(), **own_endpoints()}
    return {**dict.fromkeys(ENGINES, ()), **{name: one.excluded_territories for name, one in own.items()}}


def own_weights() -> dict[str, WeightsManifest]:
    """The folders in `PLACET_MODEL_DIRS`, by engine name. An unreadable one is left out and logged."""
    return _own("PLACET_MODEL_DIRS", WeightsManifest.read)


def own_endpoints() -> dict[str, RemoteEndpoint]:
    """The files in `PLACET_REMOTE_ENGINES`, by engine name. An unreadable one is left out and logged."""
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
            log.warning("%s may not be called %r: that engine is built in.", place, one.engine)
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
    """The engines of one worker: the first job that needs an engine loads it, and it stays loaded.

    `lent`: engines by name that the caller loaded; they are never unloaded here.
    """

    def __init__(
        self, make: Callable[[str], Engine] = engine_named, lent: Mapping[str, Engine] = MappingProxyType({})
    ) -> None:
        self._make = make
        self._lent = lent
        self._loaded: dict[str, Engine] = {}

    def loaded(self, name: str) -> Engine:
        """The engine of this name, loaded. Raises UnknownEngine, and what its `load` raises."""
        if ready := self.get(name):
            return ready
        engine = self._make(name)
        engine.load()
        self._loaded[name] = engine
        return engine

    def get(self, name: str) -> Engine | None:
        """The engine of this name if it is loaded."""
        return self._lent.get(name) or self._loaded.get(name)

    def unload_but(self, name: str) -> bool:
        """Unloads all others. False when there were none."""
        others = [other for other in self._loaded if other != name]
        for other in others:
            self._loaded.pop(other).unload()
        gc.collect()
        return bool(others)

    def unload(self) -> None:
        while self._loaded:
            self._loaded.popitem()[1].unload()
