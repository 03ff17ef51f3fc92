"""A small split to review, as decisions and pages see it."""

import dataclasses
import io
import json

import numpy as np
import pytest
from PIL import Image

from gsi_bench_dataset import EncodedImage, Operation
from gsi_bench_dataset.storage.shards import write_dataset
from gsi_bench_metric.review.decisions import fingerprint

__all__ = ["IDS", "Review", "decided", "review"]

IDS = tuple(f"{img}_edit_{n}" for img in ("kitchen", "office") for n in range(3))
QUARTER = ((0.0, 0.0, -1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))


def depth_of(size, near=700):
    stream = io.BytesIO()
    rows = np.linspace(near, 4000, size[1]).astype(np.uint16)
    Image.fromarray(np.repeat(rows[:, None], size[0], axis=1)).save(stream, "PNG")
    return EncodedImage(stream.getvalue(), "depth.png")


@dataclasses.dataclass
class Review:
    """A dataset of two photographs with three edits each, and where things of it are."""

    folder: object
    samples: dict

    @property
    def data(self):
        return self.folder / "data"

    def decisions(self, name, split="fine", **by_id):
        """A file of decisions: id -> verdict, or (verdict, fields)."""
        rows = {}
        for id_, said in by_id.items():
            verdict, more = said if isinstance(said, tuple) else (said, {})
            seen = fingerprint(self.samples[id_]) if id_ in self.samples else "0" * 16
            rows[id_] = {"verdict": verdict, "seen": seen, **more}
        found = {"format": "gsi-bench-review", "version": 1, "split": split, "reviewer": name, "decisions": rows}
        path = self.folder / f"{name}-{split}.json"
        path.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
        return path


@pytest.fixture
def review(make_sample, make_image, tmp_path):
    """Move, rotate and remove of a mug in each of two photographs; one has depth."""
    samples = []
    for img in ("kitchen", "office"):
        image = EncodedImage(make_image((320, 240), seed=len(img)), f"{img}.png")
        shared = {"image": image, "camera_intrinsics": ((300.0, 0.0, 160.0), (0.0, 300.0, 120.0), (0.0, 0.0, 1.0))}
        shared |= {"pixel_frame": "source", "depth": depth_of((160, 120)) if img == "kitchen" else None}
        shared |= {"original_bbox_3d": (0.0, 0.1, 1.2, 0.12, 0.1, 0.09, 0.0), "new_bbox_3d": None}
        shared |= {"rotation_matrix": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))}
        goal = {"new_bbox_3d": (0.2, 0.1, 1.2, 0.12, 0.1, 0.09, 0.0), "prompt_zh": "将杯子向右移动20厘米。"}
        samples.append(make_sample(img, "0", **shared | goal))
        turn = Operation(kind="rotate", direction="clockwise", angle_deg=90.0)
        words = {"prompt": "Rotate the mug 90 degrees clockwise.", "operation": turn, "prompt_zh": "将杯子顺时针旋转90度。"}
        samples.append(make_sample(img, "1", **shared | words | {"new_rotation_matrix": turned_clockwise()}))
        samples.append(make_sample(img, "2", **shared | {"prompt": "Remove the mug.", "operation": Operation(kind="remove")}))
    write_dataset({"fine": samples}, tmp_path / "data", sources={"fine": "my kitchen"})
    return Review(tmp_path, {s.id: s for s in samples})


def turned_clockwise():
    """A quarter turn, clockwise seen from above (y points down)."""
    return tuple(tuple(-v if v else 0.0 for v in row) if i != 1 else row for i, row in enumerate(QUARTER))


def decided(**changes):
    """Keep of every id, but for what is given."""
    return dict.fromkeys(IDS, "keep") | changes
