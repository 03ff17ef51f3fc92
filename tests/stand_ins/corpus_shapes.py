"""Shoots in the shapes of corpora: ScanNet++, ARKitScenes, Objectron, Hypersim, SUN RGB-D. See `photo_shapes`."""

import json
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
from photo_shapes import Shoot, millimetres
from PIL import Image
from scipy.io import savemat
from scipy.spatial.transform import Rotation

from gsi_bench_builders.photos.camera import PhotoCamera

try:
    import h5py
except ImportError:
    h5py = None

__all__ = ["write_arkitscenes", "write_hypersim", "write_objectron", "write_scannetpp", "write_sunrgbd"]


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


def held(camera, rgb, depth, quarters: int):
    """(camera-to-world, K, rgb, depth) of a photograph whose sensor lay on its side."""
    own = PhotoCamera.of(camera.intrinsics, camera.rotation, camera.position, (camera.width, camera.height)).turned(quarters)
    return own, np.rot90(rgb, quarters).copy(), np.rot90(depth, quarters).copy()


def write_arkitscenes(
    root: Path, shoot: Shoot, video: str = "47333462", *, axes="rows", mesh=True, stream="lowres_wide", quarters=1, raw=False
) -> Path:
    """One video of the 3dod part (or the raw one), whose images lie on their side."""
    folder = root / "Validation" / video
    base = folder if raw else folder / f"{video}_frames"
    for name in (stream, f"{stream}_intrinsics", "lowres_depth"):
        (base / name).mkdir(parents=True)
    lines = []
    for v, (upright, rgb, deep, _) in enumerate(shoot.views):
        camera, rgb, deep = held(upright, rgb, deep, quarters)  # noqa: PLW2901
        moment = 6845.341 + v
        name = f"{video}_{moment:.3f}"
        Image.fromarray(rgb).save(base / stream / f"{name}.png")
        wide, high = (256, 192) if camera.width > camera.height else (192, 256)
        Image.fromarray(millimetres(resampled(deep, wide, high))).save(base / "lowres_depth" / f"{name}.png")
        k = camera.intrinsics
        numbers = (camera.width, camera.height, k[0][0], k[1][1], k[0][2], k[1][2])
        (base / f"{stream}_intrinsics" / f"{name}.pincam").write_text(" ".join(map(str, numbers)))
        turn = np.array(camera.rotation)
        step = -turn @ np.array(camera.position)
        lines.append(" ".join(map(str, [moment + 0.004, *Rotation.from_matrix(turn).as_rotvec(), *step])))
    (base / "lowres_wide.traj").write_text("\n".join(lines) + "\n")
    data = [
        {"uid": str(n), "label": t.info.category, "segments": {"obbAligned": obb(t, axes), "obb": obb(t, axes)}}
        for n, t in enumerate(shoot.scene.things)
    ]
    (folder / f"{video}_3dod_annotation.json").write_text(json.dumps({"data": data, "skipped": False}))
    if mesh:
        write_ply(folder / f"{video}_3dod_mesh.ply", np.concatenate([surface_points(t) for t in shoot.scene.things]))
    return root


def varint(value: int) -> bytes:
    out = b""
    while True:
        out += bytes([value & 0x7F | (0x80 if value > 0x7F else 0)])
        value >>= 7
        if not value:
            return out


def entry(number: int, value) -> bytes:
    """A field of a protocol buffer: whole numbers, bytes and texts, lists of 32-bit numbers (packed)."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    if not isinstance(value, bytes):
        value = np.asarray(value, dtype="<f4").tobytes()
    return varint(number << 3 | 2) + varint(len(value)) + value


Y_UP = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])  # from a world with z up to one with y up


def objectron_object(number: int, thing) -> bytes:
    right, forward, up = (Y_UP @ np.array(thing.rotation)).T
    turn = np.stack([right, up, -forward], axis=1)
    wide, deep, high = thing.size
    return b"".join(
        [
            entry(1, number),
            entry(2, thing.info.category),
            entry(4, turn.ravel()),
            entry(5, Y_UP @ np.array(thing.position)),
            entry(6, (wide, high, deep)),
        ]
    )


def objectron_frame(number: int, things, seen, sensor) -> bytes:
    """A frame: `seen` is the camera of the video's frame, `sensor` that of its sensor."""
    pose = np.eye(4)
    pose[:3, :3] = Y_UP @ np.array(sensor.rotation).T @ np.diag([1, -1, -1])
    pose[:3, 3] = Y_UP @ np.array(sensor.position)
    camera = entry(3, pose.ravel()) + entry(5, sensor.width) + entry(6, sensor.height)
    camera += entry(7, np.array(sensor.intrinsics).ravel())
    annotations = b""
    for n, thing in enumerate(things):
        signs = np.array([(x, -z, y) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
        points = np.concatenate([[thing.position], thing.to_world(signs * thing.size)])
        places = seen.project(points) / (seen.width, seen.height)
        keypoints = b""
        for i, (x, y) in enumerate(places):
            flat = b"".join(varint(f << 3 | 5) + struct.pack("<f", v) for f, v in ((1, x), (2, y), (3, 1.0)))
            keypoints += entry(2, entry(1, i) + entry(3, flat))
        annotations += entry(2, entry(1, n) + keypoints)
    return entry(1, number) + annotations + entry(3, camera)


def write_objectron(root: Path, shoot: Shoot, *, things, quarters=3, video=True, published=False, gap=4) -> Path:
    """One clip, of which each view is shown for `gap` frames; the video is turned against the sensor."""
    parts = ("chair", "batch-1", "7")
    folder = root.joinpath("videos", *parts) if published else root / "chair_batch-1_7"
    folder.mkdir(parents=True)
    chosen = [shoot.scene.thing(i) for i in things]
    sequence = b"".join(entry(1, objectron_object(n, t)) for n, t in enumerate(chosen))
    images = []
    for v, (camera, rgb, deep, _) in enumerate(shoot.views):
        seen, image, _ = held(camera, rgb, deep, 0)
        sensor = seen.turned(4 - quarters)
        for n in range(v * gap, (v + 1) * gap):
            sequence += entry(2, objectron_frame(n, chosen, seen, sensor))
            images.append(image)
    where = root.joinpath("annotations", *parts).with_suffix(".pbdata") if published else folder / "annotation.pbdata"
    where.parent.mkdir(parents=True, exist_ok=True)
    where.write_bytes(sequence)
    if video:
        size = images[0].shape[1::-1]
        out = cv2.VideoWriter(str(folder / "video.MOV"), cv2.VideoWriter_fourcc(*"MJPG"), 30, size)
        for image in images:
            out.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        out.release()
    else:
        (folder / "frames").mkdir()
        for n, image in enumerate(images):
            Image.fromarray(image).save(folder / "frames" / f"frame_{n:06d}.jpg", quality=95)
    return root


def write_hdf5(path: Path, values: np.ndarray) -> None:
    """With h5py where it is installed, else as `HDF5` below reads it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if h5py is None:
        with path.open("wb") as stream:
            np.save(stream, values)
        return
    with h5py.File(path, "w") as file:
        file["dataset"] = values


class HDF5:
    """In h5py's place where it is not installed: `File(path)["dataset"][:]`."""

    class File:
        def __init__(self, path, mode):
            self.path = path

        def __enter__(self):
            with Path(self.path).open("rb") as stream:
                return {"dataset": np.load(stream)}

        def __exit__(self, *_):
            return None


CLASSES = {"table": 7, "mug": 40, "laptop": 40, "chair": 5, "box": 29, "cabinet": 3}  # of NYU40; 40: another thing


def write_hypersim(root: Path, shoot: Shoot, scene: str = "ai_001_001", *, unit=0.0254, shift=(0.0, 0.0)) -> Path:
    """One scene in inches; distances to the optical centre; K as a matrix of rays."""
    folder, things = root / scene, shoot.scene.things
    detail, images = folder / "_detail", folder / "images"
    (images / "scene_cam_00_final_preview").mkdir(parents=True)
    detail.mkdir()
    (detail / "metadata_scene.csv").write_text(f"parameter_name,parameter_value\nmeters_per_asset_unit,{unit}\n")
    poses = [camera_to_world(v[0]) @ np.diag([1, -1, -1, 1]) for v in shoot.views]
    write_hdf5(detail / "cam_00" / "camera_keyframe_positions.hdf5", np.array([p[:3, 3] / unit for p in poses]))
    write_hdf5(detail / "cam_00" / "camera_keyframe_orientations.hdf5", np.array([p[:3, :3] for p in poses]))
    name = "metadata_semantic_instance_bounding_box_object_aligned_2d_{}.hdf5"
    for what, values, first in (
        ("positions", np.array([t.position for t in things]) / unit, np.full((1, 3), np.inf)),
        ("extents", np.array([t.size for t in things]) / unit, np.full((1, 3), np.inf)),
        ("orientations", np.array([t.rotation for t in things]), np.eye(3)[None]),
    ):
        write_hdf5(detail / "mesh" / name.format(what), np.concatenate([first, values]))  # the first is no object
    classes = np.array([1, *(CLASSES.get(t.info.category, 40) for t in things)])
    geometry = images / "scene_cam_00_geometry_hdf5"
    for n, (camera, rgb, deep, ids) in enumerate(shoot.views):
        Image.fromarray(rgb).save(images / "scene_cam_00_final_preview" / f"frame.{n:04d}.tonemap.jpg", quality=95)
        rows, columns = np.mgrid[0 : camera.height, 0 : camera.width] + 0.5
        k = camera.intrinsics
        far = np.sqrt(1 + ((columns - k[0][2]) / k[0][0]) ** 2 + ((rows - k[1][2]) / k[1][1]) ** 2)
        write_hdf5(geometry / f"frame.{n:04d}.depth_meters.hdf5", np.where(np.isfinite(deep), deep * far, np.nan))
        write_hdf5(geometry / f"frame.{n:04d}.semantic_instance.hdf5", np.where(ids > 0, ids.astype(np.int16), -1))
        write_hdf5(geometry / f"frame.{n:04d}.semantic.hdf5", classes[ids].astype(np.int16))
    camera = shoot.views[0][0]
    (fx, _, cx), (_, fy, cy), _ = camera.intrinsics
    w, h = camera.width, camera.height
    rays = [[w / 2 / fx, 0, (w / 2 - cx) / fx + shift[0]], [0, h / 2 / fy, (cy - h / 2) / fy], [0, shift[1], -1]]
    head = ["scene_name", "settings_output_img_width", "settings_output_img_height"]
    head += [f"M_cam_from_uv_{i}{j}" for i in range(3) for j in range(3)]
    row = [scene, w, h, *(v for line in rays for v in line)]
    (root / "metadata_camera_parameters.csv").write_text(f"{','.join(head)}\n{','.join(map(str, row))}\n")
    return root


def write_sunrgbd(root: Path, shoot: Shoot, *, axes="rows", filled=True, depth=True) -> Path:
    """One photograph of each view, in a levelled world whose origin is the camera and whose y is forward."""
    fields = ("sequenceName", "groundtruth3DBB", "Rtilt", "K", "depthname", "rgbname")
    table = np.zeros(len(shoot.views), dtype=[(name, object) for name in fields])
    for n, (camera, rgb, deep, _) in enumerate(shoot.views):
        sequence = f"SUNRGBD/kv2/kinect2data/00000{n}_resize"
        for kind in ("image", "depth", "depth_bfx"):
            (root / sequence / kind).mkdir(parents=True)
        Image.fromarray(rgb).save(root / sequence / "image" / "0000103.jpg", quality=95)
        stored = millimetres(deep)
        stored = ((stored << 3) | (stored >> 13)).astype(np.uint16)
        if depth:
            Image.fromarray(stored).save(root / sequence / ("depth_bfx" if filled else "depth") / "0000103.png")
        _, forward = camera.flat_axes()
        level = np.stack([np.cross(forward, (0, 0, 1)), forward, (0.0, 0.0, 1.0)])  # from the engine's world
        right, down, along = np.array(camera.rotation) @ level.T
        boxes = np.zeros(len(shoot.scene.things), dtype=[(k, object) for k in ("basis", "coeffs", "centroid", "classname")])
        for i, thing in enumerate(shoot.scene.things):
            basis = level @ np.array(thing.rotation)
            place = level @ (np.array(thing.position) - camera.position)
            halves = np.array(thing.size) / 2
            boxes[i] = (basis.T if axes == "rows" else basis, halves[None], place[None], thing.info.category)
        tilt = np.stack([right, along, -down], axis=1)
        table[n] = (sequence, boxes, tilt, np.array(camera.intrinsics), "0000103.png", "0000103.jpg")
    savemat(root / "SUNRGBDMeta3DBB_v2.mat", {"SUNRGBDMeta": table})
    return root
