"""Fruit and bread."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.assets.artwork import shade
from gsi_bench_builders.assets.colours import NamedColour
from gsi_bench_builders.assets.library import Model, Part, kind
from gsi_bench_builders.assets.lines import polygon, spline
from gsi_bench_builders.assets.material import Bump, Colour, Material, Picture
from gsi_bench_builders.assets.mesh import Mesh, Points, join
from gsi_bench_builders.assets.painting import Shades, blend, clouds, painted, ramp
from gsi_bench_builders.assets.shapes import leaf, smooth_profile
from gsi_bench_builders.assets.solids import ellipsoid, lathe, loft, tube

STEM = Material((0.24, 0.16, 0.08), roughness=0.8)
LEAF = Material((0.16, 0.33, 0.08), roughness=0.5, coat=0.15)


def lumpy(mesh: Mesh, rng: np.random.Generator, amount: float, lobes: int = 3) -> Mesh:
    """With soft bulges all around, as what has grown has them."""
    phase = rng.uniform(0, 2 * np.pi, lobes)
    strength = rng.uniform(0.3, 1.0, lobes) * amount

    def bulge(p: Points) -> Points:
        angle = np.arctan2(p[:, 1], p[:, 0])
        factor = 1 + sum(s * np.cos((n + 1) * angle + f) for n, (s, f) in enumerate(zip(strength, phase, strict=True)))
        return p * np.column_stack([factor, factor, np.ones(len(p))])

    return mesh.bent(bulge)


def peel(picture: Picture, *, gloss: float = 0.4, pores: float = 0.0) -> Material:
    """Waxed skin; `pores`: their depth."""
    bump = Bump(0.0026, pores) if pores else Bump(0.012, 0.0001)
    return Material(roughness=0.36, coat=gloss, coat_roughness=0.18, bump=bump, picture=picture)


def _dots(rng: np.random.Generator, u: Shades, v: Shades, count: int, size: float) -> Shades:
    """0–1: small round spots on a skin twice as long around as from pole to pole."""
    out = np.zeros_like(u)
    for _ in range(count):
        x, y = rng.uniform(0, 1), rng.uniform(0.08, 0.92)
        across = np.abs(u - x)
        across = np.minimum(across, 1 - across) * 2 * np.sin(np.pi * y)
        r = size * rng.uniform(0.6, 1.4)
        near = np.abs(v - y) < 2 * r
        out[near] = np.maximum(out[near], ramp(np.hypot(across[near], v[near] - y), r, r * 0.4))
    return out


@kind(
    "apple",
    "苹果",
    places=("dining", "kitchen", "coffee", "desk"),
    colours=("red", "green", "yellow"),
    size_m=((0.06, 0.06, 0.055), (0.10, 0.10, 0.11)),
)
def apple(rng: np.random.Generator, colour: NamedColour) -> Model:
    """With its dimples and stem, some with a leaf."""
    r, h = rng.uniform(0.036, 0.042), rng.uniform(0.06, 0.07)
    points = [(0, 0.008), (0.35 * r, 0.0), (0.78 * r, h * 0.16), (r, h * 0.55), (0.74 * r, h * 0.92), (0.34 * r, h * 0.985)]
    body = lumpy(lathe(smooth_profile([*points, (0.1 * r, h * 0.9), (0, h * 0.82)], 52), 64), rng, 0.02)
    low = float(body.vertices[:, 2].min())
    stem = tube(spline([(0, 0, h * 0.8), (0.001, 0.001, h * 0.95), (0.006, 0.002, h * 1.12)], 12), [0.0016] * 11 + [0.0024], 10)
    grounds: dict[str, tuple[Colour, Colour]] = {  # the skin, and what shines through it in streaks and at the stem
        "red": ((0.62, 0.03, 0.045), (0.88, 0.55, 0.16)),
        "green": ((0.42, 0.60, 0.10), (0.66, 0.74, 0.26)),
        "yellow": ((0.93, 0.78, 0.12), (0.82, 0.82, 0.28)),
    }
    skin, under = grounds[colour.name]
    blush = 0.75 if colour.name == "yellow" and rng.random() < 0.6 else 0.0

    def skin_at(u: Shades, v: Shades) -> Shades:
        streak = clouds(rng, u, v * 0.12, 46, 3)
        patch = clouds(rng, u, v, 2, 1)
        out = blend(skin, under, 0.28 * ramp(streak, 0.3, 1.3) + 0.32 * ramp(patch, 0.4, 1.2) + 0.9 * ramp(v, 0.84, 0.95))
        out = blend(out, (0.78, 0.16, 0.08), blush * ramp(patch + 0.3 * streak, 0.1, -1.0))
        return blend(out, shade(under, 1.15), _dots(rng, u, v, 120, 0.006) * 0.7)

    parts = [Part(body.moved(z=-low), peel(painted(256, 128, skin_at), gloss=0.6)), Part(stem.moved(z=-low), STEM)]
    if rng.random() < 0.4:
        grown = leaf(rng.uniform(0.03, 0.038), 0.018, rise_deg=35, droop_deg=60).turned(rng.uniform(0, 360))
        return Model([*parts, Part(grown.moved(0.003, 0.001, h * 1.04 - low), LEAF)], symmetry="none")
    return Model(parts, symmetry="continuous")


@kind("orange", "橙子", places=("dining", "kitchen", "coffee"), size_m=((0.06, 0.06, 0.055), (0.09, 0.09, 0.10)))
def orange(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Pored peel, a green button at its top, some with a leaf."""
    d = rng.uniform(0.07, 0.082)
    ball = ellipsoid(d, d, d * rng.uniform(0.92, 0.99), 72, 48)
    body = lumpy(ball.bent(lambda p: np.column_stack([p[:, :2], np.maximum(p[:, 2], 0.0012)])), rng, 0.012)
    body = body.moved(z=-0.0012)  # it stands on a flat of some millimetres
    top = float(body.vertices[:, 2].max())
    button = lathe(smooth_profile([(0.0045, -0.001), (0.004, 0.001), (0.0015, 0.0013), (0, 0.001)], 10), 12).moved(z=top)

    def skin_at(u: Shades, v: Shades) -> Shades:
        out = blend((0.97, 0.57, 0.0), (0.93, 0.45, 0.0), 0.5 + 0.5 * clouds(rng, u, v, 2, 2))
        out = blend(out, (0.85, 0.38, 0.0), _dots(rng, u, v, 420, 0.007) * 0.5)
        return blend(out, (0.62, 0.55, 0.10), ramp(v, 0.965, 0.99) * 0.6)

    parts = [Part(body, peel(painted(224, 112, skin_at), gloss=0.35, pores=0.0007)), Part(button, LEAF)]
    if rng.random() < 0.4:
        grown = leaf(rng.uniform(0.034, 0.042), 0.021, rise_deg=25, droop_deg=50).turned(rng.uniform(0, 360))
        return Model([*parts, Part(grown.moved(z=top), LEAF)], symmetry="none")
    return Model(parts, symmetry="continuous")


@kind("lemon", "柠檬", places=("dining", "kitchen"), size_m=((0.07, 0.045, 0.045), (0.11, 0.07, 0.07)))
def lemon(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Lying, nipple to its right."""
    length, r = rng.uniform(0.08, 0.095), rng.uniform(0.026, 0.03)
    profile = smooth_profile(
        [
            (0, 0),
            (r * 0.3, 0.003),
            (r * 0.75, length * 0.16),
            (r, length * 0.46),
            (r * 0.72, length * 0.8),
            (r * 0.3, length * 0.915),
            (r * 0.2, length * 0.975),
            (0, length),
        ],
        52,
    )
    body = lumpy(lathe(profile, 56), rng, 0.015).turned(90, "y")
    low, _ = body.bounds()

    def skin_at(u: Shades, v: Shades) -> Shades:
        out = blend((0.95, 0.88, 0.03), (0.93, 0.80, 0.02), 0.5 + 0.5 * clouds(rng, u, v, 3, 3))
        out = blend(out, (0.88, 0.72, 0.02), _dots(rng, u, v, 380, 0.007) * 0.5)
        return blend(out, (0.62, 0.66, 0.10), ramp(v, 0.93, 0.99) * 0.7 + ramp(v, 0.04, 0.0) * 0.7)

    skin = peel(painted(224, 112, skin_at), gloss=0.4, pores=0.0007)
    return Model([Part(body.moved(z=-float(low[2])), skin)], symmetry="none")


@kind(
    "pear",
    "梨",
    places=("dining", "kitchen", "coffee"),
    colours=("green", "yellow"),
    size_m=((0.06, 0.06, 0.08), (0.09, 0.09, 0.14)),
)
def pear(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Standing, stem up, leaning a little."""
    r, h = rng.uniform(0.034, 0.039), rng.uniform(0.09, 0.105)
    neck = rng.uniform(0.42, 0.52)
    profile = smooth_profile(
        [
            (0, 0.006),
            (r * 0.4, 0.0),
            (r * 0.88, h * 0.14),
            (r, h * 0.32),
            (r * 0.78, h * 0.57),
            (r * neck, h * 0.78),
            (r * neck * 0.82, h * 0.92),
            (r * 0.2, h),
            (0, h * 0.985),
        ],
        52,
    )
    body = lumpy(lathe(profile, 64), rng, 0.025)

    def lean(p: Points) -> Points:
        return p + np.outer((np.maximum(p[:, 2], 0) / h) ** 2, [0.007, 0.002, 0])

    stem = tube(spline([(0, 0, h * 0.96), (0.002, 0, h * 1.05), (0.008, 0.002, h * 1.17)], 12), [0.0018] * 11 + [0.0026], 10)
    grounds: dict[str, tuple[Colour, Colour]] = {
        "green": ((0.50, 0.62, 0.10), (0.66, 0.70, 0.22)),
        "yellow": ((0.90, 0.80, 0.14), (0.82, 0.68, 0.18)),
    }
    skin, under = grounds[colour.name]
    russet, blush = (0.48, 0.30, 0.12), 0.6 * rng.random()

    def skin_at(u: Shades, v: Shades) -> Shades:
        cloud = clouds(rng, u, v, 3, 3)
        out = blend(skin, under, 0.5 + 0.5 * cloud)
        out = blend(out, (0.76, 0.25, 0.10), blush * ramp(np.cos(2 * np.pi * u) + 0.3 * cloud, 0.2, 1.2) * ramp(v, 0.9, 0.4))
        out = blend(out, russet, _dots(rng, u, v, 420, 0.0045) * 0.75)
        return blend(out, russet, 0.8 * ramp(v + 0.02 * cloud, 0.92, 0.97) + 0.8 * ramp(v, 0.08, 0.03))

    low = float(body.vertices[:, 2].min())
    waxed = peel(painted(192, 128, skin_at), gloss=0.25)
    return Model([Part(body.bent(lean).moved(z=-low), waxed), Part(stem.bent(lean).moved(z=-low), STEM)], symmetry="none")


@kind("tomato", "番茄", places=("kitchen", "dining"), size_m=((0.055, 0.055, 0.045), (0.09, 0.09, 0.085)))
def tomato(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Ribbed at its shoulders, a green star on top."""
    r, squat = rng.uniform(0.032, 0.04), rng.uniform(1.35, 1.6)
    h, ribs, phase = r * squat, int(rng.integers(5, 8)), rng.uniform(0, 6)
    points = [(0, 0.003), (0.3 * r, 0.0), (0.75 * r, h * 0.12), (r, h * 0.48), (0.82 * r, h * 0.86), (0.45 * r, h * 0.985)]
    body = lathe(smooth_profile([*points, (0.16 * r, h * 0.95), (0, h * 0.91)], 48), 72)

    def ribbed(p: Points) -> Points:
        wave = 1 + 0.022 * np.cos(ribs * np.arctan2(p[:, 1], p[:, 0]) + phase) * (0.35 + 0.65 * np.clip(p[:, 2] / h, 0, 1))
        return p * np.column_stack([wave, wave, np.ones(len(p))])

    def skin_at(u: Shades, v: Shades) -> Shades:
        out = blend((0.72, 0.045, 0.02), (0.80, 0.16, 0.03), 0.4 + 0.5 * clouds(rng, u, v, 3, 2))
        return blend(out, (0.62, 0.40, 0.08), ramp(v, 0.86, 0.97) * 0.7)

    body = lumpy(body.bent(ribbed), rng, 0.012)
    low = float(body.vertices[:, 2].min())
    sepals = [
        leaf(rng.uniform(0.6, 0.75) * r, 0.0068, rise_deg=rng.uniform(15, 40), droop_deg=50, fold=0.2, rows=9).turned(a)
        for a in np.arange(5) * 72 + rng.uniform(-10, 10, 5)
    ]
    stem = tube([(0, 0, -0.002), (0.0005, 0, 0.006), (0.002, 0.001, 0.012)], [0.0021, 0.0019, 0.0024], 10)
    calyx = join([part.moved(z=h * 0.945 - low) for part in (*sepals, stem)])
    return Model(
        [Part(body.moved(z=-low), peel(painted(192, 96, skin_at), gloss=0.8)), Part(calyx, LEAF)], symmetry="continuous"
    )


@kind("banana", "香蕉", places=("dining", "kitchen", "coffee", "desk"), size_m=((0.13, 0.04, 0.028), (0.23, 0.13, 0.06)))
def banana(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Lying on its side, bent towards the viewer at both ends; stem to its right."""
    length, bend, r = rng.uniform(0.16, 0.185), rng.uniform(0.9, 1.5), rng.uniform(0.0165, 0.0195)
    t = np.linspace(-0.5, 0.5, 64)
    turn = length / bend
    path = np.column_stack([np.sin(t * bend) * turn, (np.cos(t * bend) - 1) * turn, np.zeros(len(t))])
    thick = np.interp(t, [-0.5, -0.485, -0.46, -0.36, -0.1, 0.2, 0.3, 0.36, 0.5],
                      [0.26, 0.34, 0.52, 0.84, 1.0, 0.96, 0.78, 0.4, 0.3]) * r  # fmt: skip
    thick = np.convolve(np.pad(thick, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    section = _rounded(polygon(5, 1.0), 0.6)
    body = loft([_across(path, i, section * thick[i]) for i in range(len(t))])
    ripe = rng.uniform(0, 1)

    def skin_at(u: Shades, v: Shades) -> Shades:
        out = blend((0.95, 0.82, 0.04), (0.92, 0.74, 0.03), 0.4 + 0.4 * clouds(rng, u, v, 3, 4))
        ridge = np.abs(((u * 5 + 0.5) % 1) - 0.5) * 2  # the five edges, where it darkens first
        out = blend(out, (0.62, 0.38, 0.06), ramp(ridge, 0.12, 0.0) * (0.25 + 0.3 * ripe))
        brown = clouds(rng, u, v, 12, 40)
        out = blend(out, (0.30, 0.17, 0.05), ramp(brown, 1.35 - 0.25 * ripe, 1.8) * 0.85 * ripe)
        out = blend(out, (0.55, 0.62, 0.12), ramp(v, 0.8, 0.93) * (0.9 - 0.6 * ripe) + ramp(v, 0.1, 0.03) * 0.5 * (1 - ripe))
        return blend(out, (0.13, 0.085, 0.04), ramp(v + 0.004 * brown, 0.028, 0.012) + ramp(v + 0.003 * brown, 0.985, 0.994))

    low = float(body.vertices[:, 2].min())
    skin = Material(roughness=0.48, coat=0.12, coat_roughness=0.3, bump=Bump(0.02, 0.0002), picture=painted(128, 384, skin_at))
    return Model([Part(body.moved(z=-low), skin, 50)])


def _rounded(outline: NDArray[np.float64], roundness: float, count: int = 40) -> NDArray[np.float64]:
    """An outline between a polygon and its circle."""
    pairs = zip(outline, np.roll(outline, -1, 0), strict=True)
    dense = np.concatenate([np.linspace(a, b, count // len(outline), endpoint=False) for a, b in pairs])
    unit = dense / np.linalg.norm(dense, axis=1, keepdims=True)
    return np.asarray(dense * (1 - roundness) + unit * roundness)


def _across(path: NDArray[np.float64], i: int, outline: NDArray[np.float64]) -> NDArray[np.float64]:
    """An outline set across a path in the ground plane, the first axis level, counter-clockwise seen from the path's end."""
    before, after = path[max(i - 1, 0)], path[min(i + 1, len(path) - 1)]
    along = (after - before) / np.linalg.norm(after - before)
    level = np.cross((0, 0, 1.0), along)
    return np.asarray(path[i] + outline[:, :1] * level + outline[:, 1:] * np.cross(along, level))


@kind("bread", "面包", places=("dining", "kitchen"), size_m=((0.18, 0.09, 0.06), (0.34, 0.16, 0.14)))
def bread(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A loaf from the stone: slashes burst open in a dark, floury crust."""
    length, width, height = rng.uniform(0.21, 0.28), rng.uniform(0.105, 0.13), rng.uniform(0.075, 0.095)
    rows, columns = 110, 72
    cuts = np.linspace(-0.62, 0.62, int(rng.integers(3, 6)))
    slant = rng.uniform(0.1, 0.3) * (1 if rng.random() < 0.5 else -1)

    def burst(x: Shades, across: Shades, top: Shades) -> Shades:
        """0–1: how near the middle of a slash; x along the loaf -1 … 1, across -1 … 1."""
        near = np.min([np.abs(x - cut - slant * across) for cut in cuts], axis=0)
        return np.asarray(ramp(near, 0.075, 0.02) * ramp(top, 0.35, 0.75) * ramp(np.abs(across), 0.85, 0.6))

    x, a = np.linspace(-1, 1, rows)[:, None], np.linspace(0, 2 * np.pi, columns, endpoint=False)[None, :]
    girth = np.maximum(1 - np.abs(x) ** 2.6, 0.0) ** 0.46 * 0.985 + 0.015
    across, top = np.cos(a) + 0 * x, np.sin(a) + 0 * x
    opened = burst(x, across, top)
    lip = burst(x + 0.085, across, top)  # the ear that rises at one side of each slash
    y = across * girth * width / 2
    z = np.where(top < 0, 0.42, 1.0) * top * girth * height * 0.68 * (1 - 0.1 * opened + 0.07 * lip)
    grid = np.stack([x * length / 2 + 0 * a, y, z], axis=-1)
    body = lumpy(loft(list(grid)), rng, 0.012)
    low = float(body.vertices[:, 2].min())
    pale = rng.uniform(0, 0.5)

    def crust(u: Shades, v: Shades) -> Shades:
        along, round_ = 2 * v - 1, 2 * np.pi * u
        cut = burst(along, np.cos(round_), np.sin(round_))
        noise, fine = clouds(rng, u, v, 5, 4), clouds(rng, u, v, 24, 30)
        out = blend((0.47, 0.22, 0.06), (0.70, 0.42, 0.16), 0.45 + 0.4 * noise + 0.4 * pale + 0.1 * fine)
        out = blend(out, (0.30, 0.12, 0.03), 0.6 * burst(along + 0.085, np.cos(round_), np.sin(round_)))
        flour = ramp(np.sin(round_) + 0.35 * fine + 0.2 * noise, 0.35, 1.1) * (1 - cut)
        out = blend(out, (0.92, 0.84, 0.72), flour * (0.35 + pale))
        return blend(out, blend((0.88, 0.68, 0.38), (0.75, 0.48, 0.2), 0.5 + 0.4 * fine), cut)

    baked = Material(roughness=0.8, bump=Bump(0.004, 0.0011), picture=painted(192, 288, crust))
    return Model([Part(body.moved(z=-low), baked, 60)], symmetry="none")
