"""Plans: every sample is in them, with an image or with a reason; inputs that do not fit are refused in one message."""

import numpy as np
import pytest
import torch

from gsi_bench_dataset import EncodedImage
from gsi_bench_dataset.records import Prediction
from gsi_bench_dataset.storage.predictions import PredictionSet, read_predictions
from gsi_bench_metric.imaging import images
from gsi_bench_metric.imaging.device import DeviceError, pick_device
from gsi_bench_metric.run.planning import PlanError, make_plan
from gsi_bench_metric.run.scoring import ScoringError, detection_items, make_scorer


def predicted(**pictures) -> PredictionSet:
    return read_predictions(pictures, "editor")


def message_of(*args, **options) -> str:
    with pytest.raises(PlanError) as caught:
        make_plan(*args, **options)
    return str(caught.value)


# Plans


def test_samples_are_paired_with_predictions_by_id(make_sample, make_image):
    samples = [make_sample("b"), make_sample("a"), make_sample("a", "1")]
    raw = {s.id: make_image(seed=i) for i, s in enumerate(samples)}
    plan = make_plan(iter(samples), predicted(**dict(sorted(raw.items()))))
    assert plan.editor == "editor" and plan.unscored == () and len(plan) == 3
    assert list(plan.ids) == [s.id for s in samples]
    assert [plan.predictions[i].image.bytes for i in plan.ids] == [raw[i] for i in plan.ids]


def test_a_missing_picture_is_a_score_that_says_so(make_sample, make_image):
    plan = make_plan([make_sample("a"), make_sample("b")], predicted(a_edit_0=make_image()), protocol="official")
    assert len(plan) == 2 and len(plan.ids) == 1
    (found,) = plan.unscored
    assert (found.sample_id, found.split, found.editor, found.protocol) == ("b_edit_0", "fine", "editor", "official")
    assert (found.state, found.operation) == ("no_picture", "move")
    assert list(map(str, found.reasons)) == ["missing: no image for this sample"]
    assert [found.ic, found.sa, found.ssim, found.lpips, found.mse, found.ac] == [None] * 6


def test_every_unreadable_picture_is_a_score_with_its_reason(make_sample, make_image, tmp_path, monkeypatch):
    monkeypatch.setattr(images, "MAX_PIXELS", 64 * 48)
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "fine.png").write_bytes(make_image())
    (tmp_path / "folder.png").mkdir()
    pictures = {
        "a_edit_0": tmp_path / "gone.png",
        "b_edit_0": tmp_path / "text.png",
        "c_edit_0": tmp_path / "folder.png",
        "d_edit_0": b"no picture",
        "e_edit_0": make_image((65, 48)),
        "f_edit_0": tmp_path / "fine.png",
    }
    plan = make_plan([make_sample(i) for i in "abcdef"], predicted(**pictures))
    assert list(plan.ids) == ["f_edit_0"] and len(plan) == 6
    assert all(u.state == "no_picture" and u.reasons[0].name == "unreadable" for u in plan.unscored)
    reasons = {u.sample_id[0]: u.reasons[0].text for u in plan.unscored}
    assert "gone.png: no such file" in reasons["a"] and "text.png" in reasons["b"] and "folder.png" in reasons["c"]
    assert "over the limit" in reasons["e"]


def test_images_of_no_sample_are_named_and_stop_no_others(make_sample, make_image):
    plan = make_plan([make_sample()], predicted(a_edit_0=make_image(), z_edit_0=make_image(), y_edit_3=make_image()))
    assert list(plan.ids) == ["a_edit_0"] and len(plan) == 1
    assert plan.extra == ("y_edit_3", "z_edit_0")
    assert plan.notes() == {"extra": 2}


@pytest.mark.parametrize("options", [{"on_missing": "error"}, {"ignore_extra": False}])
def test_images_of_no_sample_are_refused_when_asked_to(make_sample, make_image, options):
    extra = {f"x{i:03}_edit_0": make_image() for i in range(100)}
    message = message_of([make_sample()], predicted(a_edit_0=make_image(), **extra), **options)
    assert "100 image(s)" in message and "x000_edit_0" in message and "x099_edit_0" not in message and "more" in message
    assert "a_edit_0" not in message


def test_on_missing_error_names_all_samples_without_an_image(make_sample, make_image):
    cut = make_image()[:200]  # its header is sound: only decoding shows it
    pictures = predicted(a_edit_0=make_image(), b_edit_0=cut, c_edit_0=b"no picture", z_edit_0=make_image())
    message = message_of([make_sample(i) for i in "abcd"], pictures, on_missing="error")
    assert "4 problems" in message
    assert all(f"{i}_edit_0: {name}: " in message for i, name in (("b", "unreadable"), ("c", "unreadable"), ("d", "missing")))
    assert "z_edit_0" in message and "a_edit_0" not in message


@pytest.mark.parametrize("ignore_extra", [False, True])
def test_predictions_of_no_sample_are_refused_with_an_example(make_sample, make_image, ignore_extra):
    message = message_of([make_sample()], predicted(z_edit_0=make_image()), ignore_extra=ignore_extra)
    assert "no image of 'editor' fits" in message and "'a_edit_0'" in message
    assert "no image of 'none' fits" in message_of([make_sample()], PredictionSet("none", {}))


def test_samples_that_share_a_reference_key_are_refused(make_sample, make_image):
    pair = [make_sample("a", "b_0"), make_sample("a_b", "0")]  # both a_b_0 in the reference's files
    pictures = {s.id: make_image() for s in pair}
    message = message_of(pair, predicted(**pictures))
    assert "'a_b_0'" in message and all(s.id in message for s in pair)
    assert "share the key 'a_0'" in message_of([make_sample(), make_sample()], predicted(a_edit_0=make_image()))


def test_all_problems_of_a_plan_come_in_one_message(make_sample, make_image):
    message = message_of([make_sample(), make_sample()], predicted(z_edit_0=make_image()), on_missing="error")
    assert "share the key" in message and "z_edit_0" in message and "fits a sample" in message


def test_detection_items_hash_pixels_if_asked_and_readable(make_sample, make_image):
    sample = make_sample()
    broken = Prediction(sample_id=sample.id, editor="e", image=EncodedImage(make_image()[:200], "cut.png"))
    copied = Prediction(sample_id=sample.id, editor="e", image=sample.image)
    pairs = [(sample, broken), (sample, copied)]
    assert [i.pixels for i in detection_items(pairs, with_pixels=False)] == [None] * 4
    found = list(detection_items(pairs, with_pixels=True))
    assert [i.view for i in found] == ["source", "edited"] * 2
    assert found[1].pixels is None and found[0].pixels == found[2].pixels == found[3].pixels is not None


# Devices and protocols


@pytest.mark.parametrize(
    ("cuda", "mps", "picked"),
    [(False, False, "cpu"), (True, False, "cuda"), (False, True, "mps"), (True, True, "cuda")],
)
def test_the_first_device_that_is_there_is_picked(monkeypatch, cuda, mps, picked):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert pick_device(None) == picked
    assert pick_device("cpu") == "cpu"


@pytest.mark.parametrize("device", ["cuda", "cuda:0", "mps", "tpu", "", "CPU"])
def test_an_absent_device_is_refused_with_the_present_ones(monkeypatch, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(DeviceError, match=rf"'{device}' is not available here; available: cpu$"):
        pick_device(device)


def test_a_device_of_a_number_is_kept(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert pick_device("cuda:1") == "cuda:1"


@pytest.mark.parametrize(("name", "words"), [("nonsense", "no protocol 'nonsense'"), ("Strict", "no protocol 'Strict'")])
def test_an_unknown_protocol_is_refused_with_the_known_one(name, words):
    with pytest.raises(ScoringError, match=words) as caught:
        make_scorer(name, "cpu")
    assert "official" in str(caught.value)


def test_a_plan_reads_headers_only(make_sample, make_image, monkeypatch):
    from PIL import Image  # noqa: PLC0415

    def decode(*_):
        raise AssertionError("decoded")

    monkeypatch.setattr(Image.Image, "convert", decode)
    with pytest.raises(AssertionError, match="decoded"):
        images.load_rgb(make_image())
    assert len(make_plan([make_sample()], predicted(a_edit_0=make_image())).ids) == 1
    assert np.array_equal(images.header_size(make_image()), (48, 64))
