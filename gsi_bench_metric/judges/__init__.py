"""Judges rate how well an edit keeps the target's appearance (AC). One protocol, one registry."""

from gsi_bench_metric.judges.base import JUDGES, Judge, make_judge

__all__ = ["JUDGES", "Judge", "make_judge"]
