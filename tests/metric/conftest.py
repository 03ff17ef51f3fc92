"""The fixtures of this folder's tests."""

from edit_cases import make_case

__all__ = ["make_case"]
