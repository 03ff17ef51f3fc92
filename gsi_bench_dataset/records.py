"""The five records that travel through gsi-bench: Sample, Prediction, Detection, Judgement, Score.

Frames and units, unless a field says otherwise: OpenCV camera frame of the source view (x right, y down, z forward),
metres, radians; boxes `[x, y, z, w, h, l, yaw]` = centre, full sizes along the object's x, y, z, turn about the vertical;
matrices row-major 3×3. What a source lacks is None, never invented. Each record is frozen, checked on creation (all its
problems in one `RecordError`) and has one lossless row (`to_row`/`from_row`) and JSON form (`to_json`/`from_json`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gsi_bench_dataset.safety.names import name_problem, printable
from gsi_bench_dataset.schema import EncodedImage, Matrix, Record, RecordError, Vector, features_of, record, spec
from gsi_bench_dataset.vocabulary import CHANGES, FAULTS, REASONS

if TYPE_CHECKING:
    import datasets

__all__ = [
    "CHANGES",
    "FAULTS",
    "MADE_BY",
    "OPERATIONS",
    "ORIGINS",
    "PICTURE_FIELDS",
    "PIXEL_FRAMES",
    "REASONS",
    "SPLITS",
    "UP_SOURCES",
    "Change",
    "Detection",
    "EncodedImage",
    "Fault",
    "Judgement",
    "Operation",
    "Prediction",
    "Reason",
    "RecordError",
    "Sample",
    "SceneObject",
    "Score",
    "features_of",
    "sample_features",
]

SPLITS = ("fine", "mesatask", "bathroom", "robothor")
OPERATIONS = ("move", "place", "rotate", "scale", "remove", "view")
ORIGINS = ("official", "rebuilt", "demo")
PIXEL_FRAMES = ("source", "reference896", "unknown")
# Of `up`: the renderer; the boxes' own vertical; the pose of the camera in a levelled world; where vertical lines meet.
UP_SOURCES = ("engine", "box", "pose", "lines")
# The columns that say who made what a sample did not come with, each with the column that it speaks of.
MADE_BY = {"mask_source": "instance_mask", "depth_source": "depth"}


@record
class Operation(Record):
    """What the instruction asks for, in numbers. Fields that the words do not fix are None."""

    kind: str = spec(one_of=OPERATIONS)
    direction: str | None = None  # left right front behind above below | forward backward up down (view) | clockwise ...
    distance_m: float | None = None  # length of a move, or of the camera's travel
    angle_deg: float | None = None  # turn about the vertical; positive, `direction` gives the sense
    factor: float | None = None  # size after / size before, along every axis
    frame: str | None = None  # the axes that `direction` means: camera's or object's
    reference: str | None = None  # the object that the words refer to ("relative to the table")
    receptacle: str | None = None  # where a `place` ends
    region: Matrix | None = None  # admissible footprint of a `place`: polygon corners x, y, z in the camera frame
    camera_translation_m: Vector | None = spec(default=None, shape=(3,))  # new camera's centre in the old camera's frame
    camera_rotation: Matrix | None = spec(default=None, shape=(3, 3))  # takes old camera coordinates to new ones


@record
class SceneObject(Record):
    """An object that is known to stand in the source view."""

    id: str
    category: str
    bbox_3d: Vector = spec(shape=(7,))  # camera frame, metres, radians
    rotation_matrix: Matrix = spec(shape=(3, 3))  # object -> camera
    symmetry: str | None = None  # none | 2-fold | 4-fold | continuous, about the vertical
    indistinguishable_set: str | None = None  # objects that share this name may swap places unnoticed
    is_target: bool = False

    def check(self) -> list[str]:
        """A box and a turn that an object can have."""
        return [*box_problems(bbox_3d=self.bbox_3d), *turn_problems(rotation_matrix=self.rotation_matrix)]


@record
class Sample(Record):
    """One edit of one source image, with everything that is known about it.

    `id` is `<img_id>_edit_<query_id>`. Fields of the reference's edit JSON keep their names; the JSON text itself stays
    in `official_json`, so an official sample can be written back byte for byte.
    """

    id: str
    split: str = spec(one_of=SPLITS)
    img_id: str
    query_id: str
    image: EncodedImage  # source view, RGB
    prompt: str
    target: str  # class name of the edited object, as given to a detector
    original_bbox_3d: Vector = spec(shape=(7,))  # camera frame, metres, radians
    camera_intrinsics: Matrix = spec(shape=(3, 3))  # K, pixels of `pixel_frame`
    rotation_matrix: Matrix = spec(shape=(3, 3))  # object -> camera, before the edit
    new_bbox_3d: Vector | None = spec(default=None, shape=(7,))  # goal of move, place, scale
    new_rotation_matrix: Matrix | None = spec(default=None, shape=(3, 3))  # goal of rotate
    operation: Operation | None = None  # None where the words are not understood
    prompt_zh: str | None = None
    edited_image: EncodedImage | None = None  # ground-truth after-image, RGB
    depth: EncodedImage | None = None  # source view, 16-bit PNG, millimetres, 0 = unknown
    instance_mask: EncodedImage | None = None  # source view, 16-bit PNG of object numbers, 0 = background
    instance_mask_after: EncodedImage | None = None  # the same after the edit
    mask_source: str | None = None  # who made `instance_mask`; None: the sample came with it
    depth_source: str | None = None  # who made `depth`; None: the sample came with it
    depth_residual: float | None = None  # of a made depth at the known boxes: median error by depth, after scaling
    up: Vector | None = spec(default=None, shape=(3,))  # unit vector against gravity, camera frame
    up_source: str | None = spec(default=None, one_of=UP_SOURCES)
    up_agreement_deg: float | None = None  # how far its witnesses lie from a found `up`: median angle
    objects: tuple[SceneObject, ...] | None = None
    objects_after: tuple[SceneObject, ...] | None = None  # as they stand in `edited_image`, its own camera's frame
    scene_id: str | None = None  # samples of one scene are not independent
    assets: tuple[str, ...] | None = None  # keys of the models that stand in the scene, sorted, each once; None: not known
    training: bool | None = None  # True: of a training set, and never of a test split
    pixel_frame: str = spec(default="unknown", one_of=PIXEL_FRAMES)  # the pixels that camera_intrinsics means
    pixel_frame_reason: str | None = None
    goal_suspect: str | None = None  # why the stored goal may not be what the words ask for
    measurable: bool | None = None  # whether source and right image show how much was done; None: not known
    origin: str = spec(default="official", one_of=ORIGINS)
    engine: str | None = None
    engine_version: str | None = None
    seed: int | None = None
    parent_id: str | None = None  # of a variant: the sample of the edit to compare its `edited_image` with
    variant: str | None = None  # what `edited_image` shows instead of the right edit
    progress: float | None = None  # how far along the right edit it is: 0 nothing done, 1 all
    image_licence: str | None = None
    redistributable: bool | None = None
    attribution: str | None = None
    official_json: str | None = None  # text of the reference's edit JSON, verbatim
    official_json_name: str | None = None  # its file name

    def check(self) -> list[str]:
        """Cross-field rules: the id, names that may become files' names, a camera that can project, box sizes that exist."""
        names = {name: getattr(self, name) for name in NAME_FIELDS}
        problems = [
            f"{name}: {printable(value)} {problem}"
            for name, value in names.items()
            if value is not None and (problem := name_problem(value)) is not None
        ]
        if self.id != f"{self.img_id}_edit_{self.query_id}":
            expected = printable(f"{self.img_id}_edit_{self.query_id}")
            problems.append(f"id: expected '<img_id>_edit_<query_id>' = {expected}")
        problems += camera_problems(self.camera_intrinsics)
        problems += box_problems(original_bbox_3d=self.original_bbox_3d, new_bbox_3d=self.new_bbox_3d)
        problems += turn_problems(rotation_matrix=self.rotation_matrix, new_rotation_matrix=self.new_rotation_matrix)
        problems += [
            f"{source}: {printable(getattr(self, source))} made nothing: {made} is empty"
            for source, made in MADE_BY.items()
            if getattr(self, source) is not None and getattr(self, made) is None
        ]
        return problems


# The columns that become names of files and folders, in exports, run folders and grids.
NAME_FIELDS = ("id", "img_id", "query_id", "parent_id", "variant")
# The columns that hold images.
PICTURE_FIELDS = ("image", "edited_image", "depth", "instance_mask", "instance_mask_after")


@record
class Prediction(Record):
    """What an editor made of a sample. Exactly one of `image` and `path` says where the image is."""

    sample_id: str
    editor: str
    image: EncodedImage | None = None
    path: str | None = None

    def check(self) -> list[str]:
        """A prediction is an image in memory or on disk."""
        return [] if (self.image is None) != (self.path is None) else ["give exactly one of image and path"]


@record
class Detection(Record):
    """One object found in one image. The first five fields are the reference's."""

    bbox_3d: Vector = spec(shape=(7,))  # camera frame, metres, radians
    bbox_2d: Vector = spec(shape=(4,))  # x1, y1, x2, y2; reference detectors: pixels of the 896 frame
    label: str | None = None
    rotation_matrix: Matrix | None = spec(default=None, shape=(3, 3))  # object -> camera
    iou_score: float | None = None
    object_id: str | None = None  # the sample's object that this is
    state: str = spec(default="present", one_of=("present", "absent", "duplicate"))
    sigma: Vector | None = None  # standard deviation of each entry of bbox_3d
    confidence: float | None = None
    unobservable: tuple[str, ...] = ()  # of `vocabulary.FREEDOMS`: what the image does not show, or the detector cannot tell

    def check(self) -> list[str]:
        """Numbers that an object in an image can have."""
        turn = turn_problems(rotation_matrix=self.rotation_matrix)
        return [*turn, *_large(bbox_3d=self.bbox_3d, bbox_2d=self.bbox_2d)]


@record
class Judgement(Record):
    """A judge's rating of the appearance of one edit. `score` is on 0–10 as the judge gave it, None if unusable."""

    sample_id: str
    judge: str
    score: float | None = None  # of several askings: the median
    reply: str | None = None
    problem: str | None = None  # why there is no score
    prompt_hash: str | None = None  # SHA-256 of the text that was asked with
    scores: Vector | None = None  # of each asking, where there were several and they could be read
    spread: float | None = None  # the largest of these less the smallest
    outage: bool = False  # the judge could not be reached: nothing was judged, and it is worth asking again


@record
class Reason(Record):
    """Why a number of a score is missing, or needs an explanation.

    `text` is the English sentence. Where `message` is set, it names the sentence, and `numbers` and `subject` are what stands
    in it, so that it can be said in another language.
    """

    name: str = spec(one_of=tuple(REASONS))
    text: str
    message: str | None = None
    numbers: Vector | None = None
    subject: str | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


@record
class Change(Record):
    """One change that an edit made, or was asked to make: see `CHANGES` for the meaning of each kind."""

    kind: str = spec(one_of=tuple(CHANGES))
    amount: float | None = None
    direction: str | None = None  # words as the camera sees it, a space between two: "left", "left closer"
    subject: str | None = None


@record
class Fault(Record):
    """One reason why an edit does not comply: see `FAULTS` for the meaning of each kind."""

    kind: str = spec(one_of=tuple(FAULTS))
    amount: float | None = None
    direction: str | None = None
    subject: str | None = None


@record
class Score(Record):
    """What one edit scored under one protocol. None = not scored, and then `reasons` says why.

    `ic` and `sa` are on 0–1 (official view edits: may be negative), `ssim` at most 1, `lpips` 0 for equal images, `mse`
    on squared 0–255 values, `ac` on 0–10. Gating between them is aggregation's work.
    """

    sample_id: str
    split: str = spec(one_of=SPLITS)
    editor: str
    protocol: str
    operation: str  # as the protocol reads it: official re-parses the prompt
    scene_id: str | None = None  # scores of one scene are not independent; None: a scene of its own
    # NaN is a value here: official SSIM of a mask that keeps nothing is 0/0, and the reference averages it.
    ic: float | None = spec(default=None, finite=False)
    sa: float | None = spec(default=None, finite=False)
    ssim: float | None = spec(default=None, finite=False)
    lpips: float | None = spec(default=None, finite=False)
    mse: float | None = spec(default=None, finite=False)
    ac: float | None = None
    locality_passed: bool | None = None  # official: the gate before IC and SA
    same_viewpoint: bool | None = None  # official, rotate only; None: not asked or undecided
    bystanders: float | None = None  # strict: share of the other known objects that are unchanged, 0–1
    drift_px: float | None = None  # strict: mean displacement of the unchanged scene, removed before comparing
    mapping: str | None = None  # strict: how the editor brought the source to another shape; None: of the source's size
    mapping_residual: float | None = None  # strict: how unlike the unchanged scene stays under it, 0: equal
    explanation: str | None = None  # strict: the next four fields as one English sentence
    done: tuple[Change, ...] = ()  # strict: what the edit did
    asked: tuple[Change, ...] = ()  # strict: what was asked; no direction where it is that of `done`
    faults: tuple[Fault, ...] = ()  # strict: each enough for IC = 0; none where it complies or is not scored
    changed: tuple[Change, ...] = ()  # strict: other objects that changed too, the nearest first
    # partial: some numbers exist; no_picture: the prediction is missing, doubled or unreadable
    state: str = spec(default="scored", one_of=("scored", "partial", "not_scored", "no_picture"))
    reasons: tuple[Reason, ...] = ()
    record: str | None = None  # its key in the run folder's records, which name everything that it was made from


def sample_features() -> datasets.Features:
    """The columns of the published dataset."""
    return features_of(Sample)


# Metres, or pixels; products of larger numbers leave the range of floats, and no scene and no image has them.
_LARGEST = 1e12
# A turn has 1; one that rounding or a scale has touched is far above it, a flat or empty one is below.
_LEAST_VOLUME = 1e-6


def box_problems(**boxes: Vector | None) -> list[str]:
    """What is wrong with 3D boxes, by the names of their fields: sizes below zero, numbers that no scene has."""
    known = {name: box for name, box in boxes.items() if box is not None}
    negative = [
        f"{name}: sizes w, h, l must not be negative, found {box[3:6]}" for name, box in known.items() if min(box[3:6]) < 0
    ]
    return [*negative, *_large(**known)]


def camera_problems(k: Matrix) -> list[str]:
    """What is odd about a camera matrix that is to project as `[[fx, 0, cx], [0, fy, cy], [0, 0, 1]]`, in pixels."""
    expected = "expected [[fx,0,cx],[0,fy,cy],[0,0,1]]"
    if any(k[2][:2]) and not (k[0][2] or k[1][2]) and k[2][2] == 1:
        return [f"camera_intrinsics: transposed: {k}; {expected}"]
    problems = []
    if tuple(k[2]) != (0, 0, 1):
        problems.append(f"camera_intrinsics: last row {list(k[2])}; expected [0, 0, 1]")
    for name, focal in (("fx", k[0][0]), ("fy", k[1][1])):
        if focal <= 0:
            problems.append(f"camera_intrinsics: {name} is {focal:g}; expected a focal length above 0, in pixels")
    if abs(_determinant(k)) < 1e-9:
        problems.append(f"camera_intrinsics: singular matrix {k}; {expected}")
    return problems


def turn_problems(**matrices: Matrix | None) -> list[str]:
    """What is wrong with rotation matrices, by the names of their fields: all zero, or flat, so that they turn nothing."""
    problems = []
    for name, matrix in matrices.items():
        if matrix is None:
            continue
        volume = 1.0
        for x, y, z in matrix:
            known = -_LARGEST < x < _LARGEST and -_LARGEST < y < _LARGEST and -_LARGEST < z < _LARGEST
            volume *= math.sqrt(x * x + y * y + z * z) if known else math.inf
        if not 0 < volume < math.inf or abs(_determinant(matrix)) < _LEAST_VOLUME * volume:
            problems.append(f"{name}: no rotation: {matrix}; expected three rows at right angles, each of length 1")
    return problems


def _large(**vectors: Vector) -> list[str]:
    return [
        f"{name}: expected numbers up to {_LARGEST:g}, found {max(vector, key=abs):g}"
        for name, vector in vectors.items()
        if max(map(abs, vector)) > _LARGEST
    ]


def _determinant(m: Matrix) -> float:
    (a, b, c), (d, e, f), (g, h, i) = m
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
