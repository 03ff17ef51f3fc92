"""A sound change of every field of a sample, one at a time."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from gsi_bench_dataset import EncodedImage, Operation, Sample

__all__ = ["MUTATIONS", "READ_BY_NO_STEP", "mutated"]

# What says where a sample comes from, or how it may be used; and words that are read when images are made, by their text.
READ_BY_NO_STEP = {
    "prompt_zh", "up_source", "up_agreement_deg", "mask_source", "depth_residual", "pixel_frame_reason", "goal_suspect",
    "measurable", "engine", "engine_version", "seed", "parent_id", "assets", "training",
    "progress",
    "image_licence", "redistributable", "attribution", "official_json", "official_json_name",
}  # fmt: skip


def mutated(sample: Sample, name: str) -> Sample:
    """The sample with another value in this field ("unread": in all of `READ_BY_NO_STEP`); parts of the id bring it along."""
    if name == "unread":
        return dataclasses.replace(sample, **{key: MUTATIONS[key](sample)[key] for key in READ_BY_NO_STEP})
    return dataclasses.replace(sample, **MUTATIONS[name](sample))


def _text(name: str) -> Callable[[Sample], dict[str, Any]]:
    return lambda sample: {name: f"{getattr(sample, name) or ''}x"}


def _value(name: str, *choices: Any) -> Callable[[Sample], dict[str, Any]]:
    return lambda sample: {name: next(choice for choice in choices if choice != getattr(sample, name))}


def _colours(image: EncodedImage) -> EncodedImage:
    """Other light on one half of the image."""
    rgb = np.array(Image.open(io.BytesIO(image.bytes)).convert("RGB"))
    rgb[:, : rgb.shape[1] // 2] //= 2
    return _png(rgb)


def _numbers(sample: Sample, image: EncodedImage | None, change: Callable[[np.ndarray], np.ndarray]) -> EncodedImage:
    if image is None:
        width, height = Image.open(io.BytesIO(sample.image.bytes)).size
        return _png(np.full((height, width), 2000, np.uint16))
    numbers = np.array(Image.open(io.BytesIO(image.bytes))).astype(np.uint16)
    return _png(change(numbers).astype(np.uint16))


def _png(pixels: np.ndarray) -> EncodedImage:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return EncodedImage(stream.getvalue(), "changed.png")


def _renumbered(numbers: np.ndarray) -> np.ndarray:
    """The target's number and the next one's change places: another object is seen where it is."""
    last = numbers.max()
    return np.where(numbers == 0, 0, last + 1 - numbers)


def _operation(sample: Sample) -> dict[str, Any]:
    asked = sample.operation
    if asked is not None and asked.camera_translation_m is not None:
        x, y, z = asked.camera_translation_m
        return {"operation": dataclasses.replace(asked, camera_translation_m=(x + 0.1, y, z))}
    return {"operation": Operation(kind="remove" if asked is None or asked.kind != "remove" else "move", direction="left")}


def _moved(objects: Any) -> Any:
    return tuple(dataclasses.replace(thing, bbox_3d=_shifted(thing.bbox_3d)) for thing in objects or ())


def _shifted(box: Any) -> Any:
    x, y, z, *rest = box or (0.0, 0.0, 2.0, 0.1, 0.1, 0.1, 0.0)
    return (x + 0.07, y, z, *rest)


def _turned(matrix: Any) -> Any:
    turn = np.array([[0.96, 0.0, 0.28], [0.0, 1.0, 0.0], [-0.28, 0.0, 0.96]])
    return tuple(map(tuple, turn @ (np.eye(3) if matrix is None else np.array(matrix))))


def _longer(k: Any) -> Any:
    (fx, s, cx), (_, fy, cy), last = k
    return ((fx * 1.1, s, cx), (0.0, fy * 1.1, cy), last)


def _tilted(up: Any) -> Any:
    tilted = np.array([0.05, 0.0, 0.0]) + (np.array([0.0, -1.0, 0.0]) if up is None else np.array(up))
    return tuple(tilted / np.linalg.norm(tilted))


MUTATIONS: dict[str, Callable[[Sample], dict[str, Any]]] = {
    "id": lambda s: {"id": f"y{s.img_id}_edit_{s.query_id}z", "img_id": f"y{s.img_id}", "query_id": f"{s.query_id}z"},
    "img_id": lambda s: {"id": f"y{s.id}", "img_id": f"y{s.img_id}"},
    "query_id": lambda s: {"id": f"{s.id}z", "query_id": f"{s.query_id}z"},
    "split": _value("split", "fine", "robothor"),
    "image": lambda s: {"image": _colours(s.image)},
    "prompt": lambda s: {
        "prompt": "Remove the mug." if s.prompt != "Remove the mug." else "Rotate the mug 90 degrees clockwise."
    },
    "target": _text("target"),
    "original_bbox_3d": lambda s: {"original_bbox_3d": _shifted(s.original_bbox_3d)},
    "camera_intrinsics": lambda s: {"camera_intrinsics": _longer(s.camera_intrinsics)},
    "rotation_matrix": lambda s: {"rotation_matrix": _turned(s.rotation_matrix)},
    "new_bbox_3d": lambda s: {"new_bbox_3d": _shifted(s.new_bbox_3d)},
    "new_rotation_matrix": lambda s: {"new_rotation_matrix": _turned(s.new_rotation_matrix)},
    "operation": _operation,
    "prompt_zh": _text("prompt_zh"),
    "edited_image": lambda s: {"edited_image": _png(np.array(Image.open(io.BytesIO(s.image.bytes)).convert("RGB")))},
    "depth": lambda s: {"depth": _numbers(s, s.depth, lambda n: n + n // 4)},
    "instance_mask": lambda s: {"instance_mask": _numbers(s, s.instance_mask, _renumbered)},
    "instance_mask_after": lambda s: {"instance_mask_after": _numbers(s, s.instance_mask_after, _renumbered)},
    "mask_source": lambda s: {
        "mask_source": "u2netp" if s.mask_source != "u2netp" else "isnet",
        "instance_mask": s.instance_mask or _numbers(s, None, _renumbered),
    },
    "depth_source": lambda s: {
        "depth_source": "boxes" if s.depth_source != "boxes" else "zoedepth",
        "depth": s.depth or _numbers(s, None, _renumbered),
    },
    "depth_residual": _value("depth_residual", 0.5, 0.25),
    "up_agreement_deg": _value("up_agreement_deg", 3.0, 4.0),
    "up": lambda s: {"up": _tilted(s.up)},
    "up_source": _value("up_source", "engine", "box"),
    "objects": lambda s: {"objects": _moved(s.objects)},
    "objects_after": lambda s: {"objects_after": _moved(s.objects_after)},
    "scene_id": _text("scene_id"),
    "assets": _value("assets", ("embedded:mug:1",), ("embedded:mug:2",)),
    "training": _value("training", True, None),
    "pixel_frame": _value("pixel_frame", "reference896", "source"),
    "pixel_frame_reason": _text("pixel_frame_reason"),
    "goal_suspect": _text("goal_suspect"),
    "measurable": _value("measurable", True, False),
    "origin": _value("origin", "official", "rebuilt"),
    "engine": _text("engine"),
    "engine_version": _text("engine_version"),
    "seed": lambda s: {"seed": (s.seed or 0) + 1},
    "parent_id": _text("parent_id"),
    "variant": _text("variant"),
    "progress": lambda s: {"progress": (s.progress or 0.0) / 2 + 0.1},
    "image_licence": _text("image_licence"),
    "redistributable": lambda s: {"redistributable": not s.redistributable},
    "attribution": _text("attribution"),
    "official_json": _text("official_json"),
    "official_json_name": _text("official_json_name"),
}
