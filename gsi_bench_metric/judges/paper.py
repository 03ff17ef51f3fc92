"""The paper's judge: which model was asked what, and whether another judge is like it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

__all__ = ["PAPER_MODEL", "PAPER_PROMPT_SHA256", "PAPER_QUESTION", "unlike_the_papers"]

PAPER_PROMPT_SHA256 = "51fb107b74cc37c9d1ae79d641d7493540dc4ae268c09212778a56b0338a007d"
PAPER_MODEL = "Qwen3-VL-235B-A22B-Instruct"
PAPER_QUESTION = "official"  # whose form of reply is the reference's


def unlike_the_papers(judge: str, settings: Mapping[str, Any], left_out: Collection[str] = ()) -> list[str]:
    """What sets a judge apart from the paper's; nothing where its answers may be called the same.

    Args:
        judge: its name.
        settings: what the judge says of itself (`Judge.describe`).
        left_out: parameters that its server did not take.
    """
    if judge == "embedded":
        return ["a proxy without a model, not the paper's judge"]
    if judge == "recorded" or not settings:
        return ["nothing in the run proves the paper's model and prompt"]
    lacking = []
    model = str(settings.get("model"))
    if model.rstrip("/").rpartition("/")[2] != PAPER_MODEL:
        lacking.append(f"model {model}, not {PAPER_MODEL}")
    if settings.get("question") != PAPER_QUESTION or settings.get("prompt_sha256") != PAPER_PROMPT_SHA256:
        lacking.append("not the reference's prompt (SHA-256 51fb107b…); give it by --judge-prompt")
    if settings.get("temperature") != 0 or settings.get("samples") != 1 or "temperature" in left_out:
        lacking.append("not one reply at temperature 0")
    if (settings.get("pictures") or {}).get("max_side") is not None:
        lacking.append("images that were shrunk")
    return lacking
