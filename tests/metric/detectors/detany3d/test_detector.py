"""DetAny3D as a detector of the package: scoring's items, the reference's cache file, the commands."""

import io
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("safetensors")

from gsi_bench_dataset import EncodedImage
from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.records import Prediction
from gsi_bench_metric.detectors import DetectionItem, make_detector
from gsi_bench_metric.detectors.detany3d import detector as module
from gsi_bench_metric.detectors.detany3d.detector import DetAny3DDetector, camera_of
from gsi_bench_metric.detectors.detany3d.errors import DetAny3DError
from gsi_bench_metric.detectors.detany3d.files.checkpoint import Merged, convert
from gsi_bench_metric.detectors.detany3d.files.export import infer_cache
from gsi_bench_metric.detectors.detany3d.grounding import TextBoxes
from gsi_bench_metric.detectors.recorded import RecordedDetector
from gsi_bench_metric.imaging.pictures import Picture


class OneBox:
    """Says that everything but a unicorn is in the middle of the image."""

    key = "one box"

    def __init__(self):
        self.asked = []

    def find(self, rgb, prompt):
        self.asked.append(prompt)
        if prompt == "unicorn":
            return TextBoxes(np.zeros((0, 4)), ())
        height, width = rgb.shape[:2]
        return TextBoxes(np.array([[width * 0.25, height * 0.25, width * 0.75, height * 0.75]]), (prompt,))


@pytest.fixture(scope="module")
def weights(complete, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    state = {f"sam.{name}": tensor.clone() for name, tensor in complete.state_dict().items()}
    convert(Merged(state, dict.fromkeys(state, "test")), path, {}, progress=False)
    return path


@pytest.fixture
def detector(weights, tiny):
    return DetAny3DDetector(weights, tiny, text=OneBox())


def items(sample, edited=None):
    found = [DetectionItem(sample, "source", None, Picture(sample.image))]
    return found + ([DetectionItem(sample, "edited", None, Picture(edited))] if edited else [])


def test_source_and_edited_image_give_the_reference_fields(detector, make_sample, make_image):
    sample = make_sample()
    (source,), (edited,) = detector.detect(items(sample, EncodedImage(make_image(seed=3), "e.png")))
    for found in (source, edited):
        assert found.label == "mug"
        assert np.allclose(np.array(found.rotation_matrix) @ np.array(found.rotation_matrix).T, np.eye(3), atol=1e-6)
        assert found.object_id is None
    assert source.bbox_3d != edited.bbox_3d


def test_edits_of_one_source_encode_it_once(detector, make_sample, make_image, monkeypatch):
    batches = []
    encode = detector.predictor.network.encode
    monkeypatch.setattr(detector.predictor.network, "encode", lambda *a, **k: batches.append(len(a[0])) or encode(*a, **k))
    for number in range(3):
        sample = make_sample(query_id=str(number), target=("mug", "lamp")[number % 2])
        detector.detect(items(sample, EncodedImage(make_image(seed=10 + number), "e.png")))
    assert sum(batches) == 4
    assert detector.text.asked.count("mug") + detector.text.asked.count("lamp") == 5


def test_an_edited_image_is_resized_to_the_source_first(detector, make_sample, make_image):
    big = EncodedImage(make_image(size=(128, 96), seed=3), "e.png")
    small = Image.open(io.BytesIO(big.bytes)).resize((64, 48), Image.Resampling.BICUBIC)
    stream = io.BytesIO()
    small.save(stream, "PNG")
    sample = make_sample()
    answers = detector.detect([items(sample, picture)[1] for picture in (big, EncodedImage(stream.getvalue(), "s.png"))])
    assert answers[0] == answers[1]


def test_nothing_found_is_empty_and_no_image_is_no_result(detector, make_sample, make_image):
    sample = make_sample(target="unicorn")
    assert detector.detect([*items(sample), DetectionItem(sample, "edited")]) == [[], None]
    thin = make_sample(image=EncodedImage(make_image(size=(640, 8)), "thin.png"))
    assert detector.detect(items(thin)) == [None]


@pytest.mark.parametrize(
    ("fields", "frame"),
    [
        ({"origin": "official", "pixel_frame": "source"}, "preprocessed"),
        ({"origin": "rebuilt", "pixel_frame": "source"}, "source"),
        ({"origin": "rebuilt", "pixel_frame": "reference896"}, "preprocessed"),
    ],
)
def test_official_samples_use_the_camera_as_published(make_sample, fields, frame):
    assert camera_of(make_sample(**fields)).frame == frame


def test_its_key_changes_with_weights_and_settings(weights, tiny, detector):
    same, half = (
        DetAny3DDetector(weights, tiny, text=OneBox()),
        DetAny3DDetector(weights, tiny, text=OneBox(), dtype="bfloat16"),
    )
    assert detector.key == same.key != half.key


def test_the_exported_cache_is_read_back_as_the_same_detections(detector, make_sample, make_image, tmp_path):
    sample = make_sample()
    prediction = Prediction(sample.id, "e", image=EncodedImage(make_image(seed=3), "e.png"))
    (tmp_path / "infer_cache.json").write_text(json.dumps(dict(infer_cache([(sample, prediction)], detector))))
    recorded = RecordedDetector.from_file(tmp_path / "infer_cache.json")
    asked = items(sample, prediction.image)
    assert recorded.detect(asked) == detector.detect(asked)


@pytest.fixture
def command(monkeypatch, detector, capsys):
    """`gsi-bench` with the small network in the place of the released one."""
    monkeypatch.setattr(module, "make", lambda *_: detector)

    def run(*words):
        status = main([str(word) for word in words])
        shown = capsys.readouterr()
        return status, shown.out + shown.err

    return run


@pytest.fixture
def picture(tmp_path, make_image):
    (tmp_path / "p.png").write_bytes(make_image(size=(160, 120)))
    return tmp_path / "p.png"


def test_detect_writes_boxes_and_overlay(command, picture, tmp_path):
    (tmp_path / "K.json").write_text("[[150, 0, 80], [0, 150, 60], [0, 0, 1]]")
    asked = ["--prompt", "mug", "--box", "10,10,90,80", "--point", "40,50", "--camera", tmp_path / "K.json"]
    status, shown = command("detect", picture, *asked, "--overlay", tmp_path / "o.png", "--out", tmp_path / "b.json")
    assert status == 0, shown
    rows = json.loads((tmp_path / "b.json").read_text())["detections"]
    assert [row["label"] for row in rows] == ["mug", "box 1", "point 1"]
    drawn, original = (np.asarray(Image.open(p).convert("RGB")) for p in (tmp_path / "o.png", picture))
    assert drawn.shape == original.shape
    assert not np.array_equal(drawn, original)
    assert not list(tmp_path.glob(".*tmp*"))


def test_detect_says_why_there_is_nothing(command, picture):
    status, shown = command("detect", picture, "--prompt", "unicorn")
    assert status == 0
    assert "nothing: GroundingDINO found nothing for 'unicorn'" in shown


def bad_picture(folder, kind):
    arrays = {
        "16-bit": np.zeros((20, 20), np.uint16),
        "1x1": np.zeros((1, 1, 3), np.uint8),
        "thin": np.zeros((4, 900, 3), np.uint8),
    }
    Image.fromarray(arrays[kind]).save(folder / "bad.png")
    return folder / "bad.png"


@pytest.mark.parametrize(
    ("kind", "words"), [("16-bit", "more than 8 bits"), ("1x1", "1×1 pixels show nothing"), ("thin", "too thin")]
)
def test_pictures_that_cannot_be_looked_at_are_one_line_errors(command, tmp_path, kind, words):
    status, shown = command("detect", bad_picture(tmp_path, kind), "--prompt", "mug")
    assert status == 2
    assert words in shown


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "LA"])
def test_grey_palette_and_alpha_pictures_are_taken_as_rgb(command, picture, tmp_path, mode):
    Image.open(picture).convert(mode).save(tmp_path / "other.png")
    status, shown = command("detect", tmp_path / "other.png", "--prompt", "mug")
    assert status == 0, shown
    assert "mug: centre" in shown


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "nothing to look for"),
        (["--box", "1,2,3"], "expected 4 numbers, found 3"),
        (["--box", "9,9,1,1"], "x0 < x1"),
        (["--point", "a,b"], "expected 2 numbers"),
    ],
)
def test_unusable_questions_are_one_line_errors(command, picture, options, words):
    status, shown = command("detect", picture, *options)
    assert status == 2
    assert words in shown


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[[0,0,0],[0,0,0],[0,0,1]]", "singular"),
        ("{}", "expected a 3×3 matrix"),
        ("{", "not valid JSON"),
        ('{"camera_intrinsics": [[1,2],[3,4]]}', "shape (2, 2)"),
    ],
)
def test_unusable_cameras_are_one_line_errors(command, picture, tmp_path, content, words):
    (tmp_path / "K.json").write_text(content)
    status, shown = command("detect", picture, "--prompt", "mug", "--camera", tmp_path / "K.json")
    assert status == 2
    assert words in shown
    assert "K.json" in shown


def test_weights_explain_licences_and_steps_before_fetching(capsys):
    assert main(["weights", "detany3d"]) == 2
    shown = capsys.readouterr().err
    assert "NOT FOR COMMERCIAL USE" in shown
    assert "--accept-licence" in shown
    assert main(["weights", "detany3d", "--accept-licence"]) == 2
    assert "OpenDriveLab/DetAny3D" in capsys.readouterr().err


def test_without_weights_the_detector_says_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setenv("GSI_BENCH_CACHE", str(tmp_path))
    with pytest.raises(ValueError, match=r"detany3d\.safetensors: no such file; `gsi-bench weights detany3d"):
        make_detector("detany3d")


def test_an_empty_prompt_is_an_error():
    from gsi_bench_metric.detectors.detany3d.grounding import caption_of  # noqa: PLC0415

    for prompt in ("", "  ", " . "):
        with pytest.raises(DetAny3DError, match="empty prompt"):
            caption_of(prompt)


def test_showing_help_loads_neither_torch_nor_the_extra():
    code = (
        "import sys, gsi_bench_metric.cli.commands; print(*sorted({'torch', 'safetensors', 'transformers'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == ""
