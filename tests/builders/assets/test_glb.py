"""Meshes in files: what the reader, the engine and the file's author say about a box is one thing."""

import json
import math
import struct

import numpy as np
import pytest

from gsi_bench_builders.assets.files import ModelFileError, file_key, file_shape, parse_file_key
from gsi_bench_builders.assets.glb import read_gltf
from gsi_bench_builders.assets.library import asset
from gsi_bench_builders.assets.symmetry import estimate_symmetry, most_symmetric, surface_points
from gsi_bench_builders.scene import turn_about_z

HALF = math.sqrt(0.5)


def shape_of(tmp_path, content: bytes, name="a.glb", **key):
    (tmp_path / name).write_bytes(content)
    return file_shape(file_key(tmp_path / name, **key))


class TestReader:
    def test_extents_are_right_forward_up_of_a_y_up_file(self, tmp_path, make_glb, lopsided):
        assert shape_of(tmp_path, make_glb(lopsided)).size == pytest.approx((3, 1.5, 2), abs=1e-6)

    def test_a_z_up_file_keeps_its_axes_and_units_scale(self, tmp_path, make_glb, lopsided):
        assert shape_of(tmp_path, make_glb(lopsided), up="z", scale=0.01).size == pytest.approx((0.03, 0.02, 0.015), abs=1e-8)

    def test_nodes_move_turn_and_stretch_what_hangs_on_them(self, tmp_path, make_glb, block):
        nodes = [
            {"children": [1], "scale": [2, 1, 1], "translation": [5, 0, 0]},
            {"mesh": 0, "rotation": [0, 0, HALF, HALF]},  # x -> y
            {"mesh": 0, "matrix": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 10, 0, 1]},
        ]
        found = read_gltf_of(tmp_path, make_glb([block((0, 0, 0), (3, 1, 0.5))], nodes)).vertices
        turned = {(x, y, z) for x in (3, 5) for y in (0, 3) for z in (0, 0.5)}
        lifted = {(x, y, z) for x in (0, 3) for y in (10, 11) for z in (0, 0.5)}
        assert {tuple(point) for point in found.round(5).tolist()} == turned | lifted

    def test_vertices_that_no_face_uses_do_not_count(self, tmp_path, make_glb, block):
        vertices, triangles = block((0, 0, 0), (1, 2, 3))
        stray = np.concatenate([vertices, [(50, 50, 50)]]), np.concatenate([triangles, [(8, 8, 0)]])
        assert shape_of(tmp_path, make_glb([stray])).size == pytest.approx((1, 3, 2), abs=1e-6)

    def test_a_gltf_with_numbers_beside_or_inside_is_read(self, tmp_path, make_glb, lopsided):
        content = make_glb(lopsided)
        length = struct.unpack_from("<I", content, 12)[0]
        document, binary = json.loads(content[20 : 20 + length]), content[28 + length :]
        (tmp_path / "my numbers.bin").write_bytes(binary)
        document["buffers"][0]["uri"] = "my%20numbers.bin"
        assert shape_of(tmp_path, json.dumps(document).encode(), "a.gltf").size == pytest.approx((3, 1.5, 2), abs=1e-6)
        import base64  # noqa: PLC0415

        document["buffers"][0]["uri"] = "data:application/octet-stream;base64," + base64.b64encode(binary).decode()
        assert shape_of(tmp_path, json.dumps(document).encode(), "b.gltf").size == pytest.approx((3, 1.5, 2), abs=1e-6)

    def test_a_strip_and_a_fan_are_triangles_too(self, tmp_path, make_glb, block):
        vertices, _ = block((0, 0, 0), (1, 1, 1))
        for mode, expected in ((5, [(0, 1, 2), (1, 2, 3)]), (6, [(0, 1, 2), (0, 2, 3)])):

            def edit(document, mode=mode):
                document["meshes"][0]["primitives"][0]["mode"] = mode

            surface = read_gltf_of(tmp_path, make_glb([(vertices, np.array([0, 1, 2, 3]))], edit=edit))
            assert surface.triangles.tolist() == [list(t) for t in expected]

    def test_a_compressed_file_gives_its_stated_box_and_no_symmetry(self, tmp_path, make_glb, block):
        def compress(document):
            for mesh in document["meshes"]:
                mesh["primitives"][0]["extensions"] = {"KHR_draco_mesh_compression": {"bufferView": 0}}

        content = make_glb([block((0, 0, 0), (1, 2, 3))], [{"mesh": 0, "scale": [2, 1, 1]}], compress)
        shape = shape_of(tmp_path, content)
        assert shape.size == pytest.approx((2, 3, 2), abs=1e-6)
        assert estimate_symmetry(shape.samples) == "continuous"
        turned = make_glb([block((0, 0, 0), (1, 2, 3))], [{"mesh": 0, "rotation": [0, 0, 0.3826834, 0.9238795]}], compress)
        with pytest.raises(ModelFileError, match=r"b\.glb: compressed \(Draco\) and turned"):
            shape_of(tmp_path, turned, "b.glb")

    @pytest.mark.parametrize(
        ("damage", "message"),
        [
            (lambda c: b"", "damaged"),
            (lambda c: b"version https://git-lfs.github.com/spec/v1\n", "not b'glTF'"),
            (lambda c: c[:-20], "header says version 2"),
            (lambda c: c[:8] + struct.pack("<I", 100) + c[12:100], "ends after"),
            (lambda c: c.replace(b'"2.0"', b'"1.0"'), "version 1.0"),
            (lambda c: c.replace(b'"VEC3"', b'"VEC9"'), "VEC9"),
            (lambda c: c.replace(b'"byteLength": 96', b'"byteLength": 95'), "size of buffer"),
        ],
    )
    def test_a_damaged_file_is_named_with_what_is_wrong(self, tmp_path, make_glb, lopsided, damage, message):
        with pytest.raises(ModelFileError, match=f"a.glb: damaged: .*{message}" if message != "damaged" else "a.glb: damaged"):
            shape_of(tmp_path, damage(make_glb(lopsided)))

    @pytest.mark.parametrize(
        ("edit", "message"),
        [
            (lambda d: d["nodes"].clear(), "no surface"),
            (lambda d: d.update(extensionsUsed=["EXT_meshopt_compression"]), "EXT_meshopt_compression"),
            (lambda d: d["nodes"][0].update(skin=0), "skeleton"),
            (lambda d: d["scenes"].append({}), "expected one scene, found 2"),
            (lambda d: d["nodes"][0].update(children=[1]) or d["nodes"][2].update(children=[1]), "child of two"),
            (lambda d: d["nodes"][0].update(scale=[1, 0, 1]) or d["nodes"].__delitem__(slice(1, 3)), "flat"),
            (lambda d: d["nodes"][0].update(translation=["a", 0, 0]), "damaged"),
        ],
    )
    def test_what_cannot_be_used_is_named_with_the_reason(self, tmp_path, make_glb, lopsided, edit, message):
        with pytest.raises(ModelFileError, match=rf"a\.glb: .*{message}"):
            shape_of(tmp_path, make_glb(lopsided, edit=edit))

    def test_a_missing_file_and_a_strange_suffix_are_named(self, tmp_path):
        with pytest.raises(ModelFileError, match=r"gone\.glb: cannot be read"):
            file_shape(file_key(tmp_path / "gone.glb"))
        with pytest.raises(ModelFileError, match=r"a\.fbx: expected a file of \.glb"):
            shape_of(tmp_path, b"", "a.fbx")

    def test_a_file_that_changes_is_read_again(self, tmp_path, make_glb, block):
        import os  # noqa: PLC0415

        shape_of(tmp_path, make_glb([block((0, 0, 0), (1, 2, 3))]))
        (tmp_path / "a.glb").write_bytes(make_glb([block((0, 0, 0), (4, 2, 3))]))
        os.utime(tmp_path / "a.glb", ns=(1, 1))
        assert file_shape(file_key(tmp_path / "a.glb")).size[0] == pytest.approx(4)


class TestObj:
    def test_faces_of_any_size_and_numbers_from_the_end_are_read(self, tmp_path):
        text = "v 0 0 0\nv 1 0 0\nv 1 2 0\nv 0 2 0\nv 9 9 9\nv 0 0 3\nf 1/1/1 2 3 4\nf -1 1//2 2\n"
        assert shape_of(tmp_path, text.encode(), "a.obj").size == pytest.approx((1, 3, 2))

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("v 0 0 0\nv 1 0\n", "line 2: damaged"),
            ("v 0 0 0\nf 1 2 x\n", "line 2: damaged"),
            ("v 0 0 0\nf 1 1 7\n", "uses vertex 7 of 1"),
            ("v 0 0 0\nf 1 1 0\n", "line 2: damaged"),
            ("v 0 0 0\n", "no surface"),
        ],
    )
    def test_a_damaged_file_is_named_with_the_line(self, tmp_path, text, message):
        with pytest.raises(ModelFileError, match=rf"a\.obj.*{message}"):
            shape_of(tmp_path, text.encode(), "a.obj")


class TestKeys:
    @pytest.mark.parametrize("name", ["a.glb", "a b?.obj", "a?up=z.glb", "a?up=x.glb", "ü&scale=2.obj"])
    @pytest.mark.parametrize("options", [{}, {"up": "z"}, {"scale": 0.01}, {"up": "z", "scale": 1e-05}])
    def test_a_key_reads_back_whatever_the_path(self, tmp_path, name, options):
        found = parse_file_key(file_key(tmp_path / name, **options))
        assert (found.path, found.up, found.scale) == (tmp_path / name, options.get("up", "y"), options.get("scale", 1.0))

    @pytest.mark.parametrize("key", ["file:", "embedded:mug:1", "file:/a.glb?scale=0", "file:/a.glb?scale=1e999"])
    def test_what_is_no_key_is_refused(self, key):
        with pytest.raises(ModelFileError, match="expected file:"):
            parse_file_key(key)

    def test_a_link_keeps_its_name(self, tmp_path, make_glb, lopsided):
        (tmp_path / "blob").write_bytes(make_glb(lopsided))
        (tmp_path / "link.glb").symlink_to(tmp_path / "blob")
        assert file_shape(file_key(tmp_path / "link.glb")).size[0] == pytest.approx(3)


def prism(sides: int, radius: float = 1.0, height: float = 1.0):
    """An upright prism's vertices and triangles, with lids, z up, around the origin."""
    angle = 2 * math.pi * np.arange(sides) / sides
    ring = np.stack([radius * np.cos(angle), radius * np.sin(angle), np.full(sides, -height / 2)], axis=1)
    vertices = np.concatenate([ring, ring + np.array([0, 0, height]), [(0, 0, -height / 2), (0, 0, height / 2)]])
    i, j = np.arange(sides), (np.arange(sides) + 1) % sides
    rows = [
        (i, j, j + sides),
        (i, j + sides, i + sides),
        (j, i, np.full(sides, 2 * sides)),
        (i + sides, j + sides, i * 0 + 2 * sides + 1),
    ]
    return vertices, np.concatenate([np.stack(row, axis=1) for row in rows])


class TestSymmetry:
    @pytest.mark.parametrize(
        ("make", "expected"),
        [
            (lambda b: prism(48), "continuous"),
            (lambda b: prism(3), "continuous"),  # no name for three-fold: the safe side
            (lambda b: prism(6), "continuous"),
            (lambda b: b((-1, -1, -2), (1, 1, 2)), "4-fold"),
            (lambda b: b((-1, -1.02, -2), (1, 1.02, 2)), "4-fold"),  # in doubt symmetric
            (lambda b: b((-1, -0.5, -2), (1, 0.5, 2)), "2-fold"),
        ],
    )
    def test_simple_shapes(self, block, make, expected):
        points = surface_points(*make(block), 1500, np.random.default_rng(3))
        for heading in (0.0, 0.4):
            assert estimate_symmetry(points @ np.array(turn_about_z(heading)).T) == expected

    def test_a_handle_a_spout_and_a_missing_corner_break_it(self, tmp_path, make_glb, lopsided, block):
        body, handle = prism(48, 0.04, 0.1), block((0.035, -0.006, -0.03), (0.07, 0.006, 0.03))
        vertices = np.concatenate([body[0], handle[0]])
        vertices -= (vertices.min(axis=0) + vertices.max(axis=0)) / 2
        points = surface_points(vertices, np.concatenate([body[1], handle[1] + len(body[0])]), 1500, np.random.default_rng(0))
        assert estimate_symmetry(points) == "none"
        assert estimate_symmetry(shape_of(tmp_path, make_glb(lopsided)).samples) == "none"

    @pytest.mark.parametrize("kind", ["apple", "banana", "bowl", "cereal box", "mug", "pan", "plate", "pot", "teapot", "tray"])
    def test_an_estimate_is_never_less_symmetric_than_the_maker_says(self, kind):
        made = asset(f"embedded:{kind}:1")
        quads = [(p.mesh.vertices, p.mesh.faces.astype(np.int64)) for p in made.parts]
        corners = [v[f[:, :3]] for v, f in quads] + [v[f[f[:, 3] >= 0][:, [0, 2, 3]]] for v, f in quads]
        vertices = np.concatenate(corners).reshape(-1, 3)
        points = surface_points(vertices, np.arange(len(vertices)).reshape(-1, 3), 1500, np.random.default_rng(0))
        found = estimate_symmetry(points)
        assert most_symmetric(found, made.info.symmetry) == found
        assert found == made.info.symmetry or kind == "cereal box"  # whose print the shape does not show

    def test_points_are_spread_by_area(self, block):
        points = surface_points(*block((0, 0, 0), (1, 1, 10)), 4000, np.random.default_rng(0))
        ends = ((points[:, 2] < 1e-9) | (points[:, 2] > 10 - 1e-9)).mean()
        assert ends == pytest.approx(2 / 42, abs=0.01)

    def test_nothing_known_is_continuous_and_the_safer_of_two_wins(self):
        assert estimate_symmetry(np.zeros((10, 3))) == "continuous"
        assert most_symmetric("none", "4-fold", "2-fold") == "4-fold"


def read_gltf_of(tmp_path, content: bytes):
    (tmp_path / "a.glb").write_bytes(content)
    return read_gltf(tmp_path / "a.glb")
