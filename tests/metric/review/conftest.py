"""The fixtures of this folder's tests."""

from review_cases import review

__all__ = ["review"]
