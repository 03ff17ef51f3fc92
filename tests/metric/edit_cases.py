"""A small benchmark with an editor, made on the spot, for tests of whole runs. The fixture `make_case` makes one."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gsi_bench_dataset import EncodedImage, Operation, Sample
from gsi_bench_dataset.storage.shards import write_dataset
from gsi_bench_metric.run.pipeline import Request

__all__ = ["Case", "make_case"]

PROMPTS = (
    "Move the mug 20 centimeters to the right.",
    "Rotate the mug 90 degrees clockwise.",
    "Remove the mug.",
    "Move the camera 20 centimeters to the right.",
)


@dataclasses.dataclass
class Case:
    """Samples, an editor's images of them, recorded detections and judgements, all on disk."""

    folder: Path
    samples: list[Sample]
    boxes: dict[str, list[float]]

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def pictures(self) -> Path:
        return self.folder / "editor"

    @property
    def cache(self) -> Path:
        return self.folder / "infer_cache.json"

    @property
    def judgements(self) -> Path:
        return self.folder / "judge_fine_editor.json"

    def picture(self, i: int) -> Path:
        return self.pictures / f"{self.samples[i].id}.png"

    def write_data(self) -> None:
        write_dataset({"fine": self.samples}, self.data)

    def write_cache(self) -> None:
        def found(box: list[float]) -> dict[str, Any]:
            corner = [8 + 40 * box[0], 8.0]
            row = {"bbox_3d": box, "bbox_2d": [*corner, corner[0] + 12, 24.0], "label": "mug", "iou_score": 0.9}
            return {"detections": [row | {"rotation_matrix": self.samples[0].rotation_matrix}]}

        cache = {}
        for s in self.samples:
            views = {"origin_result": found(list(s.original_bbox_3d)), "new_result": found(self.boxes[s.id])}
            cache[f"{s.img_id}_{s.query_id}"] = views
        self.cache.write_text(json.dumps(cache))

    def write_judgements(self, first: float = 8) -> None:
        replies = [
            {"prediction": f'||V^=^V||{{"score": {first if i == 0 else i % 11}}}||V^=^V||', "meta": {"index": s.id}}
            for i, s in enumerate(self.samples)
        ]
        self.judgements.write_text(json.dumps(replies))

    def request(self, **changes: Any) -> Request:
        values: dict[str, Any] = {"predictions": (self.pictures,), "data": str(self.data), "split": "fine", "device": "cpu"}
        values |= {"protocol": "official", "detector": "recorded", "detections": self.cache}
        return Request(**values | {"judge": "recorded", "judgements": self.judgements} | changes)

    def words(self, out: Path, *more: object) -> list[str]:
        """The command that a user types for `request()`."""
        words = [sys.executable, "-m", "gsi_bench_dataset.cli.main", "evaluate", self.pictures]
        words += ["--data", self.data, "--split", "fine", "--protocol", "official"]
        words += ["--detector", "recorded", "--detections", self.cache, "--device", "cpu"]
        words += ["--judge", "recorded", "--judgements", self.judgements, "--out", out, "--quiet", *more]
        return [str(word) for word in words]

    def command(self, out: Path, *more: object, **options: Any) -> subprocess.CompletedProcess[str]:
        words = self.words(out, *more)
        return subprocess.run(words, capture_output=True, text=True, timeout=100, check=False, **options)


@pytest.fixture
def make_case(tmp_path: Path, make_sample: Callable[..., Sample], make_image: Callable[..., bytes]) -> Callable[..., Case]:
    """`make_case(count=8) -> Case`: edits of every kind, two to a source; half of the images are other than the source."""

    def make(count: int = 8, size: tuple[int, int] = (64, 48)) -> Case:
        case = Case(tmp_path / "case", [], {})
        case.pictures.mkdir(parents=True)
        for i in range(count):
            image = EncodedImage(make_image(size, i // 2), "source.png")
            prompt = PROMPTS[i % 4]
            fields: dict[str, Any] = {"prompt": prompt, "image": image, "operation": None}
            if i % 4 == 0:
                fields["operation"] = Operation(kind="move", direction="right", distance_m=0.2, frame="camera")
            if i % 4 == 1:
                fields["new_rotation_matrix"] = make_sample().rotation_matrix
            if i % 4 == 3:
                fields["edited_image"] = EncodedImage(make_image(size, 500 + i), "after.png")
            sample = make_sample(f"s{i // 2:04}", str(i % 2), **fields)
            case.samples.append(sample)
            case.boxes[sample.id] = [sample.original_bbox_3d[0] + 0.02 * (i % 11), *sample.original_bbox_3d[1:]]
            case.picture(i).write_bytes(image.bytes if i % 3 else make_image(size, 1000 + i))
        case.write_data()
        case.write_cache()
        case.write_judgements()
        return case

    return make
