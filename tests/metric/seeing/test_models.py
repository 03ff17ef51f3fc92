"""Segmenters and estimators that run large models, with tiny ones of random weights: loading, shapes, and what is refused."""

import importlib.util
import json
import sys
import types

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from seeing_cases import UP, K, standing, view_of

from gsi_bench_metric.seeing.base import View
from gsi_bench_metric.seeing.masks import sam
from gsi_bench_metric.seeing.options import Options, SeeingError
from gsi_bench_metric.seeing.registry import make_depth, make_segmenter

transformers = pytest.importorskip("transformers")

MUG, CAN = standing("mug", -0.15, 0.9), standing("can", 0.15, 0.9)


@pytest.fixture(scope="session")
def tiny_sam(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sam")
    vision = {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 64,
        "patch_size": 16,
        "mlp_dim": 16,
        "output_channels": 16,
        "num_pos_feats": 8,
        "global_attn_indexes": [0],
        "window_size": 2,
    }
    prompts = {"hidden_size": 16, "image_size": 64, "patch_size": 16, "mask_input_channels": 4}
    decoder = {"hidden_size": 16, "mlp_dim": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "iou_head_hidden_dim": 16}
    torch.manual_seed(0)
    config = transformers.SamConfig(vision_config=vision, prompt_encoder_config=prompts, mask_decoder_config=decoder)
    transformers.SamModel(config).save_pretrained(folder)
    transformers.SamImageProcessorPil(size={"longest_edge": 64}, pad_size={"height": 64, "width": 64}).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_sam2(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sam2")
    backbone = {
        "hidden_size": 8,
        "embed_dim_per_stage": [8, 16, 32, 64],
        "num_attention_heads_per_stage": [1, 1, 2, 4],
        "num_attention_heads": 1,
        "blocks_per_stage": [1, 1, 1, 1],
        "image_size": [64, 64],
        "global_attention_blocks": [],
        "window_size_per_stage": [8, 4, 4, 4],
        "window_positional_embedding_background_size": [4, 4],
    }
    vision = {
        "backbone_config": {"model_type": "sam2_hiera_det_model", **backbone},
        "backbone_channel_list": [64, 32, 16, 8],
        "backbone_feature_sizes": [[16, 16], [8, 8], [4, 4]],
        "fpn_hidden_size": 16,
    }
    prompts = {"hidden_size": 16, "image_size": 64, "patch_size": 16, "mask_input_channels": 4}
    decoder = {"hidden_size": 16, "mlp_dim": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "iou_head_hidden_dim": 16}
    torch.manual_seed(0)
    config = transformers.Sam2Config(vision_config=vision, prompt_encoder_config=prompts, mask_decoder_config=decoder)
    transformers.Sam2Model(config).save_pretrained(folder)
    return folder


def depth_anything(folder, kind="metric"):
    backbone = transformers.Dinov2Config(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        image_size=28,
        patch_size=14,
        mlp_ratio=1,
        out_features=["stage1", "stage2", "stage3", "stage4"],
        reshape_hidden_states=False,
        apply_layernorm=True,
    )
    torch.manual_seed(0)
    config = transformers.DepthAnythingConfig(
        backbone_config=backbone,
        reassemble_hidden_size=16,
        neck_hidden_sizes=[8, 8, 8, 8],
        fusion_hidden_size=8,
        head_hidden_size=8,
        depth_estimation_type=kind,
        max_depth=20,
    )
    transformers.DepthAnythingForDepthEstimation(config).save_pretrained(folder)
    transformers.DPTImageProcessorPil(
        size={"height": 28, "width": 28}, ensure_multiple_of=14, keep_aspect_ratio=True
    ).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_depth(tmp_path_factory):
    return depth_anything(tmp_path_factory.mktemp("depth"))


@pytest.mark.parametrize("which", ["tiny_sam", "tiny_sam2"])
def test_sam_gives_each_seen_box_a_mask_of_the_images_size(which, request):
    segmenter = make_segmenter("sam-transformers", Options("cpu", str(request.getfixturevalue(which))))
    behind = standing("behind", 0, -3)
    view, _, _ = view_of(MUG, CAN)
    (masks,) = segmenter.segment([View(view.rgb, K, (MUG, behind, CAN), UP)])
    assert masks[1] is None
    assert all(mask.shape == view.shape and mask.dtype == np.bool_ for mask in (masks[0], masks[2]))
    (alone,) = segmenter.segment([View(view.rgb, K, (CAN,), UP)])
    assert (alone[0] == masks[2]).all()  # the prompts of one image do not mix


@pytest.mark.parametrize("which", ["tiny_sam", "tiny_sam2"])
def test_sam_depends_on_the_rectangle_it_is_asked_with(which, request):
    segmenter = make_segmenter("sam-transformers", Options("cpu", str(request.getfixturevalue(which))))
    found = segmenter._model.__class__.forward
    asked = []

    def spy(self, **inputs):
        asked.append(inputs["input_boxes"][0].tolist())
        return found(self, **inputs)

    segmenter._model.__class__.forward = spy
    try:
        view, _, _ = view_of(MUG, CAN)
        segmenter.segment([view])
    finally:
        segmenter._model.__class__.forward = found
    scale = np.array([64 / 160, 64 / 120] * 2) if which == "tiny_sam2" else 64 / 160
    expected = np.array([view.rectangle(0), view.rectangle(1)]) * scale
    np.testing.assert_allclose(asked[0], expected, atol=1e-4)


@pytest.mark.parametrize("kind", ["depth_anything", "zoedepth"])
def test_metric_depth_has_the_images_size_and_metres(kind, tiny_depth, tmp_path):
    folder = tiny_depth
    if kind == "zoedepth":
        folder = tmp_path
        backbone = transformers.BeitConfig(
            image_size=32,
            patch_size=16,
            hidden_size=16,
            num_hidden_layers=4,
            num_attention_heads=2,
            intermediate_size=16,
            out_features=["stage1", "stage2", "stage3", "stage4"],
            reshape_hidden_states=False,
        )
        config = transformers.ZoeDepthConfig(
            backbone_config=backbone,
            neck_hidden_sizes=[8, 8, 8, 8],
            fusion_hidden_size=8,
            bottleneck_features=8,
            num_relative_features=4,
            bin_embedding_dim=8,
            num_attractors=[4, 2, 2, 1],
            patch_transformer_hidden_size=8,
            patch_transformer_intermediate_size=8,
            patch_transformer_num_attention_heads=2,
            bin_configurations=[{"n_bins": 4, "min_depth": 0.001, "max_depth": 10.0, "name": "nyu"}],
        )
        transformers.ZoeDepthForDepthEstimation(config).save_pretrained(folder)
        transformers.ZoeDepthImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    estimator = make_depth("transformers", Options("cpu", str(folder)))
    view, _, _ = view_of(MUG, CAN)
    small = View(view.rgb[:60], K, (MUG,), UP)
    found = estimator.estimate([view, small, view], [None] * 3)
    assert [depth.shape for depth in found] == [view.shape, small.shape, view.shape]
    assert all(np.isfinite(depth).all() and (depth > 0).all() for depth in found) and (found[0] == found[2]).all()
    assert not estimator.to_scale and estimator.name == folder.name


def test_a_model_of_relative_depth_is_refused(tmp_path):
    with pytest.raises(SeeingError, match="relative depth, which knows no metres"):
        make_depth("transformers", Options("cpu", str(depth_anything(tmp_path, "relative"))))


def broken(folder, to, how):
    """A copy of a model's folder with its weights spoiled."""
    for path in folder.iterdir():
        (to / path.name).write_bytes(path.read_bytes())
    weights = to / "model.safetensors"
    if how == "absent":
        weights.unlink()
    elif how == "truncated":
        weights.write_bytes(weights.read_bytes()[:-100])
    elif how == "garbage":
        weights.write_bytes(b"no weights")
    elif how == "lacking":
        state = load_file(weights)
        state.pop(sorted(state)[0])
        save_file(state, weights, metadata={"format": "pt"})
    elif how == "another model":
        config = json.loads((to / "config.json").read_text())
        (to / "config.json").write_text(json.dumps(config | {"model_type": "vit"}))
    elif how == "no config":
        (to / "config.json").unlink()
    return to


@pytest.mark.parametrize("how", ["absent", "truncated", "garbage", "lacking", "another model", "no config"])
@pytest.mark.parametrize("which", ["tiny_sam", "tiny_depth"])
def test_a_spoiled_model_is_refused_by_the_name_of_its_folder(which, how, request, tmp_path):
    folder = broken(request.getfixturevalue(which), tmp_path, how)
    make, name = (make_segmenter, "sam-transformers") if which == "tiny_sam" else (make_depth, "transformers")
    with pytest.raises(SeeingError, match=tmp_path.name):
        make(name, Options("cpu", str(folder)))


@pytest.mark.parametrize(
    ("make", "name"), [(make_segmenter, "sam-transformers"), (make_depth, "transformers"), (make_segmenter, "sam")]
)
def test_without_a_model_the_message_names_one(make, name):
    with pytest.raises(SeeingError, match=r"needs (a model|its weights).*(facebook|Intel|depth-anything|sam_vit_b)"):
        make(name, Options("cpu"))


# The official package


@pytest.fixture
def official(monkeypatch):
    """segment_anything, with a stand-in for torchvision's four functions and a tiny network for vit_b."""
    pytest.importorskip(
        "segment_anything_is_here" if importlib.util.find_spec("segment_anything") is None else "torch",
        reason="segment-anything is not installed",
    )
    from PIL import Image  # noqa: PLC0415

    def module(name, **members):
        made = types.ModuleType(name)
        made.__dict__.update(members)
        monkeypatch.setitem(sys.modules, name, made)
        return made

    functional = module(
        "torchvision.transforms.functional", to_pil_image=Image.fromarray, resize=lambda i, s: i.resize(s[::-1])
    )
    transforms = module("torchvision.transforms", functional=functional)
    boxes = module("torchvision.ops.boxes", batched_nms=None, box_area=None)
    module("torchvision", transforms=transforms, ops=module("torchvision.ops", boxes=boxes))
    for name in [n for n in sys.modules if n.split(".")[0] == "segment_anything"]:
        monkeypatch.delitem(sys.modules, name)
    import segment_anything  # noqa: PLC0415
    from segment_anything.build_sam import _build_sam  # noqa: PLC0415

    def tiny(checkpoint=None):
        return _build_sam(
            encoder_embed_dim=768, encoder_depth=1, encoder_num_heads=1, encoder_global_attn_indexes=[], checkpoint=checkpoint
        )

    monkeypatch.setitem(segment_anything.sam_model_registry, "vit_b", tiny)
    yield tiny
    for name in [n for n in sys.modules if n.split(".")[0] == "segment_anything"]:
        del sys.modules[name]


def test_the_official_sam_gives_masks_of_the_images_size(official, tmp_path):
    torch.manual_seed(0)
    torch.save(official().state_dict(), tmp_path / "sam_vit_b_01ec64.pth")
    segmenter = make_segmenter("sam", Options("cpu", str(tmp_path / "sam_vit_b_01ec64.pth")))
    view, _, _ = view_of(MUG, CAN)
    (masks,) = segmenter.segment([View(view.rgb, K, (MUG, standing("behind", 0, -3), CAN), UP)])
    assert masks[1] is None and masks[0].shape == masks[2].shape == view.shape and masks[0].dtype == np.bool_
    assert segmenter.name == "sam:sam_vit_b_01ec64"


@pytest.mark.parametrize("how", ["truncated", "lacking", "foreign", "code", "shape"])
def test_a_wrong_official_file_is_refused_by_name(official, tmp_path, how):
    path = tmp_path / "sam_vit_b_01ec64.pth"
    state = official().state_dict()
    first = sorted(state)[0]
    if how == "lacking":
        state.pop(first)
    elif how == "foreign":
        state = {"features.0.weight": torch.zeros(3)}
    elif how == "code":
        state["evil"] = types.SimpleNamespace()
    elif how == "shape":
        state[first] = torch.zeros(7)
    torch.save(state, path)
    if how == "truncated":
        path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(SeeingError, match="sam_vit_b_01ec64"):
        make_segmenter("sam", Options("cpu", str(path)))


@pytest.mark.parametrize("lacking", ["segment_anything", "torchvision"])
def test_without_its_library_sam_says_what_to_take(lacking, monkeypatch, tmp_path):
    (tmp_path / "w.pth").write_bytes(b"x")
    error = ModuleNotFoundError(f"No module named {lacking!r}", name=lacking)

    def fails():
        raise error

    monkeypatch.setattr(sam, "import_library", fails)
    with pytest.raises(SeeingError, match=f"{lacking}.*sam-transformers"):
        make_segmenter("sam", Options("cpu", str(tmp_path / "w.pth")))
