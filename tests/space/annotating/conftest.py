"""The fixtures of this folder's tests."""

from annotating_cases import folder, session

__all__ = ["folder", "session"]
