"""Every recorded number of the published network, stage by stage, on weights that can be made again anywhere."""

import numpy as np
import pytest
import torch
from torch import nn

from gsi_bench_metric.detectors.detany3d.config import Config
from gsi_bench_metric.detectors.detany3d.network.decoding import Selected, decode_boxes, select
from gsi_bench_metric.detectors.detany3d.network.layers import LayerNorm2d
from gsi_bench_metric.detectors.detany3d.network.model import Network, Prompts
from gsi_bench_metric.detectors.detany3d.preprocessing import frame_of, preprocess

PICTURE = {"case_a": "a", "case_b": "b", "case_c": "c", "case_d_points": "a", "case_e_model_given_K": "b"}


def differs(value, reference) -> float:
    """The largest difference, on the scale of the limit: of the array's largest number, at least of 1."""
    value, reference = np.asarray(value, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    assert value.shape == reference.shape
    return float(np.abs(value - reference).max() / max(1.0, np.abs(reference).max()))


class Stages:
    """What each module took and gave in its first call."""

    def __init__(self, network: Network):
        self.given, self.made = {}, {}
        self.hooks = [m.register_forward_hook(self._keep(name)) for name, m in network.named_modules() if name]

    def _keep(self, name):
        def hook(_, inputs, output):
            self.given.setdefault(name, inputs)
            self.made.setdefault(name, output)

        return hook

    def close(self):
        for hook in self.hooks:
            hook.remove()


def run(network, inputs, name):
    """The forward pass of one recorded case."""
    letter = PICTURE[name]
    sam, dino, frame = preprocess(inputs[f"image_{letter}"], network.config)
    given = torch.from_numpy(inputs["given_K_b"])[None] if name == "case_e_model_given_K" else None
    (encoding,) = network.encode(sam, dino, rays_K=given)
    if name == "case_d_points":
        prompts = Prompts(points=torch.from_numpy(inputs["points_d"]))
    else:
        prompts = Prompts(torch.from_numpy(frame.boxes(inputs[f"boxes_{letter}"])))
    raw, masks = network.decode(encoding, prompts)
    return sam, dino, frame, encoding, raw, masks


def outputs(encoding, raw, masks, pad) -> dict:
    """Under the names of the recorded arrays."""
    chosen = select(raw)
    found = {
        "image_embeddings": encoding.embedding,
        "depth_features": encoding.depth,
        "metric_features": encoding.metric,
        "camera_features": encoding.camera,
        "pred_K": encoding.K,
        "pred_bbox_2d": chosen.box,
        "pred_center_2d": chosen.centre,
        "pred_bbox_3d_depth": chosen.log_depth[:, None],
        "pred_bbox_3d_depth_log_variance": raw.depth[chosen.head, range(len(chosen.head)), 1:],
        "pred_bbox_3d_dims": chosen.log_size,
        "pred_bbox_3d_alpha_cls": chosen.heading,
        "pred_bbox_3d_alpha_res": chosen.residual,
        "pred_pose_6d": chosen.pose,
        "pred_box_ious": raw.iou,
        "pred_bbox_2d_tensor_all": raw.boxes,
        "pred_bbox_3d_depth_tensor_all": raw.depth,
        "pred_bbox_3d_dims_tensor_all": raw.size,
        "pred_bbox_3d_alpha_cls_tensor_all": raw.heading,
        "pred_pose_6d_tensor_all": raw.pose,
    }
    if encoding.depth_map is not None:
        depth = encoding.depth_map
        found |= {"depth_maps": depth.depth, "confidence": depth.confidence, "scale": depth.scale, "shift": depth.shift}
    if masks is not None:
        found |= {"iou_predictions": masks.iou, "masks_every_8th_pixel": masks.logits[:, :, ::8, ::8]}
    return {f"out.{name}": value for name, value in found.items()}


def decoded(encoding, raw, pad, given_K) -> dict:
    chosen, own = select(raw), encoding.K[0].double().numpy()
    found = {"best_head": chosen.head, "iou_score": chosen.iou}
    for name, K in (("pred_K", None), ("given_K", given_K.astype(np.float64))):
        boxes = decode_boxes(chosen, own, pad, K)
        found |= {
            f"{name}.boxes_2d_cxcywh": chosen.box * pad,
            f"{name}.boxes_3d": boxes.boxes_3d,
            f"{name}.vertices_3d": boxes.corners,
            "boxes_2d_xyxy": boxes.boxes_2d,
            "rotation_matrix": boxes.rotations,
        }
    return {f"decoded.{name}": value for name, value in found.items()}


def require(found: dict, reference: dict, limit: float) -> None:
    worst = {name: differs(value, reference[name]) for name, value in found.items() if name in reference}
    assert {name: d for name, d in worst.items() if not d <= limit} == {}


# Boxes that cross the camera plane make these explode; `decode_cases.npz` tests projection.
NOT_COMPARED = {"decoded.pred_K.vertices_2d", "decoded.given_K.vertices_2d"}


@pytest.mark.parametrize("name", PICTURE)
def test_outputs_and_decoded_boxes_equal_the_reference(complete, inputs, case, name):
    reference = case(name)
    _, _, _, encoding, raw, masks = run(complete, inputs, name)
    pad = complete.config.pad
    found = outputs(encoding, raw, masks, pad) | decoded(encoding, raw, pad, inputs[f"given_K_{PICTURE[name]}"])
    recorded = {n for n in reference if n.startswith(("out.", "decoded."))}
    assert recorded - NOT_COMPARED <= set(found)
    assert np.array_equal(found["decoded.best_head"], reference["decoded.best_head"])
    require(found, reference, 1e-4)


@pytest.mark.parametrize("name", ["case_a", "case_b", "case_c"])
def test_preprocessing_equals_the_reference(complete, inputs, case, name):
    reference, letter = case(name), PICTURE[name]
    sam, dino, frame = preprocess(inputs[f"image_{letter}"], complete.config)
    shapes = {"resized_shape": frame.resized, "cropped_shape": frame.cropped, "token_shape": frame.tokens}
    for key, shape in shapes.items():
        if f"in.{key}" in reference:
            assert shape == tuple(reference[f"in.{key}"])
    boxes = frame.boxes(inputs[f"boxes_{letter}"])
    assert np.array_equal(boxes, reference["in.boxes_preprocessed"])
    pictures = {"in.sam_image_every_4th": sam[..., ::4, ::4], "in.dino_image_every_4th": dino[..., ::4, ::4]}
    require(pictures, reference, 1e-4)


def stages_of(network, stages, encoding) -> dict:
    """The recorded stages, from what the modules took and gave."""
    given, made = stages.given, stages.made
    head = "image_encoder.depth_head."
    found = {
        "03_patch_tokens": made["image_encoder.patch_embed"],
        "04_tokens_with_position": given["image_encoder.blocks.0"][0],
    }
    maps, tokens = made["image_encoder.dino"]
    for i in range(4):
        found |= {f"01_dino_feature_{i}": maps[i], f"01_dino_token_{i}": tokens[i]}
        found[f"02_prior_c{i + 1}"] = made["image_encoder.spm"][i]
        x, pyramid = made[f"image_encoder.interactions.{i}"]
        found |= {f"07_group{i}_x": x, f"07_group{i}_c": pyramid.tokens, f"07_group{i}_cls": pyramid.cls}
        found[f"08_fused_{i}"] = made["image_encoder"].fused[i]
    extractor = "image_encoder.interactions.0.extractor"
    camera, stack, positions = given[head + "camera_layer"]
    latents = made[head + "depth_layer.prompt_camera"]
    mask = "mask_decoder."
    tokens, image = made[mask + "transformer"]
    code = made[head + "depth_layer.rays_layers.0"]
    found |= {
        "05_block_0": made["image_encoder.blocks.0"],
        "05_block_1": made["image_encoder.blocks.1"],
        "06_extractor0_deform_attention": made[extractor + ".attn"],
        "06_extractor0_out": made[extractor],
        "09_camera_tokens": camera,
        "09_features": torch.stack(stack.chunk(4, dim=1), dim=-1),
        "09_pos_plus_level": positions,
        "10_camera_features": made[head + "camera_layer"][1],
        "11_global_tokens": given[head + "global_layer"][0],
        "11_metric_features": made[head + "global_layer"],
        "12_ray_embedding_16": code,
        "13_latents_before_camera": given[head + "depth_layer.prompt_camera"][0],
        "13_latents": latents,
        "14_process_block_0": made[head + "depth_layer.process_layers.0.0"],
        "14_up_0": made[head + "depth_layer.ups.0"].flatten(2).transpose(1, 2),
        "15_logdepth": encoding.depth_map.log_depth,
        "16_sparse_prompts": given["mask_decoder"][3],
        "16_dense_prompt_pixel": network.prompt_encoder.no_mask()[:, :, 0, 0],
        "17_image_pe": network.prompt_encoder.places(),
        "17_depth_feature_padded": given[mask + "zero_conv2d"][0],
        "18_control_tokens": made[mask + "transformer2.layers.0"][0],
        "18_control_image": made[mask + "transformer2.layers.0"][1],
        "19_decoder_tokens": tokens,
        "19_decoder_image": image,
    }
    return {f"stage.{name}": value for name, value in found.items()}


def test_every_recorded_stage_equals_the_reference(complete, inputs, case):
    from gsi_bench_metric.detectors.detany3d.network.pixel_rays import pixel_rays  # noqa: PLC0415

    reference, stages = case("case_a"), Stages(complete)
    try:
        *_, frame, encoding, _, _ = run(complete, inputs, "case_a")
    finally:
        stages.close()
    found = stages_of(complete, stages, encoding)
    found["stage.12_rays_every_97th"] = pixel_rays(encoding.K, frame.cropped).flatten(2).transpose(1, 2)[:, ::97]
    numbers = stages.made["image_encoder.depth_head.camera_layer"][0][0]
    raw = torch.eye(3)[None].clone()
    raw[0, 0, 0], raw[0, 1, 1] = numbers[:2].exp()
    raw[0, 0, 2], raw[0, 1, 2] = numbers[2:].sigmoid()
    found["stage.10_raw_intrinsics"] = raw
    assert {name for name in reference if name.startswith("stage.")} == set(found)
    require(found, reference, 1e-4)


def test_without_depth_map_and_masks_the_boxes_are_the_same(complete, boxes_only, inputs):
    *_, whole, _ = run(complete, inputs, "case_b")
    *_, lean, masks = run(boxes_only, inputs, "case_b")
    assert masks is None
    for name in ("boxes", "depth", "size", "heading", "pose", "iou"):
        assert torch.equal(getattr(whole, name), getattr(lean, name))


def test_decoding_equals_the_reference(case):
    reference = case("decode_cases")
    raw = {name[3:]: value.astype(np.float64) for name, value in reference.items() if name.startswith("in.")}
    chosen = Selected(
        head=np.zeros(16, np.int64),
        iou=np.zeros(16),
        box=raw["pred_bbox_2d"],
        centre=raw["pred_center_2d"],
        log_depth=raw["pred_bbox_3d_depth"][:, 0],
        log_size=raw["pred_bbox_3d_dims"],
        heading=raw["pred_bbox_3d_alpha_cls"],
        residual=raw["pred_bbox_3d_alpha_res"],
        pose=raw["pred_pose_6d"],
    )
    for name, given in (("pred_K", None), ("given_K", raw["given_K"][0])):
        boxes = decode_boxes(chosen, raw["pred_K"][0], int(raw["pad"]), given)
        found = {
            f"{name}.boxes_3d": boxes.boxes_3d,
            f"{name}.vertices_3d": boxes.corners,
            f"{name}.vertices_2d": boxes.projected(),
            "boxes_2d_xyxy": boxes.boxes_2d,
            "rotation_matrix": boxes.rotations,
        }
        require(found, reference, 1e-5)


def test_shapes_of_the_frame_equal_the_reference(keys, tiny):
    for row in keys("resize_crop_table.json"):
        frame = frame_of(tuple(row["image"]), tiny if row["pad"] == 224 else Config())
        found = {"resized": frame.resized, "cropped": frame.cropped, "crop_start": frame.crop_start, "sam_tokens": frame.tokens}
        assert {name: list(value) for name, value in found.items()} == {name: row[name] for name in found}


KINDS = {nn.LayerNorm: "layer norm", nn.BatchNorm2d: "batch norm"}


@pytest.mark.parametrize("size", ["tiny", "full"])
def test_every_norm_has_the_reference_epsilon(keys, tiny, size):
    import dataclasses  # noqa: PLC0415

    config = dataclasses.replace(tiny if size == "tiny" else Config(), depth_map=True, masks=True)
    with torch.device("meta"):
        network = Network(config)
    found = {
        "sam." + name: 1e-6 if isinstance(m, LayerNorm2d) else m.eps
        for name, m in network.named_modules()
        if isinstance(m, (LayerNorm2d, *KINDS))
    }
    reference = {name: row["eps"] for name, row in keys("norm_eps.json")[size].items()}
    assert found == reference
