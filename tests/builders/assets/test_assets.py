"""Every kind of the embedded library keeps the contract, and modelling operations give the shapes they are named for."""

import math

import numpy as np
import pytest

from gsi_bench_builders.assets import library, lines, mesh, solids
from gsi_bench_builders.assets.colours import COLOURS
from gsi_bench_builders.assets.library import asset, asset_key, kinds

NAMES = list(kinds())
SEEDS = range(6)


def assets(name):
    return [asset(asset_key(name, seed)) for seed in SEEDS]


def test_there_are_at_least_forty_kinds_for_every_place():
    assert len(NAMES) >= 40
    for place in ("dining", "kitchen", "desk", "coffee", "dressing", "living", "bathroom"):
        assert sum(place in k.places for k in kinds().values()) >= 3, place


def test_kinds_have_own_names_and_none_is_asked_as_camera():
    assert len({k.name_zh for k in kinds().values()}) == len(NAMES)
    assert all("camera" not in k.name for k in kinds().values() if k.nameable)
    assert all(set(k.colours) <= set(COLOURS) for k in kinds().values())


@pytest.mark.parametrize("name", NAMES)
def test_a_kind_is_sound_of_real_size_and_varied(name):
    low, high = kinds()[name].size_m
    for found in assets(name):
        size = np.array(found.info.size)
        assert (size >= np.array(low) - 1e-9).all() and (size <= np.array(high) + 1e-9).all(), size
        points = found.points()
        assert np.isfinite(points).all()
        assert np.allclose(points.min(axis=0), -size / 2) and np.allclose(points.max(axis=0), size / 2)
        faces = [p.mesh.faces for p in found.parts]
        for part in found.parts:
            assert part.mesh.faces.min() >= -1 and part.mesh.faces[:, :3].min() >= 0
            assert part.mesh.faces.max() < len(part.mesh.vertices)
            assert (np.linalg.norm(part.mesh.normals(), axis=1) > 0.5).mean() > 0.97
            if part.material.picture:
                assert part.mesh.uv is not None
        assert 200 < sum(map(len, faces)) < 30_000
    assert len({found.info.size for found in assets(name)}) >= 3
    if kinds()[name].colours:
        assert len(kinds()[name].colours) >= 2
        spoken = {asset(asset_key(name, s)).info.colour for s in range(20)}
        assert len(spoken) >= 2 if kinds()[name].is_coloured else spoken == {None}


def test_a_key_always_gives_the_same_asset():
    library._embedded.cache_clear()
    first = assets("mug")[2]
    library._embedded.cache_clear()
    again = assets("mug")[2]
    assert first is not again
    assert first.info == again.info
    assert all(
        (a.mesh.vertices == b.mesh.vertices).all() and a.material == b.material
        for a, b in zip(first.parts, again.parts, strict=True)
    )


@pytest.mark.parametrize("key", ["embedded:spaceship:1", "file:x.glb", "embedded:mug:-1", "mug"])
def test_what_is_no_key_is_refused_with_the_kinds_that_exist(key):
    with pytest.raises(KeyError, match="mug"):
        asset(key)


def volume(shape):
    """Signed; positive where faces look outwards."""
    v, f = shape.vertices, shape.faces
    total = np.einsum("ij,ij->i", v[f[:, 0]], np.cross(v[f[:, 1]], v[f[:, 2]])).sum()
    quads = f[f[:, 3] >= 0]
    return (total + np.einsum("ij,ij->i", v[quads[:, 0]], np.cross(v[quads[:, 2]], v[quads[:, 3]])).sum()) / 6


CUP = [(0, 0), (0.1, 0), (0.1, 0.2), (0.09, 0.2), (0.09, 0.01), (0, 0.01)]
CIRCLE = lines.polygon(128, 1.0)


def ring(radius, z):
    return np.column_stack([CIRCLE * radius, np.full(128, z)])


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (solids.lathe([(0, 0), (0.1, 0), (0.1, 0.3), (0, 0.3)], 256), math.pi * 0.01 * 0.3),
        (solids.lathe(CUP, 256), math.pi * (0.01 * 0.2 - 0.0081 * 0.19)),
        (solids.ellipsoid(0.2, 0.3, 0.4, 96, 64), 4 / 3 * math.pi * 0.1 * 0.15 * 0.2),
        (solids.rounded_box(0.3, 0.2, 0.1, 1e-5), 0.006),
        (solids.rounded_box(0.2, 0.2, 0.2, 0.0999, 12), 4 / 3 * math.pi * 0.001),
        (solids.extrude(lines.rounded_rectangle(0.3, 0.2, 1e-6), 0.05), 0.003),
        (solids.tube([(0, 0, 0), (0, 0, 0.2)], 0.05, 128), math.pi * 0.0025 * 0.2),
        (solids.tube(ring(0.2, 0.0), 0.02, 64, closed=True), 2 * math.pi**2 * 0.2 * 0.0004),
        (solids.loft([ring(0.2, 0.0), ring(0.1, 0.3)]), math.pi * 0.1 * (0.04 + 0.02 + 0.01)),
    ],
)
def test_volumes_are_those_of_the_formulas(shape, expected):
    assert volume(shape) == pytest.approx(expected, rel=0.01)


def test_a_thickened_patch_is_closed_and_as_thick_as_asked():
    grid = np.stack(np.meshgrid(np.linspace(0, 0.2, 5), np.linspace(0, 0.1, 4), [0.0]), axis=-1)[:, :, 0]
    plate = solids.thicken(solids.patch(grid), 0.01)
    assert volume(plate) == pytest.approx(0.2 * 0.1 * 0.01)
    assert not solids._open_edges(plate.faces)


def test_a_fillet_keeps_the_ends_and_has_its_radius():
    line = lines.fillet([(0, 0), (1, 0), (1, 1)], 0.2, 16)
    assert (line[0], line[-1]) == (pytest.approx([0, 0]), pytest.approx([1, 1]))
    assert np.allclose(np.hypot(*(line[1:-1] - (0.8, 0.2)).T), 0.2)


def test_a_spline_passes_its_points():
    points = [(0, 0, 0), (1, 0.5, 0), (2, 0, 1)]
    line = lines.spline(points, 21)
    assert np.allclose([line[0], line[10], line[20]], points)


def test_a_lathe_lays_pictures_upright_and_readable_on_its_front():
    side = solids.lathe([(0.1, 0.0), (0.1, 0.2)], 64)
    centre, u, v = side.vertices[side.faces].mean(axis=1), side.uv[..., 0].mean(axis=1), side.uv[..., 1].mean(axis=1)
    assert np.allclose(v, 0.5)
    right = centre[np.argmin(np.abs(u - 0.25))]
    assert right[0] == pytest.approx(0.1, abs=0.01)  # a quarter of the way is its right, so text runs from left to right


def test_splitting_loses_no_face():
    box = solids.rounded_box(0.1, 0.1, 0.1, 0.01)
    chosen = box.facing((0, 0, 1))
    top, rest = mesh.split(box, chosen)
    assert len(top.faces) == chosen.sum() and len(top.faces) + len(rest.faces) == len(box.faces)
    assert volume(mesh.join([top, rest])) == pytest.approx(volume(box))


def test_mirroring_is_refused():
    with pytest.raises(ValueError, match="positive"):
        solids.rounded_box(0.1, 0.1, 0.1, 0.01).scaled(-1)
