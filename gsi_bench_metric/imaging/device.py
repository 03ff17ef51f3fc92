"""Which device computes: the one asked for, or the best of this machine."""

from __future__ import annotations

import torch

from gsi_bench_dataset.execution.runners import Runner

__all__ = ["DeviceError", "pick_device", "workers_device"]


class DeviceError(ValueError):
    """A device that is not here."""


def pick_device(device: str | None) -> str:
    """The device asked for, else CUDA, MPS or CPU, the first that is there.

    Raises:
        DeviceError: the one asked for is not there.
    """
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if device is None:
        return next(name for name in ("cuda", "mps", "cpu") if available[name])
    kind, _, number = device.partition(":")
    exists = available.get(kind, False) and (not number or (number.isdigit() and int(number) < _device_count(kind)))
    if not exists:
        there = ", ".join(name for name, yes in available.items() if yes)
        raise DeviceError(f"device {device!r} is not available here; available: {there}")
    return device


def workers_device(device: str | None, runner: Runner) -> str:
    """The device that workers compute on. Those on other machines may have GPUs that this one lacks.

    Raises:
        DeviceError, RunnerError: the one asked for is not there, or does not go with the runner's GPUs.
    """
    if not runner.one_machine:
        if device is None and runner.gpus_per_worker:
            return "cuda"
        if device is not None and device.partition(":")[0] == "cuda":
            runner.for_device(device)
            return device
    found = pick_device(device)
    runner.for_device(found)
    return found


def _device_count(kind: str) -> int:
    return torch.cuda.device_count() if kind == "cuda" else 1
