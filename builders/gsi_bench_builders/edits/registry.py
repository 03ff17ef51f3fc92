"""Names of operations, as `--operations` takes them: a new one is a module of its own and a line here.

An operation's module has a `Candidate` of its own and the function `propose(stage, rng)`. It is imported when it is used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from gsi_bench_dataset.problems import some

if TYPE_CHECKING:
    from gsi_bench_builders.edits.base import Proposer

__all__ = [
    "OPERATIONS",
    "PHOTO_OPERATIONS",
    "ROOM_OPERATIONS",
    "TABLE_OPERATIONS",
    "OperationError",
    "check_operations",
    "proposer",
]

# Name -> module.
OPERATIONS: dict[str, str] = {
    "move": "gsi_bench_builders.edits.operations.move",
    "relate": "gsi_bench_builders.edits.operations.relate",
    "place": "gsi_bench_builders.edits.operations.place",
    "rotate": "gsi_bench_builders.edits.operations.rotate",
    "scale": "gsi_bench_builders.edits.operations.scale",
    "remove": "gsi_bench_builders.edits.operations.remove",
    "view": "gsi_bench_builders.edits.operations.view",
    "remove_extreme": "gsi_bench_builders.edits.operations.remove_extreme",
}

# Those that take turns where nothing else is asked for, on tables and in rooms. The order is part of what a seed means:
# operations take turns in an order that is drawn from it.
TABLE_OPERATIONS = ("move", "relate", "place", "rotate", "scale", "remove", "view")
ROOM_OPERATIONS = (*TABLE_OPERATIONS, "remove_extreme")
# Of photographs: those of the reference's fine split. Relate, scale and place are done too where they are asked for.
PHOTO_OPERATIONS = ("move", "rotate", "remove")


class OperationError(ValueError):
    """No such operation."""


def check_operations(names: tuple[str, ...]) -> None:
    """Makes sure that operations are known.

    Raises:
        OperationError: lists those that are not.
    """
    unknown = sorted(set(names) - set(OPERATIONS))
    if unknown:
        raise OperationError(f"operations: expected some of {', '.join(OPERATIONS)}; found {some(unknown)}")


def proposer(name: str) -> Proposer:
    """The function that proposes candidates of an operation.

    Raises:
        OperationError: there is no such operation.
    """
    check_operations((name,))
    propose: Proposer = importlib.import_module(OPERATIONS[name]).propose
    return propose
