"""What a visitor's own image, mark or numbers cannot give, as a text of the interface."""

from __future__ import annotations

from typing import Any

__all__ = ["OwnError"]


class OwnError(ValueError):
    """Something that cannot be done. `name` and `facts` are for the interface's own words (`own/texts.py`)."""

    def __init__(self, name: str, **facts: Any):
        self.name, self.facts = name, facts
        super().__init__(f"{name}: {facts}" if facts else name)
