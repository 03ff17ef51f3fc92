"""Shoots in the shapes of corpora: ScanNet++, ARKitScenes, Objectron, Hypersim, SUN RGB-D. See `photo_shapes`."""

import json
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
from photo_shapes import Shoot, millimetres
from PIL import Image

__all__ = ["write_scannetpp"]


def surface_points(thing, step: float = 0.04) -> np.ndarray:
    """Points on the faces of a box, world, n×3: what a scan has of it."""
    found = []
    for axis in range(3):
        spans = [np.linspace(-0.5, 0.5, max(4, int(size / step))) for size in thing.size]
        for side in (-0.5, 0.5):
            spans[axis] = np.array([side])
            found.append(np.stack(np.meshgrid(*spans), axis=-1).reshape(-1, 3))
    return thing.to_world(np.concatenate(found) * thing.size)


def camera_to_world(camera) -> np.ndarray:
    """4×4, camera as OpenCV has it."""
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = np.array(camera.rotation).T, camera.position
    return pose


def resampled(depth: np.ndarray, width: int, height: int) -> np.ndarray:
    rows = ((np.arange(height) + 0.5) * depth.shape[0] / height).astype(int)
    columns = ((np.arange(width) + 0.5) * depth.shape[1] / width).astype(int)
    return depth[rows[:, None], columns]


def obb(thing, axes: str) -> dict:
    """A box with its axes as rows or columns; sides in an order of their own, as corpora have them."""
    order = [1, 0, 2]
    matrix = np.array(thing.rotation)[:, order] * (1, -1, 1)  # right-handed: a mirrored one equals its transpose
    return {
        "centroid": list(thing.position),
        "axesLengths": [thing.size[i] for i in order],
        "normalizedAxes": (matrix.T if axes == "rows" else matrix).ravel().tolist(),
    }


def lz4_literals(data: bytes) -> bytes:
    """A valid block of LZ4 that compresses nothing but its end, which it repeats from before."""
    n = len(data)
    head = bytes([0xF0]) + b"\xff" * ((n - 15) // 255) + bytes([(n - 15) % 255])
    return head + data


def depth_bin(depths, form: str) -> bytes:
    """The packed depth of some frames (192×256, metres), in one of the forms that exist."""
    if form == "whole":
        raw = zlib.compressobj(wbits=-15)
        return raw.compress(np.stack(depths).astype("<f4").tobytes()) + raw.flush()
    out = b""
    for depth in depths:
        if form == "lz4":
            block = lz4_literals(millimetres(depth).astype("<u2").tobytes())
        else:
            raw = zlib.compressobj(wbits=-15)
            block = raw.compress(depth.astype("<f4").tobytes()) + raw.flush()
        out += struct.pack("<i", len(block)) + block
    return out


def write_ply(path: Path, points: np.ndarray, ascii_: bool = False) -> None:
    head = f"ply\nformat {'ascii' if ascii_ else 'binary_little_endian'} 1.0\nelement vertex {len(points)}\n"
    head += "property float x\nproperty float y\nproperty float z\nproperty uchar red\n"
    head += "element face 0\nproperty list uchar int vertex_indices\nend_header\n"
    if ascii_:
        path.write_text(head + "".join(f"{x} {y} {z} 7\n" for x, y, z in points))
        return
    rows = np.zeros(len(points), dtype=[("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("red", "u1")])
    rows["x"], rows["y"], rows["z"] = points.T
    path.write_bytes(head.encode() + rows.tobytes())


def write_scannetpp(
    root: Path, shoot: Shoot, scene: str = "036bce3393", *, axes="columns", depth="lz4", mesh=True, video=False, gap=10
) -> Path:
    """One scene; frames are `gap` apart, those between have poses and no image."""
    folder = root / "data" / scene
    (folder / "iphone" / "rgb").mkdir(parents=True)
    (folder / "scans").mkdir()
    poses, depths = {}, []
    for v, (camera, rgb, deep, _) in enumerate(shoot.views):
        k = np.array(camera.intrinsics) * [[1920 / camera.width], [1440 / camera.height], [1]]
        row = {"intrinsic": k.tolist(), "aligned_pose": camera_to_world(camera).tolist(), "pose": np.eye(4).tolist()}
        for n in range(v * gap, (v + 1) * gap):
            poses[f"frame_{n:06d}"] = row | {"timestamp": n / 60}
            depths.append(np.where(np.isfinite(deep), deep, 0))
        Image.fromarray(rgb).save(folder / "iphone" / "rgb" / f"frame_{v * gap:06d}.jpg", quality=95)
    (folder / "iphone" / "pose_intrinsic_imu.json").write_text(json.dumps(poses))
    small = [resampled(d, 256, 192) for d in depths]
    if depth == "png":
        (folder / "iphone" / "depth").mkdir()
        for n, values in enumerate(small):
            Image.fromarray(millimetres(values)).save(folder / "iphone" / "depth" / f"frame_{n:06d}.png")
    elif depth:
        (folder / "iphone" / "depth.bin").write_bytes(depth_bin(small, depth))
    if video:
        for file in (folder / "iphone" / "rgb").iterdir():
            file.unlink()
        (folder / "iphone" / "rgb").rmdir()
        # The size that the corpus's videos have: its intrinsics mean it.
        out = cv2.VideoWriter(str(folder / "iphone" / "rgb.mkv"), cv2.VideoWriter_fourcc(*"MJPG"), 60, (1920, 1440))
        for _, rgb, _, _ in shoot.views:
            frame = cv2.resize(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), (1920, 1440))
            for _ in range(gap):
                out.write(frame)
        out.release()
    groups, segments, points = [], [], []
    for n, thing in enumerate(shoot.scene.things):
        here = surface_points(thing)
        points.append(here)
        segments += [n] * len(here)
        label = thing.info.category
        groups.append({"id": n, "objectId": n, "label": label, "segments": [n], "obb": obb(thing, axes)})
    (folder / "scans" / "segments_anno.json").write_text(json.dumps({"sceneId": scene, "segGroups": groups}))
    if mesh:
        write_ply(folder / "scans" / "mesh_aligned_0.05.ply", np.concatenate(points))
        (folder / "scans" / "segments.json").write_text(json.dumps({"sceneId:": scene, "segIndices": segments}))
    return root
