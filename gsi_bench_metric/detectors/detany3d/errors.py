"""What can go wrong, in words for the user."""

from __future__ import annotations

__all__ = ["CheckpointError", "DetAny3DError"]


class DetAny3DError(ValueError):
    """Input that the detector cannot use, or something that it lacks; the message says what to do."""


class CheckpointError(DetAny3DError):
    """A file of weights that is not what it should be; the message lists which entries."""
