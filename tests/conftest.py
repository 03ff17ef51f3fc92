"""Fixtures that all test folders share: the recorded reference data, images and samples made on the spot."""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hub_stand_in import TOKEN, StandInHub
from PIL import Image

from gsi_bench_dataset import EncodedImage, Operation, Sample

# Turned 0.2 rad about the vertical; standing 2 m before a camera of 64×48 pixels.
K = [[60.0, 0.0, 32.0], [0.0, 60.0, 24.0], [0.0, 0.0, 1.0]]
R = [[float(np.cos(0.2)), 0.0, float(np.sin(0.2))], [0.0, 1.0, 0.0], [-float(np.sin(0.2)), 0.0, float(np.cos(0.2))]]
BOX = [0.1, 0.2, 2.0, 0.4, 0.3, 0.2, 0.2]

# A shell that runs the tests in the background has them ignore interrupts, and so would the commands that they interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def golden() -> Path:
    """The recorded outputs of the reference, kept beside the repository; tests that need them are skipped without them."""
    folder = Path(__file__).resolve().parents[1] / "../shared/golden"
    if not folder.is_dir():
        pytest.skip("recorded reference data (../shared/golden) is not here")
    return folder.resolve()


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[Any]:
    """The Ray cluster of this test process: started on this machine when it is first asked for, ended with the session."""
    pytest.importorskip("ray", reason="needs the extra: pip install 'gsi-bench[ray]'")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "disabled")
        patch.setenv("RAY_TMPDIR", "/tmp")  # paths of its sockets are short there
        patch.delenv("RAY_ADDRESS", raising=False)
        from gsi_bench_dataset.execution.ray_cluster import cluster  # noqa: PLC0415 - starts Ray

        made = cluster(5)
        yield made
        made.ray.shutdown()


@pytest.fixture(scope="session")
def make_image() -> Callable[..., bytes]:
    """`make_image(size=(64, 48), seed=0, kind="PNG") -> bytes`: an encoded image of smooth random colour."""

    def make(size: tuple[int, int] = (64, 48), seed: int = 0, kind: str = "PNG") -> bytes:
        coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
        stream = io.BytesIO()
        Image.fromarray(coarse).resize(size).save(stream, kind)
        return stream.getvalue()

    return make


@pytest.fixture(scope="session")
def make_sample(make_image: Callable[..., bytes]) -> Callable[..., Sample]:
    """`make_sample(img_id="a", query_id="0", **fields) -> Sample`: a sound move of 20 cm to the right."""

    def make(img_id: str = "a", query_id: str = "0", **fields: Any) -> Sample:
        values: dict[str, Any] = {
            "id": f"{img_id}_edit_{query_id}",
            "split": "fine",
            "img_id": img_id,
            "query_id": query_id,
            "image": EncodedImage(make_image(), f"{img_id}.png"),
            "prompt": "Move the mug 20 centimeters to the right.",
            "target": "mug",
            "original_bbox_3d": BOX,
            "new_bbox_3d": [BOX[0] + 0.2, *BOX[1:]],
            "camera_intrinsics": K,
            "rotation_matrix": R,
            "operation": Operation(kind="move", direction="right", distance_m=0.2, frame="camera"),
            "origin": "demo",
        }
        return Sample(**(values | fields))

    return make


@pytest.fixture
def official_folder(tmp_path: Path, make_image: Callable[..., bytes]) -> Callable[..., Path]:
    """`official_folder(edits={"a_edit_0": {...}}, images=("a.png",)) -> Path`: a folder of the reference's layout.

    An edit's dict overrides fields of a sound one; None removes a field; a str or bytes is written as it is.
    """

    def make(edits: dict[str, Any] | None = None, images: tuple[str, ...] = ("a.png",), name: str = "fine_dataset") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for image in images:
            kind = "PNG" if image.endswith("png") else "JPEG"
            (folder / image).write_bytes(make_image(seed=len(image), kind=kind))
        for stem, changes in ({"a_edit_0": {}} if edits is None else edits).items():
            content = changes if isinstance(changes, (str, bytes)) else edit_json(**changes)
            raw = content.encode() if isinstance(content, str) else content
            (folder / f"{stem}.json").write_bytes(raw)
        return folder

    return make


def edit_json(**changes: Any) -> str:
    """The text of a sound edit JSON with some fields changed (None: left out)."""
    fields: dict[str, Any] = {
        "prompt": "Move the mug 20 centimeters to the right.",
        "target": "mug",
        "original_bbox_3d": BOX,
        "camera_intrinsics": K,
        "rotation_matrix": R,
        "new_bbox_3d": [BOX[0] + 0.2, *BOX[1:]],
    } | changes
    return json.dumps({name: value for name, value in fields.items() if value is not None}, indent=4)


@pytest.fixture
def hub():
    """A running stand-in of the Hub."""
    with StandInHub() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def client(hub, tmp_path):
    """`client(*python_arguments, **environment)`: one run in an empty folder and with a Hugging Face home of this test."""
    (tmp_path / "work").mkdir()
    inherited = {
        name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH", "TMPDIR", "PYTHONPATH") if name in os.environ
    }
    settings = {
        "HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_HOME": str(tmp_path / "hf"), "HOME": str(tmp_path),
        "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1",
        "NO_PROXY": "127.0.0.1,localhost",
    }  # fmt: skip

    def command(*arguments, **environment):
        return {
            "args": [sys.executable, *map(str, arguments)],
            "cwd": tmp_path / "work",
            "env": inherited | settings | environment,
            "text": True,
        }

    def run(*arguments, timeout=120, **environment):
        return subprocess.run(**command(*arguments, **environment), capture_output=True, timeout=timeout, check=False)

    run.start = lambda *arguments, **environment: subprocess.Popen(
        **command(*arguments, **environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    return run


@pytest.fixture
def gsi_bench(client):
    """`gsi_bench(*arguments, **environment)`: one command against the stand-in; `.start` does not wait for its end."""

    def run(*arguments, **environment):
        return client("-m", "gsi_bench_dataset.cli.main", *arguments, **environment)

    run.start = lambda *arguments, **environment: client.start("-m", "gsi_bench_dataset.cli.main", *arguments, **environment)
    return run


@pytest.fixture
def command(hub, monkeypatch, tmp_path, capfd):
    """As `gsi_bench`, but in this process, which saves the second that starting one takes; without waits between tries."""
    import huggingface_hub  # noqa: PLC0415
    from huggingface_hub import constants  # noqa: PLC0415
    from huggingface_hub.utils import _http  # noqa: PLC0415

    from gsi_bench_dataset.cli.main import main  # noqa: PLC0415

    # The client reads its environment when it is imported.
    home = tmp_path / "hf"
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    impatient = types.SimpleNamespace(**{name: getattr(time, name) for name in dir(time)} | {"sleep": lambda _: None})
    monkeypatch.setattr(_http, "time", impatient)
    assert huggingface_hub.HfApi().endpoint == hub.url
    # The client's log goes to the stderr of whichever test imported it first, which is closed by now.
    log = logging.getLogger("huggingface_hub")
    level = log.level
    log.setLevel(logging.ERROR)

    def run(*arguments, **environment):
        with monkeypatch.context() as patch:
            for name, value in ({"HF_TOKEN": TOKEN} | environment).items():
                patch.setenv(name, value)
            capfd.readouterr()
            status = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return subprocess.CompletedProcess(arguments, status, out, err)

    yield run
    log.setLevel(level)
