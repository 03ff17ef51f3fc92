"""What mirrors show: which objects a viewer sees twice, once themselves and once in a mirror."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.polygons import gap, hull
from gsi_bench_builders.scene import Camera, Scene, Thing

__all__ = ["mirrored", "reflected_ids"]

Floats = NDArray[np.float64]


def mirrored(points: Floats, mirror: Thing) -> Floats | None:
    """World points (n×3) as they seem to lie behind a mirror; None where all of them are behind it."""
    out, face = _face(mirror)
    before = (points - face) @ out
    return None if before.max() <= 0 else np.asarray(points - 2 * before[:, None] * out)


def reflected_ids(scene: Scene) -> frozenset[str]:
    """Ids of objects of which a mirror in the image may show something; what stands in between is not looked at."""
    found = set()
    for mirror in (t for t in scene.things if t.info.mirror):
        out, face = _face(mirror)
        frame = _image(scene.camera, mirror.corners())
        if frame is None or float((np.array(scene.camera.position) - face) @ out) <= 0:
            continue
        for thing in scene.things:
            points = None if thing.id == mirror.id else mirrored(thing.corners(), mirror)
            image = None if points is None else _image(scene.camera, points)
            if image is not None and gap(image, frame) < 0:
                found.add(thing.id)
    return frozenset(found)


def _face(mirror: Thing) -> tuple[Floats, Floats]:
    """(The direction that a mirror looks in, a point of its face.)"""
    out = -np.array(mirror.rotation)[:, 1]
    return out, np.array(mirror.position) + out * mirror.size[1] / 2


def _image(camera: Camera, corners: Floats) -> Floats | None:
    """The outline of a box in the image; None where it is out of it or partly behind the camera."""
    pixels = camera.project(corners)
    if np.isnan(pixels).any() or (pixels.max(axis=0) < 0).any() or (pixels.min(axis=0) > (camera.width, camera.height)).any():
        return None
    outline = hull(pixels)
    return outline if len(outline) >= 3 else None
