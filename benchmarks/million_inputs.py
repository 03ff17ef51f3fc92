"""Simulated inputs of `million.py`: a dataset of any number of rows, an editor's images of it, records as a run keeps them.

Images are tiny, everything else is as `gsi-bench build` and `gsi-bench evaluate` leave it: instructions in two languages,
objects before and after, depth and masks; detections, measurements and scores under the keys that a run looks up. The numbers
in them are drawn, not measured.
"""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from gsi_bench_dataset.execution.workers import available_cores, run_tasks
from gsi_bench_dataset.records import (
    Change,
    Detection,
    EncodedImage,
    Fault,
    Operation,
    Sample,
    SceneObject,
    Score,
    sample_features,
)
from gsi_bench_dataset.storage.card import write_card
from gsi_bench_dataset.storage.record_store import RecordStore
from gsi_bench_dataset.storage.sample_files import ShardWriter
from gsi_bench_dataset.storage.shards import read_columns, read_dataset, summarise
from gsi_bench_metric.detectors import make_detector
from gsi_bench_metric.protocols.base import Measurement
from gsi_bench_metric.run.folder import RECORDS, SCORES, SETTINGS, file_hash
from gsi_bench_metric.run.keys import content_of, detection_key, score_key
from gsi_bench_metric.run.scoring import make_scorer
from gsi_bench_metric.run.settings import FORMAT

SPLIT, EDITOR, OTHER = "mesatask", "simulated", "another"
DETECTOR, PROTOCOL = "tracker", "strict"
EDITS_A_SCENE = 4
OBJECTS = 5  # a scene
_PICTURES = 256  # different ones
_GROUP = 256  # rows
_SHARD_ROWS = 102_400
_TASK = 4000  # edits whose records one worker makes at a time

_KINDS = ("move", "rotate", "scale", "remove", "place", "view")
_WORDS = {
    "move": ("Move the mug 15 cm to the left.", "将杯子向左移动15厘米。"),
    "rotate": ("Rotate the mug 40 degrees clockwise.", "将杯子顺时针旋转40度。"),
    "scale": ("Make the mug 1.3 times as large.", "将杯子放大到1.3倍。"),
    "remove": ("Remove the mug.", "移除杯子。"),
    "place": ("Place the mug to the right of the bowl.", "将杯子放在碗的右边。"),
    "view": ("Move the camera 10 cm to the right.", "将相机向右移动10厘米。"),
}
_ONES = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
_K = ((760.0, 0.0, 320.0), (0.0, 760.0, 240.0), (0.0, 0.0, 1.0))


def make_dataset(folder: Path, rows: int) -> Path:
    """Writes the dataset, and returns its folder.

    Rows come from Arrow, a thousand at a time under new names: making each as a record would take an hour. The card's hash is
    made by reading them, as `verify_dataset` does.
    """
    (folder / "data").mkdir(parents=True)
    models = [_model(scene, edit).to_row() for scene in range(_PICTURES) for edit in range(EDITS_A_SCENE)]
    block = pa.Table.from_pylist(models, schema=sample_features().arrow_schema)
    shards = -(-rows // _SHARD_ROWS)
    for shard in range(shards):
        path = folder / "data" / f"{SPLIT}-{shard:05d}-of-{shards:05d}.parquet"
        with path.open("xb") as stream, ShardWriter(stream, {"source": "benchmarks/million.py"}) as writer:
            last = min((shard + 1) * _SHARD_ROWS, rows)
            for first in range(shard * _SHARD_ROWS, last, len(block)):
                named = _named(block, first).slice(0, last - first)
                for start in range(0, len(named), _GROUP):
                    writer.write_table(named.slice(start, _GROUP))
            writer.close()
    write_card(folder, {SPLIT: summarise(folder, SPLIT)})
    return folder


def _named(block: pa.Table, first: int) -> pa.Table:
    """The block under the names of the rows from `first` on."""
    scenes = [divmod(first + i, EDITS_A_SCENE) for i in range(len(block))]
    names = [f"scene-{scene:07d}" for scene, _ in scenes]
    columns = {
        "id": pa.array([f"{name}_edit_{edit}" for name, (_, edit) in zip(names, scenes, strict=True)]),
        "img_id": pa.array(names),
        "query_id": pa.array([str(edit) for _, edit in scenes]),
        "scene_id": pa.array(names),
        "seed": pa.array([scene for scene, _ in scenes], pa.int64()),
    }
    for name, values in columns.items():
        at = block.schema.get_field_index(name)
        block = block.set_column(at, block.schema.field(at), values)
    return block


def make_predictions(data: Path, file: Path) -> Path:
    """Writes an image of every edit into one parquet file, and returns it."""
    pictures = _pictures(np.random.default_rng(1), "RGB")
    number = 0
    schema = pa.schema({"id": pa.string(), "edited_image": pa.struct({"bytes": pa.binary(), "path": pa.string()})})
    file.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(file, schema) as writer:
        for ids in _grouped(sample_id for sample_id in _ids(data)):
            images = [{"bytes": pictures[(number + i) % _PICTURES], "path": None} for i in range(len(ids))]
            number += len(ids)
            writer.write_table(pa.Table.from_pydict({"id": ids, "edited_image": images}, schema=schema))
    return file


def make_records(data: Path, run: Path, rows: int) -> None:
    """Writes the records of a run that was stopped just before its end: everything but `settings.json` and its scores."""
    tasks = [range(start, min(start + _TASK, rows)) for start in range(0, rows, _TASK)]
    start = functools.partial(_start, data, run / RECORDS)
    for _ in run_tasks(tasks, start, workers=available_cores(), always_spawn=True):
        pass


def make_run(run: Path, rows: int, editor: str, work: Path) -> None:
    """A finished run of drawn scores, without records; the other editor is a little better."""
    run.mkdir()
    models = []
    for number in range(_PICTURES * 3):
        scene, edit = divmod(number, EDITS_A_SCENE)
        models.append(_score(_model(scene, edit), number + (editor == OTHER)).to_json() | {"editor": editor})
    with (run / SCORES).open("w", encoding="ascii") as file:
        for number in range(rows):
            scene, edit = divmod(number, EDITS_A_SCENE)
            named = {"sample_id": f"scene-{scene:07d}_edit_{edit}", "scene_id": f"scene-{scene:07d}"}
            lpips = {"lpips": 1e-7 * (number % 999_983), "record": f"{number * 2654435761 % 2**128:032x}"}
            file.write(json.dumps(models[number % len(models)] | named | lpips) + "\n")
    record = {
        "predictions": str(work / "predictions.parquet"),
        "column": "edited_image",
        "detections": None,
        "judgements": None,
    }
    data = {
        "path": str(work / "data"),
        "revision": None,
        "content_hash": None,
        "origins": ["rebuilt"],
        "samples": {SPLIT: rows},
    }
    settings = {
        "format": FORMAT,
        "created": "2026-01-01T00:00:00+00:00",
        "protocol": PROTOCOL,
        "scoring_version": 1,
        "detector": DETECTOR,
        "judge": None,
        "judge_settings": None,
        "dataset_type": None,
        "comparable_with_paper": False,
        "not_comparable_because": "drawn numbers",
        "device": "cpu",
        "versions": {},
        "editors": {editor: {SPLIT: record}},
        "dataset": data,
        "scores_sha256": file_hash(run / SCORES),
    }
    (run / SETTINGS).write_text(json.dumps(settings))


def _model(scene: int, edit: int) -> Sample:
    rng = np.random.default_rng(scene)
    kind = _KINDS[(scene * EDITS_A_SCENE + edit) % len(_KINDS)]
    boxes = [(*rng.normal(0, 0.5, 2), 2 + rng.random(), *rng.uniform(0.05, 0.4, 3), rng.random()) for _ in range(OBJECTS)]
    things = tuple(
        SceneObject(f"thing_{i}", "mug" if i == 0 else "bowl", box, _turn(box[6]), is_target=i == 0)
        for i, box in enumerate(boxes)
    )
    goal = (boxes[0][0] - 0.15, *boxes[0][1:])
    after = (SceneObject("thing_0", "mug", goal, _turn(goal[6]), is_target=True), *things[1:])
    english, chinese = _WORDS[kind]
    image = functools.partial(_picture, rng)
    return Sample(
        id=f"model-{scene}_edit_{edit}",
        split=SPLIT,
        img_id=f"model-{scene}",
        query_id=str(edit),
        image=EncodedImage(_picture(np.random.default_rng(scene), "RGB"), "source.png"),
        prompt=english,
        prompt_zh=chinese,
        target="mug",
        original_bbox_3d=boxes[0],
        camera_intrinsics=_K,
        rotation_matrix=_turn(boxes[0][6]),
        new_bbox_3d=goal,
        operation=Operation(kind, direction="left", distance_m=0.15 if kind in ("move", "view") else None, frame="camera"),
        edited_image=EncodedImage(image("RGB"), "edited.png"),
        depth=EncodedImage(image("I;16"), "depth.png"),
        instance_mask=EncodedImage(image("I;16"), "mask.png"),
        instance_mask_after=EncodedImage(image("I;16"), "mask.png"),
        up=(0.0, -1.0, 0.0),
        up_source="engine",
        objects=things,
        objects_after=after,
        pixel_frame="source",
        measurable=True,
        origin="rebuilt",
        engine="blender",
        engine_version="5.0.1",
        image_licence="cc-by-4.0",
        redistributable=True,
    )


def _turn(yaw: float) -> tuple[tuple[float, ...], ...]:
    c, s = float(np.cos(yaw)), float(np.sin(yaw))
    return ((c, 0.0, s), (0.0, 1.0, 0.0), (-s, 0.0, c))


def _pictures(rng: np.random.Generator, mode: str) -> list[bytes]:
    return [_picture(rng, mode) for _ in range(_PICTURES)]


def _picture(rng: np.random.Generator, mode: str) -> bytes:
    """A PNG of 8 × 8 pixels."""
    shape, kind = ((8, 8, 3), np.uint8) if mode == "RGB" else ((8, 8), np.uint16)
    stream = io.BytesIO()
    Image.fromarray(rng.integers(0, 5, shape).astype(kind)).save(stream, "PNG")
    return stream.getvalue()


def _ids(data: Path) -> Iterator[str]:
    return (row["id"] for row in read_columns(data, SPLIT, ["id"]))


def _grouped(ids: Iterator[str]) -> Iterator[list[str]]:
    group: list[str] = []
    for sample_id in ids:
        group.append(sample_id)
        if len(group) == _GROUP:
            yield group
            group = []
    if group:
        yield group


def _start(data: Path, folder: Path) -> Callable[[range], Iterator[int]]:
    """What makes the records of some rows, in a worker."""
    scorer, detector = make_scorer(PROTOCOL, "cpu"), make_detector(DETECTOR)
    records = RecordStore(folder)
    pictures = [EncodedImage(p).sha256 for p in _pictures(np.random.default_rng(1), "RGB")]
    measured = Measurement(ssim=0.97, lpips=0.02, mse=8.0, drift_px=0.1, found=0.99).to_json()
    found: dict[str, Any] = {}
    scores: dict[int, Any] = {}

    def work(rows: range) -> Iterator[int]:
        made: list[tuple[str, str, Any]] = []
        for number, sample in zip(rows, read_dataset(data, SPLIT, rows=rows), strict=True):
            edited = pictures[number % _PICTURES]
            keys = {
                "edited": edited,
                "source_detections": detection_key(detector, sample, None),
                "edited_detections": detection_key(detector, sample, edited),
                "judgement": "",
            }
            keys |= {"score": score_key(scorer, sample, EDITOR, keys)}
            boxes = _kept(found, sample.prompt, lambda s=sample: [_found(thing).to_json() for thing in s.objects or ()])
            made += [("detections", keys[f"{view}_detections"], {"found": boxes}) for view in ("source", "edited")]
            made.append(("locality", keys["score"], measured))
            content = {"source": sample.image.sha256, "content": content_of(sample), "locality": keys["score"]}
            score = _kept(scores, number % _PICTURES, lambda s=sample, n=number: _score(s, n).to_json())
            named = {"sample_id": sample.id, "scene_id": sample.scene_id, "lpips": 1e-7 * (number % 999_983)}
            made.append(("scores", keys["score"], {"score": score | named, "made_of": keys | content}))
        records.append(made)
        records.sync()
        yield len(rows)

    return work


def _kept(kept: dict[Any, Any], key: Any, make: Callable[[], Any]) -> Any:
    if key not in kept:
        kept[key] = make()
    return kept[key]


def _found(thing: SceneObject) -> Detection:
    box = (10.0, 10.0, 50.0, 50.0)
    return Detection(thing.bbox_3d, box, thing.category, thing.rotation_matrix, object_id=thing.id, sigma=(0.01,) * 7)


def _score(sample: Sample, number: int) -> Score:
    """A score as the strict protocol gives it; one in three fails."""
    rng = np.random.default_rng(number)
    ic = float(number % 3 > 0)
    kind = sample.operation.kind if sample.operation else ""
    moved = Change("moved", 0.05 + 0.1 * float(rng.random()), "left", "mug")
    return Score(
        sample_id=sample.id,
        split=SPLIT,
        editor=EDITOR,
        protocol=PROTOCOL,
        operation=kind,
        scene_id=sample.scene_id,
        ic=ic,
        sa=float(rng.random()) * ic,
        ssim=0.9 + 0.1 * float(rng.random()),
        lpips=0.1 * float(rng.random()),
        mse=10 * float(rng.random()),
        bystanders=1.0,
        drift_px=float(rng.random()),
        explanation=f"The mug moved {100 * (moved.amount or 0):.0f} cm to the left; 15 cm to the left were asked.",
        done=(moved,),
        asked=(Change("moved", 0.15),),
        faults=() if ic else (Fault("too_little", moved.amount, "left", "mug"),),
    )
