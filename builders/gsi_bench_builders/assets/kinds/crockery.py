"""Mugs."""

from __future__ import annotations

import numpy as np

from gsi_bench_builders.assets.colours import NamedColour
from gsi_bench_builders.assets.kinds.tableware import decorated, vessel
from gsi_bench_builders.assets.library import Model, Part, kind
from gsi_bench_builders.assets.lines import fillet, polygon, spline
from gsi_bench_builders.assets.material import ceramic
from gsi_bench_builders.assets.solids import sweep


@kind(
    "mug",
    "马克杯",
    places=("dining", "kitchen", "desk", "coffee"),
    colours=("white", "red", "blue", "teal", "yellow", "green", "black", "pink"),
    size_m=((0.095, 0.07, 0.07), (0.15, 0.11, 0.13)),
)
def mug(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A thrown or moulded mug; the handle points to its right."""
    height, radius = rng.uniform(0.085, 0.11), rng.uniform(0.038, 0.046)
    foot, wall = radius * rng.uniform(0.72, 0.97), 0.004
    outside = [(0, 0.002), (foot - 0.006, 0.002), (foot - 0.004, 0), (foot, 0), (radius, height * 0.35), (radius, height)]
    inside = [(radius - wall, height), (radius - wall, height * 0.36), (foot - wall, 0.008), (0, 0.007)]
    profile = fillet(outside + inside, [0, 0, 0.001, 0.006, 0.05, 0.0019, 0.0019, 0.05, 0.01, 0], steps=6)
    reach, low, high = rng.uniform(0.026, 0.034), height * 0.2, height * 0.84
    path = spline(
        [(radius - 0.003, 0, high), (radius + reach * 0.75, 0, high + 0.002), (radius + reach, 0, (high + low) / 2),
         (radius + reach * 0.6, 0, low + 0.004), (radius - 0.004, 0, low + 0.002)], 40,
    )  # fmt: skip
    handle = sweep(path, polygon(20, 1.0) * (0.0075, 0.0048))
    painting = decorated(rng, colour)
    plain = painting if painting.picture is None else ceramic(colour.varied(rng, 0.01))
    lining = plain if rng.random() < 0.5 else ceramic((0.9, 0.88, 0.83))
    body, inner = vessel(profile, 72)
    return Model([Part(body, painting), Part(inner, lining), Part(handle, plain)])
