"""A user's folder of meshes: the index is checked whole, and up axis and unit mean the same to the reader and to the engine."""

import csv
import dataclasses
import json

import numpy as np
import pytest

from gsi_bench_builders.assets.scans import FIELDS, ScansError, load_scans
from gsi_bench_builders.engine import EngineError
from gsi_bench_builders.scene import Camera, Light, Room, Scene, Support, Thing

ROW = {"file": "a.glb", "category": "stapler", "licence": "cc-by-4.0", "attribution": "A. Maker"}


@pytest.fixture
def folder(tmp_path, make_glb, lopsided):
    """A folder with `a.glb`, and with `a.obj` of the same numbers."""
    (tmp_path / "a.glb").write_bytes(make_glb(lopsided))
    lines, first = [], 1
    for vertices, triangles in lopsided:
        lines += [f"v {x} {y} {z}" for x, y, z in vertices]
        lines += [f"f {a} {b} {c}" for a, b, c in (triangles + first).tolist()]
        first += len(vertices)
    (tmp_path / "a.obj").write_text("\n".join(lines))
    return tmp_path


def load(folder, *rows):
    (folder / "assets.json").write_text(json.dumps(rows))
    return load_scans(folder)


class TestIndex:
    def test_what_is_not_given_has_the_documented_meaning(self, folder):
        (info,) = load(folder, ROW)
        assert info.size == pytest.approx((3, 1.5, 2), abs=1e-6)
        assert (info.category, info.category_zh, info.symmetry, info.colour) == ("stapler", "订书机", "none", None)
        assert (info.licence, info.attribution, info.redistributable) == ("cc-by-4.0", "A. Maker", False)
        assert (info.nameable, info.rolls, info.origin) == (True, False, "demo")

    def test_all_fields_are_honoured(self, folder):
        more = {"category": "gizmo", "category_zh": "小玩意", "redistributable": True, "rolls": True, "nameable": False}
        (info,) = load(folder, ROW | more | {"up_axis": "z", "unit": "cm", "symmetry": "4-fold", "colour": "red"})
        assert info.size == pytest.approx((0.03, 0.02, 0.015), abs=1e-8)
        assert (info.category_zh, info.colour, info.colour_zh, info.symmetry) == ("小玩意", "red", "红色", "4-fold")
        assert (info.redistributable, info.rolls, info.nameable) == (True, True, False)

    @pytest.mark.parametrize(("up", "size"), [("y", (0.15, 0.075, 0.1)), ("z", (0.2, 0.4 / 3, 0.1))])
    def test_a_height_tells_the_unit(self, folder, up, size):
        (info,) = load(folder, ROW | {"height_m": 0.1, "up_axis": up})
        assert info.size == pytest.approx(size, rel=1e-6)

    def test_a_table_says_the_same_as_a_list(self, folder):
        rows = [ROW | {"unit": "cm", "redistributable": "yes"}, ROW | {"file": "a.obj", "height_m": "0.2", "colour": "blue"}]
        wanted = load(folder, rows[0] | {"redistributable": True}, rows[1] | {"height_m": 0.2})
        (folder / "assets.json").unlink()
        with (folder / "assets.csv").open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.DictWriter(stream, FIELDS)
            writer.writeheader()
            writer.writerows(rows)
        assert load_scans(folder) == wanted

    def test_all_problems_come_in_one_message(self, folder):
        (folder / "broken.glb").write_bytes(b"glTF")
        rows = [
            ROW | {"category": "Gizmo", "licence": "", "colour": "reddish", "size": 3},
            ROW | {"file": "gone.glb", "unit": "ft", "up_axis": "x", "symmetry": "round"},
            ROW | {"file": "broken.glb", "rolls": "maybe", "height_m": -1},
            ROW | {"file": "a.obj", "unit": "m", "height_m": 1},
            ROW | {"file": "a.fbx"},
            "a.glb",
            ROW,
            ROW,
        ]
        with pytest.raises(ScansError) as caught:
            load(folder, *rows)
        for part in (
            "assets.json cannot be used",
            "asset 1 (a.glb): unknown fields size",
            "asset 1 (a.glb): category: expected lower case, found 'Gizmo'",
            "asset 1 (a.glb): category_zh: missing",
            "asset 1 (a.glb): licence: expected a text",
            "asset 1 (a.glb): colour: expected one of white",
            "asset 2 (gone.glb): unit: expected one of m, dm, cm, mm, in; found 'ft'",
            "asset 2 (gone.glb): up_axis: expected one of y, z; found 'x'",
            "asset 2 (gone.glb): symmetry",
            "gone.glb: cannot be read",
            "asset 3 (broken.glb): rolls: expected true or false, found 'maybe'",
            "asset 3 (broken.glb): height_m: expected a positive number",
            "broken.glb: damaged",
            "asset 4 (a.obj): expected unit or height_m, found both",
            "asset 5 (a.fbx): file: expected .glb, .gltf, .obj",
            "asset 6 (no file): expected a JSON object",
        ):
            assert part in str(caught.value)

    def test_a_file_that_is_listed_twice_is_a_problem(self, folder):
        with pytest.raises(ScansError, match=r"asset 2 \(a\.glb\): the file is that of asset 1"):
            load(folder, ROW, ROW)

    @pytest.mark.parametrize(
        ("files", "message"),
        [
            ({}, "found neither"),
            ({"assets.json": "[]", "assets.csv": ""}, "found both"),
            ({"assets.json": "{"}, "expected JSON"),
            ({"assets.json": "{}"}, "expected a list of assets, found dict"),
            ({"assets.json": "[]"}, "expected assets, found none"),
            ({"assets.csv": "file,category\n"}, "expected assets, found none"),
            ({"assets.csv": "file,category\na.glb,cup,,,,\n"}, "licence: expected a text"),
        ],
    )
    def test_an_index_that_is_none_is_named(self, tmp_path, files, message):
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        with pytest.raises(ScansError, match=message) as caught:
            load_scans(tmp_path)
        assert str(tmp_path) in str(caught.value)


def test_reader_and_engine_agree_on_up_axis_and_unit(folder, blender_engine, tiny):
    read_as = [("a.glb", "y", {"unit": "dm"}), ("a.obj", "z", {"unit": "dm"}), ("a.obj", "y", {"height_m": 0.15})]
    rows = [ROW | {"file": file, "up_axis": up, **unit} for file, up, unit in read_as]
    (folder / "b.glb").write_bytes((folder / "a.glb").read_bytes())
    rows.append(ROW | {"file": "b.glb", "up_axis": "z", "height_m": 0.1})
    infos = load(folder, *rows)
    things = tuple(Thing(f"stapler_{i}", info, (0.4 * i, 0, 0.75 + info.size[2] / 2)) for i, info in enumerate(infos))
    camera = Camera.look_at((0.6, -2.5, 2), (0.6, 0, 0.8), 45, 96, 96)
    support = Support("table", "桌子", (-0.5, 1.8), (-0.5, 0.5), 0.75)
    scene = Scene("scans", things, support, Room("studio", 0), Light(), camera)
    blender_engine.load(scene)
    for thing in things:
        assert thing.scale == pytest.approx((1, 1, 1))
        points = blender_engine.mesh_points(scene, thing.id) - thing.position
        assert points.max(axis=0) == pytest.approx(np.array(thing.size) / 2, abs=1e-4)
        assert points.min(axis=0) == pytest.approx(-np.array(thing.size) / 2, abs=1e-4)
        # Not only the extents: the block that sticks up stands where the file has it.
        top = points[points[:, 2] > thing.size[2] / 2 - 1e-4] / thing.size
        expected = (-0.5, 1 / 6, -0.3, 0.5) if "up=z" not in thing.info.key else (-0.5, -0.5, 0.5, -0.05)
        low, high = top[:, :2].min(axis=0), top[:, :2].max(axis=0)
        assert (low[0], low[1], high[0], high[1]) == pytest.approx(expected, abs=1e-3)
    frame = blender_engine.render(scene, tiny, 1)
    assert set(np.unique(frame.instance_ids)) == {0, 1, 2, 3, 4}


def test_a_key_that_is_none_is_the_engines_error(folder, blender_engine):
    (info,) = load(folder, ROW)
    thing = Thing("a_1", dataclasses.replace(info, key=info.key + "?scale=0"), (0, 0, 1))
    camera, support = Camera.look_at((0, -3, 2), (0, 0, 1), 45, 96, 96), Support("table", "桌子", (-1, 1), (-1, 1), 0.75)
    scene = Scene("wrong", (thing,), support, Room("studio", 0), Light(), camera)
    with pytest.raises(EngineError, match="expected file:"):
        blender_engine.load(scene)
