"""Bowls, plates, glasses, pots for tea: what is eaten and drunk from."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.assets.artwork import shade
from gsi_bench_builders.assets.colours import NamedColour
from gsi_bench_builders.assets.library import Model, Part, kind
from gsi_bench_builders.assets.lines import arc, fillet, polygon, spline
from gsi_bench_builders.assets.material import Bump, Colour, Material, ceramic, glass, metal
from gsi_bench_builders.assets.mesh import Mesh, Points
from gsi_bench_builders.assets.painting import Shades, blend, clouds, painted, ramp
from gsi_bench_builders.assets.shapes import outline_of, smooth_profile
from gsi_bench_builders.assets.solids import lathe, sweep, tube
from gsi_bench_builders.scene import Receptacle

GLAZES = ("white", "blue", "teal", "green", "yellow", "red", "gray", "beige", "pink", "black")


def glaze(rng: np.random.Generator, colour: NamedColour) -> Material:
    """A potter's choice: glossy or matt, plain or speckled."""
    dark: Colour = (0.28, 0.22, 0.18)
    return ceramic(colour.varied(rng), speckled=dark if rng.random() < 0.35 else None, matt=rng.random() < 0.3)


CLAY: Colour = (0.66, 0.50, 0.36)
_TRIMS: tuple[Colour, ...] = ((0.10, 0.17, 0.36), (0.62, 0.33, 0.12), (0.20, 0.36, 0.30), (0.22, 0.20, 0.20))


def vessel(profile: Points, segments: int = 80) -> tuple[Mesh, Mesh]:
    """(outside, inside) of a turned object, parted at its highest point: each may have its own glaze, v along its own wall."""
    top = int(np.argmax(profile[:, 1]))
    return lathe(profile[: top + 1], segments), lathe(profile[top:], segments)


def decorated(rng: np.random.Generator, colour: NamedColour, rim: float = 1.0) -> Material:
    """A glaze as potters put on the outside of a pot or the top of a plate: plain, banded, dotted, breaking or dipped.

    Args:
        rim: v where the rim is, 1 for a pot's outside, 0 for a plate's top.
    """
    style = int(rng.integers(6 if rim == 1 else 5))  # the top of a plate is never bare clay
    ground = colour.varied(rng)
    if style < 2:
        return glaze(rng, colour)
    light = sum(ground) > 1.7
    trim = _TRIMS[int(rng.integers(len(_TRIMS)))] if light else (0.92, 0.89, 0.82)
    paint = (_bands, _dots, _breaking, _dipped)[style - 2](rng, ground, trim)
    picture = painted(384 if style == 3 else 128, 256, lambda u, v: paint(u, v if rim == 1 else 1 - v))
    return Material(roughness=0.24, coat=0.6, coat_roughness=0.06, bump=Bump(0.012, 0.00012), picture=picture)


Painter: TypeAlias = Callable[[Shades, Shades], Shades]


def _bands(rng: np.random.Generator, ground: Colour, trim: Colour) -> Painter:
    """Brushed rings below the rim."""
    at = 1 - rng.uniform(0.05, 0.12)
    rings = [(at, rng.uniform(0.012, 0.02)), (at - 0.06, 0.006), *([(at - 0.085, 0.006)] if rng.random() < 0.5 else [])]

    def paint(u: Shades, v: Shades) -> Shades:
        waver = 0.003 * clouds(rng, u, v * 0, 5, 0)
        out = np.broadcast_to(np.asarray(ground), (*v.shape, 3))
        for middle, half in rings:
            out = blend(out, trim, ramp(np.abs(v - middle + waver), half + 0.003, half - 0.001) * 0.9)
        return out

    return paint


def _dots(rng: np.random.Generator, ground: Colour, trim: Colour) -> Painter:
    """Rows of dots set by hand."""
    around, rows = int(rng.integers(20, 29)), int(rng.integers(1, 4))

    def paint(u: Shades, v: Shades) -> Shades:
        out = np.broadcast_to(np.asarray(ground), (*v.shape, 3))
        for row in range(rows):
            x = ((u * around + 0.5 * row) % 1 - 0.5) / around * 6
            out = blend(out, trim, ramp(np.hypot(x, (v - 0.86 + 0.11 * row) * 1.4), 0.05, 0.04))
        return out

    return paint


def _breaking(rng: np.random.Generator, ground: Colour, trim: Colour) -> Painter:
    """A reactive glaze: it runs thin at the rim and pools in clouds."""
    dark = shade(ground, 0.62) if sum(ground) > 0.6 else shade(ground, 2.2)

    def paint(u: Shades, v: Shades) -> Shades:
        drift, fine = clouds(rng, u, v, 4, 3), clouds(rng, u, v, 40, 12)
        out = blend(ground, dark, ramp(v + 0.16 * drift + 0.05 * fine, 0.62, 0.15) * 0.7 + 0.12 * ramp(fine, 0.6, 1.6))
        return blend(out, (0.50, 0.33, 0.20), ramp(v + 0.012 * drift + 0.006 * fine, 0.955, 0.99) * 0.8)

    return paint


def _dipped(rng: np.random.Generator, ground: Colour, trim: Colour) -> Painter:
    """The foot is bare clay."""
    level, slope = rng.uniform(0.22, 0.36), rng.uniform(0.0, 0.02)

    def paint(u: Shades, v: Shades) -> Shades:
        clay = blend(CLAY, shade(CLAY, 0.82), 0.4 + 0.4 * clouds(rng, u, v, 20, 20))
        return blend(clay, ground, ramp(v - slope * np.cos(2 * np.pi * u), level - 0.004, level + 0.004))

    return paint


@kind(
    "bowl",
    "碗",
    places=("dining", "kitchen", "coffee"),
    colours=GLAZES,
    size_m=((0.12, 0.12, 0.045), (0.24, 0.24, 0.12)),
)
def bowl(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Shallow or deep, round or flared, often of another colour inside."""
    radius = rng.uniform(0.065, 0.115)
    height = radius * rng.uniform(0.62, 0.95)
    foot = radius * rng.uniform(0.42, 0.55)
    belly = rng.uniform(0.75, 1.0)
    wall = 0.0045
    outer = smooth_profile([(foot, 0.006), (foot * 1.25, 0.01), (radius * belly, height * 0.5), (radius, height)], 26)
    inner = smooth_profile(
        [
            (radius - wall, height),
            (radius * belly - wall, height * 0.52),
            (foot * 1.05, 0.016),
            (foot * 0.6, 0.0105),
            (0, 0.01),
        ],
        28,
    )
    base = fillet([(0, 0.003), (foot - 0.005, 0.003), (foot - 0.003, 0.0), (foot, 0.0)], [0, 0.001, 0.001, 0.001], 3)
    lip = arc(wall / 2, 0, 180, 6, (radius - wall / 2, height))
    wall_outside, wall_inside = vessel(np.concatenate([base, outer, lip[1:-1], inner]))
    outside = decorated(rng, colour)
    inside = glaze(rng, colour) if rng.random() < 0.4 else ceramic((0.9, 0.88, 0.83))
    return Model(
        [Part(wall_outside, outside), Part(wall_inside, inside)],
        symmetry="continuous",
        receptacle=Receptacle("in", outline_of(polygon(24, foot * 0.75)), 0.0115),
    )


@kind(
    "plate",
    "盘子",
    places=("dining", "kitchen", "coffee"),
    colours=GLAZES,
    size_m=((0.18, 0.18, 0.012), (0.30, 0.30, 0.035)),
)
def plate(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Flat middle, rising rim; coupe or with a marked edge."""
    radius = rng.uniform(0.095, 0.14)
    flat = radius * rng.uniform(0.62, 0.72)
    rise = rng.uniform(0.014, 0.024)
    wall = 0.0045
    upper = smooth_profile(
        [(radius, rise), (radius - 0.012, rise - 0.002), (flat + 0.012, 0.0085), (flat, 0.006), (0, 0.006)], 34
    )
    lower = smooth_profile(
        [(flat * 0.9, 0.003), (flat + 0.01, 0.004), (radius - 0.004, rise - wall), (radius, rise - wall / 2)], 18
    )
    base = [(0, 0.002), (flat * 0.82, 0.002), (flat * 0.84, 0.0), (flat * 0.88, 0.0)]
    below, above = vessel(np.concatenate([base, lower, upper]), 96)
    top = decorated(rng, colour, rim=0.0)
    parts = [Part(above, top), Part(below, top if top.picture is None else ceramic(colour.varied(rng)))]
    if top.picture is None and rng.random() < 0.5:  # a painted or metal line along the rim
        line = (0.72, 0.55, 0.25) if rng.random() < 0.5 else (0.15, 0.2, 0.35)
        ring = lathe(arc(0.0016, 0, 360, 12, (radius - 0.0012, rise - 0.0005)), 96)
        parts.append(Part(ring, metal(line, 0.2) if line[0] > 0.5 else ceramic(line)))
    return Model(parts, symmetry="continuous", receptacle=Receptacle("on", outline_of(polygon(24, flat * 0.94)), 0.0062))


@kind("glass", "玻璃杯", places=("dining", "kitchen", "coffee", "desk"), size_m=((0.06, 0.06, 0.08), (0.09, 0.09, 0.16)))
def tumbler(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A water glass, often with a drink in it."""
    height, top = rng.uniform(0.09, 0.145), rng.uniform(0.033, 0.042)
    foot, wall = top * rng.uniform(0.74, 1.0), 0.0022
    thick = rng.uniform(0.006, 0.013)
    profile = fillet(
        [(0, 0), (foot, 0), (top, height), (top - wall, height), (foot - wall, thick), (0, thick)],
        [0, 0.003, 0.0011, 0.0011, 0.004, 0],
        5,
    )
    parts = [Part(lathe(profile, 72), glass())]
    if rng.random() < 0.75:
        drinks: list[Colour] = [(0.9, 0.45, 0.06), (0.75, 0.12, 0.1), (0.55, 0.3, 0.08), (0.93, 0.9, 0.84)]
        drink = drinks[int(rng.integers(len(drinks)))]
        level = thick + (height - thick) * rng.uniform(0.45, 0.8)
        wide = foot - wall + (top - foot) * (level - thick) / (height - thick)
        # It reaches into the glass: a gap of air between two refracting surfaces would only be noise.
        filled = lathe([(0, thick - 0.001), (foot - wall + 0.0008, thick + 0.001), (wide + 0.0008, level), (0, level)], 64)
        parts.append(Part(filled, Material(drink, roughness=0.08, coat=0.4)))
    return Model(parts, symmetry="continuous")


@kind("wine glass", "红酒杯", places=("dining",), size_m=((0.06, 0.06, 0.15), (0.11, 0.11, 0.25)))
def wine_glass(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A stemmed glass, some with wine."""
    height, belly = rng.uniform(0.18, 0.23), rng.uniform(0.036, 0.046)
    foot, bowl_z = belly * rng.uniform(0.82, 0.98), height * rng.uniform(0.42, 0.5)
    rim = belly * rng.uniform(0.7, 0.85)
    outer = smooth_profile(
        [(0.0042, bowl_z - 0.01), (0.012, bowl_z), (belly, bowl_z + (height - bowl_z) * 0.42), (rim, height)], 34
    )
    inner = outer[::-1] - (0.0013, 0)
    inner = inner[inner[:, 1] > bowl_z + 0.004]
    base = fillet([(0, 0), (foot, 0), (foot, 0.0018), (0.008, 0.006), (0.0036, 0.02), (0.0034, bowl_z - 0.03)], 0.0012, 4)
    profile = np.concatenate([base, outer, inner, [(0, float(inner[-1, 1]))]])
    parts = [Part(lathe(np.maximum(profile, 0), 72), glass())]
    if rng.random() < 0.65:
        wine: Colour = (0.42, 0.015, 0.06) if rng.random() < 0.6 else (0.93, 0.84, 0.50)
        level = bowl_z + (height - bowl_z) * 0.42
        line = inner[inner[:, 1] <= level][::-1] + np.array([0.0005, -0.0004])
        filled = lathe(np.concatenate([[(0, float(line[0, 1]))], np.maximum(line, 0), [(0, float(line[-1, 1]))]]), 64)
        parts.append(Part(filled, Material(wine, roughness=0.02, transmission=1.0, ior=1.33)))
    return Model(parts, symmetry="continuous")


@kind(
    "teapot",
    "茶壶",
    places=("dining", "kitchen", "coffee"),
    colours=("white", "blue", "teal", "green", "red", "yellow", "black", "brown"),
    size_m=((0.17, 0.10, 0.11), (0.28, 0.19, 0.20)),
)
def teapot(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Spout to its left, handle to its right, lid with a knob."""
    r, h = rng.uniform(0.058, 0.075), rng.uniform(0.095, 0.125)
    neck = r * rng.uniform(0.42, 0.52)
    high = rng.uniform(0.4, 0.55)
    foot = r * 0.6
    side = smooth_profile([(foot, 0.004), (r * 0.92, h * 0.22), (r, h * high), (r * 0.8, h * 0.86), (neck, h)], 34)
    body = lathe(
        np.concatenate([[(0, 0.002), (foot - 0.004, 0.002), (foot - 0.002, 0)], side, [(neck - 0.004, h), (0, h - 0.004)]]), 80
    )
    lid = lathe(
        smooth_profile([(neck + 0.003, h), (neck + 0.004, h + 0.003), (neck * 0.7, h + 0.013), (0.008, h + 0.019)], 18), 64
    )
    knob = lathe(
        smooth_profile([(0.006, h + 0.017), (0.005, h + 0.021), (0.0105, h + 0.029), (0.007, h + 0.036), (0, h + 0.037)], 18),
        40,
    )
    path = spline([(-r * 0.82, 0, h * 0.28), (-r * 1.2, 0, h * 0.42), (-r * 1.45, 0, h * 0.75), (-r * 1.75, 0, h * 0.98)], 30)
    spout = tube(path, np.interp(np.linspace(0, 1, 30), [0, 0.4, 1], [0.017, 0.011, 0.0065]), 24)
    grip = spline(
        [
            (r * 0.82, 0, h * 0.84),
            (r * 1.3, 0, h * 0.92),
            (r * 1.62, 0, h * 0.62),
            (r * 1.35, 0, h * 0.28),
            (r * 0.92, 0, h * 0.22),
        ],
        36,
    )
    handle = sweep(grip, polygon(20, 1.0) * (0.0058, 0.0075))
    painting = decorated(rng, colour)
    coat = painting if painting.picture is None else ceramic(colour.varied(rng, 0.01))
    top = coat if rng.random() < 0.6 else Material((0.55, 0.38, 0.22), roughness=0.4, coat=0.2)
    return Model([Part(body, painting), Part(lid, coat), Part(spout, coat), Part(handle, coat), Part(knob, top)])


@kind(
    "cup",
    "茶杯",
    places=("dining", "coffee"),
    colours=GLAZES,
    size_m=((0.12, 0.12, 0.05), (0.17, 0.17, 0.09)),
)
def cup(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A cup on its saucer, with tea or coffee."""
    r, h = rng.uniform(0.038, 0.046), rng.uniform(0.05, 0.062)
    wide = r * rng.uniform(1.6, 1.75)
    low = 0.009
    saucer = lathe(
        np.concatenate(
            [
                [(0, 0.001), (wide * 0.5, 0.001), (wide * 0.52, 0)],
                smooth_profile([(wide * 0.56, 0.0), (wide * 0.8, 0.005), (wide, 0.015)], 12),
                smooth_profile([(wide - 0.002, 0.0172), (wide * 0.78, 0.0085), (r * 0.75, 0.006), (0, 0.006)], 20),
            ]
        ),
        80,
    )
    outer = smooth_profile([(r * 0.55, low), (r * 0.62, low + 0.004), (r * 0.93, low + h * 0.5), (r, low + h)], 24)
    inner = smooth_profile(
        [(r - 0.003, low + h), (r * 0.9 - 0.003, low + h * 0.5), (r * 0.5, low + 0.008), (0, low + 0.006)], 24
    )
    wall_outside, wall_inside = vessel(np.concatenate([[(0, low - 0.002), (r * 0.52, low - 0.002)], outer, inner]), 72)
    path = spline(
        [
            (r * 0.95, 0, low + h * 0.8),
            (r + 0.02, 0, low + h * 0.82),
            (r + 0.022, 0, low + h * 0.45),
            (r * 0.85, 0, low + h * 0.3),
        ],
        28,
    )
    handle = sweep(path, polygon(16, 1.0) * (0.0035, 0.0048))
    level = low + h * 0.78
    drink: Colour = (0.16, 0.07, 0.03) if rng.random() < 0.6 else (0.5, 0.2, 0.05)
    tea = lathe([(0, level - 0.004), (r * 0.93, level - 0.004), (r * 0.955 - 0.003, level), (0, level)], 64)
    painting = decorated(rng, colour)
    coat = painting if painting.picture is None else ceramic(colour.varied(rng, 0.01))
    inside = coat if rng.random() < 0.4 else ceramic((0.92, 0.9, 0.86))
    parts = [Part(wall_outside, painting), Part(wall_inside, inside), Part(saucer, coat), Part(handle, coat)]
    return Model([*parts, Part(tea, Material(drink, roughness=0.06, coat=0.5))])


@kind(
    "pitcher",
    "水罐",
    places=("dining", "kitchen"),
    colours=("white", "blue", "teal", "green", "yellow", "beige", "gray"),
    size_m=((0.12, 0.09, 0.15), (0.24, 0.18, 0.28)),
)
def pitcher(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A jug: lip to its left, handle to its right."""
    h, belly = rng.uniform(0.17, 0.22), rng.uniform(0.052, 0.064)
    foot, neck, rim = belly * 0.78, belly * rng.uniform(0.62, 0.75), belly * rng.uniform(0.72, 0.86)
    wall = 0.0045
    outer = smooth_profile([(foot, 0.003), (belly, h * 0.33), (neck, h * 0.78), (rim, h)], 40)
    inner = smooth_profile(
        [(rim - wall, h), (neck - wall, h * 0.78), (belly - wall, h * 0.34), (foot - wall, 0.01), (0, 0.009)], 40
    )
    base = [(0, 0.002), (foot - 0.003, 0.002), (foot - 0.001, 0)]
    wall_outside, wall_inside = vessel(np.concatenate([base, outer, inner]))

    def lip(p: NDArray[np.float64]) -> NDArray[np.float64]:
        pull = np.clip((p[:, 2] - 0.72 * h) / (0.28 * h), 0, 1) ** 2
        angle = np.arctan2(p[:, 1], -p[:, 0])
        out = p.copy()
        out[:, 0] -= 0.022 * pull * np.exp(-((angle / 0.38) ** 2))
        return out

    path = spline(
        [(rim * 0.9, 0, h * 0.93), (rim + 0.035, 0, h * 0.95), (belly + 0.045, 0, h * 0.62), (belly * 0.94, 0, h * 0.3)], 36
    )
    handle = sweep(path, polygon(18, 1.0) * (0.006, 0.0085))
    painting = decorated(rng, colour)
    coat = painting if painting.picture is None else ceramic(colour.varied(rng, 0.01))
    return Model([Part(wall_outside.bent(lip), painting), Part(wall_inside.bent(lip), coat), Part(handle, coat)])
