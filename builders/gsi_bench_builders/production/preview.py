"""A contact sheet of samples: source with the target's box, after-image with the goal's, objects in colours, instruction.

Of photographs there is no after-image: the goal's box stands in the source."""

from __future__ import annotations

import io
import os
import secrets
import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps

from gsi_bench_dataset.layout.pixel_frame import BOX_EDGES, box_corners, project_to_source
from gsi_bench_dataset.records import EncodedImage, Sample
from gsi_bench_dataset.safety.images import open_image

__all__ = ["contact_sheet", "evenly", "pair"]

CELL = 256
GOAL_CELL = 384  # of samples without after-images and objects: two in the place of three
WORDS = 62
GAP = 12
COLUMNS = 2
_BEFORE, _AFTER = (255, 140, 0), (40, 200, 80)


def contact_sheet(samples: Sequence[Sample], out: Path, columns: int = COLUMNS) -> None:
    """Writes an image of the samples: each a strip of source, after-image and objects, under its instruction."""
    cell = CELL if any(s.edited_image is not None for s in samples) else GOAL_CELL
    rows = -(-len(samples) // columns)
    width, height = 3 * CELL + GAP, cell + WORDS + GAP
    sheet = Image.new("RGB", (columns * width + GAP, rows * height + GAP), (250, 250, 250))
    for number, sample in enumerate(samples):
        sheet.paste(_strip(sample, cell), (GAP + number % columns * width, GAP + number // columns * height))
    stream = io.BytesIO()
    sheet.save(stream, Image.registered_extensions()[out.suffix.lower()])
    out = Path(os.path.realpath(out))  # a link stays one
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.{secrets.token_hex(6)}.tmp")
    try:
        partial.write_bytes(stream.getvalue())
        partial.replace(out)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def evenly(items: Sequence[Sample], count: int) -> list[Sample]:
    """Up to `count` of the items, spread over scenes and operations: one of each kind in turn."""
    by_kind: dict[str, list[Sample]] = {}
    for sample in items:
        by_kind.setdefault(sample.operation.kind if sample.operation else "", []).append(sample)
    # A later kind begins with a later scene, so that few images still show many scenes.
    queues = [group[i:] + group[:i] for i, group in ((7 * n % len(g), g) for n, g in enumerate(by_kind.values()))]
    chosen = [group[i] for i in range(max(map(len, queues), default=0)) for group in queues if i < len(group)]
    return sorted(chosen[:count], key=lambda s: s.id)


def _strip(sample: Sample, cell: int) -> Image.Image:
    strip = Image.new("RGB", (3 * CELL, cell + WORDS), (250, 250, 250))
    draw = ImageDraw.Draw(strip)
    font = ImageFont.load_default(size=15)
    for line, text in enumerate(textwrap.wrap(sample.prompt, 100)[:2]):
        draw.text((0, 20 * line), text, fill=(20, 20, 20), font=font)
    kind = sample.operation.kind if sample.operation else ""
    draw.text((0, 42), f"{sample.id}  ·  {kind}", fill=(120, 120, 120), font=ImageFont.load_default(size=12))
    pictures = _before_and_after(sample)
    if sample.instance_mask_after is not None:
        pictures.append(_coloured(_array(sample.instance_mask_after)))
    for place, picture in enumerate(pictures):
        strip.paste(ImageOps.contain(picture, (cell - 4, cell - 4), Image.Resampling.LANCZOS), (place * cell, WORDS))
    return strip


def pair(sample: Sample, side: int) -> Image.Image:
    """Source and ground truth side by side, each `side` pixels wide and high at most, with the boxes of target and goal."""
    fitted = [ImageOps.contain(p, (side, side), Image.Resampling.LANCZOS) for p in _before_and_after(sample)]
    whole = Image.new("RGB", (sum(p.width for p in fitted) + 4 * (len(fitted) - 1), fitted[0].height), (250, 250, 250))
    for number, picture in enumerate(fitted):
        whole.paste(picture, (number * (fitted[0].width + 4), 0))
    return whole


def _before_and_after(sample: Sample) -> list[Image.Image]:
    """The source with the target's box, and the ground truth with the goal's; without ground truth the goal's in the source."""
    pictures = [_with_box(sample, sample.image, sample.original_bbox_3d, sample.rotation_matrix, _BEFORE)]
    after = sample.edited_image or (sample.image if sample.new_bbox_3d is not None else None)
    if after is not None:
        rotation = sample.new_rotation_matrix or sample.rotation_matrix
        pictures.append(_with_box(sample, after, sample.new_bbox_3d, rotation, _AFTER))
    return pictures


def _with_box(
    sample: Sample,
    image: EncodedImage,
    box: tuple[float, ...] | None,
    rotation: tuple[tuple[float, ...], ...],
    colour: tuple[int, int, int],
) -> Image.Image:
    with open_image(image.bytes) as opened:
        picture = opened.convert("RGB")
    if box is None:
        return picture
    pixels = project_to_source(box_corners(box, rotation), sample.camera_intrinsics, sample.pixel_frame, picture.size)
    if not np.isfinite(pixels).all():
        return picture
    draw = ImageDraw.Draw(picture)
    wide = max(1, picture.width // 200)
    for a, b in BOX_EDGES:
        draw.line([*pixels[a].tolist(), *pixels[b].tolist()], fill=colour, width=wide)
    return picture


def _array(image: EncodedImage) -> NDArray[np.uint16]:
    with open_image(image.bytes) as opened:
        return np.asarray(opened).astype(np.uint16)


def _coloured(ids: NDArray[np.uint16]) -> Image.Image:
    """Numbers as colours that neighbours do not share."""
    hue = (np.arange(256) * 0.618034) % 1.0
    angle = 2 * np.pi * (hue[:, None] + np.array([0, 1 / 3, 2 / 3]))
    palette = (150 + 95 * np.cos(angle)).astype(np.uint8)
    palette[0] = 235
    return Image.fromarray(palette[ids % 256])
