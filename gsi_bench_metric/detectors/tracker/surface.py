"""The known surface of each object of a source view: points with normals and pixels, lifted from depth and mask.

Without depth a pixel's ray is cut with the object's box; without a mask the object's pixels are those whose ray meets its box
before any other, less what lies behind it (`hulls`). Frames: OpenCV camera, metres; pixel centres lie at half numbers.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from gsi_bench_dataset.layout.pixel_frame import reference_frame
from gsi_bench_dataset.reads import BOX, CAMERA, DEPTH, IMAGE, MASK, OBJECTS, TARGET, UP, Reads, digest_of, narrowed
from gsi_bench_dataset.records import Sample, SceneObject
from gsi_bench_metric.detectors.tracker.config import TRACKER, SurfaceConfig, TrackerConfig
from gsi_bench_metric.detectors.tracker.hulls import cut_out, first_met, in_box
from gsi_bench_metric.geometry.poses import vertical
from gsi_bench_metric.geometry.slabs import slabs
from gsi_bench_metric.imaging.images import RGB, load_numbers, load_rgb
from gsi_bench_metric.recent import Recent

__all__ = [
    "SCENE",
    "Scene",
    "Scenes",
    "Surface",
    "after_surface",
    "box_depth",
    "level_axes",
    "pixel_rays",
    "read_scene",
    "source_intrinsics",
]

# What a scene is made of: the source view, and what stands in it.
SCENE: Reads = IMAGE | CAMERA | UP | DEPTH | MASK | OBJECTS | TARGET | BOX

_BOXES = "boxes"  # `depth_source` of a depth that is that of the boxes: it says nothing of the object's own shape

Array = NDArray[np.float64]
Depth = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclasses.dataclass(frozen=True)
class Surface:
    """What a view shows of one object.

    Attributes:
        thing: the object.
        points: P×3, metres.
        normals: P×3, unit, towards the camera.
        pixels: P×2 (column, row), whole numbers.
        base: where its box touches the ground: centre of the box's lower face.
        height: of its box along `up`, metres.
        mask: H×W, the pixels that show it.
        config: the numbers it was lifted with.
        covered: the same with all that its box covers, where the object was cut out of it.
    """

    thing: SceneObject
    points: Array
    normals: Array
    pixels: NDArray[np.int64]
    base: Array
    height: float
    mask: Mask
    config: SurfaceConfig
    covered: Surface | None = None

    @property
    def diagonal(self) -> float:
        """Of the box, metres."""
        return float(np.linalg.norm(self.thing.bbox_3d[3:6]))

    def carries(self, up: Array) -> float:
        """Height over its base at which objects stand on or in it, metres: of its middle where that is seen, else its top."""
        rise = (self.points - self.base) @ up
        beside = np.linalg.norm(self.points - self.base - rise[:, None] * up, axis=-1)
        middle = beside < self.config.middle * min(self.thing.bbox_3d[3], self.thing.bbox_3d[5]) / 2
        return float(np.clip(np.median(rise[middle]), 0, self.height)) if middle.sum() >= self.config.enough else self.height

    def tops(self, up: Array) -> list[float]:
        """Heights over its base of level pieces of its surface, metres: a sofa's seat, a shelf's boards."""
        config = self.config
        level = self.normals @ up > config.level
        rise = (self.points[level] - self.base) @ up
        counts, edges = np.histogram(rise, np.arange(0.0, self.height + 2 * config.top_m, config.top_m))
        found: list[float] = []
        for at in np.argsort(-counts):
            height = float(np.median(rise[(rise >= edges[at]) & (rise <= edges[at + 1])])) if counts[at] else 0.0
            if counts[at] < max(config.enough, config.top_share * len(self.points)) or len(found) == config.most_tops:
                break
            if all(abs(height - other) > config.top_m for other in found):
                found.append(height)
        return found

    @property
    def around(self) -> tuple[slice, slice]:
        """Rows and columns of the object and as much beside it."""
        size = np.ptp(self.pixels, axis=0).max() + self.config.margin_px
        low, high = np.maximum(self.pixels.min(0) - size, 0), self.pixels.max(0) + size + 1
        return slice(low[1], high[1]), slice(low[0], high[0])


@dataclasses.dataclass(frozen=True)
class Scene:
    """A source view and everything that is known to stand in it.

    Attributes:
        K: 3×3, pixels of the source.
        up: unit vector against gravity.
        axes: 3×3, rows along, across, up: `level_axes`.
        depth: H×W metres, inf where unknown.
        things: H×W, where any of the known objects is seen.
        masked: whether the sample says which pixels show which object; else those whose rays meet its box.
        lifted: whether the sample says how far they are; else as far as its box, and the object has the box's shape.
        config: the numbers that everything in it is measured with.
    """

    rgb: RGB
    K: Array
    up: Array
    axes: Array
    depth: Depth
    surfaces: tuple[Surface, ...]
    things: Mask
    config: TrackerConfig
    masked: bool = False
    lifted: bool = False

    @property
    def shaped(self) -> bool:
        """Whether the sample tells the objects' own shapes."""
        return self.masked and self.lifted

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.rgb.shape[1], self.rgb.shape[0]


class Scenes:
    """The last few scenes, shared by the edits of a source view. May be used by several threads.

    Args:
        most: scenes that are kept.
        config: the numbers that they are measured with.
    """

    def __init__(self, most: int, config: TrackerConfig = TRACKER):
        self._config = config
        self._kept: Recent[str, Scene] = Recent(most)

    def of(self, sample: Sample) -> Scene:
        """The scene of a sample's source view.

        Raises:
            ImageError: see `read_scene`; or the source cannot be read.
        """
        view, reads = _view_of(sample)
        return self._kept.get(digest_of(view, reads), lambda: read_scene(view, load_rgb(view.image), self._config))


def _view_of(sample: Sample) -> tuple[Sample, Reads]:
    """What `read_scene` reads of a sample, and which fields these are.

    Who is the target is not part of it, if all else tells what stands there and which way is up.
    """
    if not sample.objects:
        return narrowed(sample, SCENE), SCENE
    reads = SCENE - TARGET - BOX
    if sample.up is None:
        return narrowed(sample, reads), reads
    alike = (dataclasses.replace(thing, is_target=False) if thing.is_target else thing for thing in sample.objects)
    return narrowed(sample, reads, objects=tuple(alike)), reads


def read_scene(sample: Sample, rgb: RGB, config: TrackerConfig = TRACKER) -> Scene:
    """Everything known of a sample's source view `rgb` (H, W, 3).

    Raises:
        ImageError: depth or mask cannot be read, or has another size than the source.
    """
    shape = (rgb.shape[0], rgb.shape[1])
    K = source_intrinsics(sample, (shape[1], shape[0]))
    things = sample.objects or (
        SceneObject("target", sample.target, sample.original_bbox_3d, sample.rotation_matrix, is_target=True),
    )
    up = vertical(sample.up, next((t for t in things if t.is_target), things[0]).rotation_matrix)
    measured = None if sample.depth is None else load_numbers(sample.depth)
    ids = None if sample.instance_mask is None else load_numbers(sample.instance_mask)
    ids_known, boxes = ids is not None, []
    lifted = measured is not None and sample.depth_source != _BOXES
    if measured is None or ids is None:
        rays = pixel_rays(K, slice(0, shape[0]), slice(0, shape[1]))
        boxes = [box_depth(t.bbox_3d, t.rotation_matrix, config.surface, rays) for t in things]
    if ids is None:
        ids = first_met(things, boxes, config.surface)
    if measured is not None:
        depth = np.where(measured > 0, measured / 1000, np.inf).astype(np.float32)
    else:
        depth = np.full(shape, np.inf, np.float32)
        for number, found in enumerate(boxes, 1):
            depth[ids == number] = found[ids == number]
    masks = [ids == number for number in range(1, len(things) + 1)]
    own = masks if ids_known else _objects_in(masks, things, rgb, rays * depth[..., None] if lifted else None, config)
    surfaces = tuple(
        _surface(thing, mask, lambda rows, columns, rays: depth[rows, columns], (K, up), config.surface)
        for thing, mask in zip(things, own, strict=True)
    )
    if not ids_known and not lifted:
        surfaces = tuple(
            dataclasses.replace(s, covered=_surface(s.thing, m, lambda r, c, _: depth[r, c], (K, up), config.surface))
            for s, m in zip(surfaces, masks, strict=True)
        )
    things_mask = np.any([s.mask for s in surfaces], axis=0)
    return Scene(rgb, K, up, level_axes(up), depth, surfaces, things_mask, config, ids_known, lifted)


def _objects_in(
    covered: Sequence[Mask], things: Sequence[SceneObject], rgb: RGB, points: Array | None, config: TrackerConfig
) -> list[Mask]:
    """Of what each box covers (H, W) the object's pixels: those whose points (H, W, 3) lie in it; without points, by colour."""
    if points is None:
        return [cut_out(rgb, mask, config.silhouette) for mask in covered]
    with np.errstate(invalid="ignore"):
        return [mask & in_box(points, thing, config.surface) for thing, mask in zip(things, covered, strict=True)]


def after_surface(scene: Scene, sample: Sample, thing: SceneObject) -> Surface | None:
    """What the ground truth's after-image shows of an object, its box's faces for its shape; None where that is not known."""
    after = next((o for o in sample.objects_after or () if o.id == thing.id), None)
    number = next(n for n, o in enumerate(sample.objects or (), 1) if o.id == thing.id)
    if after is None or sample.instance_mask_after is None or sample.edited_image is None:
        return None
    mask = load_numbers(sample.instance_mask_after) == number
    if not mask.any():
        return None
    on_box = functools.partial(box_depth, after.bbox_3d, after.rotation_matrix, scene.config.surface)
    return _surface(after, mask, lambda rows, columns, rays: on_box(rays), (scene.K, scene.up), scene.config.surface)


def source_intrinsics(sample: Sample, size: tuple[int, int]) -> Array:
    """K in pixels of the source image of `size` = (width, height)."""
    K = np.array(sample.camera_intrinsics, dtype=np.float64)
    if sample.pixel_frame != "reference896":
        return K
    scale, offset, _ = reference_frame(size)
    to_source = np.diag([1 / scale[0], 1 / scale[1], 1.0])
    to_source[:2, 2] = offset / scale
    return np.asarray(to_source @ K)


def level_axes(up: Array) -> Array:
    """Rows: along (the camera's right, made level), across (level, towards the camera), up."""
    right = np.array([1.0, 0, 0]) - up * up[0]
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(right, up), up])


def pixel_rays(K: Array, rows: slice, columns: slice) -> Array:
    """Points at depth 1 of each pixel of some rows and columns, h×w×3."""
    x, y = np.meshgrid(np.arange(columns.start, columns.stop) + 0.5, np.arange(rows.start, rows.stop) + 0.5)
    return np.asarray(np.stack([x, y, np.ones_like(x)], -1) @ np.linalg.inv(K).T)


def box_depth(bbox: tuple[float, ...], rotation: tuple[tuple[float, ...], ...], config: SurfaceConfig, rays: Array) -> Depth:
    """Depth at which each pixel's ray enters a box, inf where it misses it."""
    axes, box = np.array(rotation), np.array(bbox)
    direction, origin = rays @ axes, -box[:3] @ axes
    enter, leave = slabs(origin, direction, box[3:6] / 2)
    return np.where((enter <= leave) & (enter > config.nearest_m), enter, np.inf).astype(np.float32)


def _normals(rays: Array, depth: Depth, config: SurfaceConfig) -> Array:
    """Unit normals towards the camera, H×W×3, from differences of the neighbours; the ray's own where depth jumps."""
    ray = rays.astype(np.float32)
    points = ray * np.where(np.isfinite(depth), depth, 0)[..., None]
    right, down = (np.roll(points, -1, axis) - np.roll(points, 1, axis) for axis in (1, 0))
    normal = _cross(down, right)
    length = np.sqrt(_dot(normal, normal))[..., None]
    back = -ray / np.sqrt(_dot(ray, ray))[..., None]
    normal = np.where(length > 1e-12, normal / np.maximum(length, 1e-12), back)
    normal = np.where(_dot(normal, back)[..., None] < 0, -normal, normal)
    with np.errstate(invalid="ignore"):
        jump = np.maximum(*(np.abs(np.roll(depth, -1, axis) - np.roll(depth, 1, axis)) for axis in (0, 1)))
        broken = ~(jump <= config.jump * depth)
    return np.asarray(
        cv2.blur(np.where(broken[..., None], back, normal), (config.normal_px, config.normal_px)), dtype=np.float64
    )


# numpy's own sums and cross products over so short an axis take several times as long.


def _dot(a: Depth, b: Depth) -> Depth:
    return np.asarray(a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2], dtype=np.float32)


def _cross(a: Depth, b: Depth) -> Depth:
    pairs = ((1, 2), (2, 0), (0, 1))
    return np.stack([a[..., i] * b[..., j] - a[..., j] * b[..., i] for i, j in pairs], -1)


def _surface(
    thing: SceneObject,
    mask: Mask,
    depth_of: Callable[[slice, slice, Array], Depth],
    view: tuple[Array, Array],
    config: SurfaceConfig,
) -> Surface:
    """`depth_of`: depth of some rows and columns, whose rays are given; inf where there is none. `view`: K and up."""
    K, up = view
    height = float((np.abs(np.array(thing.rotation_matrix).T @ up) * np.array(thing.bbox_3d[3:6])).sum())
    base = np.array(thing.bbox_3d[:3]) - up * height / 2
    if not mask.any():
        nothing = np.zeros((0, 3))
        return Surface(thing, nothing, nothing, np.zeros((0, 2), np.int64), base, height, mask, config)
    # Only what is about the object: an image of rays and normals takes long.
    tall, wide = (
        slice(max(0, int(i.min()) - config.around_px), min(size, int(i.max()) + config.around_px + 1))
        for i, size in zip(np.nonzero(mask), mask.shape, strict=True)
    )
    rays = pixel_rays(K, tall, wide)
    depth = depth_of(tall, wide, rays)
    seen = mask[tall, wide] & np.isfinite(depth)
    rows, columns = np.nonzero(seen)
    kept = np.zeros_like(mask)
    kept[tall, wide] = seen
    points, normals = rays[rows, columns] * depth[rows, columns, None], _normals(rays, depth, config)[rows, columns]
    pixels = np.stack([columns + wide.start, rows + tall.start], -1)
    return Surface(thing, points, normals, pixels, base, height, kept, config)
