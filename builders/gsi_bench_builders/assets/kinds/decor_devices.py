"""Devices of the living room: cameras, speakers, remote controls."""

from __future__ import annotations

import numpy as np

from gsi_bench_builders.assets.artwork import mixed
from gsi_bench_builders.assets.colours import NamedColour
from gsi_bench_builders.assets.library import Model, Part, kind
from gsi_bench_builders.assets.lines import fillet, rounded_rectangle
from gsi_bench_builders.assets.material import Bump, Colour, Material, metal, plastic, wood
from gsi_bench_builders.assets.mesh import join
from gsi_bench_builders.assets.shapes import smooth_profile
from gsi_bench_builders.assets.solids import extrude, lathe, rounded_box


@kind(
    "camera",
    "相机",
    places=("desk", "coffee"),
    colours=("black", "silver", "brown"),
    size_m=((0.11, 0.07, 0.07), (0.17, 0.16, 0.13)),
    nameable=False,
)
def photo_camera(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A rangefinder; instructions speak of another camera, so it is never asked about."""
    w, h, deep = rng.uniform(0.125, 0.14), rng.uniform(0.07, 0.078), 0.034
    skin: dict[str, Colour] = {"black": (0.04, 0.04, 0.042), "silver": (0.06, 0.06, 0.06), "brown": (0.3, 0.17, 0.09)}
    body = extrude(rounded_rectangle(w, deep, 0.012, 8), h * 0.72, 0.001)
    plates = join(
        [
            extrude(rounded_rectangle(w, deep, 0.012, 8), h * 0.1, 0.002),
            extrude(rounded_rectangle(w, deep, 0.012, 8), h * 0.26, 0.003).moved(z=h * 0.74),
        ]
    )
    lens = (
        lathe(
            fillet(
                [
                    (0.026, 0),
                    (0.026, 0.014),
                    (0.024, 0.016),
                    (0.024, 0.03),
                    (0.026, 0.032),
                    (0.026, 0.04),
                    (0.022, 0.042),
                    (0.019, 0.036),
                    (0, 0.034),
                ],
                0.0012,
                3,
            ),
            56,
        )
        .turned(90, "x")
        .moved(w * 0.06, -deep / 2, h * 0.44)
    )
    front = (
        lathe(smooth_profile([(0.019, 0.0), (0.012, 0.003), (0, 0.0045)], 14), 40)
        .turned(90, "x")
        .moved(w * 0.06, -deep / 2 - 0.0355, h * 0.44)
    )
    dials = join(
        [
            lathe(fillet([(0.01, 0), (0.01, 0.007), (0, 0.007)], [0, 0.001, 0], 3), 32).moved(x, 0.003, h)
            for x in (-w * 0.34, w * 0.28)
        ]
    )
    button = lathe(fillet([(0.005, 0), (0.005, 0.004), (0, 0.004)], [0, 0.001, 0], 3), 24).moved(w * 0.4, 0.0, h)
    window = rounded_box(0.016, 0.003, 0.009, 0.001).moved(-w * 0.28, -deep / 2, h * 0.82)
    chrome = metal((0.75, 0.75, 0.74), 0.22) if colour.name != "black" else metal((0.06, 0.06, 0.06), 0.3)
    leather = Material(skin[colour.name], roughness=0.6, bump=Bump(0.0012, 0.0003, "leather"))
    dark = Material((0.02, 0.02, 0.03), roughness=0.05, coat=1.0)
    return Model(
        [
            Part(body.moved(z=h * 0.05), leather),
            Part(plates, chrome),
            Part(lens, metal((0.08, 0.08, 0.08), 0.3)),
            Part(front, dark),
            Part(join([dials, button]), chrome),
            Part(window, dark),
        ]
    )


@kind(
    "speaker",
    "音箱",
    places=("desk", "living"),
    colours=("black", "white", "red", "teal", "gray"),
    size_m=((0.08, 0.08, 0.1), (0.2, 0.2, 0.3)),
)
def speaker(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A bookshelf speaker with two cones."""
    w, d, h = rng.uniform(0.11, 0.14), rng.uniform(0.11, 0.14), rng.uniform(0.17, 0.22)
    box = rounded_box(w, d, h, 0.006)
    cones, rings, domes = [], [], []
    for r, z in ((w * 0.36, h * 0.36), (w * 0.2, h * 0.77)):
        cones.append(
            lathe(smooth_profile([(r, 0.0015), (r * 0.86, 0.003), (r * 0.6, -0.006), (r * 0.25, -0.011), (0, -0.011)], 24), 56)
            .turned(90, "x")
            .moved(0, -d / 2, z)
        )
        rings.append(
            lathe(
                fillet([(r * 0.98, 0), (r * 0.98, 0.003), (r * 1.1, 0.003), (r * 1.12, 0)], [0, 0.001, 0.001, 0], 3)[::-1], 56
            )
            .turned(90, "x")
            .moved(0, -d / 2, z)
        )
        domes.append(
            lathe(smooth_profile([(r * 0.28, -0.0105), (r * 0.18, -0.005), (0, -0.003)], 12), 36)
            .turned(90, "x")
            .moved(0, -d / 2, z)
        )
    coat = (
        wood((0.45, 0.27, 0.15), (0.28, 0.16, 0.08), grain=0.015, axis="z")
        if rng.random() < 0.3 and colour.name == "black"
        else Material(colour.varied(rng), roughness=0.35, coat=0.3)
    )
    return Model(
        [
            Part(box, coat),
            Part(join(cones), plastic((0.05, 0.05, 0.055), 0.6)),
            Part(join(rings), metal((0.7, 0.7, 0.7), 0.25)),
            Part(join(domes), metal((0.25, 0.25, 0.26), 0.3)),
        ]
    )


@kind(
    "remote control",
    "遥控器",
    places=("coffee", "living"),
    colours=("black", "white", "gray"),
    size_m=((0.03, 0.12, 0.01), (0.06, 0.22, 0.03)),
)
def remote_control(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Rows of buttons, a red one on top."""
    w, d, t = rng.uniform(0.042, 0.05), rng.uniform(0.155, 0.185), 0.017
    body = extrude(rounded_rectangle(w, d, 0.012, 8), t, 0.005, 5)
    keys = [
        extrude(rounded_rectangle(0.0085, 0.006, 0.002), 0.0018, 0.0006).moved(
            (c - 1) * 0.0125, d * 0.12 - r * 0.0115, t - 0.0003
        )
        for r in range(7)
        for c in range(3)
    ]
    pad = lathe(fillet([(0.0135, 0), (0.0135, 0.0016), (0, 0.0016)], [0, 0.0008, 0], 3), 40).moved(0, d * 0.27, t - 0.0003)
    power = lathe(fillet([(0.004, 0), (0.004, 0.0018), (0, 0.0018)], [0, 0.0006, 0], 3), 24).moved(
        -w * 0.25, d * 0.42, t - 0.0003
    )
    ground = colour.varied(rng, 0.02)
    key = plastic(mixed(ground, (0.5, 0.5, 0.5), 0.5), 0.5)
    return Model([Part(body, plastic(ground, 0.35)), Part(join([*keys, pad]), key), Part(power, plastic((0.75, 0.08, 0.06)))])
