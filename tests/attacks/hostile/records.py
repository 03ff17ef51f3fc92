"""Attacks on records, on the store that keeps them, and on the JSON files that hold them."""

from __future__ import annotations

import functools
import inspect
import json
import math
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gsi_bench_dataset import EncodedImage, Operation, Sample
from gsi_bench_dataset.hub.plan import Content, manifest_text, read_manifest
from gsi_bench_dataset.records import Detection, Judgement, Prediction, Reason, SceneObject, Score
from gsi_bench_dataset.storage.record_store import RecordStore, digest
from gsi_bench_metric.detectors.recorded import RecordedDetector
from gsi_bench_metric.judges.recorded import read_reference_file
from gsi_bench_metric.run.folder import begin_run, finish_run, load_run
from gsi_bench_metric.run.score_files import read_scores
from hostile.harness import Attack, Outcome
from hostile.makers import damaged, hostile_json, mutated

__all__ = ["kept_as_given", "record_attacks", "record_file_attacks", "sound_records", "store_attacks"]

K = ((60.0, 0.0, 32.0), (0.0, 60.0, 24.0), (0.0, 0.0, 1.0))
ONE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
BOX = (0.1, 0.2, 2.0, 0.4, 0.3, 0.2, 0.2)


@functools.cache
def sound_records() -> tuple[Any, ...]:
    """One record of each class, with nearly all of its fields set."""
    thing = SceneObject("1", "mug", BOX, ONE, symmetry="none", is_target=True)
    sample = Sample(
        id="a_edit_0", split="fine", img_id="a", query_id="0", image=EncodedImage(b"\x89PNG", "a.png"), prompt="Move the mug.",
        target="mug", original_bbox_3d=BOX, new_bbox_3d=BOX, camera_intrinsics=K, rotation_matrix=ONE, new_rotation_matrix=ONE,
        operation=Operation(kind="place", direction="left", distance_m=0.2, frame="camera", region=ONE),
        edited_image=EncodedImage(b"\x89PNG", None), up=(0.0, -1.0, 0.0), up_source="box", objects=(thing,),
        objects_after=(thing,), scene_id="s", seed=3, progress=0.5, redistributable=True, official_json="{}",
    )  # fmt: skip
    found = Detection(BOX, (1.0, 2.0, 3.0, 4.0), "mug", ONE, 0.5, "1", sigma=(0.1,) * 7, confidence=0.5, unobservable=("yaw",))
    score = Score(
        "a_edit_0", "fine", "e", "strict", "move", ic=1.0, sa=0.5, ssim=math.nan, lpips=0.1, mse=3.0, ac=7.0,
        locality_passed=True, reasons=(Reason("resized", "why"),), state="partial", record="ab",
    )  # fmt: skip
    judgement = Judgement("a_edit_0", "j", 7.0, "reply", scores=(7.0, 8.0), spread=1.0)
    return sample, Prediction("a_edit_0", "e", path="a.png"), found, judgement, score, thing, sample.operation


def record_attacks(seed: int, count: int) -> Iterator[Attack]:
    """Rows and JSON with one changed place: a `RecordError`, or a record that says just what it was given."""
    chance = random.Random(f"records {seed}")
    records = sound_records()
    for number in range(count):
        record = records[number % len(records)]
        as_json = chance.random() < 0.5
        plain = record.to_json() if as_json else record.to_row()
        how, given = mutated(plain, chance)
        for _ in range(chance.choice((0, 0, 0, 1, 3))):
            more, given = mutated(given, chance)
            how += f", {more}"
        name = f"{type(record).__name__}.{'from_json' if as_json else 'from_row'}: {how} (seed {seed}, {number})"
        yield Attack(name, functools.partial(_taken_in, type(record), given, as_json=as_json), payload=repr(given).encode())


def _taken_in(cls: Any, given: Any, *, as_json: bool) -> Any:
    record = cls.from_json(given) if as_json else cls.from_row(given)
    back = record.to_json() if as_json else record.to_row()
    changed = [key for key in given if not kept_as_given(given[key], back[key])]
    if changed:
        key = changed[0]
        return Outcome("", "altered", f"{key}: given {given[key]!r:.100}, kept {back[key]!r:.100}")
    json.dumps(record.to_json())
    again = cls.from_json(json.loads(json.dumps(record.to_json())))
    return (
        None
        if kept_as_given(again.to_json(), record.to_json())
        else Outcome("", "altered", "JSON does not come back as it was")
    )


def kept_as_given(given: Any, kept: Any) -> bool:
    """Whether a value was kept as it was given. A default may stand for nothing; a whole number may become a float."""
    if given is None:
        return True
    if isinstance(given, (list, tuple)):
        return isinstance(kept, (list, tuple)) and len(given) == len(kept) and all(map(kept_as_given, given, kept))
    if isinstance(given, dict):
        return isinstance(kept, dict) and all(key in kept and kept_as_given(value, kept[key]) for key, value in given.items())
    if isinstance(given, bool) or isinstance(kept, bool) or isinstance(given, str) or isinstance(kept, str):
        return type(given) is type(kept) and given == kept
    if isinstance(given, float) and math.isnan(given):
        return isinstance(kept, float) and math.isnan(kept)
    # Beyond 2**53 not every whole number is a float; the nearest one is what JSON readers take.
    return bool(given == kept) or (isinstance(given, int) and isinstance(kept, float) and float(given) == kept)


RECORDS = {
    ("scores", digest("a", i)): {"ic": i / 7, "text": f"reason {i} “é”", "made_of": {"x": digest(i)}, "list": [i, None, True]}
    for i in range(12)
}


@functools.cache
def _segment() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        with RecordStore(Path(folder)) as store:
            store.append((kind, key, value) for (kind, key), value in RECORDS.items())
        (path,) = Path(folder).glob("*.jsonl")
        return path.read_bytes()


def store_attacks(seed: int, count: int, folder: Path) -> Iterator[Attack]:
    """Damaged segments: each record comes back as it was, or is said to be missing; the next writer's are whole."""
    chance = random.Random(f"store {seed}")
    for number in range(count):
        how, data = damaged(_segment(), chance)
        place = folder / f"store-{seed}-{number}"
        yield Attack(f"record store: {how} (seed {seed}, {number})", functools.partial(_read_store, place, data), payload=data)


def _read_store(folder: Path, data: bytes) -> Any:
    folder.mkdir()
    (folder / "00000000000000000001-1-00000000.jsonl").write_bytes(data)
    with RecordStore(folder) as store:
        found = {where: store.get(*where) for where in RECORDS}
        wrong = [where for where, value in found.items() if value is not None and value != RECORDS[where]]
        if wrong:
            return Outcome("", "altered", f"{wrong[0]}: {found[wrong[0]]!r:.200}")
        lost = [where for where, value in found.items() if value is None]
        if lost and not store.damaged and data.count(b"\n") == len(RECORDS) and len(data) == len(_segment()):
            return Outcome("", "altered", f"{len(lost)} records lost without a count of damaged lines")
        store.append([(*where, RECORDS[where]) for where in lost])
    with RecordStore(folder) as store:
        missing = [where for where in RECORDS if store.get(*where) != RECORDS[where]]
    return Outcome("", "altered", f"{len(missing)} records are not whole after they were made again") if missing else None


def _detections() -> Any:
    row = {"bbox_3d": list(BOX), "bbox_2d": [1, 2, 3, 4], "label": "mug", "rotation_matrix": ONE, "iou_score": 0.9}
    return {"a_0": {"origin_result": {"detections": [row]}, "new_result": {"detections": [row, row]}}}


def _store_lines() -> Any:
    return {"sample_id": "a_edit_0", "pixels": "ab", "detections": [{"bbox_3d": list(BOX), "bbox_2d": [1, 2, 3, 4]}]}


def _judgements() -> Any:
    return [{"prediction": '||V^=^V||{"score": 7, "reasoning": "x"}||V^=^V||', "meta": {"index": "a_edit_0"}}]


def _manifest() -> Any:
    content = Content(3, "ab" * 32, "cd" * 20)
    return json.loads(manifest_text({"README.md": content, "data/fine-00000-of-00001.parquet": content}))


def _settings() -> Any:
    names = {"data": {"path": "data", "content_hash": "ab"}, "versions": {"python": "3.11"}, "comparable_with_paper": False}
    given = {"predictions": "p", "pictures": 1, "column": "x", "ignored_files": [], "detections": None, "judgements": None}
    return names | {"protocol": "strict", "detector": "tracker", "judge": None, "editors": {"e": {"fine": given}}}


def record_file_attacks(seed: int, count: int, folder: Path) -> Iterator[Attack]:
    """Recorded detections, judgements, lists of files, settings and scores, changed in structure or as bytes."""
    readers: dict[str, tuple[str, Callable[[], Any], Callable[[Path], Any]]] = {
        "detections": ("json", _detections, RecordedDetector.from_file),
        "detections by image": ("jsonl", _store_lines, RecordedDetector.from_file),
        "judgements": ("json", _judgements, read_reference_file),
        "list of files": ("json", _manifest, _read_list),
        "settings": ("json", _settings, _read_run),
        "scores": ("jsonl", sound_records()[4].to_json, read_scores),
    }
    chance = random.Random(f"files {seed}")
    for number in range(count):
        name = list(readers)[number % len(readers)]
        suffix, make, read = readers[name]
        if chance.random() < 0.15:
            how, data = hostile_json(chance)
        elif chance.random() < 0.3:
            how, data = damaged(json.dumps(make()).encode(), chance)
        else:
            how, document = mutated(make(), chance)
            data = json.dumps(document).encode()
        path = folder / f"{name.replace(' ', '-')}-{seed}-{number}.{suffix}"
        run = functools.partial(_read_file, path, data, read)
        yield Attack(f"{name}: {how} (seed {seed}, {number})", run, payload=data)


def _read_file(path: Path, data: bytes, read: Callable[[Path], Any]) -> None:
    path.write_bytes(data)
    read(path)


def _read_list(path: Path) -> None:
    """A list names only files below its folder; contents have a size and hashes of hexadecimal digits."""
    more = {"allowed": _is_plain} if "allowed" in inspect.signature(read_manifest).parameters else {}
    for name, content in read_manifest(path.read_bytes(), **more).items():
        assert isinstance(name, str) and isinstance(content, Content)


def _is_plain(name: object) -> bool:
    return isinstance(name, str) and not name.startswith("/") and ".." not in name.split("/")


def _read_run(path: Path) -> None:
    """A run folder with changed settings: what reads runs asks it what it needs."""
    folder = path.with_suffix("")
    folder.mkdir()
    score = sound_records()[4]
    begin_run(folder, _settings())
    finished = finish_run(folder, _settings(), [score])
    text = path.read_bytes()
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):  # else the change hides behind a hash that does not fit
        document["scores_sha256"] = finished.settings["scores_sha256"]
        text = json.dumps(document).encode()
    (folder / "settings.json").write_bytes(text)
    run = load_run(folder)
    for split, editor in run.groups():
        run.judged(split, editor)
