"""Pickled bodies without pickle's power: containers, numbers, text and bytes are read, and no name of Python is ever looked up.

Two trainers speak pickle alone. Unpickling as Python does it runs whatever code the sender names; here a name is refused.
"""

from __future__ import annotations

import io
import pickle
from typing import Any

from gsi_bench_metric.reward.pictures import RewardError

__all__ = ["dumped", "loaded"]


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it names {module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("it names an object outside of itself")


def loaded(body: bytes) -> Any:
    """The plain value of a pickled body.

    Raises:
        RewardError: no pickle, or one that holds more than plain values.
    """
    try:
        return _Plain(io.BytesIO(body)).load()
    except Exception as error:  # noqa: BLE001 - a hostile pickle raises anything
        raise RewardError(
            f"expected a pickle of plain containers, numbers, text and bytes (no arrays: send lists), found another "
            f"({type(error).__name__}: {str(error)[:120]})"
        ) from None


def dumped(value: Any) -> bytes:
    """A plain value, pickled."""
    return pickle.dumps(value, protocol=4)
