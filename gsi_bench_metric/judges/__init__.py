"""Judges rate how well an edit keeps the target's appearance (AC). One protocol, one registry."""

from gsi_bench_metric.judges.base import Judge
from gsi_bench_metric.judges.registry import JUDGES, JudgeError, make_judge

__all__ = ["JUDGES", "Judge", "JudgeError", "make_judge"]
