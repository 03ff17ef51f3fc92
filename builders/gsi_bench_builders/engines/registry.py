"""Names of engines: how each is made, and what must be installed before it can be. A new one is a folder and an entry here."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
from pathlib import Path

from gsi_bench_builders.engine import Engine, EngineError
from gsi_bench_dataset.safety.names import printable

__all__ = ["DEFAULT_ENGINE", "ENGINES", "EngineEntry", "check_engine", "make_engine"]


@dataclasses.dataclass(frozen=True)
class EngineEntry:
    """How to come by an engine.

    Attributes:
        start: `module:function`; the function takes the device's name and a file for what the engine prints, and returns an
            `Engine`. Imported in the worker alone.
        needs: modules that must be installed.
        get: how to get them.
    """

    start: str
    needs: tuple[str, ...] = ()
    get: str = ""


DEFAULT_ENGINE = "blender"
ENGINES: dict[str, EngineEntry] = {
    "blender": EngineEntry(
        "gsi_bench_builders.engines.blender.start:start", needs=("bpy",), get="pip install 'gsi-bench[blender]' (Python 3.11)"
    ),
}


def check_engine(name: str) -> EngineEntry:
    """The entry of an engine that can be started here; asked before any work, and without importing the engine.

    Raises:
        EngineError: there is no such engine, or something that it needs is not installed; says how to get it.
    """
    if name not in ENGINES:
        raise EngineError(f"no engine {printable(name)}; expected one of {', '.join(ENGINES)}")
    entry = ENGINES[name]
    missing = [module for module in entry.needs if importlib.util.find_spec(module) is None]
    if missing:
        raise EngineError(f"engine {name!r} needs {', '.join(missing)}, which is not installed; run: {entry.get}")
    return entry


def make_engine(entry: EngineEntry, device: str = "CPU", log: Path | None = None) -> Engine:
    """Starts an engine in this process. What it prints goes to `log` (None: nowhere).

    Raises:
        EngineError: it does not start, or has no such device.
    """
    module, _, function = entry.start.partition(":")
    engine: Engine = getattr(importlib.import_module(module), function)(device, log)
    return engine
