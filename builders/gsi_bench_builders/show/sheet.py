"""A contact sheet of scenes, each drawn once by Blender, with a caption."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from tqdm import tqdm

from gsi_bench_builders.engine import Preset
from gsi_bench_builders.engines.blender.engine import BlenderEngine
from gsi_bench_builders.engines.blender.session import quiet
from gsi_bench_builders.scene import Scene

__all__ = ["write_sheet"]

RGB = NDArray[np.uint8]


def write_sheet(
    scenes: Iterable[tuple[str, Scene]],
    count: int,
    out: Path,
    *,
    columns: int,
    samples: int,
    words: str,
    look: Callable[[Scene, RGB], None] | None = None,
) -> None:
    """Draws `count` scenes with their captions, in rows, into a PNG.

    Args:
        scenes: caption and scene, all with images of one size; composed one at a time.
        count: how many there are.
        out: the file; its folder is made.
        columns: images in a row.
        samples: light paths a pixel.
        words: what they are, for the progress bar.
        look: what else is done with each scene and its image.
    """
    engine = BlenderEngine()
    quiet()
    columns = min(columns, count)
    sheet: Image.Image | None = None
    for number, (caption, scene) in enumerate(tqdm(scenes, total=count, desc=words, file=sys.stderr)):
        width, height = scene.camera.width, scene.camera.height
        if sheet is None:
            sheet = Image.new("RGB", (columns * width, math.ceil(count / columns) * height))
        engine.load(scene)
        rgb = engine.render(scene, Preset(height, samples, (4, 2, 2), ("HIGH", "FAST")), 0).rgb
        if look is not None:
            look(scene, rgb)
        picture = Image.fromarray(rgb)
        ImageDraw.Draw(picture).text((6, 4), caption, fill=(20, 20, 20))
        sheet.paste(picture, (number % columns * width, number // columns * height))
    out.parent.mkdir(parents=True, exist_ok=True)
    if sheet is not None:
        sheet.save(out)
    sys.stdout.write(f"{out}\n")
