"""What an editor's shape costs: right edits, no edits and opposite edits, as editors of other shapes would give them back.

    gsi-bench build mesatask --num-scenes 4 --edits-per-scene 8 --variants 8 --preset demo --seed 1200 --out tables
    python benchmarks/mapping.py tables

Samples are cut to each source shape, and their edited images stretched, cut or padded to each of the editors' sizes. Prints IC
and SA of right edits by source shape, by size and by mapping, beside those of the same edits at native size; IC of no edit and
of the opposite; and which mapping was found. Strict protocol, tracker. `--each` edits in a cell take turns. A cut is
scored where it keeps the target, before and after.
"""

from __future__ import annotations

import argparse
import dataclasses
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

from gsi_bench_dataset.layout.pixel_frame import box_corners
from gsi_bench_dataset.records import EncodedImage, Prediction, Sample, Score
from gsi_bench_dataset.storage.shards import read_dataset
from gsi_bench_metric.detectors import make_detector
from gsi_bench_metric.run.scoring import Candidate, make_scorer, score_candidates

SHAPES = {"4:3": (4, 3), "3:4": (3, 4), "3:2": (3, 2), "16:9": (16, 9), "1:1": (1, 1)}
SIZES = [(512, 512), (1024, 1024), (1536, 1024), (1024, 1536), (1184, 864), (1248, 832), (768, 1344)]
_SMOOTH = Image.Resampling.BICUBIC
WAYS: dict[str, Callable[[Image.Image, tuple[int, int]], Image.Image]] = {
    "stretch": lambda image, size: image.resize(size, _SMOOTH),
    "cut": lambda image, size: ImageOps.fit(image, size, method=_SMOOTH),
    "pad": lambda image, size: ImageOps.pad(image, size, method=_SMOOTH, color="black"),
}


@dataclasses.dataclass(frozen=True)
class Case:
    """A sample of one shape, and its three edited images."""

    sample: Sample
    images: dict[str, Image.Image]


def cut_to(image: EncodedImage, box: tuple[int, int, int, int]) -> EncodedImage:
    """A part of an image file, without loss."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(image.bytes)).crop(box).save(buffer, format="PNG")
    return EncodedImage(buffer.getvalue())


def middle(size: tuple[int, int], shape: tuple[int, int]) -> tuple[int, int, int, int]:
    """The largest rectangle of a shape in the middle of an image."""
    scale = min(size[0] / shape[0], size[1] / shape[1])
    width, height = round(shape[0] * scale), round(shape[1] * scale)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return left, top, left + width, top + height


def inside(sample: Sample, box: tuple[float, float, float, float], margin: float = 4) -> bool:
    """Whether the target is seen whole within a rectangle, before and after."""
    boxes = [(sample.original_bbox_3d, sample.rotation_matrix)]
    if sample.new_bbox_3d is not None:
        boxes.append((sample.new_bbox_3d, sample.new_rotation_matrix or sample.rotation_matrix))
    for numbers, rotation in boxes:
        corners = box_corners(numbers, rotation) @ np.array(sample.camera_intrinsics).T
        pixels = corners[:, :2] / corners[:, 2:]
        if (pixels < np.array(box[:2]) + margin).any() or (pixels > np.array(box[2:]) - margin).any():
            return False
    return True


def shaped(sample: Sample, opposite: Sample, shape: tuple[int, int]) -> Case | None:
    """The sample cut to a shape; None where its target would be cut."""
    image = Image.open(io.BytesIO(sample.image.bytes))
    box = middle(image.size, shape)
    if not inside(sample, box):
        return None
    files = {
        name: None if (found := getattr(sample, name)) is None else cut_to(found, box)
        for name in ("image", "edited_image", "depth", "instance_mask", "instance_mask_after")
    }
    camera = np.array(sample.camera_intrinsics)
    camera[:2, 2] -= box[:2]
    cut = dataclasses.replace(sample, **files, camera_intrinsics=tuple(map(tuple, camera.tolist())))  # type: ignore[arg-type]
    right, wrong = cut.edited_image, opposite.edited_image
    if right is None or wrong is None:
        return None
    images = {"right": right, "nothing": cut.image, "opposite": cut_to(wrong, box)}
    return Case(cut, {name: Image.open(io.BytesIO(file.bytes)).convert("RGB") for name, file in images.items()})


def cases(data: str, split: str) -> Iterator[tuple[str, Case]]:
    """Every edit that has an opposite, in every shape that shows it."""
    opposites = {s.parent_id: s for s in read_dataset(f"{data}-variants", split) if s.variant == "opposite"}
    for sample in read_dataset(data, split):
        for name, shape in SHAPES.items():
            opposite = opposites.get(sample.id)
            case = None if opposite is None else shaped(sample, opposite, shape)
            if case is not None:
                yield name, case


def shows_all(case: Case, size: tuple[int, int]) -> bool:
    """Whether a cut to a size keeps the target, before and after."""
    return inside(case.sample, tuple(map(float, middle(case.images["right"].size, size))))  # type: ignore[arg-type]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="a dataset with after-images; its variants stand beside it")
    parser.add_argument("--split", default="mesatask")
    parser.add_argument("--each", type=int, default=4, help="edits of each shape, size and mapping")
    args = parser.parse_args()
    by_shape: dict[str, list[Case]] = defaultdict(list)
    for shape, case in cases(args.data, args.split):
        by_shape[shape].append(case)
    scorer, detector = make_scorer("strict", "cpu"), make_detector("tracker")

    def score(sample: Sample, image: Image.Image) -> Score:
        buffer = io.BytesIO()
        image.save(buffer, format="PNG")
        prediction = Prediction(sample.id, "editor", image=EncodedImage(buffer.getvalue()))
        return next(iter(score_candidates([Candidate(sample, prediction, detector)], scorer)))

    native: dict[str, tuple[float, float]] = {}
    rows: dict[str, list[tuple[float, float, float, float, float, float]]] = defaultdict(list)
    found: Counter[str] = Counter()
    cells = [(shape, size, way) for shape in SHAPES for size in SIZES for way in WAYS]
    for number, (shape, size, way) in enumerate(tqdm(cells, unit="cell")):
        fit = [case for case in by_shape[shape] if way != "cut" or shows_all(case, size)]
        for case in [fit[(number * args.each + i) % len(fit)] for i in range(min(args.each, len(fit)))]:
            key = f"{case.sample.id} {shape}"
            if key not in native:
                first = score(case.sample, case.images["right"])
                native[key] = (float("nan"), float("nan")) if first.ic is None else (first.ic, first.sa or 0.0)
            if np.isnan(native[key][0]):
                continue
            scores = {name: score(case.sample, WAYS[way](image, size)) for name, image in case.images.items()}
            kind = (scores["right"].mapping or "identity").split(" ")[0]
            found[f"{way} found as {kind}"] += 1
            values = (*native[key], *(float(scores[name].ic or 0) for name in ("right", "nothing", "opposite")))
            row = (*values[:3], float(scores["right"].sa or 0), *values[3:])
            for group in (f"shape {shape}", f"size {size[0]}×{size[1]}", f"mapping {way}", "all"):
                rows[group].append(row)
            if values[2] < values[0] or values[3] or values[4]:
                tqdm.write(f"{key} {way} {size}: {[(n, s.ic, s.mapping, s.explanation) for n, s in scores.items()]}")
    print(f"{'':22}{'edits':>6}{'IC':>7}{'native':>8}{'SA':>7}{'native':>8}{'nothing':>9}{'opposite':>10}")
    for group, values in rows.items():
        ic_native, sa_native, ic, sa, nothing, opposite = 100 * np.mean(values, axis=0)
        print(f"{group:22}{len(values):6}{ic:7.1f}{ic_native:8.1f}{sa:7.1f}{sa_native:8.1f}{nothing:9.1f}{opposite:10.1f}")
    for name, count in sorted(found.items()):
        print(f"{name}: {count}")


if __name__ == "__main__":
    main()
