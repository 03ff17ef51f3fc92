"""Builds the app out of what the command line or the Space says, and serves it."""

from __future__ import annotations

import dataclasses
import logging
import os
from pathlib import Path

import gradio as gr

from gsi_bench_metric.detectors.registry import make_detector
from gsi_bench_space.app import build_app, launch_options
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
    """The app with its samples read and its detector built.

    Raises:
        DatasetError, FileNotFoundError: no samples.
        DetectorError: no such detector, or one that lacks something.
    """
    device = settings.device or "cpu"
    shelf = Shelf.read(settings.data, settings.revision)
    logger.info("%d samples of %s; detector %s on %s", len(shelf.samples), settings.data, settings.detector, device)
    bench = Bench(make_detector(settings.detector, device=device), device)
    return build_app(shelf, bench, runs=settings.runs, validation=settings.validation)


def serve(settings: Settings | None = None) -> None:
    """Serves the app until it is stopped."""
    settings = settings or Settings()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    make_app(settings).launch(server_name=settings.host, server_port=settings.port, **launch_options())
