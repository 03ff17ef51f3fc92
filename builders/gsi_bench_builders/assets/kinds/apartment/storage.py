"""What things are kept in: media units, sideboards, bookshelves, wardrobes, baskets."""

from __future__ import annotations

import itertools

import numpy as np

from gsi_bench_builders.assets.artwork import mixed
from gsi_bench_builders.assets.colours import COLOURS, NamedColour
from gsi_bench_builders.assets.joinery import BRASS, STEEL, WOODEN, between, knobs, posts, sheet, top_of, wooden
from gsi_bench_builders.assets.library import Model, Part, kind
from gsi_bench_builders.assets.lines import rounded_rectangle
from gsi_bench_builders.assets.material import Bump, Material
from gsi_bench_builders.assets.mesh import Mesh, join
from gsi_bench_builders.assets.rooms.palettes import along
from gsi_bench_builders.assets.rooms.pieces import box
from gsi_bench_builders.assets.solids import extrude, loft, rounded_box
from gsi_bench_builders.scene import Receptacle


def _case(w: float, d: float, low: float, high: float, thick: float = 0.018, *, back: bool = True) -> list[Mesh]:
    """Two sides, a floor, a lid and a back, open to -y."""
    x, y = w / 2, d / 2
    boards = [
        box((-x, x), (-y, y), (high - thick, high), 0.002),
        box((-x + thick, x - thick), (-y, y), (low, low + thick), 0.002),
    ]
    boards += [
        box((s * x - (thick if s > 0 else 0), s * x + (0 if s > 0 else thick)), (-y, y), (low, high - thick + 0.0005), 0.002)
        for s in (-1, 1)
    ]
    if back:
        boards.append(box((-x + thick, x - thick), (y - 0.012, y - 0.002), (low + thick, high - thick), 0.001))
    return boards


def _fronts(edges: np.ndarray, y: float, rows: np.ndarray, style: int) -> tuple[Mesh, Mesh]:
    """Doors or drawers that fill a front, and their handles."""
    doors, places = [], []
    for a, b in itertools.pairwise(edges):
        for low, high in itertools.pairwise(rows):
            doors.append(box((a + 0.002, b - 0.002), (y, y + 0.018), (low + 0.002, high - 0.002), 0.002))
            places.append(((a + b) / 2, y, high - 0.045 if high - low > 0.3 else (low + high) / 2))
    return join(doors), knobs(places, style)


@kind("tv stand", "电视柜", places=("apartment",), colours=WOODEN, size_m=((1.1, 0.34, 0.38), (1.8, 0.48, 0.6)))
def tv_stand(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A low unit: doors at both ends, open shelves between; faces -y."""
    w, d, h = between(rng, 1.25, 1.7), between(rng, 0.38, 0.44), between(rng, 0.44, 0.54)
    wood, foot = wooden(colour, rng), between(rng, 0.08, 0.14)
    boards = _case(w, d, foot, h)
    third = w / 3
    boards += [
        box((s * third / 2 - 0.009, s * third / 2 + 0.009), (-d / 2 + 0.003, d / 2 - 0.013), (foot + 0.018, h - 0.018), 0.001)
        for s in (-1, 1)
    ]
    middle = (foot + h) / 2
    boards.append(box((-third / 2, third / 2), (-d / 2 + 0.02, d / 2 - 0.012), (middle - 0.009, middle + 0.009), 0.001))
    style = int(rng.integers(3))
    left, grips_left = _fronts(np.array([-w / 2 + 0.02, -third / 2]), -d / 2 - 0.001, np.array([foot + 0.02, h - 0.02]), style)
    right, grips_right = _fronts(np.array([third / 2, w / 2 - 0.02]), -d / 2 - 0.001, np.array([foot + 0.02, h - 0.02]), style)
    legs = posts(w - 0.16, d - 0.12, foot + 0.001, (0.026, 0.04), splay=0.01)
    return Model(
        [
            Part(join(boards), wood),
            Part(join([left, right]), wood),
            Part(legs, along(wood, "z")),
            Part(join([grips_left, grips_right]), STEEL),
        ],
        receptacle=top_of(w, d, h),
    )


@kind("sideboard", "餐边柜", places=("apartment",), colours=WOODEN, size_m=((1.1, 0.36, 0.68), (1.7, 0.5, 0.9)))
def sideboard(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Doors under a row of drawers, on feet; faces -y."""
    w, d, h = between(rng, 1.2, 1.6), between(rng, 0.4, 0.45), between(rng, 0.74, 0.84)
    wood, foot = wooden(colour, rng), between(rng, 0.1, 0.17)
    body = box((-w / 2, w / 2), (-d / 2 + 0.02, d / 2), (foot, h - 0.02))
    top = sheet(w + 0.01, d + 0.004, 0.022).moved(z=h - 0.022)
    edges = np.linspace(-w / 2 + 0.004, w / 2 - 0.004, 4 if w > 1.35 else 3)
    doors, grips = _fronts(edges, -d / 2 + 0.001, np.array([foot + 0.004, h - 0.2, h - 0.026]), int(rng.integers(3)))
    legs = posts(w - 0.14, d - 0.1, foot + 0.001, (0.026, 0.04), splay=0.012)
    return Model(
        [Part(join([body, top]), wood), Part(doors, wood), Part(legs, along(wood, "z")), Part(grips, BRASS)],
        receptacle=top_of(w, d, h),
    )


@kind("dresser", "五斗柜", places=("apartment",), colours=WOODEN, size_m=((0.7, 0.4, 0.72), (1.2, 0.55, 1.0)))
def dresser(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A chest of wide drawers; faces -y."""
    w, d, h = between(rng, 0.8, 1.1), between(rng, 0.43, 0.5), between(rng, 0.78, 0.92)
    wood, foot = wooden(colour, rng), between(rng, 0.07, 0.13)
    body = box((-w / 2, w / 2), (-d / 2 + 0.02, d / 2), (foot, h - 0.02))
    top = sheet(w + 0.01, d + 0.004, 0.022).moved(z=h - 0.022)
    columns = np.linspace(-w / 2 + 0.004, w / 2 - 0.004, 3 if rng.random() < 0.6 else 2)
    rows = np.linspace(foot + 0.004, h - 0.026, int(rng.integers(4, 6)))
    doors, grips = _fronts(columns, -d / 2 + 0.001, rows, int(rng.integers(2)))
    legs = posts(w - 0.1, d - 0.1, foot + 0.001, (0.03, 0.042), splay=0.005)
    return Model(
        [
            Part(join([body, top]), wood),
            Part(doors, wood),
            Part(legs, along(wood, "z")),
            Part(grips, BRASS if rng.random() < 0.5 else STEEL),
        ],
        receptacle=top_of(w, d, h),
    )


@kind("wardrobe", "衣柜", places=("apartment",), colours=WOODEN, size_m=((0.9, 0.5, 1.8), (1.5, 0.66, 2.15)), hold="built")
def wardrobe(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Tall doors; too heavy to be moved."""
    w, d, h = between(rng, 1.0, 1.4), between(rng, 0.56, 0.6), between(rng, 1.95, 2.1)
    wood = wooden(colour, rng, "z")
    body = box((-w / 2, w / 2), (-d / 2 + 0.02, d / 2), (0.06, h))
    base = box((-w / 2 + 0.02, w / 2 - 0.02), (-d / 2 + 0.05, d / 2 - 0.01), (0.0, 0.061))
    count = 3 if w > 1.2 else 2
    edges = np.linspace(-w / 2 + 0.003, w / 2 - 0.003, count + 1)
    doors = [
        box((a + 0.002, b - 0.002), (-d / 2, -d / 2 + 0.019), (0.065, h - 0.006), 0.002) for a, b in itertools.pairwise(edges)
    ]
    grips = [
        rounded_box(0.014, 0.024, 0.3, 0.005).moved(b - 0.045 if i % 2 == 0 else a + 0.045, -d / 2 - 0.01, h * 0.45)
        for i, (a, b) in enumerate(itertools.pairwise(edges))
    ]
    return Model([Part(join([body, base]), wood), Part(join(doors), wood), Part(join(grips), STEEL)])


def books(x: tuple[float, float], y: float, z: float, tallest: float, rng: np.random.Generator) -> list[Part]:
    """A row of standing books with their spines at `y`, from left to right, the last ones perhaps missing."""
    tones = [
        mixed(COLOURS[n].rgb, (0.5, 0.47, 0.42), 0.35)
        for n in ("red", "blue", "green", "beige", "gray", "teal", "brown", "white", "orange")
    ]
    groups: dict[int, list[Mesh]] = {}
    at, end = x[0], x[1] - float(rng.uniform(0, 0.5)) * (x[1] - x[0])
    while True:
        thick, high, deep = (
            float(rng.uniform(0.016, 0.045)),
            tallest * float(rng.uniform(0.68, 0.95)),
            float(rng.uniform(0.14, 0.19)),
        )
        if at + thick > end:
            break
        spine = rounded_box(thick - 0.001, deep, high, 0.003, steps=2).moved(
            at + thick / 2, y + deep / 2 + float(rng.uniform(0, 0.012)), z
        )
        groups.setdefault(int(rng.integers(len(tones))), []).append(spine)
        at += thick
    return [Part(join(meshes), Material(tones[n], roughness=0.7)) for n, meshes in sorted(groups.items())]


@kind(
    "bookshelf",
    "书架",
    places=("apartment",),
    colours=WOODEN,
    size_m=((0.6, 0.24, 0.72), (1.0, 0.36, 1.9)),
    also=(("book", "书"), ("shelf", "置物架")),
)
def bookshelf(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Open shelves with books; what stands on its top, if low, can be seen."""
    w, d = between(rng, 0.7, 0.92), between(rng, 0.27, 0.32)
    levels = int(rng.integers(2, 6))
    h = 0.06 + levels * between(rng, 0.34, 0.36)
    wood = wooden(colour, rng)
    thick = 0.02
    boards = _case(w, d, 0.0, h, thick)
    shelves = np.linspace(0.0, h - thick, levels + 1)
    boards += [
        box((-w / 2 + thick, w / 2 - thick), (-d / 2 + 0.002, d / 2 - 0.012), (z, z + thick), 0.001) for z in shelves[1:-1]
    ]
    parts = [Part(join(boards), wood)]
    room = float(shelves[1] - shelves[0]) - thick
    for z in shelves[:-1]:
        parts += books(
            (-w / 2 + thick + 0.004, w / 2 - thick - 0.004), -d / 2 + 0.03, float(z) + thick + 0.0005, room * 0.92, rng
        )
    return Model(parts, receptacle=top_of(w, d, h, is_plain=False) if h < 1.2 else None)


@kind(
    "storage basket",
    "收纳篮",
    places=("apartment", "washroom"),
    colours=("beige", "brown", "gray", "white"),
    size_m=((0.3, 0.3, 0.24), (0.46, 0.46, 0.42)),
)
def storage_basket(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A woven tub with a soft rim; things are put in."""
    r, h = between(rng, 0.17, 0.21), between(rng, 0.27, 0.36)
    outline = rounded_rectangle(2, 2, 0.999, 12)
    wall = [
        (0.86, 0.0),
        (0.97, h * 0.35),
        (1.0, h * 0.7),
        (0.96, h),
        (0.915, h),
        (0.95, h * 0.7),
        (0.92, h * 0.35),
        (0.82, 0.02),
    ]
    tub = loft([np.column_stack([outline * r * s, np.full(len(outline), z)]) for s, z in wall])
    weave = Material(colour.varied(rng), roughness=0.95, bump=Bump(0.016, 0.008, "weave"))
    flat = tuple((float(x), float(y)) for x, y in rounded_rectangle(2, 2, 0.999, 4) * r * 0.74)
    return Model([Part(tub, weave, 50.0)], symmetry="continuous", receptacle=Receptacle("in", flat, 0.02))


@kind(
    "storage box",
    "收纳盒",
    places=("apartment", "washroom"),
    colours=("white", "gray", "beige", "blue", "green", "black"),
    size_m=((0.26, 0.2, 0.14), (0.46, 0.36, 0.32)),
)
def storage_box(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A lidded box of covered board, with a label holder; faces -y."""
    w, d, h = between(rng, 0.3, 0.4), between(rng, 0.24, 0.32), between(rng, 0.16, 0.24)
    body = extrude(rounded_rectangle(w, d, 0.008), h - 0.01, 0.002)
    lid = extrude(rounded_rectangle(w + 0.008, d + 0.008, 0.01), 0.05, 0.003).moved(z=h - 0.05)
    plate = rounded_box(0.07, 0.004, 0.04, 0.001).moved(0, -d / 2 - 0.001, h * 0.35)
    cover = Material(colour.varied(rng), roughness=0.85, bump=Bump(0.002, 0.0003, "weave"))
    return Model([Part(body, cover), Part(lid, cover), Part(plate, BRASS)], receptacle=top_of(w, d, h))
