"""What tests of the Space share: its samples, its scoring, the app on a port of this machine."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gsi_bench_space.scoring.bench import Bench
    from gsi_bench_space.shelf import Shelf

HAS_EXTRA = importlib.util.find_spec("gradio") is not None
collect_ignore_glob = [] if HAS_EXTRA else ["test_*.py"]


def pytest_report_header() -> str | None:
    return None if HAS_EXTRA else "tests/space: left out, the extra `space` is not installed"


@pytest.fixture(scope="session")
def shelf() -> Shelf:
    from gsi_bench_space.shelf import Shelf  # noqa: PLC0415 - the extra may be absent when this file is read

    return Shelf.read()


@pytest.fixture(scope="session")
def bench() -> Bench:
    return bench_with("tracker")


@pytest.fixture(scope="session")
def exact() -> Bench:
    """Scores with the boxes that the samples know, for copies and right edits."""
    return bench_with("simulator")


def bench_with(detector: str) -> Bench:
    from gsi_bench_metric.detectors.registry import make_detector  # noqa: PLC0415
    from gsi_bench_space.scoring.bench import Bench  # noqa: PLC0415

    return Bench(make_detector(detector))


@pytest.fixture(scope="session")
def address(shelf, bench, tmp_path_factory) -> Iterator[str]:
    """The app, served to this machine alone."""
    from gsi_bench_space.app import build_app, launch_options  # noqa: PLC0415

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("gradio")))
        patch.setenv("HF_HUB_OFFLINE", "1")
        app = build_app(shelf, bench)
        _, url, _ = app.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **launch_options())
        yield url
        app.close()
