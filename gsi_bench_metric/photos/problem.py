"""What a mark on a photograph, or numbers that come with it, cannot give: a name and facts, for words in any language."""

from __future__ import annotations

from typing import Any

__all__ = ["PhotoProblemError", "in_english"]

_ENGLISH = {
    "own_no_rectangle": "expected a rectangle [x1, y1, x2, y2] of at least {least:.0f} pixels on each side",
    "own_above_horizon": "the rectangle's lower edge lies on the horizon or above it, where nothing stands on the ground; let "
    "the camera look further down",
    "own_below_ground": "the camera would be below what the object stands on",
    "own_no_box_fits": "no box on this ground fills the rectangle; change how far the camera looks down, or the turn",
}


class PhotoProblemError(ValueError):
    """Something that cannot be done. `name` and `facts` are for the words of whoever shows it."""

    def __init__(self, name: str, **facts: Any):
        self.name, self.facts = name, facts
        super().__init__(f"{name}: {facts}" if facts else name)


def in_english(error: PhotoProblemError) -> str:
    """An error of `standing` in words."""
    return _ENGLISH[error.name].format(**error.facts)
