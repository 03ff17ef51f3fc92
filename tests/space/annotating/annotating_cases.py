"""A folder of two photographs of a table with a painted box, of which everything is known."""

import io

import pytest
from own_scene import BOX, FOCAL_MM, HEIGHT_M, PITCH_DEG, photo, render
from PIL import Image

from gsi_bench_space.annotating.session import Session
from gsi_bench_space.own.masking import Tools, find_segmenter

__all__ = ["folder", "marked", "session"]

CAMERA = {"focal": FOCAL_MM, "pitch": PITCH_DEG, "height": 100 * HEIGHT_M}


@pytest.fixture
def folder(tmp_path):
    """`photos/a.png` and `photos/more/b.jpg`, and what is no photograph."""
    place = tmp_path / "photos"
    (place / "more").mkdir(parents=True)
    (place / "a.png").write_bytes(photo().picture.bytes)
    stream = io.BytesIO()
    Image.fromarray(render(BOX)).resize((1280, 960)).save(stream, "JPEG", quality=95)
    (place / "more" / "b.jpg").write_bytes(stream.getvalue())
    (place / "notes.txt").write_text("no photograph")
    return place


@pytest.fixture
def session(folder):
    """`session()`: the folder, opened anew."""
    return lambda **more: Session(folder, folder / "boxes.json", Tools(find_segmenter("grabcut")), **more)


def marked(session, number=0, at=None):
    """With the camera as it was, and the box marked by its middle."""
    found = session()
    found.do(number, "camera", CAMERA)
    x, y = at or ((302, 205) if number == 0 else (604, 410))
    state = found.do(number, "mark", {"x": x, "y": y})
    assert state["message"] == "saved", state["message"]
    return found, state
