"""Starts AI2-THOR for a build, and what must be there before that; what `engines.registry` names."""

from __future__ import annotations

import atexit
from pathlib import Path

from gsi_bench_builders.engine import EngineError
from gsi_bench_builders.engines.thor.engine import ThorEngine
from gsi_bench_builders.engines.thor.missing import look_around, problems_of
from gsi_bench_builders.engines.thor.options import options_from
from gsi_bench_dataset.problems import summary_of

__all__ = ["check_ready", "running", "start"]

_DEVICES = ("CPU", "CUDA")  # CPU is what a build gives that says nothing; Unity draws on the GPU either way
_running: list[ThorEngine] = []


def check_ready(**words: str) -> None:
    """Looks for all that AI2-THOR needs here, without starting it.

    Args:
        words: options as the command line gives them (`OPTION_HELP`), with `_` for `-`.

    Raises:
        EngineError: an option is wrong, or something is missing; lists all of it, and how to get it.
    """
    options = options_from({name.replace("_", "-"): text for name, text in words.items()})
    if missing := problems_of(options, look_around(options)):
        raise EngineError(summary_of("AI2-THOR cannot run here", missing))


def start(device: str, log: Path | None, **words: str) -> ThorEngine:
    """The engine of this process, with a Unity that runs.

    Raises:
        EngineError: an option is wrong, or Unity does not start.
    """
    if device not in _DEVICES:
        raise EngineError(f"engine 'thor' has no device {device}: Unity draws on the GPU of its platform; leave --device out")
    engine = ThorEngine(options_from({name.replace("_", "-"): text for name, text in words.items()}), log)
    engine.start()
    atexit.register(engine.close)
    _running[:] = [engine]
    return engine


def running() -> ThorEngine:
    """The engine that `start` made in this process, for sources of scenes that ask the simulator.

    Raises:
        EngineError: none was started.
    """
    if not _running:
        raise EngineError("scenes of AI2-THOR need the engine 'thor'; give --engine thor")
    return _running[0]
