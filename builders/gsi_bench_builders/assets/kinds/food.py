"""Fruit and bread."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.assets.colours import NamedColour
from gsi_bench_builders.assets.library import Model, Part, kind
from gsi_bench_builders.assets.material import Bump, Colour, Material, Pattern
from gsi_bench_builders.assets.mesh import Mesh, ellipsoid, lathe, loft, polygon, spline, tube
from gsi_bench_builders.assets.shapes import smooth_profile

STEM = Material((0.24, 0.16, 0.08), roughness=0.8)


def lumpy(mesh: Mesh, rng: np.random.Generator, amount: float, lobes: int = 3) -> Mesh:
    """With soft bulges all around, as grown things have."""
    phase = rng.uniform(0, 2 * np.pi, lobes)
    strength = rng.uniform(0.3, 1.0, lobes) * amount

    def bulge(p: NDArray[np.float64]) -> NDArray[np.float64]:
        angle = np.arctan2(p[:, 1], p[:, 0])
        factor = 1 + sum(s * np.cos((n + 1) * angle + f) for n, (s, f) in enumerate(zip(strength, phase, strict=True)))
        return p * np.column_stack([factor, factor, np.ones(len(p))])

    return mesh.bent(bulge)


def skin(
    colour: Colour, second: Colour, *, spots: float = 0.02, amount: float = 0.6, pores: float = 0.0, gloss: float = 0.5
) -> Material:
    """Mottled, a little translucent, waxed."""
    bump = Bump(0.0022, pores) if pores else Bump(0.01, 0.0001)
    return Material(
        colour,
        roughness=0.42,
        coat=gloss,
        coat_roughness=0.2,
        subsurface=0.12,
        bump=bump,
        pattern=Pattern("mottle", second, spots, amount),
    )


@kind(
    "apple",
    "苹果",
    places=("dining", "kitchen", "coffee", "desk"),
    colours=("red", "green", "yellow"),
    size_m=((0.06, 0.06, 0.055), (0.10, 0.10, 0.11)),
)
def apple(rng: np.random.Generator, colour: NamedColour) -> Model:
    """With its dimples and stem."""
    r, h = rng.uniform(0.035, 0.042), rng.uniform(0.058, 0.07)
    profile = smooth_profile(
        [
            (0, 0.008),
            (r * 0.35, 0.0),
            (r * 0.78, h * 0.16),
            (r, h * 0.55),
            (r * 0.72, h * 0.93),
            (r * 0.3, h * 0.98),
            (0, h * 0.82),
        ],
        44,
    )
    body = lumpy(lathe(profile, 56), rng, 0.02)
    low = float(body.vertices[:, 2].min())
    stem = tube(spline([(0, 0, h * 0.8), (0.001, 0.001, h * 0.95), (0.006, 0.002, h * 1.12)], 12), [0.0016] * 11 + [0.0024], 10)
    looks: dict[str, tuple[Colour, Colour]] = {
        "red": ((0.62, 0.05, 0.05), (0.80, 0.38, 0.12)),
        "green": ((0.42, 0.62, 0.12), (0.60, 0.72, 0.25)),
        "yellow": ((0.90, 0.72, 0.18), (0.85, 0.5, 0.2)),
    }
    first, second = looks[colour.name]
    return Model([Part(body.moved(z=-low), skin(first, second)), Part(stem.moved(z=-low), STEM)], symmetry="continuous")


@kind("orange", "橙子", places=("dining", "kitchen", "coffee"), size_m=((0.06, 0.06, 0.055), (0.09, 0.09, 0.09)))
def orange(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Pored peel, a green button at its top."""
    d = rng.uniform(0.07, 0.082)
    body = lumpy(ellipsoid(d, d, d * rng.uniform(0.92, 0.99), 64, 36), rng, 0.012)
    top = float(body.vertices[:, 2].max())
    button = lathe(smooth_profile([(0.0045, -0.001), (0.004, 0.001), (0.0015, 0.0013), (0, 0.001)], 10), 12).moved(z=top)
    peel = skin((0.95, 0.36, 0.01), (0.96, 0.46, 0.03), spots=0.03, pores=0.0004, gloss=0.3)
    return Model([Part(body, peel), Part(button, Material((0.2, 0.3, 0.1), roughness=0.8))], symmetry="continuous")


@kind("lemon", "柠檬", places=("dining", "kitchen"), size_m=((0.07, 0.045, 0.045), (0.11, 0.07, 0.07)))
def lemon(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Lying, nipple to its right."""
    length, r = rng.uniform(0.08, 0.095), rng.uniform(0.026, 0.03)
    profile = smooth_profile(
        [
            (0, 0),
            (r * 0.3, 0.003),
            (r * 0.75, length * 0.16),
            (r, length * 0.48),
            (r * 0.7, length * 0.82),
            (r * 0.25, length * 0.92),
            (r * 0.18, length * 0.985),
            (0, length),
        ],
        44,
    )
    body = lumpy(lathe(profile, 48), rng, 0.015).turned(90, "y")
    low, _ = body.bounds()
    peel = skin((0.93, 0.78, 0.10), (0.95, 0.85, 0.25), spots=0.02, pores=0.00035, gloss=0.35)
    return Model([Part(body.moved(z=-float(low[2])), peel)], symmetry="none")


@kind(
    "pear",
    "梨",
    places=("dining", "kitchen", "coffee"),
    colours=("green", "yellow"),
    size_m=((0.06, 0.06, 0.08), (0.09, 0.09, 0.14)),
)
def pear(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Standing, stem up."""
    r, h = rng.uniform(0.034, 0.039), rng.uniform(0.09, 0.105)
    profile = smooth_profile(
        [
            (0, 0.006),
            (r * 0.4, 0.0),
            (r * 0.9, h * 0.16),
            (r, h * 0.34),
            (r * 0.72, h * 0.6),
            (r * 0.45, h * 0.82),
            (r * 0.25, h * 0.98),
            (0, h),
        ],
        44,
    )
    body = lumpy(lathe(profile, 56), rng, 0.03)

    def lean(p: NDArray[np.float64]) -> NDArray[np.float64]:
        return p + np.outer((np.maximum(p[:, 2], 0) / h) ** 2, [0.006, 0.002, 0])

    stem = tube(spline([(0, 0, h * 0.96), (0.002, 0, h * 1.05), (0.008, 0.002, h * 1.17)], 12), 0.0019, 10)
    looks: dict[str, tuple[Colour, Colour]] = {
        "green": ((0.55, 0.66, 0.16), (0.68, 0.7, 0.28)),
        "yellow": ((0.86, 0.72, 0.2), (0.75, 0.5, 0.18)),
    }
    first, second = looks[colour.name]
    low = float(body.vertices[:, 2].min())
    peel = skin(first, second, spots=0.012, amount=0.5, gloss=0.2)
    return Model([Part(body.bent(lean).moved(z=-low), peel), Part(stem.bent(lean).moved(z=-low), STEM)], symmetry="none")


@kind("banana", "香蕉", places=("dining", "kitchen", "coffee", "desk"), size_m=((0.13, 0.04, 0.028), (0.22, 0.13, 0.06)))
def banana(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Lying on its side, bent, with a dark end and a stem."""
    length, bend, r = rng.uniform(0.15, 0.18), rng.uniform(0.9, 1.4), rng.uniform(0.0165, 0.019)
    t = np.linspace(-0.5, 0.5, 40)
    radius = length / bend
    path = np.column_stack([np.sin(t * bend) * radius, (1 - np.cos(t * bend)) * radius, np.zeros(40)])
    thick = np.interp(t, [-0.5, -0.46, -0.36, 0, 0.33, 0.44, 0.5], [0.3, 0.55, 0.86, 1.0, 0.86, 0.34, 0.24]) * r
    body = tube(path, thick, 5)
    flat = np.concatenate([polygon(5, 1.0)])
    rounded = _rounded(flat, 0.55)
    sections = [_across(path, i, rounded * thick[i]) for i in range(40)]
    body = loft(sections)
    tip = loft([_across(path, 0, polygon(14, 1.02) * thick[0]), _across(path, 0, polygon(14, 0.8) * thick[0], -0.004)])
    end = loft([_across(path, 39, polygon(14, 1.0) * thick[39], 0.012), _across(path, 39, polygon(14, 1.04) * thick[39])])
    low = float(body.vertices[:, 2].min())
    peel = Material(
        (0.92, 0.74, 0.13),
        roughness=0.5,
        coat=0.15,
        subsurface=0.1,
        pattern=Pattern("speckle", (0.35, 0.22, 0.08), 0.0022, 0.55),
        bump=Bump(0.02, 0.0002),
    )
    dark = Material((0.18, 0.13, 0.07), roughness=0.8)
    green = Material((0.62, 0.6, 0.18), roughness=0.6)
    return Model([Part(body.moved(z=-low), peel, 50), Part(tip.moved(z=-low), dark), Part(end.moved(z=-low), green)])


def _rounded(outline: NDArray[np.float64], roundness: float, count: int = 30) -> NDArray[np.float64]:
    """An outline between a polygon and its circle."""
    dense = np.concatenate(
        [
            np.linspace(a, b, count // len(outline), endpoint=False)
            for a, b in zip(outline, np.roll(outline, -1, 0), strict=True)
        ]
    )
    unit = dense / np.linalg.norm(dense, axis=1, keepdims=True)
    return np.asarray(dense * (1 - roundness) + unit * roundness)


def _across(path: NDArray[np.float64], i: int, outline: NDArray[np.float64], ahead: float = 0.0) -> NDArray[np.float64]:
    """An outline set across a path in the ground plane, the first axis level."""
    before, after = path[max(i - 1, 0)], path[min(i + 1, len(path) - 1)]
    along = (after - before) / np.linalg.norm(after - before)
    level = np.cross(along, (0, 0, 1.0))
    return np.asarray(path[i] + along * ahead + outline[:, :1] * level + outline[:, 1:] * np.cross(level, along))


@kind("bread", "面包", places=("dining", "kitchen"), size_m=((0.18, 0.09, 0.07), (0.32, 0.15, 0.14)))
def bread(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A loaf with slashes in its crust."""
    length, width, height = rng.uniform(0.21, 0.27), rng.uniform(0.105, 0.125), rng.uniform(0.08, 0.1)
    t = np.linspace(-1, 1, 60)
    scale = np.maximum(1 - np.abs(t) ** 3.2, 0.0) ** 0.42
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    outline = np.column_stack([np.cos(angle), np.sin(angle)])
    outline[:, 1] = np.where(outline[:, 1] < 0, outline[:, 1] * 0.45, outline[:, 1])
    slashes = np.linspace(-0.55, 0.55, int(rng.integers(3, 5)))
    sections = []
    for x, s in zip(t, scale, strict=True):
        ring = outline * (width / 2, height * 0.69) * max(s, 0.02)
        depth = 0.009 * np.exp(-(((x - slashes[:, None]) / 0.045) ** 2)).sum(axis=0)
        top = np.clip(outline[:, 1], 0, 1) ** 2
        ring[:, 1] -= depth * top * s
        sections.append(np.column_stack([np.full(48, x * length / 2), ring[:, 0], ring[:, 1]]))
    body = lumpy(loft(sections[::-1]), rng, 0.01)
    if body.normals()[len(body.faces) // 2, 2] * body.vertices[body.faces[len(body.faces) // 2, 0], 2] < 0:
        body = body.flipped()
    low = float(body.vertices[:, 2].min())
    crust = Material(
        (0.50, 0.27, 0.10),
        roughness=0.75,
        subsurface=0.05,
        bump=Bump(0.004, 0.0009),
        pattern=Pattern("mottle", (0.78, 0.55, 0.28), 0.03, 0.85),
    )
    return Model([Part(body.moved(z=-low), crust, 60)], symmetry="none")
