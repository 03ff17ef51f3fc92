"""Builds the app out of what the command line or the Space says, and serves it."""

from __future__ import annotations

import dataclasses
import logging
import os
from pathlib import Path

import gradio as gr

from gsi_bench_metric.detectors.registry import make_detector
from gsi_bench_space.app import build_app, launch_options
from gsi_bench_space.hardware import find_hardware, leave_a_core
from gsi_bench_space.scoring import Bench
from gsi_bench_space.shelf import EMBEDDED, Shelf

__all__ = ["Settings", "make_app", "serve"]

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Settings:
    """What can be chosen. `host` and `port` None: Gradio's own (GRADIO_SERVER_NAME, GRADIO_SERVER_PORT)."""

    data: Path | str = EMBEDDED
    revision: str | None = None
    detector: str = "tracker"
    device: str | None = None
    runs: Path | None = None
    validation: Path | None = None
    host: str | None = None
    port: int | None = None


def make_app(settings: Settings) -> gr.Blocks:
    """The app with its samples read, its detector built and one edit scored, so that no visitor waits for that.

    Raises:
        DatasetError, FileNotFoundError: no samples, or no validation page.
        DetectorError, ScoringError: no such detector or device, or one that lacks something.
        RunFolderError: no runs where they should be.
    """
    hardware = find_hardware(settings.device)
    leave_a_core()
    shelf = Shelf.read(settings.data, settings.revision)
    if settings.validation is not None and not settings.validation.is_file():
        raise FileNotFoundError(f"{settings.validation}: no such validation page; `gsi-bench validate` writes one")
    bench = Bench(make_detector(settings.detector, device=hardware.device), hardware)
    if not hardware.lent:
        sample = next(iter(shelf.samples.values()))
        bench.score(sample, sample.image)
    logger.info("%d samples of %s; detector %s on %s", len(shelf.samples), settings.data, settings.detector, hardware.device)
    return build_app(shelf, bench, runs=settings.runs, validation=settings.validation)


def serve(settings: Settings | None = None) -> None:
    """Serves the app until it is stopped."""
    settings = settings or Settings()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    make_app(settings).launch(server_name=settings.host, server_port=settings.port, **launch_options())
