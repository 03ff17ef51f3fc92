"""Meshes, layouts and indexes from outside: named, never trusted, and never another user's file."""

import base64
import json
import os
import struct

import pytest

from gsi_bench_builders.assets.files import ModelFileError, file_key, file_shape
from gsi_bench_builders.assets.mesatask import open_mesatask
from gsi_bench_builders.assets.mesatask_layout import MesaTaskError, read_layout
from gsi_bench_builders.assets.scans import ScansError, load_scans

POSITIONS = struct.pack("<12f", 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1)
FACES = struct.pack("<12H", 0, 1, 2, 0, 1, 3, 0, 2, 3, 1, 2, 3)
DATA = POSITIONS + FACES


def document(**changes):
    made = {
        "asset": {"version": "2.0"},
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3"},
            {"bufferView": 1, "componentType": 5123, "count": 12, "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": 48},
            {"buffer": 0, "byteOffset": 48, "byteLength": 24},
        ],
        "buffers": [{"byteLength": len(DATA), "uri": "data:;base64," + base64.b64encode(DATA).decode()}],
    }
    return made | changes


def put(found, path, value):
    *way, last = path
    for step in way:
        found = found[step]
    found[last] = value


@pytest.fixture
def gltf(tmp_path):
    def write(found):
        path = tmp_path / "a.gltf"
        path.write_text(found if isinstance(found, str) else json.dumps(found), encoding="utf-8")
        return file_key(path)

    return write


def test_the_sound_file_is_read(gltf):
    assert file_shape(gltf(document())).size == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("accessors", 0, "count"), 10**9),
        (("accessors", 0, "count"), -4),
        (("accessors", 0, "count"), True),
        (("accessors", 0, "byteOffset"), -12),
        (("accessors", 0, "bufferView"), -1),
        (("accessors", 0, "bufferView"), 10**20),
        (("accessors", 1, "componentType"), 5122),
        (("accessors", 1, "componentType"), 5126),
        (("accessors", 0, "type"), "SCALAR"),
        (("accessors", 0), {"componentType": 5126, "count": 10**9, "type": "VEC3"}),
        (("accessors", 0, "sparse"), {"count": 10**9, "indices": {}, "values": {}}),
        (("bufferViews", 0, "byteOffset"), -48),
        (("bufferViews", 0, "byteLength"), 10**12),
        (("bufferViews", 0, "byteLength"), -1),
        (("bufferViews", 0, "byteStride"), -12),
        (("bufferViews", 0, "buffer"), -1),
        (("buffers", 0, "byteLength"), 10**12),
        (("buffers", 0, "byteLength"), -1),
        (("nodes", 0, "mesh"), -1),
        (("nodes", 0, "children"), [-1]),
        (("nodes", 0, "children"), [0]),
        (("nodes", 0, "scale"), [1e308, 1e308, 1e308]),
        (("nodes", 0, "translation"), [float("nan"), 0, 0]),
        (("nodes", 0, "matrix"), [1e200] * 16),
        (("meshes", 0, "primitives", 0, "attributes", "POSITION"), -2),
        (("meshes", 0, "primitives", 0, "indices"), -1),
        (("meshes", 0, "primitives", 0, "targets"), [0] * 3_800_000),
        (("asset",), []),
        (("accessors",), {"0": {}}),
    ],
)
def test_a_gltf_that_lies_about_sizes_is_named(gltf, path, value):
    found = document()
    put(found, path, value)
    with pytest.raises(ModelFileError, match=r"a\.gltf"):
        file_shape(gltf(found))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1]",
        "null",
        "[" * 100_000,
        '{"asset": ' + "9" * 5000 + "}",
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
)
def test_a_gltf_that_is_no_object_is_named(gltf, text):
    with pytest.raises(ModelFileError, match=r"a\.gltf"):
        file_shape(gltf(text))


@pytest.mark.parametrize(
    "uri",
    [
        "../secret.bin", "%2e%2e/secret.bin", "..%2Fsecret.bin", "/etc/passwd", "%2Fetc%2Fpasswd", "file:///etc/passwd",
        "http://127.0.0.1:1/x", "sub/../../secret.bin", "link.bin", "pipe.bin", "folder.bin", "a\0b", "", "C:\\x",
        "..\\secret.bin", 7, ["x"], "/dev/zero",
    ],
)  # fmt: skip
@pytest.mark.parametrize("what", ["buffers", "images"])
def test_a_gltf_reads_no_file_of_another_folder(tmp_path, uri, what):
    (tmp_path / "secret.bin").write_bytes(DATA)
    home = tmp_path / "home"
    (home / "folder.bin").mkdir(parents=True)
    (home / "sub").mkdir()
    (home / "link.bin").symlink_to(tmp_path / "secret.bin")
    os.mkfifo(home / "pipe.bin")
    entry = {"uri": uri} | ({"byteLength": len(DATA)} if what == "buffers" else {})
    path = home / "a.gltf"
    path.write_text(json.dumps(document(**{what: [entry]})))
    with pytest.raises(ModelFileError, match=r"a\.gltf"):
        file_shape(file_key(path))


def test_many_instances_of_one_mesh_are_too_many(gltf):
    nodes = [{"mesh": 0}] * 5000
    big = [
        {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3"},
        {"componentType": 5125, "count": 9_000, "type": "SCALAR"},
    ]
    with pytest.raises(ModelFileError, match="vertices in all"):
        file_shape(gltf(document(nodes=nodes, accessors=big)))


def test_images_must_be_images(tmp_path, gltf, make_image):
    script = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n"
    for data, fits in ((script, False), (b"", False), (b"%PDF-1.4", False), (make_image(), True)):
        uri = "data:image/png;base64," + base64.b64encode(data).decode()
        key = gltf(document(images=[{"uri": uri}], note=len(data)))
        if fits:
            assert file_shape(key).size[0] == 1.0
        else:
            with pytest.raises(ModelFileError, match="expected an image"):
                file_shape(key)


@pytest.mark.parametrize("suffix", [".glb", ".gltf", ".obj"])
@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "loop", "missing", "empty", "NUL"])
def test_what_is_no_file_is_named_and_never_waited_for(tmp_path, suffix, kind):
    path = tmp_path / f"thing{suffix}"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "empty":
        path.touch()
    elif kind == "NUL":
        path = tmp_path / f"thi\0ng{suffix}"
    with pytest.raises(ModelFileError, match="thi"):
        file_shape(file_key(path))


OBJ = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 2 3\nf 1 2 4\n"


@pytest.mark.parametrize("name", ["../x.mtl", "/etc/passwd", "..\\x.mtl", "a\0.mtl", "pipe.mtl", "folder.mtl", "~/../../x.mtl"])
def test_an_obj_names_no_material_of_another_folder(tmp_path, name):
    home = tmp_path / "home"
    (home / "folder.mtl").mkdir(parents=True)
    os.mkfifo(home / "pipe.mtl")
    (tmp_path / "x.mtl").write_text("newmtl a\n")
    (home / "a.obj").write_text(f"mtllib {name}\n{OBJ}")
    with pytest.raises(ModelFileError, match=r"a\.obj"):
        file_shape(file_key(home / "a.obj"))


@pytest.mark.parametrize(
    "line",
    ["map_Kd /etc/passwd", "map_Kd ../x.png", "bump -bm 1 ../x.png", "map_d C:\\x.png", "map_Kd script.png", "norm pipe.png"],
)
def test_a_material_names_no_image_of_another_folder(tmp_path, line):
    home = tmp_path / "home"
    home.mkdir()
    os.mkfifo(home / "pipe.png")
    (home / "script.png").write_bytes(b"%!PS-Adobe-3.0\n")
    (home / "a.mtl").write_text(f"newmtl a\n{line}\n")
    (home / "a.obj").write_text(f"mtllib a.mtl\n{OBJ}")
    with pytest.raises(ModelFileError, match=r"a\.obj"):
        file_shape(file_key(home / "a.obj"))


@pytest.mark.parametrize(
    "line",
    [
        "# " + "x" * 100_000,
        "v 1e999 0 0\nf 1 2 7",
        "v nan 0 0\nf 1 2 5",
        "f " + "1 2 3 " * 20_000,
        "f 1 2 99999999999999999999",
        "v",
        "f 1/2",
    ],
)
def test_an_obj_with_absurd_lines_is_named(tmp_path, line):
    (tmp_path / "a.obj").write_text(f"{OBJ}{line}\n")
    try:
        shape = file_shape(file_key(tmp_path / "a.obj"))
    except ModelFileError as error:
        assert "a.obj" in str(error)
        assert len(str(error)) < 1000
    else:
        assert line == "f 1/2" and shape.size[0] > 0


def an_object(**changes):
    return {
        "instance": "box_1",
        "retrieved_uid": "cube",
        "position": [50, 40, 10],
        "size": [20, 20, 20],
        "rotation": [0, 0, 0, 1],
    } | changes


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"position": [float("nan"), 0, 0]}, "bad position"),
        ({"position": [1e308, 0, 0]}, "bad position"),
        ({"position": [10**400, 0, 0]}, "bad position"),
        ({"size": [-1, 1, 1]}, "bad size"),
        ({"size": [1e308, 1, 1]}, "bad size"),
        ({"size": [1e-320, 1, 1]}, "bad size"),
        ({"size": [float("inf"), 1, 1]}, "bad size"),
        ({"rotation": [1e308] * 4}, "bad rotation"),
        ({"rotation": None, "z_rotation": 1e308}, "bad rotation"),
        ({"retrieved_uid": "../x"}, "no asset id"),
        ({"retrieved_uid": "/etc/passwd"}, "no asset id"),
        ({"retrieved_uid": "a\0b"}, "no asset id"),
        ({"retrieved_uid": ".."}, "no asset id"),
        ({"retrieved_uid": "a" * 5000}, "no asset id"),
        ({"retrieved_uid": "a\nb"}, "no asset id"),
        ({"retrieved_uid": "\ud800"}, "no asset id"),
        ({"retrieved_uid": "unheard_of"}, "asset missing"),
        ({"retrieved_uid": "pipe"}, "asset unreadable"),
        ({"retrieved_uid": "folder"}, "asset unreadable"),
    ],
)
def test_a_hostile_object_is_counted_and_the_rest_goes_on(tmp_path, changes, reason):
    folder = mesatask(tmp_path, [an_object(**changes, instance="odd\x1b[31m\n" + "x" * 500), an_object(instance="good")])
    source = open_mesatask(folder)
    scene, rejected = source.scene(source.layouts()[0], 64)
    assert [t.info.category for t in scene.things] == ["box"]
    assert {name: len(lines) for name, lines in rejected.items()} == {reason: 1}
    assert all(line.isprintable() and len(line) < 1500 for line in rejected[reason])


def mesatask(tmp_path, objects, **layout):
    folder = tmp_path / "MesaTask-10K"
    assets = folder / "Assets_library"
    assets.mkdir(parents=True)
    text = json.dumps(document() | {"buffers": [{"byteLength": len(DATA)}]}).encode()
    text += b" " * (-len(text) % 4)
    body = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(DATA), b"BIN\0") + DATA
    (assets / "cube.glb").write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body)
    os.mkfifo(assets / "pipe.glb")
    (assets / "folder.glb").mkdir()
    (folder / "Asset_annotation.json").write_text('{"cube": {"category": "box"}}')
    place = folder / "Layout_info" / "dining_table" / "dining_table_0001"
    place.mkdir(parents=True)
    (place / "layout.json").write_text(json.dumps({"item_placement_zone": [0, 200, 0, 80], "objects": objects} | layout))
    return folder


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "nope", "[" * 100_000, '{"objects": [], "item_placement_zone": [0, 1e308, 0, 1]}',
        '{"objects": [1], "item_placement_zone": [0, NaN, 0, 1]}',
        '{"scene_settings": {"units": "\\u001b[31m"}}',
        '{"objects": ' + json.dumps([{}] * 3000) + ', "item_placement_zone": [0, 1, 0, 1]}',
    ],
)  # fmt: skip
def test_a_hostile_layout_is_named(tmp_path, text):
    (tmp_path / "layout.json").write_text(text)
    with pytest.raises(MesaTaskError, match=r"layout\.json") as caught:
        read_layout(tmp_path / "layout.json")
    assert "\x1b" not in str(caught.value)


def test_a_layout_or_annotations_that_are_a_pipe_are_named(tmp_path):
    os.mkfifo(tmp_path / "layout.json")
    with pytest.raises(MesaTaskError, match="found a pipe"):
        read_layout(tmp_path / "layout.json")
    folder = mesatask(tmp_path, [an_object()])
    (folder / "Asset_annotation.json").unlink()
    os.mkfifo(folder / "Asset_annotation.json")
    with pytest.raises(MesaTaskError, match="Asset_annotation"):
        open_mesatask(folder)


def test_hostile_nouns_are_no_names(tmp_path):
    folder = mesatask(tmp_path, [an_object(), an_object(instance="b", retrieved_uid="cube2", position=[120, 40, 10])])
    (folder / "Assets_library" / "cube2.glb").write_bytes((folder / "Assets_library" / "cube.glb").read_bytes())
    for noun in ("a\x1b[31m", "x" * 10_000, "\ud800", "a\0b"):
        (folder / "Asset_annotation.json").write_text(json.dumps({"cube": {"category": "box"}, "cube2": {"category": noun}}))
        source = open_mesatask(folder)
        scene, _ = source.scene(source.layouts()[0], 64)
        assert [t.info.category for t in scene.things] == ["box", "unknown"]


ROW = {"category": "mug", "licence": "cc0", "attribution": "A"}


@pytest.mark.parametrize(
    "changes",
    [
        {"file": "../a.obj"}, {"file": "/etc/a.obj"}, {"file": "x/../../a.obj"}, {"file": "pipe.obj"}, {"file": "a\0.obj"},
        {"file": "a.obj", "height_m": 10**400}, {"file": "a.obj", "height_m": 1e308}, {"file": "a.obj", "height_m": -1},
        {"file": "a.obj", "licence": "\ud800"}, {"file": "a.obj", "attribution": "x" * 10_000},
        {"file": "a.obj", "category": "m\x1bug"},
        {"file": ["a.obj"]}, {"file": "a.obj", "unit": {}}, {"file": "a.obj", "y" * 10_000: 1},
    ],
)  # fmt: skip
def test_a_hostile_entry_of_an_index_is_named(tmp_path, changes):
    home = tmp_path / "home"
    home.mkdir()
    for place in (tmp_path, home):
        (place / "a.obj").write_text(OBJ)
    os.mkfifo(home / "pipe.obj")
    (home / "assets.json").write_text(json.dumps([ROW | changes]))
    with pytest.raises(ScansError, match=r"assets\.json") as caught:
        load_scans(home)
    assert "\x1b" not in str(caught.value) and len(str(caught.value)) < 5000


@pytest.mark.parametrize("name", ["assets.json", "assets.csv"])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[" * 100_000, b"{}", b'file,category\n"' + b"x" * 200_000, None])
def test_a_hostile_index_is_named(tmp_path, name, content):
    if content is None:
        os.mkfifo(tmp_path / name)
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ScansError, match="assets"):
        load_scans(tmp_path)
