"""The predictor: the published driver's answers, one encoding an image, batches that fit into memory."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("safetensors")

from gsi_bench_metric.detectors.detany3d.errors import DetAny3DError
from gsi_bench_metric.detectors.detany3d.files.encodings import EncodingCache
from gsi_bench_metric.detectors.detany3d.grounding import TextBoxes
from gsi_bench_metric.detectors.detany3d.network.model import Encoding, Prompts
from gsi_bench_metric.detectors.detany3d.predictor import Camera, Predictor
from gsi_bench_metric.detectors.detany3d.preprocessing import frame_of, preprocess


class Scripted:
    """A text detector that gives the answers it was made with."""

    key = "scripted"

    def __init__(self, answers):
        self.answers = answers

    def find(self, rgb, prompt):
        height, width = rgb.shape[:2]
        said = self.answers.get(prompt, {"boxes_cxcywh_normalised": [], "phrases": []})
        boxes = np.array(said["boxes_cxcywh_normalised"], dtype=np.float32).reshape(-1, 4) * [width, height, width, height]
        corners = np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], axis=1)
        return TextBoxes(corners, tuple(said["phrases"]))


class Counting:
    """A network that counts what it encodes, and has memory for a limited number of images at once."""

    def __init__(self, network, room=99):
        self.config, self.decode = network.config, network.decode
        self._encode, self.room, self.batches = network.encode, room, []

    def encode(self, sam, dino, **options):
        self.batches.append(len(sam))
        if len(sam) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1 GiB")
        return self._encode(sam, dino, **options)


def close(a, b):
    return all(torch.allclose(getattr(a, n), getattr(b, n), atol=1e-5) for n in ("embedding", "depth", "camera", "metric", "K"))


@pytest.fixture
def pictures(inputs):
    a = inputs["image_a"]
    return [a, a[::-1].copy(), 255 - a, inputs["image_c"]]


PREDICT_FIELDS = (
    "bbox_3d",
    "bbox_2d",
    "iou_score",
    "vertices_3d",
    "camera_intrinsics",
    "pose_6d",
    "rotation_matrix",
    "position_3d",
)


def predict_cases():
    path = Path(__file__).resolve().parents[4] / "../shared/golden/detany3d/predict_cases.json"
    return json.loads(path.read_text()) if path.is_file() else []


@pytest.mark.parametrize("recorded", predict_cases() or [None], ids=lambda c: c["name"] if c else "none")
def test_the_driver_compatible_mode_equals_the_published_predict(boxes_only, inputs, golden, recorded):
    camera = None if recorded["given_K"] is None else Camera(recorded["given_K"], "preprocessed")
    rgb, text = inputs[f"image_{recorded['image']}"], Scripted(recorded["detector"])
    prompts = recorded["text_prompts"]
    result = Predictor(boxes_only, "w").predict(rgb, prompts, text, camera, pile_up=True)
    assert result["img_shape"] == recorded["img_shape"]
    assert [row["label"] for row in result["detections"]] == [row["label"] for row in recorded["detections"]]
    for row, reference in zip(result["detections"], recorded["detections"], strict=True):
        assert set(row) == set(reference)
        for name in PREDICT_FIELDS:
            value, expected = np.array(row[name]), np.array(reference[name])
            assert np.abs(value - expected).max() <= 1e-4 * max(1, np.abs(expected).max()), name
        turned, expected = np.array(row["quaternion_xyzw"]), np.array(reference["quaternion_xyzw"])
        assert min(np.abs(turned - expected).max(), np.abs(turned + expected).max()) <= 1e-4
        assert np.allclose(row["euler_angles_xyz_deg"], reference["euler_angles_xyz_deg"], atol=2e-2)


def test_each_prompt_is_asked_alone_unless_pile_up_is_wanted(boxes_only, inputs):
    said = {"boxes_cxcywh_normalised": [[0.3, 0.4, 0.3, 0.3]], "phrases": ["mug"]}
    text = Scripted({"mug": said, "lamp": said | {"phrases": ["lamp"]}})
    predictor = Predictor(boxes_only, "w")
    labels = {
        piled: [
            row["label"] for row in predictor.predict(inputs["image_a"], ["mug", "lamp"], text, pile_up=piled)["detections"]
        ]
        for piled in (False, True)
    }
    assert labels == {False: ["mug", "lamp"], True: ["mug", "mug", "lamp"]}


def test_nothing_found_is_an_empty_result_with_a_reason(boxes_only, inputs):
    result = Predictor(boxes_only, "w").predict(inputs["image_c"], ["unicorn"], Scripted({}))
    assert result["detections"] == []
    assert "'unicorn'" in result["reason"]


def test_prompts_and_repeated_pictures_share_one_encoding(boxes_only, inputs):
    counting = Counting(boxes_only)
    predictor = Predictor(counting, "w", batch_size=4)
    predictor.predict(inputs["image_c"], ["mug", "lamp"], Scripted({}))
    predictor.encode([inputs["image_c"], inputs["image_c"].copy()])
    assert counting.batches == [1]


def test_pictures_of_one_shape_are_encoded_together_as_if_alone(boxes_only, pictures):
    counting = Counting(boxes_only)
    together = Predictor(counting, "w", batch_size=8).encode(pictures)
    assert counting.batches == [3, 1]
    alone = [Predictor(boxes_only, "w", batch_size=1).encode([rgb])[0] for rgb in pictures]
    assert all(close(a, b) for a, b in zip(together, alone, strict=True))


def test_out_of_memory_halves_the_batch_and_loses_no_picture(boxes_only, pictures):
    counting = Counting(boxes_only, room=1)
    predictor = Predictor(counting, "w", batch_size=4)
    found = predictor.encode(pictures[:3])
    assert counting.batches == [3, 2, 1, 1, 1]
    assert predictor.batch_size == 1
    assert all(close(a, Predictor(boxes_only, "w").encode([rgb])[0]) for a, rgb in zip(found, pictures, strict=False))


def test_no_memory_for_one_image_is_an_error_with_remedy(boxes_only, inputs):
    with pytest.raises(DetAny3DError, match=r"single image .* bfloat16"):
        Predictor(Counting(boxes_only, room=0), "w", batch_size=2).encode([inputs["image_c"]])


def test_other_errors_are_not_taken_for_lack_of_memory(boxes_only, inputs, monkeypatch):
    broken = Counting(boxes_only)
    broken.encode = lambda *_, **__: (_ for _ in ()).throw(RuntimeError("shapes do not match"))
    with pytest.raises(RuntimeError, match="shapes do not match"):
        Predictor(broken, "w", batch_size=4).encode([inputs["image_c"]])


def test_two_runs_give_the_same_bits(boxes_only, inputs):
    runs = [Predictor(boxes_only, "w").encode([inputs["image_b"]])[0] for _ in range(2)]
    assert torch.equal(runs[0].embedding, runs[1].embedding)
    assert torch.equal(runs[0].K, runs[1].K)


def test_bfloat16_keeps_the_boxes_near_the_float32_ones(boxes_only, inputs):
    """Made weights amplify rounding far more than trained ones would; the test only guards the path."""
    (exact,), (half,) = (Predictor(boxes_only, "w", dtype=d).encode([inputs["image_b"]]) for d in ("float32", "bfloat16"))
    assert half.embedding.dtype == half.depth.dtype == torch.float32
    assert not torch.equal(exact.embedding, half.embedding)
    assert float((exact.embedding - half.embedding).abs().mean() / exact.embedding.abs().mean()) < 0.1


def test_an_unknown_dtype_names_the_known_ones(boxes_only):
    with pytest.raises(DetAny3DError, match="expected one of float32, bfloat16, float16"):
        Predictor(boxes_only, "w", dtype="int8")


def test_many_prompts_in_parts_equal_one_call(boxes_only, inputs, monkeypatch):
    predictor = Predictor(boxes_only, "w")
    (encoding,) = predictor.encode([inputs["image_a"]])
    boxes = torch.tensor([[10 * i, 5, 10 * i + 60, 90] for i in range(7)])
    whole = predictor.boxes(encoding, Prompts(boxes=boxes))
    monkeypatch.setattr("gsi_bench_metric.detectors.detany3d.predictor._PROMPTS_AT_ONCE", 3)
    parts = predictor.boxes(encoding, Prompts(boxes=boxes))
    assert np.allclose(whole.boxes_3d, parts.boxes_3d, atol=1e-4)
    assert np.allclose(whole.iou, parts.iou, atol=1e-5)


def test_a_source_camera_is_brought_to_the_frame_of_the_boxes(inputs, tiny):
    frame = frame_of(inputs["image_b"].shape[:2], tiny)
    K = np.array([[300.0, 0, 108.5], [0, 300.0, 165.5], [0, 0, 1]])
    point = np.array([0.2, -0.1, 2.0])
    in_source, in_frame = (k @ point / point[2] for k in (K, Camera(K, "source").in_frame(frame)))
    assert np.allclose(frame.to_source(in_frame[:2]), in_source[:2])
    assert np.array_equal(Camera(K, "preprocessed").in_frame(frame), K)


@pytest.mark.parametrize(
    "K",
    [
        np.zeros((3, 3)),
        [[100, 0, 50], [0, 100, 50], [0, 0, 0]],
        [[-100, 0, 50], [0, 100, 50], [0, 0, 1]],
        [[1, 2], [3, 4]],
        [[float("nan"), 0, 0], [0, 1, 0], [0, 0, 1]],
        "abc",
    ],
)
def test_a_matrix_that_no_camera_has_is_an_error(K):
    with pytest.raises(DetAny3DError, match="camera matrix"):
        Camera(K)


@pytest.mark.parametrize(
    ("shape", "dtype", "words"),
    [
        ((20, 20), np.uint8, "RGB"),
        ((20, 20, 4), np.uint8, "RGB"),
        ((20, 20, 3), np.uint16, "uint16"),
        ((0, 20, 3), np.uint8, "RGB"),
        ((4, 1000, 3), np.uint8, "too thin"),
    ],
)
def test_arrays_that_are_no_usable_picture_are_errors(tiny, shape, dtype, words):
    with pytest.raises(DetAny3DError, match=words):
        preprocess(np.zeros(shape, dtype), tiny)


def test_no_prompt_at_all_is_an_error(boxes_only, inputs):
    with pytest.raises(DetAny3DError, match="no prompt given"):
        Predictor(boxes_only, "w").predict(inputs["image_c"], [], Scripted({}))


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"boxes": torch.zeros(2, 4), "points": torch.zeros(2, 1, 2)},
        {"boxes": torch.zeros(4)},
        {"points": torch.zeros(2, 2)},
    ],
)
def test_prompts_of_other_shapes_are_refused(wrong):
    with pytest.raises(ValueError, match=r"boxes|points"):
        Prompts(**wrong)


def encoding(number: float) -> Encoding:
    return Encoding(*(torch.full((1, 4, 16), float(number)) for _ in range(5)))


def test_the_cache_lets_the_least_recently_used_go():
    one = encoding(0).bytes
    cache = EncodingCache(memory_limit=2 * one)
    cache.put("a", encoding(1))
    cache.put("b", encoding(2))
    assert cache.get("a") is not None
    cache.put("c", encoding(3))
    assert cache.get("b") is None
    assert float(cache.get("a").K.mean()) == 1
    assert cache.bytes == 2 * one


def test_the_disk_cache_outlives_the_process_and_is_bounded(tmp_path):
    import os  # noqa: PLC0415

    cache = EncodingCache(memory_limit=0, folder=tmp_path)
    for name in ("a", "b"):
        cache.put(name, encoding(1))
    size = next(tmp_path.iterdir()).stat().st_size
    assert torch.equal(EncodingCache(folder=tmp_path).get("a").embedding, encoding(1).embedding)
    os.utime(tmp_path / "b.safetensors", (1, 1))
    EncodingCache(folder=tmp_path, disk_limit=2 * size).put("c", encoding(3))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.safetensors", "c.safetensors"]


def test_a_damaged_encoding_on_disk_is_made_again(tmp_path, caplog):
    EncodingCache(folder=tmp_path).put("a", encoding(1))
    (tmp_path / "a.safetensors").write_bytes(b"broken")
    assert EncodingCache(folder=tmp_path).get("a") is None
    assert "encoded again" in caplog.text
