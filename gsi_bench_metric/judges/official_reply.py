"""The reference's form of a judge's reply: a JSON object between two delimiters."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

__all__ = ["DELIMITER", "parse_reply"]

DELIMITER = "||V^=^V||"


def parse_reply(reply: str, of_text: Callable[[str], float | None] | None = None) -> tuple[float | None, str | None]:
    """(score, None) or (None, why not) of a judge's reply, read as the reference reads it.

    The JSON object between the first two delimiters, its "score", as it stands: no clipping (quirk 85), true counts as 1. A
    score that is no finite number has no meaning; the reference's run ends there (quirk 84), here the edit is not judged.

    Args:
        reply: its text.
        of_text: the number that a score in quotes is, or None; by default none is.
    """
    parts = reply.split(DELIMITER)
    if len(parts) < 2:
        return None, "the request failed" if reply == "_ERROR_" else f"no {DELIMITER} in the reply"
    try:
        score = json.loads(parts[1])["score"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        return None, f"no JSON object with a score between the delimiters ({type(error).__name__})"
    if isinstance(score, str) and of_text is not None and (number := of_text(score)) is not None:
        score = number
    try:
        finite = isinstance(score, (int, float)) and math.isfinite(score)
    except OverflowError:  # an integer that no float can hold
        finite = False
    return (float(score), None) if finite else (None, f"the score is no finite number: {score!r:.40}")
