import dataclasses
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gsi_bench_builders.assets.library import asset
from gsi_bench_builders.engine import PRESETS
from gsi_bench_builders.engines.blender.engine import BlenderEngine
from gsi_bench_builders.scene import Camera, Light, Room, Scene, Support, Thing


@pytest.fixture(scope="session")
def blender_engine():
    """One engine a test process: Blender starts once and is reset by every `load`."""
    pytest.importorskip("bpy", reason="needs the blender extra")
    return BlenderEngine()


@pytest.fixture(scope="session")
def tiny():
    """The `test` preset at its smallest."""
    return dataclasses.replace(PRESETS["test"], size=96, samples=1, denoise=None)


@pytest.fixture(scope="session")
def three_mugs():
    """Three mugs in a row on a table, the middle one nearer; a camera that sees all of them."""
    things = []
    for number, (x, y) in enumerate([(-0.16, 0.05), (0.0, -0.06), (0.17, 0.04)]):
        info = asset(f"embedded:mug:{number}").info
        things.append(Thing(f"mug_{number}", info, (x, y, 0.75 + info.size[2] / 2)).turned(0.7 * number))
    return Scene(
        "mugs",
        tuple(things),
        Support("table", "桌子", (-0.6, 0.6), (-0.4, 0.4), 0.75),
        Room("dining", 1),
        Light(),
        Camera.look_at((0.05, -0.75, 1.2), (0.0, 0.0, 0.78), 38, 96, 96),
    )


def box_mesh(low, high) -> tuple[np.ndarray, np.ndarray]:
    """A block between two corners: 8 vertices, 12 outward triangles."""
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    vertices = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)]) * (high - low) + low
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return vertices, np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])


def glb_bytes(
    meshes: list[tuple[np.ndarray, np.ndarray]],
    nodes: list[dict[str, Any]] | None = None,
    edit: Callable[[dict[str, Any]], None] = lambda document: None,
) -> bytes:
    """A GLB of meshes (vertices in the file's axes, triangles); `nodes` default to one for each mesh."""
    binary, views, accessors = b"", [], []
    for vertices, triangles in meshes:
        for values, kind, shape in (
            (vertices.astype("<f4"), 5126, "VEC3"),
            (triangles.astype("<u2").reshape(-1, 1), 5123, "SCALAR"),
        ):
            views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": values.nbytes})
            accessor = {"bufferView": len(views) - 1, "componentType": kind, "count": len(values), "type": shape}
            accessors.append(accessor | {"min": values.min(axis=0).tolist(), "max": values.max(axis=0).tolist()})
            binary += values.tobytes() + b"\0" * (-values.nbytes % 4)
    pieces = [{"primitives": [{"attributes": {"POSITION": 2 * i}, "indices": 2 * i + 1}]} for i in range(len(meshes))]
    nodes = [{"mesh": i} for i in range(len(meshes))] if nodes is None else nodes
    roots = sorted(set(range(len(nodes))) - {c for n in nodes for c in n.get("children", ())})
    document = {
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": roots}], "nodes": nodes, "meshes": pieces,
        "accessors": accessors, "bufferViews": views, "buffers": [{"byteLength": len(binary)}],
    }  # fmt: skip
    edit(document)
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    body = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


@pytest.fixture(scope="session")
def block():
    """`block(low, high) -> (vertices, triangles)`."""
    return box_mesh


@pytest.fixture(scope="session")
def make_glb():
    """`make_glb(meshes, nodes=None, edit=...) -> bytes`: a GLB written here, byte by byte."""
    return glb_bytes


@pytest.fixture(scope="session")
def lopsided():
    """Meshes of three blocks (file's axes, y up) that no turn and no mirror maps onto themselves; 3 × 2 × 1.5 in all."""
    return [box_mesh((0, 0, 0), (3, 0.4, 1.5)), box_mesh((0, 0.4, 0), (0.6, 2, 0.5)), box_mesh((2.2, 0.4, 1.1), (3, 0.9, 1.5))]


@pytest.fixture
def mesatask_folder(tmp_path: Path, lopsided) -> Callable[..., Path]:
    """`mesatask_folder(objects, annotations=..., **layout) -> Path`: a folder of that format with one dining table."""

    def make(objects: list[Any], annotations: dict[str, Any] | None = None, **layout: Any) -> Path:
        folder = tmp_path / "MesaTask-10K"
        (folder / "Assets_library").mkdir(parents=True, exist_ok=True)
        (folder / "Assets_library" / "lopsided.glb").write_bytes(glb_bytes(lopsided))
        (folder / "Assets_library" / "cube.glb").write_bytes(glb_bytes([box_mesh((-1, -1, -1), (1, 1, 1))]))
        (folder / "Assets_library" / "sink_cube.glb").write_bytes(glb_bytes([box_mesh((-1, -1, -1), (1, 1, 1))]))
        known = {"lopsided": {"category": "Stapler", "detailed_caption": "a red stapler"}, "cube": {"category": "box"}}
        (folder / "Asset_annotation.json").write_text(json.dumps(known if annotations is None else annotations))
        document = {"item_placement_zone": [0, 200, 0, 80], "objects": objects} | layout
        place = folder / "Layout_info" / "dining_table" / "dining_table_0001"
        place.mkdir(parents=True, exist_ok=True)
        (place / "layout.json").write_text(json.dumps(document))
        return folder

    return make
