"""Names of engines: how each is made, and what must be installed before it can be. A new one is a folder and an entry here."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gsi_bench_builders.engine import Engine, EngineError
from gsi_bench_dataset.safety.names import printable

__all__ = ["DEFAULT_ENGINE", "ENGINES", "EngineEntry", "check_engine", "confirm_engine", "make_engine", "rooms_of"]


@dataclasses.dataclass(frozen=True)
class EngineEntry:
    """How to come by an engine.

    Attributes:
        start: `module:function`; the function takes the device's name and a file for what the engine prints, and returns an
            `Engine`. Imported in the worker alone.
        needs: modules that must be installed.
        get: how to get them.
        ready: `module:function` that looks for what else is needed, takes the options and raises `EngineError`; "": nothing is.
        check: `module:function` that tries on this machine what is taken for granted about the engine: takes the options as a
            mapping and the split, and yields results with `number`, `name`, `passed`, `found`, `remedy`; "": there is nothing.
        rooms: `module:function` of its own scenes: takes names of scenes and how many views of each, returns a `SceneSource`
            with `num_scenes`; "": it has none.
        workers: most processes unless more are asked for; None: as many as there are cores.
        takes: names of the options that it has.
        options: chosen ones, name and text; `start` and `ready` take them as keywords, with `_` for `-`.
    """

    start: str
    needs: tuple[str, ...] = ()
    get: str = ""
    ready: str = ""
    check: str = ""
    rooms: str = ""
    workers: int | None = None
    takes: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()

    @property
    def keywords(self) -> dict[str, str]:
        """The options as keywords."""
        return {name.replace("-", "_"): text for name, text in self.options}


DEFAULT_ENGINE = "blender"
ENGINES: dict[str, EngineEntry] = {
    "blender": EngineEntry(
        "gsi_bench_builders.engines.blender.start:start", needs=("bpy",), get="pip install 'gsi-bench[blender]' (Python 3.11)"
    ),
    "photographs": EngineEntry("gsi_bench_builders.photos.engine:start"),
    "thor": EngineEntry(
        "gsi_bench_builders.engines.thor.start:start",
        ready="gsi_bench_builders.engines.thor.start:check_ready",
        check="gsi_bench_builders.engines.thor.check:confirmations",
        rooms="gsi_bench_builders.engines.thor.source:ThorRooms",
        workers=2,  # a GPU's memory holds a few Unity processes, whatever the number of cores
        takes=("platform", "display", "gpu", "executable", "start-timeout", "step-timeout", "depth-gain"),
    ),
}


def check_engine(name: str, options: Mapping[str, str] | None = None) -> EngineEntry:
    """The entry of an engine that can be started here, with its options; asked before any work.

    Raises:
        EngineError: there is no such engine, it has no such option, or something that it needs is not there; says how to get
            it.
    """
    if name not in ENGINES:
        raise EngineError(f"no engine {printable(name)}; expected one of {', '.join(ENGINES)}")
    entry = ENGINES[name]
    unknown = [option for option in options or {} if option not in entry.takes]
    if unknown:
        takes = f"it takes {', '.join(entry.takes)}" if entry.takes else "it has none"
        raise EngineError(f"engine {name!r} has no option {', '.join(printable(o) for o in unknown)}; {takes}")
    missing = [module for module in entry.needs if importlib.util.find_spec(module) is None]
    if missing:
        raise EngineError(f"engine {name!r} needs {', '.join(missing)}, which is not installed; run: {entry.get}")
    entry = dataclasses.replace(entry, options=tuple((options or {}).items()))
    if entry.ready:
        _named(entry.ready)(**entry.keywords)
    return entry


def make_engine(entry: EngineEntry, device: str = "CPU", log: Path | None = None) -> Engine:
    """Starts an engine in this process. What it prints goes to `log` (None: nowhere).

    Raises:
        EngineError: it does not start, or has no such device.
    """
    engine: Engine = _named(entry.start)(device, log, **entry.keywords)
    return engine


def confirm_engine(entry: EngineEntry, split: str) -> Iterator[Any]:
    """Results of what an engine tries on this machine, one after another.

    Raises:
        EngineError: it has nothing to try, or cannot be started.
    """
    if not entry.check:
        raise EngineError(
            "this engine has nothing to check; engines that have: " + ", ".join(n for n, e in ENGINES.items() if e.check)
        )
    yield from _named(entry.check)(dict(entry.options), split)


def rooms_of(engine: str, names: Sequence[str], views: int) -> Any:
    """An engine's own scenes by their names, each from so many views: a `SceneSource` with `num_scenes`."""
    return _named(ENGINES[engine].rooms)(tuple(names), views)


def _named(name: str) -> Any:
    """What `module:function` names."""
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)
