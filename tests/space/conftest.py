"""What tests of the Space share: its samples, its scoring, the app on a port of this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("gradio", reason="the web app needs the extra `space`")

from gsi_bench_metric.detectors.registry import make_detector
from gsi_bench_space.app import build_app, launch_options
from gsi_bench_space.scoring import Bench
from gsi_bench_space.shelf import Shelf


@pytest.fixture(scope="session")
def shelf() -> Shelf:
    return Shelf.read()


@pytest.fixture(scope="session")
def bench() -> Bench:
    return Bench(make_detector("tracker"))


@pytest.fixture(scope="session")
def exact() -> Bench:
    """Scores with the boxes that the samples know, for copies and right edits."""
    return Bench(make_detector("simulator"))


@pytest.fixture(scope="session")
def address(shelf, bench, tmp_path_factory) -> Iterator[str]:
    """The app, served to this machine alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("gradio")))
        patch.setenv("HF_HUB_OFFLINE", "1")
        app = build_app(shelf, bench)
        _, url, _ = app.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **launch_options())
        yield url
        app.close()
