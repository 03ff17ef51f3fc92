"""What bakers sell: croissants, muffins, doughnuts, cakes, sandwiches."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.assets.artwork import mixed, shade
from gsi_bench_builders.assets.colours import NamedColour
from gsi_bench_builders.assets.library import Model, Part, kind
from gsi_bench_builders.assets.lines import arc, fillet, rounded_rectangle, spline
from gsi_bench_builders.assets.material import Bump, Colour, Material, ceramic, paper
from gsi_bench_builders.assets.mesh import Mesh, Points, join
from gsi_bench_builders.assets.painting import Shades, blend, clouds, painted, ramp
from gsi_bench_builders.assets.shapes import faced
from gsi_bench_builders.assets.solids import ellipsoid, extrude, lathe, loft, patch, thicken

SPONGE: Colour = (0.86, 0.66, 0.36)
CREAM: Colour = (0.95, 0.92, 0.85)
CHOCOLATE: Colour = (0.16, 0.075, 0.035)
ICINGS: dict[str, Colour] = {
    "pink": (0.93, 0.48, 0.58), "brown": (0.20, 0.09, 0.04), "white": (0.93, 0.91, 0.87), "yellow": (0.95, 0.78, 0.22),
    "green": (0.55, 0.72, 0.42), "blue": (0.40, 0.60, 0.86), "purple": (0.55, 0.36, 0.68),
}  # fmt: skip
SUGARS: tuple[Colour, ...] = ((0.95, 0.3, 0.4), (0.98, 0.85, 0.2), (0.3, 0.65, 0.9), (0.95, 0.95, 0.92), (0.4, 0.75, 0.35))


def _icing(colour: Colour) -> Material:
    return Material(colour, roughness=0.3, coat=0.35, coat_roughness=0.15, bump=Bump(0.012, 0.0004))


def _crumb(colour: Colour) -> Material:
    return Material(colour, roughness=0.9, bump=Bump(0.0022, 0.0009))


@kind("croissant", "牛角包", places=("dining", "kitchen", "coffee"), size_m=((0.11, 0.07, 0.03), (0.20, 0.14, 0.075)))
def croissant(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A rolled crescent, its horns towards the viewer."""
    length, bend = rng.uniform(0.15, 0.18), rng.uniform(1.5, 2.3)
    thick, rolls = rng.uniform(0.026, 0.031), int(rng.integers(3, 5))
    t = np.linspace(-1, 1, 90)
    # Each layer ends in a step where it lies on the one below: steep towards the horns.
    place = np.abs(t) * (rolls + 0.5) - 0.5
    step = np.where(place > 0, place - np.floor(place), 0.5)
    swell = 1 + 0.11 * (0.6 - step) * (np.abs(t) < 0.96)
    body = np.maximum(1 - np.abs(t) ** 1.7, 0) ** 0.72 * 0.9 + 0.12
    radius = thick * body * swell * np.where(np.abs(t) > 0.985, 0.55, 1)
    angle = t * bend / 2 * (1 + 0.18 * t**2)
    turn = length / bend
    path = np.column_stack([np.sin(angle) * turn, np.cos(angle) * turn, np.zeros_like(t)])
    around = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    sections = []
    for i, r in enumerate(radius):
        out = path[i] / np.linalg.norm(path[i])
        z = np.where(np.sin(around) < 0, 0.72, 0.98) * np.sin(around) * r
        slant = 0.012 * np.sin(around) * math.copysign(1, t[i]) * min(1.0, abs(t[i]) * 3)  # layers lean outwards
        along = np.array([out[1], -out[0], 0])
        sections.append(path[i] + np.outer(np.cos(around) * r, out) + np.outer(z, (0, 0, 1)) + np.outer(slant, along))
    mesh = loft(sections)
    mesh = mesh.moved(z=-float(mesh.vertices[:, 2].min()))

    def crust(u: Shades, v: Shades) -> Shades:
        s = np.abs(2 * v - 1)
        where = s * (rolls + 0.5) - 0.5
        layer = np.where(where > 0, where - np.floor(where), 0.5)
        noise = clouds(rng, u, v, 5, 8)
        streak = clouds(rng, u, v, 2, 70)
        brown = 0.35 + 0.55 * ramp(layer, 0.75, 0.05) + 0.2 * noise + 0.13 * streak + 0.25 * ramp(s, 0.75, 1.0)
        top = np.sin(2 * np.pi * u)
        base = blend((0.90, 0.64, 0.27), (0.50, 0.20, 0.045), brown - 0.3 * ramp(top, 0.0, -0.9))
        return blend(base, (0.95, 0.78, 0.45), ramp(layer, 0.82, 0.97) * 0.75)

    glazed = Material(roughness=0.42, coat=0.3, coat_roughness=0.3, bump=Bump(0.004, 0.0004), picture=painted(128, 384, crust))
    return Model([Part(mesh, glazed, 60)])


@kind("muffin", "玛芬蛋糕", places=("dining", "kitchen", "coffee"), size_m=((0.06, 0.06, 0.055), (0.095, 0.095, 0.10)))
def muffin(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A domed top over a pleated paper cup, with chocolate or berries."""
    foot, rim, h = rng.uniform(0.023, 0.026), rng.uniform(0.031, 0.035), rng.uniform(0.038, 0.045)
    dome = rng.uniform(0.026, 0.034)
    dark = rng.random() < 0.35
    cup = lathe(fillet([(0, 0), (foot, 0), (rim, h), (rim - 0.0006, h), (foot - 0.0006, 0.001)], [0, 0.001, 0, 0, 0], 3), 144)

    def pleat(p: Points) -> Points:
        wave = 1 + 0.022 * np.cos(36 * np.arctan2(p[:, 1], p[:, 0])) * np.clip(p[:, 2] / 0.01, 0, 1)
        return p * np.column_stack([wave, wave, np.ones(len(p))])

    line = spline([(rim - 0.002, h - 0.006), (rim + 0.005, h + 0.003), (rim + 0.003, h + 0.011), (rim * 0.72, h + dome * 0.86),
                   (rim * 0.3, h + dome * 1.02), (0, h + dome)], 34)  # fmt: skip
    top = lathe(np.concatenate([[(0, h - 0.008)], line]), 64)
    phase = rng.uniform(0, 2 * np.pi, 5)

    def risen(p: Points) -> Points:
        a = np.arctan2(p[:, 1], p[:, 0])
        swell = 1 + sum(0.012 * np.cos((n + 2) * a + f + 60 * p[:, 2]) for n, f in enumerate(phase))
        return p * np.column_stack([swell, swell, np.ones(len(p))])

    baked = (0.20, 0.10, 0.05) if dark else (0.80, 0.55, 0.25)

    def crust(u: Shades, v: Shades) -> Shades:
        n = clouds(rng, u, v, 6, 5)
        return blend(blend(baked, shade(baked, 0.55), 0.4 + 0.5 * n), shade(baked, 1.2), ramp(v, 0.55, 0.35) * 0.5)

    dough = Material(roughness=0.75, bump=Bump(0.005, 0.0016), picture=painted(128, 128, crust))
    chips, bits = CHOCOLATE if rng.random() < 0.5 else (0.12, 0.10, 0.26), []
    for _ in range(int(rng.integers(9, 15))):
        at = line[int(rng.integers(9, 33))]
        a, size = rng.uniform(0, 2 * np.pi), rng.uniform(0.0045, 0.007)
        bits.append(
            ellipsoid(size, size, size * 0.9, 12, 8).moved(at[0] * math.cos(a), at[0] * math.sin(a), at[1] - size * 0.55)
        )
    papers: tuple[Colour, ...] = ((0.93, 0.90, 0.83), (0.42, 0.25, 0.14), (0.85, 0.45, 0.5), (0.35, 0.55, 0.68))
    wrapped = paper(None, papers[int(rng.integers(4))])
    return Model(
        [
            Part(cup.bent(pleat), wrapped, 20),
            Part(top.bent(risen), dough, 60),
            Part(join(bits), Material(chips, roughness=0.25, coat=0.4)),
        ],
        symmetry="continuous",
    )


@kind(
    "donut",
    "甜甜圈",
    places=("dining", "kitchen", "coffee", "desk"),
    colours=("pink", "brown", "white", "yellow", "green", "blue"),
    size_m=((0.07, 0.07, 0.022), (0.11, 0.11, 0.045)),
)
def donut(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A ring with icing and sprinkles."""
    ring, r = rng.uniform(0.026, 0.030), rng.uniform(0.0148, 0.0172)
    squash = rng.uniform(0.9, 1.05)
    phase = rng.uniform(0, 2 * np.pi, 3)

    def dough(u: Shades, v: Shades) -> Shades:
        pale = ramp(np.abs(((v * 360 + 180) % 360) - 180), 26, 8)  # the line where it swam in the oil
        return blend(
            blend((0.72, 0.43, 0.16), (0.55, 0.29, 0.09), 0.4 + 0.5 * clouds(rng, u, v, 5, 2)), (0.90, 0.72, 0.42), pale
        )

    body = lathe(arc(r, 0, 360, 40, (ring, r)), 72).scaled(1, 1, squash)

    def edge(p: Points) -> Points:
        a = np.arctan2(p[:, 1], p[:, 0])
        low = np.clip((r * 1.25 * squash - p[:, 2]) / r, 0, 1)
        drip = 0.0035 * sum(np.cos((2 * n + 5) * a + f) for n, f in enumerate(phase)) * low
        return p + np.column_stack([np.zeros((len(p), 2)), drip])

    top = lathe(arc(r + 0.0012, 8, 172, 30, (ring, r)), 72).scaled(1, 1, squash)
    icing = thicken(top.bent(edge), 0.0022)
    icing_colour = ICINGS[colour.name]
    parts = [
        Part(body, Material(roughness=0.7, bump=Bump(0.004, 0.0004), picture=painted(96, 128, dough)), 60),
        Part(icing, _icing(icing_colour), 60),
    ]
    if rng.random() < 0.75:
        parts += _sprinkles(rng, ring, r, squash, plain=rng.random() < 0.3)
    return Model(parts, symmetry="continuous")


def _sprinkles(rng: np.random.Generator, ring: float, r: float, squash: float, plain: bool) -> list[Part]:
    by_colour: dict[int, list[Mesh]] = {}
    for _ in range(48):
        a, b, spin = rng.uniform(0, 2 * np.pi), rng.uniform(35, 145), rng.uniform(0, 180)
        grain = ellipsoid(0.0062, 0.0017, 0.0017, 8, 6).turned(spin).turned(90 - b, "y")
        out = ring + (r + 0.001) * math.cos(math.radians(b))
        up = (r + (r + 0.0008) * math.sin(math.radians(b))) * squash
        by_colour.setdefault(int(rng.integers(len(SUGARS))), []).append(grain.moved(out, 0, up).turned(math.degrees(a)))
    tint = int(rng.integers(len(SUGARS)))
    return [
        Part(join(grains), Material(SUGARS[tint if plain else number], roughness=0.3, coat=0.3))
        for number, grains in sorted(by_colour.items())
    ]


@kind(
    "cake",
    "蛋糕",
    places=("dining", "kitchen", "coffee"),
    colours=("pink", "brown", "white", "yellow", "green", "purple"),
    size_m=((0.16, 0.16, 0.08), (0.28, 0.28, 0.22)),
)
def cake(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A layer cake on a stand, a slice taken from its front."""
    r, layers = rng.uniform(0.075, 0.1), int(rng.integers(2, 4))
    tall, cream = rng.uniform(0.022, 0.027), 0.006
    missing = rng.uniform(38, 62)
    start, end = -90 + missing / 2, 270 - missing / 2
    foot = rng.uniform(0.045, 0.07) if rng.random() < 0.5 else 0.0
    icing = ICINGS[colour.name]
    sponge = CHOCOLATE if colour.name == "brown" else SPONGE
    z, parts = foot + 0.008, [_stand(r, foot)]
    sponges, fillings = [], []
    for layer in range(layers):
        sponges.append(_sector(r - 0.004, tall, start, end).moved(z=z))
        z += tall
        if layer < layers - 1:
            fillings.append(_sector(r - 0.003, cream, start, end).moved(z=z))
            z += cream
    between = CREAM if sponge != SPONGE else mixed(icing, CREAM, 0.5)
    parts += [Part(join(sponges), _crumb(sponge)), Part(join(fillings), _icing(between))]
    parts.append(Part(_coat(rng, r, (foot + 0.008, z), (start, end)), _icing(icing), 50))
    return Model([*parts, *_topping(rng, r, z, (start, end), icing)])


def _stand(r: float, foot: float) -> Part:
    """A plate, or a plate on a stem."""
    wide, low, china = r + 0.022, foot, ceramic((0.92, 0.91, 0.88))
    under = [(0, low), (wide - 0.006, low), (wide, low + 0.006)]
    above = [(wide - 0.002, low + 0.009), (wide - 0.009, low + 0.0078), (0, low + 0.0078)]
    line = fillet(under + above, [0, 0.004, 0.002, 0.001, 0.004, 0])
    if not foot:
        return Part(lathe(line, 72), china)
    stem = spline([(0.055, 0.003), (0.03, 0.012), (0.014, foot * 0.5), (0.02, foot - 0.003), (0.035, foot)], 24)
    return Part(lathe(np.concatenate([[(0, 0.001), (0.05, 0.001), (0.054, 0)], stem, line[1:]]), 72), china)


def _sector(r: float, height: float, start: float, end: float) -> Mesh:
    return extrude(np.concatenate([arc(r, start, end, 64), [(0.0, 0.0)]]), height)


def _coat(rng: np.random.Generator, r: float, heights: tuple[float, float], sector: tuple[float, float]) -> Mesh:
    """Icing over top and side, to the plate or in drips."""
    (low, high), (start, end) = heights, sector
    angles = np.radians(np.linspace(start, end, 121))
    if rng.random() < 0.5:
        lower = np.full(len(angles), low)
    else:
        waves = sum(np.cos(n * angles + rng.uniform(0, 6)) for n in (7, 11, 17)) / 3
        lower = high - (high - low) * (0.32 + 0.24 * waves)
    rows = []
    for out, down in [(0.012, 0.0), (0.5, 0.0), (0.9, 0.0), (0.97, 0.04), (1.0, 0.14), (1.0, 0.4), (1.0, 0.7), (1.0, 1.0)]:
        z = high + 0.004 - (high + 0.004 - lower) * down
        rows.append(np.column_stack([np.cos(angles) * r * out, np.sin(angles) * r * out, z]))
    return thicken(patch(np.stack(rows[::-1])), 0.0045)


def _topping(rng: np.random.Generator, r: float, z: float, sector: tuple[float, float], icing: Colour) -> list[Part]:
    """Rosettes of cream with a berry each."""
    start, end = sector
    count = int(rng.integers(7, 11))
    swirl = lathe(spline([(0.0, 0.0), (0.0115, 0.001), (0.0125, 0.005), (0.008, 0.011), (0.003, 0.0155), (0, 0.017)], 20), 48)

    def ridged(p: Points) -> Points:
        a = np.arctan2(p[:, 1], p[:, 0])
        wave = 1 + 0.12 * np.cos(8 * a + 260 * p[:, 2])
        return p * np.column_stack([wave, wave, np.ones(len(p))])

    swirl = swirl.bent(ridged)
    creams, berries = [], []
    fruit: Colour = (0.62, 0.03, 0.05) if rng.random() < 0.6 else (0.10, 0.09, 0.25)
    for a in np.radians(np.linspace(start, end, count + 1)[:-1] + (end - start) / count / 2):
        x, y = 0.74 * r * math.cos(a), 0.74 * r * math.sin(a)
        creams.append(swirl.moved(x, y, z + 0.003))
        berries.append(ellipsoid(0.0125, 0.0125, 0.0125, 20, 12).moved(x, y, z + 0.015))
    white = CREAM if sum(icing) < 2.4 else (0.93, 0.62, 0.66)
    return [
        Part(join(creams), Material(white, roughness=0.45, subsurface=0.1), 60),
        Part(join(berries), Material(fruit, roughness=0.18, coat=0.6)),
    ]


@kind("sandwich", "三明治", places=("dining", "kitchen"), size_m=((0.10, 0.10, 0.035), (0.15, 0.15, 0.075)))
def sandwich(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Toast, lettuce, cheese, tomato and ham, uncut."""
    w = rng.uniform(0.102, 0.118)
    slice_height = rng.uniform(0.011, 0.014)
    outline = _toast_outline(w)
    toast = extrude(outline, slice_height, 0.003, 3)
    z, parts = slice_height, _toast(rng, toast, 0.0)
    fillings: list[tuple[Mesh, Material]] = []
    lettuce = Material((0.36, 0.58, 0.13), roughness=0.45, subsurface=0.1, bump=Bump(0.006, 0.0006))
    fillings.append((_ruffled(rng, w * 0.56, 0.0075).moved(z=z + 0.0035), lettuce))
    z += 0.0055
    tomato = lathe(fillet([(0, 0), (0.025, 0), (0.025, 0.006), (0, 0.006)], [0, 0.0015, 0.0015, 0], 3), 32)
    corners = ((-0.25, -0.27), (0.24, -0.28), (-0.22, 0.2), (0.25, 0.18))
    rounds = [tomato.moved(x * w, y * w, z) for x, y in corners]
    fillings.append((join(rounds), Material((0.72, 0.10, 0.05), roughness=0.22, coat=0.4)))
    z += 0.006
    cheese = extrude(rounded_rectangle(w * 0.98, w * 0.98, 0.002), 0.0035, 0.001).turned(rng.uniform(8, 40))
    fillings.append((cheese.bent(_sag(w)).moved(z=z), Material((0.95, 0.68, 0.16), roughness=0.35, subsurface=0.15)))
    z += 0.0035
    if rng.random() < 0.6:
        ham = _ruffled(rng, w * 0.53, 0.003)
        fillings.append((ham.moved(z=z + 0.001), Material((0.86, 0.50, 0.46), roughness=0.4, coat=0.2)))
        z += 0.003
    parts += [Part(mesh, material, 50) for mesh, material in fillings]
    return Model([*parts, *_toast(rng, toast, z)], symmetry="none")


def _toast_outline(w: float) -> NDArray[np.float64]:
    """A slice with its two crowns at the back."""
    half = w / 2
    right = [(0.93, -1.0), (0.93, 0.35), (1.06, 0.62), (0.9, 0.98)]
    line = [(x * half, y * half) for x, y in [*right, (0.0, 0.93), *((-x, y) for x, y in right[::-1])]]
    return fillet(line, [0.012, 0.02, 0.018, 0.02, 0.05, 0.02, 0.018, 0.02, 0.012], 6, closed=True)


def _toast(rng: np.random.Generator, toast: Mesh, z: float) -> list[Part]:
    """A slice: its crumb browned by the grill, a crust around."""
    top, rest = faced(toast.moved(z=z), (0, 0, 1), 50)

    def grilled(u: Shades, v: Shades) -> Shades:
        edge = np.maximum(np.abs(2 * u - 1), np.abs(2 * v - 1))
        tone = 0.45 + 0.4 * clouds(rng, u, v, 6, 6) - 0.5 * ramp(edge, 0.75, 0.95)
        return blend(blend((0.93, 0.80, 0.56), (0.68, 0.40, 0.14), tone), (0.55, 0.30, 0.10), ramp(edge, 0.95, 1.0))

    crumb = Material(roughness=0.9, bump=Bump(0.003, 0.001), picture=painted(160, 160, grilled))
    return [Part(top, crumb), Part(rest, Material((0.58, 0.33, 0.13), roughness=0.75, bump=Bump(0.005, 0.0004)))]


def _ruffled(rng: np.random.Generator, radius: float, depth: float) -> Mesh:
    """A leaf or slice with a wavy edge."""
    phase = rng.uniform(0, 2 * np.pi, 3)
    line = [(radius * s, 0.0) for s in (1.0, 0.95, 0.88, 0.78, 0.6, 0.3, 0.0)]

    def wave(p: Points) -> Points:
        a, s = np.arctan2(p[:, 1], p[:, 0]), np.hypot(p[:, 0], p[:, 1]) / radius
        ripple = sum(np.cos((5 + 4 * n) * a + f) for n, f in enumerate(phase)) / 3
        out = p * (1 + 0.05 * np.cos(4 * a + phase[0])[:, None])
        out[:, 2] = depth * 0.55 * ripple * np.clip((s - 0.6) / 0.4, 0, 1)
        return out

    return thicken(lathe(line, 96).bent(wave), 0.0014)


def _sag(w: float) -> Callable[[Points], Points]:
    def move(p: Points) -> Points:
        out = p.copy()
        out[:, 2] -= 0.006 * np.clip(np.hypot(p[:, 0], p[:, 1]) / (w * 0.5) - 1, 0, 1)
        return out

    return move
