"""Builds the app out of what the command line or the Space says, and serves it."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
from gradio.exceptions import ServerFailedToStartError

from gsi_bench_dataset.safety.names import printable
from gsi_bench_dataset.safety.proxies import without_proxies
from gsi_bench_dataset.safety.system import system_problem
from gsi_bench_dataset.storage.shards import DatasetError
from gsi_bench_metric.detectors.registry import make_detector
from gsi_bench_space.app import build_app, launch_options
from gsi_bench_space.hardware import find_hardware, leave_a_core
from gsi_bench_space.own.masking import find_segmenter
from gsi_bench_space.scoring.bench import Bench
from gsi_bench_space.scoring.run_folders import found_runs
from gsi_bench_space.shelf import EMBEDDED, Shelf

__all__ = ["LaunchError", "Settings", "make_app", "serve"]

logger = logging.getLogger(__name__)

_UPLOADS = "GRADIO_TEMP_DIR"
_LOOKED_S = 0.1  # how often it is looked at whether the app was closed


class LaunchError(ValueError):
    """The app cannot be served as asked."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """What can be chosen. `host` and `port` None: Gradio's own (GRADIO_SERVER_NAME, GRADIO_SERVER_PORT)."""

    data: Path | str = EMBEDDED
    revision: str | None = None
    detector: str = "tracker"
    masks: str = "auto"
    device: str | None = None
    runs: Path | None = None
    validation: Path | None = None
    host: str | None = None
    port: int | None = None


def make_app(settings: Settings) -> gr.Blocks:
    """The app with its samples read, its detector built and one edit scored, so that no visitor waits for that.

    Raises:
        DatasetError, FileNotFoundError: no samples, or no validation page.
        DetectorError, SeeingError, DeviceError: no such detector, segmenter or device, or one that lacks something.
        RunFolderError: no runs where they should be.
    """
    if settings.validation is not None and not settings.validation.is_file():
        raise FileNotFoundError(f"{settings.validation}: no such validation page; `gsi-bench validate` writes one")
    if settings.runs is not None:
        found_runs(settings.runs)
    hardware = find_hardware(settings.device)
    leave_a_core()
    shelf = Shelf.read(settings.data, settings.revision)
    if not shelf.samples:
        raise DatasetError(f"{settings.data}: no samples in it; the app needs at least one")
    bench = Bench(make_detector(settings.detector, device=hardware.device), hardware)
    segmenter = find_segmenter(settings.masks)
    if not hardware.lent:
        sample = next(iter(shelf.samples.values()))
        bench.score(sample, sample.image)
    logger.info("%d samples of %s; detector %s on %s", len(shelf.samples), settings.data, settings.detector, hardware.device)
    return build_app(shelf, bench, segmenter=segmenter, runs=settings.runs, validation=settings.validation)


def serve(settings: Settings | None = None) -> None:
    """Serves the app until it is stopped; then uploads and other temporary files are removed.

    Raises:
        LaunchError: the address or port cannot be listened on. Else as `make_app`.
        KeyboardInterrupt: Ctrl-C, or SIGTERM where `gsi-bench` turns it into an interrupt.
    """
    settings = settings or Settings()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    _require_free(settings.host, settings.port)
    with _uploads_of_its_own():
        app = make_app(settings)
        try:
            with without_proxies():  # Gradio asks itself whether it answers; a proxy knows nothing of that
                app.launch(
                    server_name=settings.host,
                    server_port=settings.port,
                    prevent_thread_lock=True,
                    quiet=True,
                    **launch_options(),
                )
        except (OSError, ServerFailedToStartError) as error:
            raise LaunchError("no free port from 7860 on; choose one with --port") from error
        logger.info("the app is at %s", app.local_url)
        try:
            while app.is_running:
                time.sleep(_LOOKED_S)
        finally:
            app.close(verbose=False)


def _require_free(host: str | None, port: int | None) -> None:
    """Does nothing if the address can be listened on: Gradio would try a hundred ports for minutes.

    Raises:
        LaunchError: no such host, not one of this machine, or the port is taken.
    """
    if host is None:
        return
    try:
        family, kind, number, _, address = socket.getaddrinfo(
            host, port or 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, number) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except (OSError, ValueError) as error:
        gone = "no such host" if isinstance(error, socket.gaierror | ValueError) else system_problem(error)
        raise LaunchError(f"--host {printable(host)}{f' --port {port}' if port else ''}: {gone}") from error


@contextlib.contextmanager
def _uploads_of_its_own() -> Iterator[None]:
    """A folder for uploads that nothing else on this machine shares, unless GRADIO_TEMP_DIR names one; it goes with the app."""
    if os.environ.get(_UPLOADS):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="gsi-bench-uploads-", ignore_cleanup_errors=True) as folder:
        os.environ[_UPLOADS] = folder
        try:
            yield
        finally:
            del os.environ[_UPLOADS]
