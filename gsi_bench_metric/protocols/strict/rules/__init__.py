"""The rules of the strict protocol, one module an operation: what complies, how accurate it is, when it cannot be scored.

Each rule is a function of poses that needs no sample: `move(before, after, goal, up=…) -> Finding`. To add an operation, write
its module and name it here.
"""

from gsi_bench_metric.protocols.strict.rules import move, place, remove, rotate, scale, view
from gsi_bench_metric.protocols.strict.rules.base import Finding, Rings, Rule

__all__ = ["RULES", "Finding", "Rings", "Rule"]

RULES: dict[str, Rule] = {module.RULE.kind: module.RULE for module in (move, place, rotate, scale, remove, view)}
