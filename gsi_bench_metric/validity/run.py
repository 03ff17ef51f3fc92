"""Scores the oracle grid: a dataset of variants -> scores and detections of every cell under every protocol.

Images of the grid are made when they are needed and never stored. What is scored is kept as records under keys made of the
pixels (scoring.py), so that a stopped run goes on where it was and a changed image is scored anew.
"""

from __future__ import annotations

import dataclasses
import functools
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gsi_bench_dataset.execution.progress import COSTS, Dashboard
from gsi_bench_dataset.execution.runners import LOCAL, Runner
from gsi_bench_dataset.layout.pixel_frame import box_corners, project_to_source
from gsi_bench_dataset.reads import digest_of, narrowed, reads_of
from gsi_bench_dataset.records import EncodedImage, Prediction, Sample, SceneObject, Score
from gsi_bench_dataset.storage.record_store import RecordStore, digest
from gsi_bench_dataset.storage.shards import read_columns, read_dataset, resolve
from gsi_bench_metric.detectors import Detector, make_detector
from gsi_bench_metric.detectors.base import DetectionItem
from gsi_bench_metric.detectors.simulator import SimulatorDetector
from gsi_bench_metric.imaging.device import workers_device
from gsi_bench_metric.imaging.images import header_size, load_rgb, pixel_hash
from gsi_bench_metric.protocols.registry import PROTOCOLS, thresholds_of
from gsi_bench_metric.run.folder import RECORDS, Run, begin_run, finish_run, prepare_folder, require_usable, versions
from gsi_bench_metric.run.scoring import Candidate, ScoringError, make_scorer, require_protocol, score_candidates
from gsi_bench_metric.run.unchanged import Watch, verify, watch_dataset
from gsi_bench_metric.run.working import keeping_records, score_tasks
from gsi_bench_metric.validity.degrade import degrade
from gsi_bench_metric.validity.grid import AFTER, HAS_NO, OPPOSITE, Cell, GridError, cells_of
from gsi_bench_metric.validity.settings import KIND, first_settings, require_kind
from gsi_bench_metric.validity.sides.given import EMBEDDED, Giver, Made
from gsi_bench_metric.validity.truth import ObjectCheck, Shown, check_objects, same_state

__all__ = ["Family", "Request", "Validation", "example_pictures", "families", "validate"]

_COLUMNS = ("id", "parent_id", "variant", "target", "operation", "objects", "objects_after", "scene_id")


NO_STATE = "the operation has no such state"
IMPOSSIBLE = "not physically possible, not in frame, or no such object in the scene"
AN_EDIT = "it is such an edit itself: a camera that comes nearer sees nearly the same as a zoom"
SAME = "it looks like the right edit, by the object's symmetry"
NOT_BUILT = "the dataset was built without it"


@dataclasses.dataclass(frozen=True)
class Request:
    """What to validate, and with what.

    Attributes:
        cells: names of outcomes and conditions; None: all.
        limit: most edits.
        given: what samples are given, of `given.GIVEN`; None: what they have.
    """

    data: str
    split: str
    protocols: tuple[str, ...] = PROTOCOLS.names
    detector: str = "tracker"
    cells: tuple[str, ...] | None = None
    limit: int | None = None
    revision: str | None = None
    device: str | None = None
    workers: int | None = None
    runner: Runner = LOCAL
    given: str | None = None


@dataclasses.dataclass(frozen=True)
class Family:
    """An edit and its variants, without images.

    Attributes:
        edit: id of the sample whose variants these are.
        rows: variant -> position in the split.
        objects: variant -> what stands in its image.
    """

    edit: str
    operation: str
    target_class: str
    angle_deg: float | None
    before: Sequence[SceneObject]
    rows: Mapping[str, int]
    objects: Mapping[str, Sequence[SceneObject]]

    def why_not(self, cell: Cell) -> str | None:
        """Why a cell does not apply to this edit; None: it does."""
        if cell.variant not in self.rows:
            base = OPPOSITE if cell.variant.startswith(OPPOSITE) else cell.variant
            return NO_STATE if base in HAS_NO.get(self.operation, ()) else IMPOSSIBLE
        if cell.condition is not None and self.operation in cell.condition.is_edit:
            return AN_EDIT
        if cell.variant.startswith(OPPOSITE) or cell.variant == "overshoot":
            # A symmetric object turned the wrong way may look as if turned the right way: within half the angle it complies.
            allowed = min(abs(self.angle_deg) / 2, 45.0) if self.operation == "rotate" and self.angle_deg else 2.0
            if same_state(self._changed(AFTER), self._changed(cell.variant), allowed):
                return SAME
        return None

    def _changed(self, variant: str) -> Sequence[SceneObject]:
        """The targets in an image: what they carry goes with them, whichever way they look the same; all objects for a view."""
        now = self.objects[variant]
        return [o for o in now if o.is_target] or now


@dataclasses.dataclass(frozen=True)
class Validation:
    """What a grid gave.

    `scores`: the editor's name is the cell's. `not_applicable`: (variant or condition, operation, why) -> edits.
    """

    settings: Mapping[str, Any]
    families: Sequence[Family]
    scores: Sequence[Score]
    checks: Sequence[ObjectCheck]
    not_applicable: Mapping[tuple[str, str, str], int]
    made: Made = dataclasses.field(default_factory=Made)


class _TruthDetector:
    """The simulator for one image of the grid: told which variant it shows, it knows it whatever was done to the pixels."""

    needs_pixels = True

    def __init__(self, detector: Detector, shown: Sample):
        self._detector, self.reads = detector, reads_of(detector)
        self._shown = narrowed(shown, self.reads)
        self.name, self.key = detector.name, digest("grid", detector.key, digest_of(shown, self.reads))

    def detect(self, items: Sequence[DetectionItem]) -> list[Any]:
        """As the simulator."""
        return self._detector.detect([self._told(item) for item in items])

    def _told(self, item: DetectionItem) -> DetectionItem:
        if item.view == "source" or self._shown.edited_image is None:
            return item
        return dataclasses.replace(item, sample=self._shown, pixels=pixel_hash(load_rgb(self._shown.edited_image)))


def families(data: str, split: str, limit: int | None = None, revision: str | None = None) -> list[Family]:
    """The edits of a split with their variants, in the order of their ids.

    Raises:
        GridError: the split has no variants.
    """
    rows: dict[str, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    for position, row in enumerate(read_columns(data, split, _COLUMNS, revision)):
        if row["parent_id"] is not None and row["variant"] is not None:
            rows[row["parent_id"]].append((position, row))
    found = [_family(edit, group) for edit, group in rows.items() if any(row["variant"] == AFTER for _, row in group)]
    if not found:
        raise GridError(
            f"{data}, split {split}: no variants in it; expected rows with parent_id and variant, as "
            "`gsi-bench build ... --variants N` writes to OUT-variants"
        )
    return found[:limit]


def _family(edit: str, group: Sequence[tuple[int, dict[str, Any]]]) -> Family:
    first = group[0][1]
    return Family(
        edit=edit,
        operation=first["operation"]["kind"],
        target_class=first["target"],
        angle_deg=first["operation"]["angle_deg"],
        before=_objects(first["objects"]),
        rows={row["variant"]: position for position, row in group},
        objects={row["variant"]: _objects(row["objects_after"]) for _, row in group},
    )


def _objects(rows: Sequence[Mapping[str, Any]] | None) -> tuple[SceneObject, ...]:
    return tuple(SceneObject.from_row(row) for row in rows or ())


def validate(request: Request, folder: Path, *, progress: bool = True) -> Validation:
    """Scores the grid, or goes on with it.

    Raises:
        GridError, ScoringError, DetectorError, DatasetError: what was asked for cannot be done; before scoring starts.
        RunError: the folder holds something else; or the data changed meanwhile, and nothing was finished.
    """
    if request.workers is not None and request.workers < 1:
        raise ScoringError(f"--workers: expected 1 or more, found {request.workers}")
    if request.limit is not None and request.limit < 1:
        raise ScoringError(f"--limit: expected 1 or more, found {request.limit}")
    for protocol in request.protocols:
        require_protocol(protocol)
    request.runner.check()
    request = dataclasses.replace(request, device=workers_device(request.device, request.runner))
    request = dataclasses.replace(request, runner=request.runner.for_device(request.device))
    detector = make_detector(request.detector, device=request.device)
    giver = Giver(request.given)
    require_usable(folder)
    require_kind(folder, KIND)
    cells = list(cells_of(request.cells))
    data = resolve(request.data, request.revision, [request.split])
    watch, files = watch_dataset(data, [request.split])
    verify(data, [request.split])
    edits = families(request.data, request.split, request.limit, request.revision)
    prepare_folder(folder)
    settings = _settings(request, edits)
    settings["dataset"] |= {"files": files}
    settings["given"] = giver.settings()
    begin_run(folder, settings)
    tasks = [(family, tuple(cell for cell in cells if family.why_not(cell) is None)) for family in edits]
    with watch.over(folder):
        scores = _run(request, folder, tasks, detector, watch, progress)
    run = finish_run(folder, settings, scores)
    made = _made(giver, request, folder, edits)
    return Validation(settings, edits, scores, _checks(run, edits, cells), _gaps(edits, cells), made)


def _made(giver: Giver, request: Request, folder: Path, edits: Sequence[Family]) -> Made:
    """What the samples were given by whom, and what could not be made: looked up in the records."""
    if giver.name == EMBEDDED:
        data, records = resolve(request.data, request.revision, [request.split]), RecordStore(folder / RECORDS)
        for family in edits:
            (asked,) = read_dataset(data, request.split, rows=range(family.rows[AFTER], family.rows[AFTER] + 1))
            giver.give(asked, records)
    return giver.made


def _gaps(edits: Sequence[Family], cells: Sequence[Cell]) -> dict[tuple[str, str, str], int]:
    """Edits that a variant, or a condition, does not apply to, by (its name, operation, why)."""
    built = {variant for family in edits for variant in family.rows}
    seen: set[tuple[str, str, str]] = set()
    gaps: Counter[tuple[str, str, str]] = Counter()
    for cell in cells:
        for family in edits:
            why = family.why_not(cell)
            name = cell.condition.name if why == AN_EDIT and cell.condition is not None else cell.variant
            # What holds for a variant or a condition holds for all its cells: it is said once.
            if why is None or (name, family.edit, why) in seen:
                continue
            seen.add((name, family.edit, why))
            gaps[name, family.operation, why if name != cell.variant or name in built else NOT_BUILT] += 1
    return dict(gaps)


_Task = tuple[Family, tuple[Cell, ...]]


def _run(  # noqa: PLR0917
    request: Request, folder: Path, tasks: Sequence[_Task], detector: Detector, watch: Watch, progress: bool
) -> list[Score]:
    total = len(request.protocols) * sum(len(cells) for _, cells in tasks)
    runner, alone = request.runner, getattr(detector, "one_process", False)
    spread = total > 200 and not alone and (request.device == "cpu" or not runner.one_machine)
    workers = request.workers or (min(runner.most_workers(), len(tasks)) if spread else 1)
    start = functools.partial(_start, request, folder, detector if runner.in_this_process(workers) else None, watch)
    cost = COSTS.get(f"score {request.detector}") if request.device == "cpu" else None
    bar = Dashboard("oracle grid", total, "score", quiet=not progress, workers=workers, cost=cost)
    found = score_tasks(tasks, start, _of_score, bar, workers=workers, runner=runner)
    return sorted(found, key=_of_score)


def _of_score(score: Score) -> tuple[str, str, str]:
    return score.protocol, score.editor, score.sample_id


def _start(request: Request, folder: Path, made: Detector | None, watch: Watch) -> Callable[[_Task], Iterator[Score]]:
    """What a worker does once. `made`: this process's detector, which serves again."""
    data = resolve(request.data, request.revision, [request.split])
    scorers = [make_scorer(protocol, request.device or "cpu") for protocol in request.protocols]
    detector = make_detector(request.detector, device=request.device) if made is None else made
    giver = Giver(request.given)

    def work(task: _Task, records: RecordStore) -> Iterator[Score]:
        family, cells = task
        samples = _samples(data, request.split, family)
        candidates = _candidates(family, cells, samples, giver.give(samples[AFTER], records), detector)
        for scorer in scorers:
            yield from score_candidates(candidates, scorer, records)

    return keeping_records(folder, watch, work)


def _samples(data: Path, split: str, family: Family) -> dict[str, Sample]:
    """The family's rows by variant."""
    first, last = min(family.rows.values()), max(family.rows.values())
    rows = read_dataset(data, split, rows=range(first, last + 1))
    return {s.variant: s for s in rows if s.parent_id == family.edit and s.variant is not None}


def _candidates(
    family: Family, cells: Sequence[Cell], samples: Mapping[str, Sample], asked: Sample, detector: Detector
) -> list[Candidate]:
    """The images of the grid, each as an edit of what is `asked`: the row that shows the right edit, with what it is given."""
    made = []
    for cell in cells:
        shown = samples[cell.variant]
        picture = _picture(family, cell, shown)
        looking = _TruthDetector(detector, shown) if isinstance(detector, SimulatorDetector) else detector
        made.append(Candidate(asked, Prediction(asked.id, cell.name, image=picture), looking))
    return made


def _picture(family: Family, cell: Cell, shown: Sample) -> EncodedImage:
    if shown.edited_image is None:
        raise GridError(f"{shown.id}: a variant without its image (edited_image); build the dataset again")
    if cell.condition is None or cell.condition.degradation is None:
        return shown.edited_image
    seed = int(digest("degradation", family.edit, cell.name)[:8], 16)
    stream = io.BytesIO()
    rgb = degrade(cell.condition.degradation, load_rgb(shown.edited_image), seed)
    Image.fromarray(rgb).save(stream, format="PNG", compress_level=1)
    return EncodedImage(stream.getvalue())


def _checks(run: Run, edits: Sequence[Family], cells: Sequence[Cell]) -> list[ObjectCheck]:
    """What the detector said of every image, once for all protocols, against the truth."""
    by_edit = {family.edit: family for family in edits}
    by_name = {cell.name: cell for cell in cells}
    seen: set[tuple[str, str]] = set()
    checks: list[ObjectCheck] = []
    for score in run.scores:
        edit, cell = score.sample_id.removesuffix(f"-{AFTER}"), by_name[score.editor]
        source, edited = run.detections(score)
        if source is None or edited is None or (edit, cell.name) in seen:
            continue
        seen.add((edit, cell.name))
        family = by_edit[edit]
        condition = cell.condition.name if cell.condition else "clean"
        objects = family.objects[cell.variant]
        shown = Shown(edit, family.operation, cell.name, condition, family.target_class, family.before, objects)
        checks += check_objects(shown, source, edited)
    return checks


def _settings(request: Request, edits: Sequence[Family]) -> dict[str, Any]:
    return {
        **first_settings(KIND, request.data, request.revision, request.split),
        "protocols": list(request.protocols),
        "thresholds": thresholds_of(request.protocols),
        "detector": request.detector,
        "device": request.device,
        "cells": None if request.cells is None else list(request.cells),
        "limit": request.limit,
        "edits": len(edits),
        "scenes": len({edit.edit.rpartition("_edit_")[0] for edit in edits}),
        "variants": sum(len(edit.rows) for edit in edits),
        "operations": dict(Counter(edit.operation for edit in edits)),
        "versions": versions(),
    }


Window = tuple[int, int, int, int]


def example_pictures(request: Request, edits: Sequence[Family]) -> tuple[str, Window, list[tuple[str, EncodedImage]]]:
    """One edit to show: its instruction, the part (x1, y1, x2, y2) of its images where the target ever is, its images.

    A move with many variants, where there is one. Images are (name of the cell, image), the source first.
    """
    best = max(edits, key=lambda family: (family.operation == "move", len(family.rows)))
    samples = _samples(resolve(request.data, request.revision, [request.split]), request.split, best)
    shown = {
        cell.variant if cell.condition is None or cell.condition.degradation is None else cell.name: cell
        for cell in cells_of()
        if best.why_not(cell) is None and cell.role in ("outcome", "after")
    }
    pictures = [(name, _picture(best, cell, samples[cell.variant])) for name, cell in shown.items()]
    return samples[AFTER].prompt, _window(samples[AFTER], best), [("source", samples[AFTER].image), *pictures]


def _window(sample: Sample, family: Family) -> Window:
    """A square around the target's boxes in all variants, with a margin, at least half of the image's shorter side."""
    height, width = header_size(sample.image)
    targets = [o for objects in (family.before, *family.objects.values()) for o in objects if o.is_target]
    corners = [box_corners(o.bbox_3d, o.rotation_matrix) for o in targets]
    pixels = [project_to_source(c, sample.camera_intrinsics, sample.pixel_frame, (width, height)) for c in corners]
    if not pixels or not np.isfinite(pixels).all():
        return 0, 0, width, height
    low, high = np.concatenate(pixels).min(axis=0), np.concatenate(pixels).max(axis=0)
    side = int(min(max(1.5 * float((high - low).max()), min(width, height) / 2), width, height))
    x, y = ((low + high) / 2 - side / 2).astype(int).tolist()
    x, y = min(max(x, 0), width - side), min(max(y, 0), height - side)
    return x, y, x + side, y + side
