"""Beds, cushions, blankets, plants that stand on the floor."""

from __future__ import annotations

import math

import numpy as np

from gsi_bench_builders.assets.artwork import mixed
from gsi_bench_builders.assets.colours import NamedColour
from gsi_bench_builders.assets.joinery import between, cloth, pad, posts, wooden
from gsi_bench_builders.assets.kinds.apartment.seating import UPHOLSTERY
from gsi_bench_builders.assets.kinds.decor_plants import LEAF, POTS, foliage
from gsi_bench_builders.assets.library import Model, Part, kind, standing
from gsi_bench_builders.assets.lines import fillet, spline
from gsi_bench_builders.assets.material import Bump, Material, ceramic, fabric
from gsi_bench_builders.assets.mesh import Mesh, Points, join
from gsi_bench_builders.assets.rooms.palettes import along
from gsi_bench_builders.assets.shapes import leaf
from gsi_bench_builders.assets.solids import ellipsoid, lathe, rounded_box, thicken, tube
from gsi_bench_builders.scene import Receptacle


def pillow(width: float, height: float, thick: float) -> Mesh:
    """A stuffed square: thick in its middle, thin at its seams, with pulled corners; stands upright, faces -y."""
    body = ellipsoid(2, 2, 2, 64, 32).moved(z=-1)

    def move(points: Points) -> Points:
        x, y, z = points.T
        flat = np.hypot(x, z)
        angle = np.arctan2(z, x)
        square = 1 / np.maximum(np.abs(np.cos(angle)), np.abs(np.sin(angle)))
        reach = flat * (1 + 0.86 * (square - 1))
        full = np.clip(1 - flat**2.6, 0, 1) ** 0.75
        return np.column_stack(
            [reach * np.cos(angle) * width / 2, np.sign(y) * full * thick / 2, reach * np.sin(angle) * height / 2]
        )

    return body.bent(move)


@kind(
    "cushion",
    "靠垫",
    places=("apartment",),
    colours=("red", "blue", "green", "yellow", "teal", "pink", "orange", "purple", "beige", "white"),
    size_m=((0.34, 0.12, 0.34), (0.56, 0.26, 0.56)),
)
def cushion(rng: np.random.Generator, colour: NamedColour) -> Model:
    """It stands on a flattened edge, as on a sofa; faces -y."""
    side = between(rng, 0.4, 0.46)
    thick = between(rng, 0.15, 0.18)
    mesh = pillow(side, side, thick)
    low = -side / 2 + 0.02

    def settle(points: Points) -> Points:
        """The lower edge spreads where it bears the weight."""
        near = np.clip((low + 0.07 - points[:, 2]) / 0.07, 0, 1)
        wide = points[:, 1] + np.where(points[:, 1] >= 0, 1, -1) * near * 0.035
        return np.column_stack([points[:, 0], wide, np.maximum(points[:, 2], low)])

    return Model(standing([Part(mesh.bent(settle), cloth(colour, rng, 0.0025), 60.0)]), symmetry="2-fold")


@kind(
    "bed",
    "床",
    places=("apartment",),
    colours=("white", "gray", "blue", "beige", "green", "pink"),
    size_m=((0.95, 1.9, 0.75), (1.75, 2.25, 1.2)),
    hold="built",
    also=(("pillow", "枕头"), ("blanket", "毯子")),
)
def bed(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Headboard at +y, made up with a duvet and pillows; the colour is the duvet's."""
    w, deep, top = between(rng, 1.0, 1.6), between(rng, 2.0, 2.1), between(rng, 0.48, 0.54)
    head = between(rng, 0.85, 1.05)
    wood = wooden_like(rng)
    front, rear = -deep / 2, deep / 2
    frame = [rounded_box(w, 0.05, head - 0.12, 0.012).moved(0, rear - 0.025, 0.12)]
    frame += [rounded_box(w, 0.04, 0.2, 0.008).moved(0, front + 0.02, 0.14)]
    frame += [rounded_box(0.035, deep - 0.05, 0.18, 0.008).moved(s * (w / 2 - 0.018), 0, 0.15) for s in (-1, 1)]
    legs = posts(w - 0.08, deep - 0.08, 0.16, (0.04, 0.05), round_=False)
    mattress = rounded_box(w - 0.075, deep - 0.1, top - 0.22, 0.06).moved(0, -0.005, 0.2)
    duvet = pad(w + 0.02, deep * 0.68, 0.12, 0.055).moved(0, front + deep * 0.34 + 0.02, top - 0.075)

    def hang(points: Points) -> Points:
        """Its sides fall over the mattress, in slow waves."""
        over = np.clip((np.abs(points[:, 0]) - (w / 2 - 0.1)) / 0.1, 0, 1)
        wave = 0.008 * np.sin(points[:, 1] * 17) * over
        return np.column_stack([points[:, 0] + np.sign(points[:, 0]) * wave, points[:, 1], points[:, 2] - 0.12 * over**2])

    count = 1 if w < 1.25 else 2
    pillows = [
        pillow(0.62 if count == 2 else 0.66, 0.42, 0.17)
        .turned(-62, "x")
        .moved((i - (count - 1) / 2) * 0.7, rear - 0.3, top + 0.1)
        for i in range(count)
    ]
    linen = fabric((0.86, 0.85, 0.82), thread=0.0015)
    high = float(duvet.bent(hang).vertices[:, 2].max())
    x, y0, y1 = w / 2 - 0.28, front + deep * 0.34 - 0.25, front + deep * 0.34 + 0.25
    return Model(
        [
            Part(join(frame), wood),
            Part(legs, along(wood, "z")),
            Part(mattress, linen, 50.0),
            Part(duvet.bent(hang), cloth(colour, rng, 0.002), 60.0),
            Part(join(pillows), linen, 60.0),
        ],
        receptacle=Receptacle("on", ((-x, y0), (x, y0), (x, y1), (-x, y1)), high),
    )


def wooden_like(rng: np.random.Generator) -> Material:
    """Some furniture wood."""
    from gsi_bench_builders.assets.colours import COLOURS  # noqa: PLC0415

    return wooden(COLOURS["brown" if rng.random() < 0.5 else "beige"], rng)


@kind(
    "house plant", "绿植", places=("apartment",), colours=POTS, size_m=((0.35, 0.35, 0.6), (1.0, 1.0, 1.5)), is_coloured=False
)
def house_plant(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A large plant in a floor pot: broad leaves on stalks, or a small tree; the colour is the pot's."""
    r, h = between(rng, 0.13, 0.17), between(rng, 0.24, 0.3)
    pot = lathe(
        fillet(
            [(0, 0), (r * 0.72, 0), (r, h), (r - 0.014, h), (r - 0.02, h - 0.04), (0, h - 0.04)],
            [0, 0.01, 0.004, 0.004, 0.01, 0],
            5,
        ),
        64,
    )
    soil = lathe([(r - 0.022, h - 0.039), (0, h - 0.034)], 40)
    stalks: list[Mesh] = []
    leaves: list[Mesh] = []
    tree = rng.random() < 0.45
    if tree:
        top = between(rng, 0.95, 1.2)
        trunk = spline([(0, 0, h - 0.05), (0.02, 0.01, h + 0.2), (-0.015, 0.0, top * 0.7), (0.0, 0.01, top - 0.05)], 24)
        stalks.append(tube(trunk, np.linspace(0.016, 0.008, 24), 12))
        for n in range(34):
            turn, z = math.degrees(n * 2.39996 + rng.uniform(-0.2, 0.2)), float(rng.uniform(0.52, 1.0)) * top
            at = trunk[int(np.argmin(np.abs(trunk[:, 2] - z)))]
            blade = leaf(
                rng.uniform(0.16, 0.24),
                rng.uniform(0.07, 0.1),
                rise_deg=rng.uniform(15, 65),
                droop_deg=rng.uniform(40, 80),
                fold=0.15,
                rows=9,
            )
            leaves.append(blade.turned(turn).moved(*at.tolist()))
    else:
        for n in range(int(rng.integers(9, 13))):
            turn = n * 2.39996 + rng.uniform(-0.25, 0.25)
            reach, rise = rng.uniform(0.08, 0.2), rng.uniform(0.3, 0.75)
            c, s = math.cos(turn), math.sin(turn)
            path = spline(
                [
                    (0.02 * c, 0.02 * s, h - 0.05),
                    (0.35 * reach * c, 0.35 * reach * s, h + 0.6 * rise),
                    (reach * c, reach * s, h + rise),
                ],
                16,
            )
            stalks.append(tube(path, np.linspace(0.007, 0.004, 16), 8))
            blade = leaf(
                rng.uniform(0.2, 0.3),
                rng.uniform(0.13, 0.19),
                rise_deg=rng.uniform(-5, 35),
                droop_deg=rng.uniform(40, 70),
                fold=0.16,
                rows=12,
            )
            leaves.append(blade.turned(math.degrees(turn)).moved(*path[-1].tolist()))
    green = mixed(LEAF, (0.32, 0.47, 0.2), rng.uniform(0, 0.6))
    bark = Material((0.28, 0.2, 0.13) if tree else (0.22, 0.36, 0.13), roughness=0.8)
    return Model(
        [
            Part(pot, ceramic(colour.varied(rng), matt=rng.random() < 0.5)),
            Part(soil, Material((0.07, 0.045, 0.03), roughness=0.95, bump=Bump(0.006, 0.003))),
            Part(join(stalks), bark),
            Part(thicken(join(leaves), 0.0012), foliage(green), 70),
        ]
    )


@kind("blanket", "毯子", places=("apartment",), colours=UPHOLSTERY, size_m=((0.34, 0.26, 0.06), (0.56, 0.46, 0.16)))
def blanket(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Folded: three soft layers, the fold towards the viewer."""
    w, d = between(rng, 0.4, 0.5), between(rng, 0.3, 0.38)
    layers, z = [], 0.0
    for number in range(3):
        thick = float(rng.uniform(0.03, 0.036))
        layers.append(
            rounded_box(w - 0.008 * number, d - 0.006 * number, thick, 0.0145, steps=4).moved(
                float(rng.uniform(-0.004, 0.004)), 0.003 * number, z
            )
        )
        z += thick - 0.002
    fringe = [
        rounded_box(0.006, 0.02, 0.005, 0.002, steps=1).moved(x, d / 2 + 0.008, 0.003)
        for x in np.linspace(-w / 2 + 0.02, w / 2 - 0.02, 24)
    ]
    material = cloth(colour, rng, 0.005)
    return Model([Part(join(layers), material, 50.0), Part(join(fringe), material)], receptacle=None)
