"""Machines on desks: computers and what belongs to them, phones, lamps."""

from __future__ import annotations

import math

import numpy as np

from gsi_bench_builders.assets.artwork import INK, Canvas, mixed, shade
from gsi_bench_builders.assets.colours import COLOURS, NamedColour
from gsi_bench_builders.assets.library import Model, Part, kind, standing
from gsi_bench_builders.assets.lines import fillet, rounded_rectangle
from gsi_bench_builders.assets.material import Colour, Material, Picture, metal, plastic
from gsi_bench_builders.assets.mesh import Mesh, join
from gsi_bench_builders.assets.shapes import decal, keycap, smooth_profile
from gsi_bench_builders.assets.solids import extrude, lathe, loft, rounded_box, tube

ALUMINIUM: Colour = (0.72, 0.73, 0.74)


COVERS = ("red", "blue", "green", "yellow", "orange", "teal", "purple", "black", "white", "brown")


def _screen(rng: np.random.Generator, width: int, height: int) -> Picture:
    """An invented desktop: a landscape, a window, a bar of tiles."""
    canvas = Canvas(width, height)
    sky = COLOURS[("blue", "teal", "purple", "orange")[int(rng.integers(4))]].rgb
    canvas.gradient(mixed(sky, (1, 1, 1), 0.15), mixed(sky, (1.0, 0.85, 0.7), 0.65))
    canvas.disc(width * rng.uniform(0.2, 0.8), height * 0.4, height * 0.11, (1.0, 0.93, 0.8))
    for layer in range(4):
        across = np.linspace(0, width, 30)
        top = height * (0.52 + 0.12 * layer) + height * 0.07 * np.sin(across / width * rng.uniform(4, 9) + rng.uniform(0, 6))
        points = [*zip(across.tolist(), top.tolist(), strict=True), (float(width), float(height)), (0.0, float(height))]
        canvas.shape(points, shade(sky, 0.75 - 0.17 * layer))
    if rng.random() < 0.7:
        x, y, w, h = width * 0.12, height * 0.14, width * 0.52, height * 0.58
        canvas.box(x, y, w, h, (0.97, 0.97, 0.98), 6)
        canvas.box(x, y, w, 14, (0.86, 0.87, 0.9), 6)
        for dot, tint in enumerate(((0.9, 0.3, 0.3), (0.95, 0.75, 0.25), (0.3, 0.75, 0.35))):
            canvas.disc(x + 10 + 11 * dot, y + 7, 3.2, tint)
        for line in range(9):
            canvas.box(x + 14, y + 26 + line * (h - 40) / 9, w * rng.uniform(0.35, 0.85), 5, mixed(INK, (1, 1, 1), 0.45), 2)
    for tile in range(8):
        canvas.box(width * 0.3 + tile * width * 0.05, height * 0.93, width * 0.036, height * 0.05, COLOURS[COVERS[tile]].rgb, 4)
    return canvas.picture()


def _keys(columns: int, rows: int, pitch: float, z: float) -> Mesh:
    """A field of keys centred on the origin, the last row with a space bar."""
    keys = []
    for row in range(rows):
        y = (rows - 1) / 2 * pitch - row * pitch
        widths = [1.0] * columns
        if row == rows - 1:
            side = (columns - 6) // 2
            widths = [1.0] * side + [6.0] + [1.0] * (columns - 6 - side)
        x = -sum(widths) / 2 * pitch
        for width in widths:
            keys.append(keycap(width * pitch - 0.0022, pitch - 0.0022, 0.0026, 0.9).moved(x + width * pitch / 2, y, z))
            x += width * pitch
    return join(keys)


@kind(
    "laptop",
    "笔记本电脑",
    places=("desk", "coffee"),
    colours=("silver", "gray", "black"),
    size_m=((0.28, 0.20, 0.17), (0.38, 0.36, 0.28)),
)
def laptop(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Open, its screen lit."""
    w, d = rng.uniform(0.30, 0.345), rng.uniform(0.205, 0.235)
    lean = rng.uniform(12, 26)
    shells: dict[str, Colour] = {"silver": ALUMINIUM, "gray": (0.35, 0.36, 0.38), "black": (0.05, 0.05, 0.055)}
    shell = metal(shells[colour.name], 0.32)
    base = extrude(rounded_rectangle(w, d, 0.012), 0.0145, 0.003)
    deck = extrude(rounded_rectangle(w * 0.86, d * 0.42, 0.005), 0.0006, 0.0).moved(0, d * 0.14, 0.0143)
    keys = _keys(14, 5, w * 0.84 / 14, 0.0147).moved(0, d * 0.14, 0)
    pad = extrude(rounded_rectangle(w * 0.36, d * 0.3, 0.005), 0.0004, 0.0).moved(0, -d * 0.29, 0.0143)
    panel = extrude(rounded_rectangle(w, d * 0.96, 0.012), 0.006, 0.002)
    glass_face = extrude(rounded_rectangle(w - 0.008, d * 0.96 - 0.008, 0.009), 0.0006, 0.0).moved(0, 0, 0.0058)
    picture = decal(w * 0.94, d * 0.86, 0.0).moved(0, 0.004, 0.0066)
    hinge = tube([(-w * 0.38, d / 2 - 0.004, 0.012), (w * 0.38, d / 2 - 0.004, 0.012)], 0.0058, 20)

    def standing(mesh: Mesh) -> Mesh:  # from lying face up, its lower edge at the hinge
        return mesh.moved(0, d * 0.48, 0).turned(90 - lean, "x").moved(0, d / 2 - 0.004, 0.0135)

    lit = Material((1, 1, 1), roughness=0.25, emission=0.55, picture=_screen(rng, 480, round(480 * d * 0.86 / (w * 0.94))))
    black = plastic((0.02, 0.02, 0.022), 0.2)
    cap = plastic((0.045, 0.045, 0.05) if rng.random() < 0.75 else (0.8, 0.8, 0.8), 0.5)
    return Model(
        [
            Part(base, shell),
            Part(deck, plastic(shade(shells[colour.name], 0.5), 0.5)),
            Part(keys, cap),
            Part(pad, metal(shade(shells[colour.name], 0.93), 0.4)),
            Part(standing(panel), shell),
            Part(standing(glass_face), black),
            Part(standing(picture), lit, 0.0),
            Part(hinge, plastic((0.05, 0.05, 0.05))),
        ]
    )


@kind(
    "keyboard",
    "键盘",
    places=("desk",),
    colours=("white", "black", "gray", "pink", "teal"),
    size_m=((0.26, 0.10, 0.015), (0.46, 0.17, 0.05)),
)
def keyboard(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Rows of keys, some of them in an accent colour, on a slightly raised board."""
    columns = int(rng.integers(15, 18))
    pitch, rows = 0.0188, 6
    w, d = columns * pitch + 0.014, rows * pitch + 0.016
    tilt = rng.uniform(3, 6)
    body = extrude(rounded_rectangle(w, d, 0.008), 0.015, 0.004)
    ground = colour.varied(rng, 0.02)
    keys = [
        keycap(pitch - 0.0016, pitch - 0.0016, 0.0085, 0.78).moved(
            -w / 2 + 0.007 + (c + 0.5) * pitch, d / 2 - 0.008 - (r + 0.5) * pitch, 0.013
        )
        for r in range(rows)
        for c in range(columns)
        if not (r == rows - 1 and 3 < c < 10)
    ]
    bar = keycap(6 * pitch - 0.0016, pitch - 0.0016, 0.0085, 0.92).moved(
        -w / 2 + 0.007 + 7 * pitch, d / 2 - 0.008 - (rows - 0.5) * pitch, 0.013
    )
    accent = [k for n, k in enumerate(keys) if n % columns in (0, columns - 1)]
    plain = [k for n, k in enumerate(keys) if n % columns not in (0, columns - 1)]
    tints: tuple[Colour, ...] = (shade(ground, 0.7), (0.85, 0.4, 0.15), (0.2, 0.45, 0.55))
    key = shade(ground, 1.05) if sum(ground) < 2 else (0.95, 0.95, 0.94)
    parts = [
        Part(body, plastic(shade(ground, 0.85), 0.4)),
        Part(join([*plain, bar]), plastic(key, 0.5)),
        Part(join(accent), plastic(tints[int(rng.integers(3))], 0.5)),
    ]
    lifted = [Part(p.mesh.turned(tilt, "x"), p.material) for p in parts]
    # Two feet fold out at its back, and lift it.
    rise = d * 0.45 * math.sin(math.radians(tilt)) * 2 + 0.002
    feet = join([rounded_box(0.03, 0.008, rise, 0.001).moved(x * w * 0.4, d * 0.43, 0) for x in (-1, 1)])
    parts = standing(lifted)
    return Model([*parts, Part(feet, plastic((0.1, 0.1, 0.1), 0.6))])


@kind(
    "computer mouse",
    "鼠标",
    places=("desk",),
    colours=("black", "white", "gray", "red", "blue", "pink"),
    size_m=((0.05, 0.09, 0.025), (0.08, 0.14, 0.06)),
)
def computer_mouse(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Two buttons and a wheel; it points away from the viewer's side."""
    w, d, h = rng.uniform(0.058, 0.066), rng.uniform(0.102, 0.116), rng.uniform(0.034, 0.041)
    outline = rounded_rectangle(w, d, w * 0.49, 12)
    sections = []
    for t in np.linspace(0, 1, 26):
        scale = math.cos(t * math.pi / 2) ** 0.42
        ring = np.column_stack([outline * max(scale, 0.001), np.full(len(outline), h * math.sin(t * math.pi / 2))])
        ring[:, 2] *= 1 - 0.16 * (ring[:, 1] / d) - 0.18 * (2 * ring[:, 1] / d) ** 2
        ring[:, 0] *= 1 - 0.1 * np.cos(ring[:, 1] / d * 2 * math.pi)
        sections.append(ring)
    body = loft(sections)
    slit = np.array([(0.0, y, 0.0) for y in np.linspace(d * 0.06, d * 0.43, 14)])
    slit[:, 2] = [
        h * (1 - 0.16 * (y / d) - 0.18 * (2 * y / d) ** 2) * math.sqrt(max(1 - (2 * y / d) ** 2.6, 0)) + 0.0003
        for y in slit[:, 1]
    ]
    line = tube(slit, 0.0008, 8)
    wheel = lathe(fillet([(0.0, -0.0035), (0.009, -0.0035), (0.009, 0.0035), (0.0, 0.0035)], [0, 0.0015, 0.0015, 0], 4), 36)
    wheel = wheel.turned(90, "y").moved(0, d * 0.27, float(np.interp(d * 0.27, slit[:, 1], slit[:, 2])) - 0.004)
    coat = plastic(colour.varied(rng), rng.uniform(0.25, 0.5))
    dark = plastic((0.04, 0.04, 0.045) if sum(colour.rgb) > 0.4 else (0.35, 0.35, 0.36), 0.5)
    return Model([Part(body, coat, 60), Part(line, dark), Part(wheel, dark)])


@kind(
    "desk lamp",
    "台灯",
    places=("desk",),
    colours=("black", "white", "red", "yellow", "teal", "green"),
    size_m=((0.14, 0.2, 0.28), (0.24, 0.4, 0.5)),
)
def desk_lamp(rng: np.random.Generator, colour: NamedColour) -> Model:
    """A jointed lamp that leans over to the viewer."""
    r = rng.uniform(0.075, 0.09)
    enamel = Material(colour.varied(rng), roughness=0.25, coat=0.7)
    base = lathe(
        fillet(
            [(0, 0), (r, 0), (r, 0.012), (r * 0.35, 0.02), (0.009, 0.026), (0, 0.026)], [0, 0.003, 0.006, 0.01, 0.003, 0], 5
        ),
        64,
    )
    elbow = np.array([0, rng.uniform(0.06, 0.09), rng.uniform(0.19, 0.23)])
    wrist = elbow + np.array([0, -rng.uniform(0.15, 0.19), rng.uniform(0.11, 0.15)])
    arms = join([tube([(0, 0, 0.02), elbow.tolist()], 0.0058, 16), tube([elbow.tolist(), wrist.tolist()], 0.0058, 16)])
    joints = join(
        [
            lathe(fillet([(0, -0.009), (0.011, -0.009), (0.011, 0.009), (0, 0.009)], [0, 0.002, 0.002, 0], 3), 28)
            .turned(90, "y")
            .moved(*p)
            for p in (elbow.tolist(), wrist.tolist())
        ]
    )
    rim, depth = rng.uniform(0.062, 0.074), rng.uniform(0.085, 0.105)
    outside = smooth_profile([(rim, 0.0), (rim * 0.92, depth * 0.35), (rim * 0.5, depth * 0.8), (0.018, depth)], 26)
    inside = smooth_profile(
        [(0.016, depth - 0.003), (rim * 0.48, depth * 0.78), (rim * 0.9, depth * 0.34), (rim - 0.002, 0.0)], 26
    )
    tip = rng.uniform(18, 35)

    def hung(mesh: Mesh) -> Mesh:
        return mesh.moved(0, 0, -depth * 0.85).turned(-tip, "x").moved(*(wrist + np.array([0, -0.018, 0.004])).tolist())

    shade_mesh = hung(lathe(np.concatenate([outside, [(0, depth)]]), 64))
    lining = hung(lathe(inside[::-1], 64).flipped())
    bulb = hung(lathe(smooth_profile([(0, 0.012), (0.018, 0.022), (0.022, 0.038), (0.012, 0.062), (0.01, 0.075)], 22), 40))
    white = Material((0.93, 0.92, 0.88), roughness=0.5)
    glow = Material((1.0, 0.86, 0.62), roughness=0.4, emission=6.0)
    steel = metal((0.7, 0.7, 0.7), 0.25)
    return Model(
        [
            Part(base, enamel),
            Part(arms, steel if rng.random() < 0.5 else enamel),
            Part(joints, steel),
            Part(shade_mesh, enamel, 50),
            Part(lining, white, 50),
            Part(bulb, glow),
        ]
    )


@kind(
    "phone",
    "手机",
    places=("desk", "coffee"),
    colours=("black", "white", "blue", "red", "green"),
    size_m=((0.06, 0.12, 0.006), (0.09, 0.18, 0.014)),
)
def phone(rng: np.random.Generator, colour: NamedColour) -> Model:
    """Lying, its screen lit."""
    w, d = rng.uniform(0.069, 0.076), rng.uniform(0.143, 0.158)
    frame = extrude(rounded_rectangle(w, d, 0.011, 8), 0.0082, 0.003, 5)
    face = extrude(rounded_rectangle(w - 0.003, d - 0.003, 0.0095, 8), 0.0004, 0.0).moved(0, 0, 0.0081)
    canvas = Canvas(220, round(220 * d / w))
    tint = COLOURS[("blue", "purple", "teal", "orange", "pink")[int(rng.integers(5))]].rgb
    canvas.gradient(mixed(tint, (1, 1, 1), 0.25), shade(tint, 0.5))
    canvas.fitted(110, canvas.height * 0.16, f"{int(rng.integers(8, 20))}:{int(rng.integers(10, 59))}", 120, 44, (1, 1, 1))
    for row in range(5):
        for column in range(4):
            canvas.box(
                24 + column * 46, canvas.height * 0.3 + row * 50, 33, 33, COLOURS[COVERS[(row * 4 + column * 3) % 10]].rgb, 8
            )
    screen = decal(w - 0.007, d - 0.007).moved(0, 0, 0.0087)
    glow = Material((1, 1, 1), roughness=0.1, emission=0.35, picture=canvas.picture())
    return Model(
        [Part(frame, metal(colour.varied(rng), 0.25)), Part(face, plastic((0.02, 0.02, 0.02), 0.1)), Part(screen, glow, 0.0)]
    )
