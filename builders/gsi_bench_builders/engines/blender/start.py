"""Starts Blender for a build; what `engines.registry` names."""

from __future__ import annotations

from pathlib import Path

from gsi_bench_builders.engines.blender.engine import BlenderEngine
from gsi_bench_builders.engines.blender.session import quiet

__all__ = ["start"]


def start(device: str, log: Path | None) -> BlenderEngine:
    """The engine, with Blender's chatter in a file.

    Raises:
        EngineError: Blender is not there, or has no such device.
    """
    quiet(log)
    return BlenderEngine(device)
