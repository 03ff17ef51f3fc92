"""Judges rate how well an edit keeps the target's appearance (AC). One protocol, one registry."""

from gsi_bench_metric.judges.base import Judge, JudgedAhead, JudgeError, JudgeItem
from gsi_bench_metric.judges.options import JudgeOptions
from gsi_bench_metric.judges.registry import JUDGES, make_judge

__all__ = ["JUDGES", "Judge", "JudgeError", "JudgeItem", "JudgeOptions", "JudgedAhead", "make_judge"]
