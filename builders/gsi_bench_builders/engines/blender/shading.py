"""Materials as Cycles node trees."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np

from gsi_bench_builders.assets.material import Bump, Material, Pattern, Picture
from gsi_bench_builders.engines.blender.session import blender

__all__ = ["Shading", "linear"]


def linear(colour: tuple[float, float, float]) -> tuple[float, float, float, float]:
    """sRGB 0–1 -> linear RGBA, as Blender's sockets want it (IEC 61966-2-1)."""
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return r, g, b, 1.0


class Shading:
    """Blender materials of this session, each made once."""

    def __init__(self) -> None:
        self._made: dict[Material, Any] = {}

    def material(self, material: Material) -> Any:
        """The Blender material."""
        if material not in self._made:
            self._made[material] = _build(material)
        return self._made[material]


class _Tree:
    """A node tree under construction: nodes by type, links by name."""

    def __init__(self, tree: Any):
        self.tree = tree

    def node(self, kind: str, **inputs: Any) -> Any:
        made = self.tree.nodes.new(kind)
        for name, value in inputs.items():
            self.set(made.inputs[name.replace("_", " ")], value)
        return made

    def set(self, socket: Any, value: Any) -> None:
        if hasattr(value, "is_output"):
            self.tree.links.new(value, socket)
        else:
            socket.default_value = value


def _build(material: Material) -> Any:
    bpy = blender()
    made = bpy.data.materials.new("material")
    made.use_nodes = True
    tree = _Tree(made.node_tree)
    shader = made.node_tree.nodes["Principled BSDF"]
    colour = linear(material.colour)
    values = {
        "Base Color": colour,
        "Roughness": material.roughness,
        "Metallic": material.metallic,
        "Coat Weight": material.coat,
        "Coat Roughness": material.coat_roughness,
        "Sheen Weight": material.sheen,
        "Subsurface Weight": material.subsurface,
        "Transmission Weight": material.transmission,
        "IOR": material.ior,
        "Emission Color": colour,
        "Emission Strength": material.emission,
    }
    for name, value in values.items():
        shader.inputs[name].default_value = value
    if material.subsurface:
        shader.inputs["Subsurface Radius"].default_value = (1.0, 0.35, 0.2)
        shader.inputs["Subsurface Scale"].default_value = 0.01
    place = tree.node("ShaderNodeTexCoord").outputs["Object"]
    if material.picture:
        picture = _picture(tree, material.picture)
        tree.set(shader.inputs["Base Color"], picture)
        if material.emission:
            tree.set(shader.inputs["Emission Color"], picture)
    elif material.pattern:
        if material.pattern.shift and material.pattern.kind not in ("wood", "planks"):
            moved = [material.pattern.shift] * 3
            place_of = tree.node("ShaderNodeMapping", Vector=place, Location=moved).outputs[0]
        else:
            place_of = place
        tree.set(
            shader.inputs["Base Color"], _PATTERNS[material.pattern.kind](tree, place_of, material.colour, material.pattern)
        )
    if material.bump:
        tree.set(shader.inputs["Normal"], _bump(tree, place, material.bump))
    if material.transmission > 0.5:
        _let_light_through(tree, shader, material)
    return made


def _let_light_through(tree: _Tree, shader: Any, material: Material) -> None:
    """Glass passes shadow and diffuse rays straight: without caustics all that stands in it or under it would be black."""
    path = tree.node("ShaderNodeLightPath")
    either = tree.tree.nodes.new("ShaderNodeMath")
    either.operation = "MAXIMUM"
    tree.set(either.inputs[0], path.outputs["Is Shadow Ray"])
    tree.set(either.inputs[1], path.outputs["Is Diffuse Ray"])
    mix = tree.tree.nodes.new("ShaderNodeMixShader")
    clear = tree.node("ShaderNodeBsdfTransparent", Color=linear(material.colour))
    tree.set(mix.inputs[0], either.outputs[0])
    tree.set(mix.inputs[1], shader.outputs[0])
    tree.set(mix.inputs[2], clear.outputs[0])
    out = next(n for n in tree.tree.nodes if n.type == "OUTPUT_MATERIAL")
    tree.set(out.inputs["Surface"], mix.outputs[0])


def _picture(tree: _Tree, picture: Picture) -> Any:
    bpy = blender()
    name = hashlib.sha256(picture.pixels).hexdigest()[:32]
    image = bpy.data.images.get(name)
    if image is None:
        image = bpy.data.images.new(name, picture.width, picture.height)
        rgb = np.frombuffer(picture.pixels, dtype=np.uint8).reshape(picture.height, picture.width, 3)[::-1]
        rgba = np.concatenate([rgb, np.full((*rgb.shape[:2], 1), 255, dtype=np.uint8)], axis=2)
        image.pixels.foreach_set((rgba.astype(np.float32) / 255).ravel())
        image.pack()
    node = tree.node("ShaderNodeTexImage")
    node.image = image
    return node.outputs["Color"]


def _mix(tree: _Tree, factor: Any, first: Any, second: Any) -> Any:
    node = tree.tree.nodes.new("ShaderNodeMix")
    node.data_type = "RGBA"
    tree.set(node.inputs[0], factor)
    tree.set(node.inputs[6], first)
    tree.set(node.inputs[7], second)
    return node.outputs[2]


def _range(tree: _Tree, value: Any, low: float, high: float, amount: float) -> Any:
    """`value` between `low` and `high` stretched to 0 … `amount`, clamped."""
    node = tree.node("ShaderNodeMapRange", Value=value, From_Min=low, From_Max=high, To_Max=amount)
    return node.outputs["Result"]


def _noise(tree: _Tree, place: Any, size: float, detail: float = 3.0, distortion: float = 0.0) -> Any:
    return tree.node("ShaderNodeTexNoise", Vector=place, Scale=1 / size, Detail=detail, Distortion=distortion).outputs[0]


def _stretched(tree: _Tree, place: Any, axis: str, by: float) -> Any:
    """Coordinates in which features are `by` times longer along an axis."""
    scale = [1 / by if name == axis else 1.0 for name in "xyz"]
    return tree.node("ShaderNodeMapping", Vector=place, Scale=scale).outputs[0]


def _math(tree: _Tree, operation: str, *values: Any) -> Any:
    node = tree.tree.nodes.new("ShaderNodeMath")
    node.operation = operation
    for socket, value in zip(node.inputs, values, strict=False):
        tree.set(socket, value)
    return node.outputs[0]


def _sum(tree: _Tree, *terms: tuple[float, Any]) -> Any:
    """Sum of factor · value."""
    total: Any = 0.0
    for factor, value in terms:
        total = _math(tree, "MULTIPLY_ADD", value, factor, total)
    return total


def _vector(tree: _Tree, x: Any, y: Any, z: Any) -> Any:
    return tree.node("ShaderNodeCombineXYZ", X=x, Y=y, Z=z).outputs[0]


def _chance(tree: _Tree, x: Any, y: Any, z: Any = 0.0) -> Any:
    """Three numbers 0–1 that belong to a point."""
    node = tree.node("ShaderNodeTexWhiteNoise", Vector=_vector(tree, x, y, z))
    return tree.node("ShaderNodeSeparateColor", Color=node.outputs["Color"]).outputs


def _wood(tree: _Tree, place: Any, colour: Any, pattern: Pattern, length: float | None = None) -> Any:
    """Boards sawn from different places of a trunk: the rings of each are cones around a pith that lies outside of it.

    Args:
        length: of boards laid end to end; None: they have no end.
    """
    size, width = pattern.size, 4 * pattern.size
    axes = tree.node("ShaderNodeSeparateXYZ", Vector=place).outputs
    along, across, deep = (axes["XYZ".index(name)] for name in {"x": "XYZ", "y": "YXZ", "z": "ZXY"}[pattern.axis])
    row = _math(tree, "FLOOR", _sum(tree, (1 / width, across), (1.0, 0.37 + pattern.shift)))
    piece: Any = 0.0
    joint = _edge(tree, _sum(tree, (1.0, across), (1.0, (0.37 + pattern.shift) * width)), width, size * 0.016)
    if length:
        start = _chance(tree, row, pattern.shift, 5.0)[0]
        placed = _sum(tree, (1.0, along), (length, start))
        piece = _math(tree, "FLOOR", _math(tree, "DIVIDE", placed, length))
        joint = _math(tree, "MAXIMUM", joint, _edge(tree, placed, length, size * 0.016))
    aside, tone, start = _chance(tree, row, piece, pattern.shift)
    # In the board's own trunk
    a = _sum(tree, (1.0, along), (40.0, start))
    b = _sum(tree, (1.0, _math(tree, "WRAP", _sum(tree, (1.0, across), (1.0, (0.37 + pattern.shift) * width)), width, 0.0)),
             (-1.6 * width, aside), (0.3 * width, 1.0))  # fmt: skip
    c = _sum(tree, (1.0, _math(tree, "PINGPONG", deep, 3 * size)), (size, tone), (0.5 * size, 1.0), (0.008, a))
    slow = _noise(tree, _vector(tree, _sum(tree, (1 / 14, a)), b, c), size * 1.3, detail=3.0)
    radius = _math(tree, "SQRT", _math(tree, "ADD", _math(tree, "MULTIPLY", b, b), _math(tree, "MULTIPLY", c, c)))
    rings = _sum(tree, (1 / (0.24 * size), radius), (5.5, slow))
    late = _late_wood(tree, rings)
    fibre = _noise(tree, _vector(tree, _sum(tree, (1 / 55, a)), b, c), size * 0.055, detail=4.0)
    broad = _noise(tree, _vector(tree, _sum(tree, (1 / 9, a)), b, c), size * 3, detail=2.0)
    mixed = _sum(tree, (0.42, late), (0.5, _range(tree, fibre, 0.38, 0.72, 1.0)), (0.3, _range(tree, broad, 0.35, 0.65, 1.0)),
                 (0.45, tone), (-0.22, 1.0))  # fmt: skip
    amount = _math(tree, "MULTIPLY", _math(tree, "MINIMUM", _math(tree, "MAXIMUM", mixed, 0.0), 1.3), pattern.amount * 1.45)
    grown = _mix(tree, amount, linear(colour), linear(pattern.colour))
    dark = linear((pattern.colour[0] * 0.45, pattern.colour[1] * 0.42, pattern.colour[2] * 0.4))
    return _mix(tree, _math(tree, "MULTIPLY", joint, 0.75 if length else 0.3), grown, dark)


def _late_wood(tree: _Tree, rings: Any) -> Any:
    """0–1 over a year: rises slowly, ends at once, and not every year alike."""
    year = _math(tree, "FRACT", rings)
    rise = tree.node("ShaderNodeMapRange", Value=year, From_Min=0.25, From_Max=0.92)
    fall = tree.node("ShaderNodeMapRange", Value=year, From_Min=1.0, From_Max=0.93)
    rise.interpolation_type = fall.interpolation_type = "SMOOTHSTEP"
    strong = _chance(tree, _math(tree, "FLOOR", rings), 3.0)[0]
    both = _math(tree, "MULTIPLY", rise.outputs[0], fall.outputs[0])
    return _math(tree, "MULTIPLY", both, _sum(tree, (0.65, strong), (0.35, 1.0)))


def _edge(tree: _Tree, value: Any, period: float, width: float) -> Any:
    """1 within half of `width` around each multiple of a period."""
    off = _math(tree, "PINGPONG", value, period / 2)
    return _math(tree, "LESS_THAN", off, width / 2)


def _planks(tree: _Tree, place: Any, colour: Any, pattern: Pattern) -> Any:
    return _wood(tree, place, colour, pattern, length=36 * pattern.size)


def _mottle(tree: _Tree, place: Any, colour: Any, pattern: Pattern) -> Any:
    clouds = _range(tree, _noise(tree, place, pattern.size, detail=4.0), 0.35, 0.68, pattern.amount)
    return _mix(tree, clouds, linear(colour), linear(pattern.colour))


def _speckle(tree: _Tree, place: Any, colour: Any, pattern: Pattern) -> Any:
    drops = tree.node("ShaderNodeTexVoronoi", Vector=place, Scale=1 / (pattern.size * 2.4)).outputs["Distance"]
    edge = 0.05 + 0.3 * pattern.amount
    thinned = _noise(tree, place, pattern.size * 5, detail=1.0)
    near = _range(tree, drops, edge, edge * 0.6, 1.0)
    some = _range(tree, thinned, 0.5, 0.56, 0.9)
    node = tree.tree.nodes.new("ShaderNodeMath")
    node.operation = "MULTIPLY"
    tree.set(node.inputs[0], near)
    tree.set(node.inputs[1], some)
    return _mix(tree, node.outputs[0], linear(colour), linear(pattern.colour))


def _marble(tree: _Tree, place: Any, colour: Any, pattern: Pattern) -> Any:
    veins = _noise(tree, place, pattern.size, detail=8.0, distortion=1.6)
    node = tree.tree.nodes.new("ShaderNodeMath")  # a vein is where the noise passes through its middle
    node.operation = "COMPARE"
    for socket, value in zip(node.inputs, (veins, 0.5, 0.012), strict=True):
        tree.set(socket, value)
    soft = _range(tree, _noise(tree, place, pattern.size * 1.7, detail=6.0, distortion=1.0), 0.45, 0.75, pattern.amount * 0.6)
    clouded = _mix(tree, soft, linear(colour), linear(pattern.colour))
    thin = _range(tree, node.outputs[0], 0.0, 1.0, pattern.amount)
    return _mix(tree, thin, clouded, linear(pattern.colour))


def _stripes(tree: _Tree, place: Any, colour: Any, pattern: Pattern) -> Any:
    # A wave of `Scale` s has s·10/π periods a unit; stripe and gap are one period.
    wave = tree.node("ShaderNodeTexWave", Vector=place, Scale=np.pi / 20 / pattern.size)
    wave.bands_direction = pattern.axis.upper()
    sharp = _range(tree, wave.outputs[1], 0.5 - 0.02, 0.5 + 0.02, pattern.amount)
    return _mix(tree, sharp, linear(colour), linear(pattern.colour))


_PATTERNS: dict[str, Callable[[_Tree, Any, Any, Pattern], Any]] = {
    "wood": _wood,
    "planks": _planks,
    "mottle": _mottle,
    "speckle": _speckle,
    "marble": _marble,
    "stripes": _stripes,
}


def _bump(tree: _Tree, place: Any, bump: Bump) -> Any:
    if bump.kind == "weave":
        height = _weave(tree, place, bump.size)
    elif bump.kind == "leather":
        height = tree.node("ShaderNodeTexVoronoi", Vector=place, Scale=1 / bump.size).outputs["Distance"]
    else:
        where = _stretched(tree, place, "x", 60.0) if bump.kind == "brushed" else place
        height = _noise(tree, where, bump.size, detail=1.0)  # evaluated thrice a bump: octaves cost more than they show
    return tree.node("ShaderNodeBump", Strength=1.0, Distance=bump.depth, Height=height).outputs["Normal"]


def _weave(tree: _Tree, place: Any, thread: float) -> Any:
    """Threads both ways: the sum of two waves."""
    waves = []
    for direction in ("X", "Z", "Y"):
        wave = tree.node("ShaderNodeTexWave", Vector=place, Scale=np.pi / 20 / thread)
        wave.bands_direction = direction
        waves.append(wave.outputs[1])
    total = waves[0]
    for other in waves[1:]:
        node = tree.tree.nodes.new("ShaderNodeMath")
        tree.set(node.inputs[0], total)
        tree.set(node.inputs[1], other)
        total = node.outputs[0]
    return total
