"""Floors, walls and what hangs on them. World coordinates; walls face the viewer (-y)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.assets.library import Part
from gsi_bench_builders.assets.material import Bump, Colour, Material, Picture, fabric
from gsi_bench_builders.assets.mesh import Mesh, join
from gsi_bench_builders.assets.rooms.palettes import lacquer, shade
from gsi_bench_builders.assets.solids import extrude, patch, rounded_box

__all__ = [
    "Piece",
    "box",
    "curtain",
    "framed_print",
    "panels",
    "radiator",
    "repeated",
    "rug",
    "skirting",
    "tiled",
    "tiled_floor",
    "wallpaper",
    "window",
]

Piece = tuple[str, Sequence[Part]]


def box(x: tuple[float, float], y: tuple[float, float], z: tuple[float, float], radius: float = 0.003) -> Mesh:
    """A block between planes."""
    mesh = rounded_box(x[1] - x[0], y[1] - y[0], z[1] - z[0], radius, steps=2)
    return mesh.moved((x[0] + x[1]) / 2, (y[0] + y[1]) / 2, z[0])


def repeated(mesh: Mesh, offsets: NDArray[np.float64]) -> Mesh:
    """Copies of a mesh, one at each offset (n×3)."""
    count, size = len(offsets), len(mesh.vertices)
    vertices = (mesh.vertices[None] + offsets[:, None]).reshape(-1, 3)
    faces = np.where(mesh.faces[None] >= 0, mesh.faces[None] + size * np.arange(count)[:, None, None], -1)
    return Mesh(vertices, faces.reshape(-1, 4).astype(np.int32))


def _rectangle(width: float, depth: float) -> list[tuple[float, float]]:
    return [(-width / 2, -depth / 2), (width / 2, -depth / 2), (width / 2, depth / 2), (-width / 2, depth / 2)]


def _dealt(tile: Mesh, places: NDArray[np.float64], materials: Sequence[Material], rng: np.random.Generator) -> list[Part]:
    """Tiles of several shades, dealt at random."""
    which = rng.integers(len(materials), size=len(places))
    return [Part(repeated(tile, places[which == i]), m) for i, m in enumerate(materials) if (which == i).any()]


def tiled(
    x: tuple[float, float],
    z: tuple[float, float],
    y: float,
    tile: tuple[float, float],
    rng: np.random.Generator,
    *,
    colour: Colour,
    staggered: bool = False,
    gloss: float = 0.8,
) -> Piece:
    """A tiled piece of wall in front of the plane `y`: whole tiles from the bottom up, with joints."""
    joint, deep = 0.003, 0.007
    width, height = tile
    one = extrude(_rectangle(width - joint, height - joint), deep, 0.0025, steps=2).turned(90, "x")
    columns, rows = math.ceil((x[1] - x[0]) / width) + 1, max(1, math.ceil((z[1] - z[0]) / height))
    i, j = np.meshgrid(np.arange(columns), np.arange(rows))
    offset = 0.5 * width * (j % 2) if staggered else 0.0
    places = np.stack(
        [x[0] + width * i - offset, np.full(i.shape, y - 0.002) - rng.uniform(0, 0.0006, i.shape), z[0] + height * (j + 0.5)],
        -1,
    )
    materials = [
        Material(shade(colour, by), roughness=0.5 - 0.4 * gloss, coat=gloss * 0.5, bump=Bump(0.05, 0.0006 * gloss))
        for by in (0.96, 1.0, 1.03, 0.99)
    ]
    grout = box((x[0] - width, x[1] + width), (y - 0.004, y - 0.0005), (z[0], z[0] + rows * height), 0.0005)
    parts = [Part(grout, Material(shade(colour, 0.8) if sum(colour) > 0.9 else (0.5, 0.49, 0.47), roughness=0.95))]
    return ("tiles", [*parts, *_dealt(one, places.reshape(-1, 3), materials, rng)])


def tiled_floor(reach: float, side: float, colours: Sequence[Colour], rng: np.random.Generator) -> Piece:
    """Square tiles, top at z = 0; two colours lie in a chequer."""
    one = extrude(_rectangle(side - 0.003, side - 0.003), 0.01, 0.0015, steps=1).moved(z=-0.01)
    count = math.ceil(reach / side)
    i, j = np.meshgrid(np.arange(-count, count + 1), np.arange(-count, count + 1))
    places = np.stack([i * side, j * side, np.zeros(i.shape)], -1).reshape(-1, 3)
    parts = [Part(box((-reach, reach), (-reach, reach), (-0.1, -0.0015), 0.0005), Material((0.45, 0.44, 0.42), roughness=0.95))]
    for number, colour in enumerate(colours):
        mine = places[((i + j) % len(colours) == number).ravel()]
        materials = [Material(shade(colour, by), roughness=0.3, bump=Bump(0.08, 0.0004)) for by in (0.97, 1.0, 1.03)]
        parts += _dealt(one, mine, materials, rng)
    return ("floor", parts)


def skirting(x: tuple[float, float], y: float, colour: Colour, height: float = 0.1) -> Piece:
    """The board along the foot of a wall."""
    return ("skirting board", [Part(box(x, (y - 0.016, y), (0.0, height), 0.005), lacquer(colour))])


def panels(x: tuple[float, float], y: float, colour: Colour, height: float, width: float) -> Piece:
    """Painted panelling with a rail on top."""
    material = lacquer(colour, 0.5)
    meshes = [box(x, (y - 0.012, y), (0.0, height), 0.002), box(x, (y - 0.035, y), (height - 0.04, height), 0.006)]
    count = math.ceil((x[1] - x[0]) / width)
    stile = box((-0.035, 0.035), (y - 0.022, y - 0.01), (0.08, height - 0.05), 0.004)
    meshes.append(repeated(stile, np.array([(x[0] + width * i, 0.0, 0.0) for i in range(count + 1)])))
    meshes += [box(x, (y - 0.024, y - 0.01), z, 0.004) for z in ((0.0, 0.13), (height - 0.13, height - 0.04))]
    return ("panelling", [Part(join(meshes), material)])


def wallpaper(x: tuple[float, float], z: tuple[float, float], y: float, colour: Colour, rng: np.random.Generator) -> Piece:
    """A papered wall: leaves, dots or stripes, tone in tone."""
    kind = int(rng.integers(3))
    per_metre = 150
    w, h = round((x[1] - x[0]) * per_metre), round((z[1] - z[0]) * per_metre)
    u, v = np.meshgrid(np.arange(w) / per_metre, np.arange(h) / per_metre)
    if kind == 0:  # stripes of two widths
        step = float(rng.uniform(0.06, 0.12))
        mark = (u % step < 0.45 * step).astype(float) + 0.5 * (np.abs(u % step - 0.72 * step) < 0.05 * step)
    elif kind == 1:  # dots in a half-drop repeat
        step = float(rng.uniform(0.05, 0.09))
        column = np.floor(u / step)
        mark = (np.hypot(u % step - step / 2, (v + column % 2 * step / 2) % step - step / 2) < 0.17 * step).astype(float)
    else:  # sprigs: pairs of leaves along wavy stems
        step = float(rng.uniform(0.10, 0.16))
        across = (u + 0.16 * step * np.sin(2 * np.pi * v / (2 * step))) % step - step / 2
        leaf = (v % (step / 3)) / (step / 3)
        mark = (np.abs(np.abs(across) - 0.33 * step * leaf) < 0.13 * step * np.sin(np.pi * leaf)).astype(float)
        mark = np.maximum(mark, np.abs(across) < 0.012 * step)
    light = shade(colour, 1.12 if rng.random() < 0.6 else 0.8)
    rgb = np.array(colour) + np.clip(mark, 0, 1)[..., None] * (np.array(light) - np.array(colour)) * 0.75
    grid = np.array([[(x[0], y, z[0]), (x[1], y, z[0])], [(x[0], y, z[1]), (x[1], y, z[1])]])
    sheet = patch(grid).with_flat_uv((1, 0, 0), (0, 0, 1))
    return ("wallpaper", [Part(sheet, Material(roughness=0.9, picture=Picture.of((rgb * 255).astype(np.uint8))))])


def window(
    x: tuple[float, float],
    z: tuple[float, float],
    y: float,
    frame: Colour,
    rng: np.random.Generator,
    *,
    sill: float = 0.12,
) -> list[Piece]:
    """A window in front of the plane `y` with daylight behind: blurred sky, trees or houses. Its ledge is `sill` deep."""
    w, h = 96, 96
    v, u = np.mgrid[0:h, 0:w] / (h - 1.0)
    sky = np.array([0.84, 0.89, 0.94]) + np.array([0.10, 0.06, 0.02]) * v[..., None]
    rgb = sky
    # Three ranks of blurred tree tops or roofs, the nearer the darker, all hazy.
    for rank, level in enumerate((0.52, 0.68, 0.85)):
        tone = np.array([(0.62, 0.68, 0.58), (0.72, 0.70, 0.66), (0.66, 0.70, 0.72)][int(rng.integers(3))]) * (1 - 0.13 * rank)
        waves = rng.uniform(0.6, 2.5, 3)
        line = level + sum(0.05 * np.sin(2 * np.pi * (u * k + rng.random())) / (1 + i) for i, k in enumerate(waves))
        rgb = rgb + (tone - rgb) / (1 + np.exp(-(v - line) / 0.04))[..., None]
    rgb = np.clip(rgb, 0, 1)
    pane = patch(np.array([[(x[0], y - 0.01, z[0]), (x[1], y - 0.01, z[0])], [(x[0], y - 0.01, z[1]), (x[1], y - 0.01, z[1])]]))
    pane = pane.with_flat_uv((1, 0, 0), (0, 0, 1))
    out = Material(
        (0, 0, 0), roughness=0.1, emission=float(rng.uniform(1.2, 1.7)), picture=Picture.of((rgb * 255).astype(np.uint8))
    )
    bars = [
        box((x[0] - 0.05, x[1] + 0.05), (y - 0.05, y), (z[0] - 0.05, z[0])),
        box((x[0] - 0.05, x[1] + 0.05), (y - 0.05, y), (z[1], z[1] + 0.05)),
    ]
    middles = [(x[0] + x[1]) / 2] if x[1] - x[0] > 0.6 else []
    for at in (x[0] - 0.025, *middles, x[1] + 0.025):
        bars.append(box((at - 0.025, at + 0.025), (y - 0.05, y), (z[0], z[1])))
    ledge = box((x[0] - 0.1, x[1] + 0.1), (y - sill, y), (z[0] - 0.075, z[0] - 0.05), 0.006)
    white = lacquer(frame)
    return [("window pane", [Part(pane, out)]), ("window", [Part(join(bars), white), Part(ledge, white)])]


def curtain(x: tuple[float, float], z: tuple[float, float], y: float, colour: Colour, rng: np.random.Generator) -> Piece:
    """A hanging curtain in folds."""
    folds = max(3, round((x[1] - x[0]) / 0.09))
    t = np.linspace(0, 1, folds * 10 + 1)
    heights = np.linspace(z[0], z[1], 5)
    phase = rng.uniform(0, 2 * np.pi)
    rows = []
    for number, height in enumerate(heights):
        deep = 0.035 * (1 - 0.12 * number)
        fold = deep * np.sin(2 * np.pi * folds * t + phase) + 0.01 * np.sin(2 * np.pi * folds * t * 0.37 + number * 0.3)
        rows.append(np.stack([x[0] + (x[1] - x[0]) * t, y - 0.05 + fold, np.full(len(t), height)], -1))
    return ("curtain", [Part(patch(np.array(rows)), fabric(colour), 60.0)])


def framed_print(centre: tuple[float, float], size: tuple[float, float], y: float, rng: np.random.Generator) -> Piece:
    """An abstract print in a frame, hung on the plane `y`; `centre` is (x, z)."""
    w, h = 120, max(40, round(120 * size[1] / size[0]))
    v, u = np.mgrid[0:h, 0:w].astype(np.float64)
    u, v = u / w, v / w
    tones = np.array([(0.86, 0.83, 0.77), (0.72, 0.47, 0.33), (0.30, 0.38, 0.40), (0.78, 0.66, 0.44), (0.45, 0.52, 0.44)])
    rgb = np.full((h, w, 3), 0.0) + tones[0]
    for _ in range(5):
        tone = tones[int(rng.integers(1, len(tones)))] * rng.uniform(0.8, 1.1)
        at, radius = rng.uniform((0.2, 0.2), (0.8, 0.8 * h / w)), rng.uniform(0.08, 0.26)
        mark = np.hypot(u - at[0], (v - at[1]) * rng.uniform(0.6, 1.5)) < radius
        if rng.random() < 0.5:
            mark &= v > at[1]
        rgb[mark] = tone
    rim = (u < 0.1) | (u > 0.9) | (v < 0.1) | (v > h / w - 0.1)
    rgb[rim] = (0.90, 0.89, 0.86)
    x, z = (centre[0] - size[0] / 2, centre[0] + size[0] / 2), (centre[1] - size[1] / 2, centre[1] + size[1] / 2)
    grid = np.array([[(x[0], y - 0.012, z[0]), (x[1], y - 0.012, z[0])], [(x[0], y - 0.012, z[1]), (x[1], y - 0.012, z[1])]])
    sheet = Part(
        patch(grid).with_flat_uv((1, 0, 0), (0, 0, 1)),
        Material(picture=Picture.of((np.clip(rgb, 0, 1) * 255).astype(np.uint8))),
    )
    bars = [box((a - 0.01, a + 0.01), (y - 0.025, y), (z[0] - 0.01, z[1] + 0.01)) for a in x]
    bars += [box((x[0] + 0.01, x[1] - 0.01), (y - 0.025, y), (a - 0.01, a + 0.01)) for a in z]
    frame = [(0.06, 0.06, 0.06), (0.62, 0.5, 0.36), (0.85, 0.84, 0.81)][int(rng.integers(3))]
    return ("print", [sheet, Part(join(bars), lacquer(frame))])


def radiator(x: tuple[float, float], y: float, height: float) -> Piece:
    """A panel radiator of vertical ribs."""
    count = round((x[1] - x[0]) / 0.055)
    rib = rounded_box(0.042, 0.07, height, 0.018, steps=3)
    places = np.array([(x[0] + 0.055 * (i + 0.5), y - 0.07, 0.12) for i in range(count)])
    rails = [box(x, (y - 0.085, y - 0.055), (a, a + 0.03), 0.012) for a in (0.16, 0.05 + height)]
    return ("radiator", [Part(join([repeated(rib, places), *rails]), lacquer((0.85, 0.85, 0.83)), 50.0)])


def rug(x: tuple[float, float], y: tuple[float, float], colours: Sequence[Colour], rng: np.random.Generator) -> Piece:
    """A woven rug on the floor: a border and a plain, striped or diamond field."""
    w, h = 256, max(32, round(256 * (y[1] - y[0]) / (x[1] - x[0])))
    v, u = np.mgrid[0:h, 0:w].astype(np.float64) / w
    top = h / w
    first, second = (np.array(c) for c in colours[:2])
    kind = int(rng.integers(3))
    if kind == 0:
        mark = np.zeros((h, w), dtype=bool)
    elif kind == 1:
        mark = (v / top * 9) % 1 < 0.3
    else:
        mark = (np.abs((u * 8) % 1 - 0.5) + np.abs((v * 8) % 1 - 0.5)) < 0.28
    edge = np.minimum(np.minimum(u, 1 - u), np.minimum(v, top - v))
    mark = np.where(edge < 0.05, (edge > 0.02) & (edge < 0.035), mark)
    rgb = np.where(mark[..., None], second, first) * rng.uniform(0.93, 1.0, (h, w, 1))
    mesh = box(x, y, (0.0, 0.012), 0.005).with_flat_uv((1, 0, 0), (0, 1, 0))
    picture = Picture.of((np.clip(rgb, 0, 1) * 255).astype(np.uint8))
    return ("rug", [Part(mesh, Material(roughness=0.95, sheen=0.3, bump=Bump(0.006, 0.0015), picture=picture))])
