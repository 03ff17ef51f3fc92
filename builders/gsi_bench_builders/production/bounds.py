"""How much may be asked of a build."""

from __future__ import annotations

__all__ = ["MAX_EDITS", "MAX_SCENES", "MAX_TIMEOUT_S", "MAX_WORKERS"]

MAX_SCENES = 100_000  # ids are ordered as texts, and have five digits for the scene
MAX_EDITS = 1_000  # of a scene
MAX_WORKERS = 256
MAX_TIMEOUT_S = 30 * 86400
