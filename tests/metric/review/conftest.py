"""The fixtures of this folder's tests."""

from judge_stand_in import serve
from review_cases import review

__all__ = ["review", "serve"]
