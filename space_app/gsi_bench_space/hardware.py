"""Where it computes: on a GPU where there is one, else on the CPU. The log says which."""

from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import torch

from gsi_bench_dataset.execution.cores import available_cores
from gsi_bench_metric.imaging.device import pick_device

__all__ = ["ZERO_GPU", "Hardware", "find_hardware", "leave_a_core"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

ZERO_GPU = "SPACES_ZERO_GPU"  # set by Hugging Face on ZeroGPU Spaces
_SECONDS = 30  # of a lent GPU, for one edit


class Hardware:
    """A device, and what a function that uses it has to be wrapped in."""

    def __init__(self, device: str, lend: Callable[[Any], Any] | None = None):
        self.device = device
        self._lend = lend

    @property
    def lent(self) -> bool:
        """Whether there is a GPU only while a wrapped function runs for a visitor."""
        return self._lend is not None

    def on_device(self, function: Callable[..., T]) -> Callable[..., T]:
        """The function, given a GPU for as long as it runs where GPUs are lent by the call."""
        return function if self._lend is None else self._lend(function)


def leave_a_core() -> None:
    """Keeps one core for the web server. Threads that wait for a busy core are slower than fewer that work."""
    torch.set_num_threads(max(1, available_cores() - 1))


def find_hardware(device: str | None = None, environment: Mapping[str, str] = os.environ) -> Hardware:
    """What there is here.

    Args:
        device: cpu, cuda or mps; None: the best one.
        environment: variables of the process.

    Raises:
        DeviceError: the device asked for is not there.
    """
    if environment.get(ZERO_GPU, "").lower() in ("1", "true") and device in (None, "cuda"):
        if importlib.util.find_spec("spaces") is not None:
            import spaces  # type: ignore[import-not-found]  # noqa: PLC0415 - only there on Spaces, and it must come before CUDA

            logger.info("ZeroGPU: a GPU is lent for each edit, up to %d s", _SECONDS)
            return Hardware("cuda", spaces.GPU(duration=_SECONDS))
        logger.warning("%s is set and the package `spaces` is not installed: computing on the CPU", ZERO_GPU)
        return Hardware("cpu")
    found = pick_device(device)
    logger.info("computing on %s", found)
    return Hardware(found)
