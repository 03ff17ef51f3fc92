"""`gsi-bench detect FOLDER`: boxes.json by the small network, and the frame that its cameras are told in."""

import json

import numpy as np
import pytest

pytest.importorskip("safetensors")

from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.layout.boxes import read_boxes
from gsi_bench_metric.detectors.detany3d import detector as module
from gsi_bench_metric.detectors.detany3d.config import Config
from gsi_bench_metric.detectors.detany3d.detector import DetAny3DDetector
from gsi_bench_metric.detectors.detany3d.files.checkpoint import Merged, convert
from gsi_bench_metric.detectors.detany3d.grounding import TextBoxes
from gsi_bench_metric.detectors.detany3d.objects import find_objects
from gsi_bench_metric.detectors.detany3d.preprocessing import frame_of
from gsi_bench_metric.marking.photographs import UnusableError


class OneBox:
    """Says that everything but a unicorn is in the middle of the image; a lamp stands left of it."""

    key = "one box"

    def find(self, rgb, prompt):
        if prompt == "unicorn":
            return TextBoxes(np.zeros((0, 4)), ())
        height, width = rgb.shape[:2]
        left = 0.05 if prompt == "lamp" else 0.25
        return TextBoxes(np.array([[width * left, height * 0.25, width * (left + 0.5), height * 0.75]]), (f"a {prompt}",))


@pytest.fixture
def detector(complete, tiny, tmp_path):
    state = {f"sam.{name}": tensor.clone() for name, tensor in complete.state_dict().items()}
    convert(Merged(state, dict.fromkeys(state, "test")), tmp_path / "tiny.safetensors", {}, progress=False)
    return DetAny3DDetector(tmp_path / "tiny.safetensors", tiny, text=OneBox())


@pytest.fixture
def photos(tmp_path, make_image):
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    for number, name in enumerate(("a.png", "more/b.png")):
        (folder / name).write_bytes(make_image(size=(160, 120), seed=number))
    return folder


@pytest.fixture
def command(monkeypatch, detector, capsys):
    monkeypatch.setattr(module, "make", lambda *_: detector)

    def run(*words):
        status = main([str(word) for word in words])
        shown = capsys.readouterr()
        return status, shown.out + shown.err

    return run


def test_a_folder_becomes_boxes_of_its_photographs(command, detector, photos, make_image):
    asked = ["--prompt", "Mug", "--prompt", "unicorn", "--least-score", "0"]
    status, shown = command("detect", photos, *asked, "--licence", "cc0-1.0", "--redistributable", "yes", "--quiet")
    assert status == 0, shown
    entries = read_boxes(photos / "boxes.json").photographs
    assert [(e.file, e.width, e.height, e.licence, e.redistributable) for e in entries] == [
        (name, 160, 120, "cc0-1.0", True) for name in ("a.png", "more/b.png")
    ]
    (mug,) = entries[0].objects
    assert (mug.id, mug.name, mug.source) == ("mug_1", "mug", "detector") and 0 <= mug.score <= 1
    status, shown = command("detect", photos, *asked)
    assert status == 0 and "2 were there already; 0 boxes found now" in shown


def test_what_is_below_the_score_is_counted_and_nothing_written(command, photos):
    status, shown = command("detect", photos, "--prompt", "mug", "--least-score", "1")
    assert status == 2 and "nothing was found (2)" in shown and not (photos / "boxes.json").exists()


def test_boxes_are_those_of_detect_for_one_image(command, photos, tmp_path):
    (tmp_path / "K.json").write_text("[[150, 0, 80], [0, 150, 60], [0, 0, 1]]")
    camera = ["--camera", tmp_path / "K.json"]
    command("detect", photos, "--prompt", "mug", "--least-score", "0", *camera)
    command("detect", photos / "a.png", "--prompt", "mug", *camera, "--out", tmp_path / "one.json")
    (row,) = json.loads((tmp_path / "one.json").read_text())["detections"]
    entry = read_boxes(photos / "boxes.json").photographs[0]
    (mug,) = entry.objects
    assert entry.intrinsics[0] == (150.0, 0.0, 80.0)
    assert mug.box[:3] == pytest.approx(row["bbox_3d"][:3]) and sorted(mug.box[3:]) == pytest.approx(
        sorted(row["bbox_3d"][3:6])
    )
    assert mug.score == pytest.approx(min(max(row["iou_score"], 0), 1), abs=1e-4)


def test_the_networks_own_camera_is_told_in_the_photographs_pixels(detector, photos, make_image):
    from gsi_bench_metric.imaging.images import load_rgb  # noqa: PLC0415

    rgb = load_rgb(photos / "a.png")
    found, K = find_objects(detector.predictor, detector.text, rgb, ["mug"], None)
    same, given = find_objects(detector.predictor, detector.text, rgb, ["mug"], K)
    assert given == pytest.approx(K) and same[0].box[:2] == pytest.approx(found[0].box[:2], rel=0.2)
    frame = frame_of((120, 160), detector.predictor.network.config)
    assert frame.camera(frame.source_camera(np.diag([200.0, 210.0, 1.0]))) == pytest.approx(np.diag([200.0, 210.0, 1.0]))


def test_a_thin_image_is_said_to_be_so(detector):
    with pytest.raises(UnusableError, match="too thin"):
        find_objects(detector.predictor, detector.text, np.zeros((4, 900, 3), np.uint8), ["mug"], None)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--prompt", "mug", "--box", "1,2,3,4"], "--box is of one image"),
        (["--prompt", "mug", "--overlay", "o.png"], "--overlay is of one image"),
        (["--prompt", "mug", "--camera-frame", "preprocessed"], "--camera-frame preprocessed is of one image"),
        ([], "say what to look for"),
    ],
)
def test_options_of_one_image_do_not_go_with_a_folder(command, photos, options, words):
    status, shown = command("detect", photos, *options)
    assert status == 2 and words in shown and not (photos / "boxes.json").exists()


def test_options_of_a_folder_do_not_go_with_one_image(command, photos):
    status, shown = command("detect", photos / "a.png", "--prompt", "mug", "--licence", "x", "--least-score", "0.5")
    assert status == 2 and "--licence is of a folder" in shown and "--least-score is of a folder" in shown


def test_a_folder_without_photographs_is_a_one_line_error(command, tmp_path):
    (tmp_path / "none").mkdir()
    status, shown = command("detect", tmp_path / "none", "--prompt", "mug")
    assert status == 2 and "no photographs (.jpg" in shown


def test_the_released_frame_undoes_its_own_camera():
    K = np.array([[3020.0, 0, 2016.0], [0, 3010.0, 1512.0], [0, 0, 1]])
    for size in ((3024, 4032), (4032, 3024), (480, 640), (1080, 1920)):
        frame = frame_of(size, Config())
        assert frame.source_camera(frame.camera(K)) == pytest.approx(K)
