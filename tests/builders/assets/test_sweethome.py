"""Catalogues of Sweet Home 3D, written here: models become assets with names, rights and sizes; what is wrong costs itself."""

import dataclasses
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gsi_bench_builders.assets.library import asset, asset_key, kinds
from gsi_bench_builders.assets.side_files import ModelFileError
from gsi_bench_builders.assets.sweethome import models
from gsi_bench_builders.assets.sweethome.catalogue import PROPERTIES, parse_properties
from gsi_bench_builders.assets.sweethome.chosen import CHOSEN, Chosen, Surface
from gsi_bench_builders.assets.sweethome.library import DEFAULT_FOLDER, SweetHome, SweetHomeError, open_sweet_home
from gsi_bench_builders.assets.sweethome.looks import SweetHomeLooks
from gsi_bench_builders.assets.sweethome.polygons import triangles_of
from gsi_bench_builders.assets.symmetry import estimate_symmetry, surface_points
from gsi_bench_builders.composition.interiors.compose import compose_interior
from gsi_bench_builders.production.labels import _rights, _works
from gsi_bench_builders.recipes.rooms import SweetHomeRooms
from gsi_bench_builders.scene import Thing

ARCHIVE = "BlendSwap-CC-0"
ROW = Chosen(ARCHIVE, "oakChair", "chair", colour="brown")
STOOL = Chosen(ARCHIVE, "green", "stool", "4-fold", surface=Surface(0.4, (-0.1, 0.1), (-0.1, 0.1)))
# A block of 2 × 4 × 1 file units (x, y up, z towards the viewer), and a knob on its front.
BLOCK = [(x, y, z) for x in (-1, 1) for y in (0, 4) for z in (-0.5, 0.5)]
QUADS = [(1, 2, 4, 3), (5, 7, 8, 6), (1, 5, 6, 2), (3, 4, 8, 7), (1, 3, 7, 5), (2, 6, 8, 4)]
OBJ = "\n".join(
    [
        "mtllib block.mtl",
        *(f"v {x} {y} {z}" for x, y, z in BLOCK),
        *(f"vt {u} {v}" for u, v in ((0, 0), (1, 0), (1, 1), (0, 1))),
        "usemtl wood",
        *("f " + " ".join(f"{c}/{n}" for n, c in enumerate(q, start=1)) for q in QUADS[:-1]),
        "usemtl front",
        "f " + " ".join(map(str, QUADS[-1])),
    ]
)
MTL = "newmtl wood\nKd 1 1 1\nmap_Kd wood.png\nnewmtl front\nKd 0.1 0.2 0.3\nKs 1 1 1\nillum 2\nNs 200\nd 1.0\n"
ENTRY = {
    "id": "Blend Swap CC-0#oakChair", "name": "Oak chair", "creator": "Doug C", "model": "/cc0/oakChair/block.obj",
    "width": "40", "depth": "20", "height": "80",
}  # fmt: skip


def png(rgba: tuple[int, ...] = (90, 60, 30, 255)) -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (4, 4), rgba).save(out, "PNG")
    return out.getvalue()


def table(*entries: dict[str, str], licence: str = "Public domain") -> str:
    lines = ["# a catalogue", f"license={licence}"]
    lines += [f"{key}#{number}={value}" for number, entry in enumerate(entries, start=1) for key, value in entry.items()]
    return "\n".join(lines)


def files(**changed: bytes | str | None) -> dict[str, bytes | str | None]:
    """Members of a catalogue of one sound chair; None: missing. Names as `obj`, `mtl`, `png`, `table`."""
    sound: dict[str, bytes | str | None] = {"table": table(ENTRY), "obj": OBJ, "mtl": MTL, "png": png()}
    return sound | changed


PLACES = {
    "table": PROPERTIES,
    "obj": "cc0/oakChair/block.obj",
    "mtl": "cc0/oakChair/block.mtl",
    "png": "cc0/oakChair/wood.png",
}


def folder(tmp_path: Path, **changed: bytes | str | None) -> Path:
    with zipfile.ZipFile(tmp_path / f"{ARCHIVE}.sh3f", "w") as out:
        for name, data in files(**changed).items():
            if data is not None:
                out.writestr(PLACES.get(name, name), data)
    return tmp_path


def chair(tmp_path, **changed):
    return SweetHome(folder(tmp_path, **changed), (ROW,)).asset(f"sweethome3d:{ROW.name}")


def test_a_model_has_the_catalogues_size_in_metres(tmp_path):
    found = chair(tmp_path)
    assert found.info.size == pytest.approx((0.4, 0.2, 0.8))
    assert found.points().min(axis=0) == pytest.approx((-0.2, -0.1, -0.4))
    assert found.info.category == "chair" and found.info.category_zh == "椅子"
    assert (found.info.colour, found.info.hold, found.info.symmetry) == ("brown", "free", "none")


def test_a_front_that_faces_z_faces_minus_y(tmp_path):
    front = next(p for p in chair(tmp_path).parts if p.material.picture is None)
    assert front.mesh.vertices[:, 1] == pytest.approx(-0.1)
    assert front.mesh.normals()[0] == pytest.approx((0, -1, 0))


@pytest.mark.parametrize(("turn", "axis", "at"), [(90.0, 0, 0.1), (180.0, 1, 0.1), (-90.0, 0, -0.1)])
def test_a_row_turns_its_model_counter_clockwise(turn, axis, at, tmp_path):
    row = Chosen(ARCHIVE, "oakChair", "chair", turn_deg=turn)
    found = SweetHome(folder(tmp_path), (row,)).asset(f"sweethome3d:{row.name}")
    front = next(p for p in found.parts if p.material.picture is None)
    assert front.mesh.vertices[:, axis] == pytest.approx(at)


def test_a_catalogues_rotation_comes_before_its_size(tmp_path):
    lying = ENTRY | {"modelRotation": "1 0 0 0 0 1 0 -1 0"}  # up becomes -z: away from the viewer
    found = chair(tmp_path, table=table(lying))
    assert found.info.size == pytest.approx((0.4, 0.2, 0.8))
    front = next(p for p in found.parts if p.material.picture is None)
    assert front.mesh.vertices[:, 2] == pytest.approx(0.4)  # what faced the viewer looks up


def test_materials_are_colours_pictures_and_gloss(tmp_path):
    front, wood = sorted((p.material for p in chair(tmp_path).parts), key=lambda m: m.picture is not None)
    assert front.colour == (0.1, 0.2, 0.3) and front.roughness < 0.3
    assert wood.picture is not None and wood.picture.pixels[:3] == bytes((90, 60, 30)) and wood.roughness > 0.6


LICENCES = {
    "Public domain": "cc0-1.0",
    "Creative Commons Attribution 3.0 license": "cc-by-3.0",
    "Creative Commons Attribution 3.0 United States license  Copyright 2003-2008 A. Maker": "cc-by-3.0-us",
}


@pytest.mark.parametrize("said", LICENCES)
def test_licence_and_creator_go_into_every_row(said, tmp_path):
    info = chair(tmp_path, table=table(ENTRY, licence=said)).info
    mug = asset(asset_key("mug", 1)).info
    rights = _rights([info, mug])
    assert info.licence == LICENCES[said] and info.redistributable
    assert set(str(rights["image_licence"]).split(" AND ")) == {LICENCES[said], "cc-by-4.0"}
    assert "Oak chair by Doug C" in str(rights["attribution"]) and rights["redistributable"] is True


def test_the_room_around_models_has_rights_too(tmp_path):
    scene = compose_interior("bathroom", 0, "x", 128)
    only = dataclasses.replace(scene, things=(Thing("chair_1", chair(tmp_path).info, (0, 0, 0.4)),))
    assert _rights(_works(only, "blender"))["image_licence"] == "cc-by-4.0 AND cc0-1.0"
    assert "GSI-Bench embedded assets" in str(_rights(_works(only, "blender"))["attribution"])
    assert _rights(_works(only, "thor"))["image_licence"] == "cc0-1.0"  # its rooms are not ours
    assert _rights(_works(scene, "blender"))["image_licence"] == "cc-by-4.0"


def test_a_licence_that_is_not_known_is_refused(tmp_path):
    with pytest.raises(SweetHomeError, match="oakChair: the licence of the catalogue is not known: 'All rights reserved'"):
        chair(tmp_path, table=table(ENTRY, licence="All rights reserved"))


BAD_FILES = {
    "obj missing": ({"obj": None}, "block.obj' is missing"),
    "mtl missing": ({"mtl": None}, "mtllib 'block.mtl' is missing"),
    "material missing": ({"mtl": MTL.replace("newmtl front", "newmtl back")}, "material 'front' is missing"),
    "texture missing": ({"png": None}, "image 'wood.png' is missing"),
    "texture no image": ({"png": b"GIF89a nonsense"}, "expected PNG"),
    "texture cut off": ({"png": png()[:45]}, "image"),
    "texture with holes": ({"png": png((90, 60, 30, 40))}, "holes"),
    "texture leads out": ({"mtl": MTL.replace("wood.png", "../../secret.png")}, "leads out"),
    "texture from the root": ({"mtl": MTL.replace("wood.png", "/etc/passwd")}, "leads out"),
    "texture of a drive": ({"mtl": MTL.replace("wood.png", "C:\\wood.png")}, "leads out"),
    "mtl leads out": ({"obj": OBJ.replace("block.mtl", "../block.mtl")}, "leads out"),
    "kd no number": ({"mtl": MTL.replace("Kd 0.1", "Kd x")}, "material 'front': damaged"),
    "kd not finite": ({"mtl": MTL.replace("d 1.0", "d nan")}, "material 'front': damaged"),
    "face beyond": ({"obj": OBJ.replace("f 2 6 8 4", "f 2 6 8 40")}, "number 40 of 8"),
    "vertex no number": ({"obj": OBJ.replace("v -1 0 -0.5", "v -1 nothing -0.5")}, "line 2: damaged"),
    "vertex not finite": ({"obj": OBJ.replace("v -1 0 -0.5", "v -1 nan -0.5")}, "no numbers"),
    "no surface": ({"obj": "mtllib block.mtl\nv 0 0 0\n"}, "no surface"),
    "flat": ({"obj": OBJ.replace("4 -0.5", "0 -0.5").replace("4 0.5", "0 0.5")}, "it is flat"),
    "a line without end": ({"obj": OBJ + "\n# " + "x" * 70_000}, "characters"),
    "other bytes": ({"obj": b"\xff\xfe\x00v 0 0 0"}, "no surface"),
    "table: no model": ({"table": table(ENTRY | {"model": ""})}, "model: expected a file"),
    "table: leads out": ({"table": table(ENTRY | {"model": "/../../etc/passwd.obj"})}, "model: expected a file"),
    "table: no OBJ": ({"table": table(ENTRY | {"model": "/cc0/oakChair/wood.png"})}, "expected an OBJ file"),
    "table: zero size": ({"table": table(ENTRY | {"width": "0"})}, "width: expected 0.1 to 1000 centimetres, found '0'"),
    "table: size nan": ({"table": table(ENTRY | {"depth": "nan"})}, "depth: expected"),
    "table: no size": ({"table": table({k: v for k, v in ENTRY.items() if k != "height"})}, "height: expected"),
    "table: huge": ({"table": table(ENTRY | {"height": "99999"})}, "height: expected"),
    "table: no rotation": ({"table": table(ENTRY | {"modelRotation": "1 0 0"})}, "modelRotation: expected"),
    "table: a mirror": ({"table": table(ENTRY | {"modelRotation": "-1 0 0 0 1 0 0 0 1"})}, "modelRotation: expected"),
    "table: no creator": ({"table": table(ENTRY | {"creator": " "})}, "creator: expected"),
    "table: two creators in one": ({"table": table(ENTRY | {"creator": "A; B"})}, "creator: expected"),
    "table: another id": ({"table": table(ENTRY | {"id": "x#y"})}, "there is no 'oakChair' in it"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_what_is_wrong_is_named_and_the_rest_goes_on(case, tmp_path):
    changed, said = BAD_FILES[case]
    sound = {"id": "x#green", "name": "Stool", "creator": "B", "model": "/cc0/green/stool.obj"}
    sound |= {"width": "30", "depth": "30", "height": "40"}
    text = str(changed.get("table") or table(ENTRY))
    text += "".join(f"\n{key}#9={value}" for key, value in sound.items())
    there = {"cc0/green/stool.obj": OBJ.replace("mtllib block.mtl", "").replace("usemtl wood", "").replace("usemtl front", "")}
    home = SweetHome(folder(tmp_path, **(changed | {"table": text} | there)), (ROW, STOOL))
    looks = SweetHomeLooks(home)
    rng = np.random.default_rng(0)
    assert looks.draw("stool", rng).key == f"sweethome3d:{STOOL.name}"
    instead = looks.draw("chair", rng)
    assert instead.key.startswith("embedded:chair:")
    problems = home.problems + list(looks.unusable.values())
    assert len(problems) == 1 and said in problems[0] and ARCHIVE in problems[0], problems
    counted = looks.account([Thing("chair_1", instead, (0, 0, 0.5))])
    assert counted["no model of the kind, an embedded asset instead"] == 1
    assert len(counted) == 1 + len(looks.unusable)


def test_an_enormous_mesh_is_not_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(models, "MAX_FACES", 5)
    with pytest.raises(ModelFileError, match="over 5 faces"):
        chair(tmp_path)


BAD_ARCHIVES = {
    "no zip": b"PK\x03\x04 nonsense",
    "empty": b"",
    "cut off": None,
    "no table": {"table": None},
    "broken escape": {"table": table(ENTRY | {"name": "Ch\\u00zzr"})},
}


@pytest.mark.parametrize("case", BAD_ARCHIVES)
def test_a_damaged_catalogue_is_named_with_what_to_do(case, tmp_path):
    found = BAD_ARCHIVES[case]
    path = folder(tmp_path, **(found if isinstance(found, dict) else {})) / f"{ARCHIVE}.sh3f"
    if not isinstance(found, dict):
        path.write_bytes(path.read_bytes()[:200] if found is None else found)
    with pytest.raises(SweetHomeError, match="apt install sweethome3d-furniture") as raised:
        SweetHome(tmp_path, (ROW,))
    assert f"{ARCHIVE}.sh3f" in str(raised.value)


def test_a_pipe_in_place_of_a_catalogue_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / f"{ARCHIVE}.sh3f")
    with pytest.raises(SweetHomeError, match="a pipe"):
        SweetHome(tmp_path, (ROW,))


def test_a_missing_package_says_how_to_get_it(tmp_path):
    with pytest.raises(SweetHomeError, match=r"apt install sweethome3d-furniture.*dpkg-deb -x.*--assets sweethome3d:FOLDER"):
        open_sweet_home(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a=b\n! no\n# no\n\nc : d", {"a": "b", "c": "d"}),
        ("a=one \\\n   two", {"a": "one two"}),
        ("a\\ b=c\\=d\\\\", {"a b": "c=d\\"}),
        ("a=\\u6905\\u5b50", {"a": "椅子"}),
        ("lonely", {}),
    ],
)
def test_tables_are_read_as_java_writes_them(text, found):
    assert parse_properties(text, "a table") == found


@pytest.mark.parametrize("axes", [(0, 1, 2), (1, 2, 0), (2, 0, 1)])
@pytest.mark.parametrize("order", [1, -1])
def test_polygons_keep_their_area_and_side(axes, order):
    star = np.array([(0.0, 0, 0), (4, 0, 0), (4, 4, 0), (2, 1, 0), (0, 4, 0), (1, 1, 0)])[::order][:, axes]
    parts = np.array([np.cross(star[b] - star[a], star[c] - star[a]) / 2 for a, b, c in triangles_of(star)])
    whole = np.cross(star, np.roll(star, -1, axis=0)).sum(axis=0) / 2
    assert parts.sum(axis=0) == pytest.approx(whole)
    assert np.linalg.norm(parts, axis=1).sum() == pytest.approx(np.linalg.norm(whole))
    assert len(parts) == len(star) - 2


def test_a_room_is_furnished_with_models_where_there_are_some(tmp_path):
    source = SweetHomeRooms(("living",), folder=folder(tmp_path))
    for number in range(12):
        scene, account = source.scene(number, np.random.default_rng(number), 256)
        again, _ = source.scene(number, np.random.default_rng(number), 256)
        assert scene == again
        keys = [t.info.key for t in scene.things]
        assert account["no model of the kind, an embedded asset instead"] == sum(k.startswith("embedded:") for k in keys)
        assert all(t.info.key == "sweethome3d:BlendSwap-CC-0/oakChair" for t in scene.things if t.info.category == "chair")
        if "sweethome3d:BlendSwap-CC-0/oakChair" in keys:
            return
    raise AssertionError("no room has a chair")


def test_embedded_rooms_are_not_changed_by_an_opened_catalogue(tmp_path):
    before = compose_interior("bathroom", 3, "x", 128)
    open_sweet_home(folder(tmp_path))
    assert compose_interior("bathroom", 3, "x", 128) == before


def test_the_table_names_kinds_and_models_once():
    names = [row.name for row in CHOSEN]
    assert len(names) == len(set(names)) >= 120
    assert {row.kind for row in CHOSEN} <= kinds().keys()
    for row in CHOSEN:
        assert row.colour is None or row.colour in {c for k in kinds().values() for c in k.colours}, row.name


REAL = Path(os.environ.get("SWEETHOME3D_FURNITURE", DEFAULT_FOLDER))


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no furniture of Sweet Home 3D in {REAL}: apt install sweethome3d-furniture")
def test_every_chosen_model_of_the_package_is_as_the_table_says():
    home = SweetHome(REAL)
    assert home.problems == [] and home.count == len(CHOSEN)
    rng = np.random.default_rng(0)
    for row in CHOSEN:
        found = home.asset(f"sweethome3d:{row.name}")
        (w, d, h), points = found.info.size, found.points()
        assert points.max(axis=0) - points.min(axis=0) == pytest.approx((w, d, h), abs=1e-6), row.name
        samples = _surface(found, rng, 1500)
        if row.symmetry == "none" and row.kind not in _FRONTS:
            assert estimate_symmetry(samples) in ("none", "2-fold"), row.name
        if row.surface is not None:
            _is_level(row, found, rng)


# Shapes that are nearly symmetric, with a front that shows.
_FRONTS = {"nightstand"}


def _surface(found, rng, count):
    triangles, vertices, start = [], [], 0
    for part in found.parts:
        faces = part.mesh.faces
        triangles += [faces[:, :3] + start, faces[faces[:, 3] >= 0][:, [0, 2, 3]] + start]
        vertices.append(part.mesh.vertices)
        start += len(part.mesh.vertices)
    return surface_points(np.concatenate(vertices), np.concatenate(triangles), count, rng)


def _is_level(row, found, rng):
    """Nothing stands up from where others are put, and most of it carries them."""
    surface = row.surface
    points = _surface(found, rng, 100_000)
    (x0, x1), (y0, y1) = surface.x, surface.y
    inside = (points[:, 0] > x0) & (points[:, 0] < x1) & (points[:, 1] > y0) & (points[:, 1] < y1)
    if surface.is_round:
        inside &= np.hypot(points[:, 0], points[:, 1]) < x1
    height = points[inside, 2] + found.info.size[2] / 2
    assert height.max() <= surface.height + 0.0015, row.name
    soft = row.kind in ("sofa", "armchair", "bed")
    assert (height > surface.height - (0.014 if soft else 0.004)).mean() > 0.05, row.name
