"""What surfaces are made of, in words that any renderer understands; engines turn them into their own shaders.

Colours are sRGB, 0–1. Lengths are metres.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Bump",
    "Colour",
    "Material",
    "Pattern",
    "Picture",
    "ceramic",
    "fabric",
    "glass",
    "metal",
    "paper",
    "plastic",
    "some_wood",
    "wood",
]

Colour: TypeAlias = tuple[float, float, float]


@dataclasses.dataclass(frozen=True)
class Bump:
    """Unevenness of a surface: noise of this size, as if this deep."""

    size: float
    depth: float
    kind: Literal["noise", "weave", "leather", "brushed"] = "noise"


@dataclasses.dataclass(frozen=True)
class Pattern:
    """A second colour within the surface (solid: it does not need `uv`).

    Attributes:
        kind: wood: glued boards grown along `axis`; planks: the same, laid end to end as on floors; mottle: soft clouds;
            speckle: small drops; marble: veins; stripes: bands across `axis`.
        colour: of the second.
        size: of its features, metres.
        amount: 0–1: how strongly it shows.
        axis: the object's own, along which wood grows and across which stripes lie.
        shift: metres; another one shows another piece of the same wood or stone.
    """

    kind: Literal["wood", "planks", "mottle", "speckle", "marble", "stripes"]
    colour: Colour
    size: float
    amount: float = 0.5
    axis: Literal["x", "y", "z"] = "x"
    shift: float = 0.0


@dataclasses.dataclass(frozen=True)
class Picture:
    """A painted surface: RGB rows from the top, laid on by `uv` (0, 0 = bottom left)."""

    pixels: bytes
    width: int
    height: int

    @classmethod
    def of(cls, rgb: NDArray[np.uint8]) -> Picture:
        """From H×W×3 uint8."""
        if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3:
            raise ValueError(f"expected H×W×3 uint8, found {rgb.dtype} {rgb.shape}")
        return cls(np.ascontiguousarray(rgb).tobytes(), rgb.shape[1], rgb.shape[0])


@dataclasses.dataclass(frozen=True)
class Material:
    """A physically based surface, as in the Disney / glTF vocabulary.

    Attributes:
        colour: what it reflects (metals: their tint; glass: what passes).
        coat: 0–1, a clear layer on top: glaze, varnish.
        sheen: 0–1, soft light at the rims of cloth.
        subsurface: 0–1, light that wanders inside: wax, fruit, skin.
        emission: light it gives off, W/m².
    """

    colour: Colour = (0.8, 0.8, 0.8)
    roughness: float = 0.5
    metallic: float = 0.0
    coat: float = 0.0
    coat_roughness: float = 0.05
    sheen: float = 0.0
    subsurface: float = 0.0
    transmission: float = 0.0
    ior: float = 1.45
    emission: float = 0.0
    bump: Bump | None = None
    pattern: Pattern | None = None
    picture: Picture | None = None


def ceramic(colour: Colour, *, speckled: Colour | None = None, matt: bool = False) -> Material:
    """Glazed (or matt) stoneware, barely uneven as thrown clay is; `speckled`: drops of that colour."""
    pattern = Pattern("speckle", speckled, 0.0022, 0.8) if speckled else None
    bump = Bump(0.012, 0.00012)
    if matt:
        return Material(colour, roughness=0.6, bump=bump, pattern=pattern)
    return Material(colour, roughness=0.22, coat=0.6, coat_roughness=0.06, bump=bump, pattern=pattern)


def plastic(colour: Colour, roughness: float = 0.32) -> Material:
    """Moulded plastic; 0.15 is glossy, 0.5 is matt."""
    return Material(colour, roughness=roughness)


def metal(colour: Colour = (0.78, 0.78, 0.77), roughness: float = 0.25, *, brushed: bool = False) -> Material:
    """Polished, or brushed along x."""
    return Material(colour, roughness=roughness, metallic=1.0, bump=Bump(0.0015, 0.00002, "brushed") if brushed else None)


def glass(tint: Colour = (0.97, 0.99, 0.98), roughness: float = 0.02) -> Material:
    """Clear or tinted glass; give vessels walls, for light is bent at each surface."""
    return Material(tint, roughness=roughness, transmission=1.0, ior=1.45)


def wood(
    light: Colour,
    dark: Colour,
    *,
    grain: float = 0.035,
    varnish: float = 0.25,
    axis: Literal["x", "y", "z"] = "x",
    shift: float = 0.0,
) -> Material:
    """Boards four times as wide as `grain`, grown along `axis`; `varnish` 0–1; `shift`: see `Pattern`."""
    return Material(
        light,
        roughness=0.45,
        coat=varnish,
        coat_roughness=0.2,
        pattern=Pattern("wood", dark, grain, 0.6, axis, shift),
    )


def some_wood(
    rng: np.random.Generator, tones: Sequence[tuple[Colour, Colour]], axis: Literal["x", "y", "z"] = "x", grain: float = 0.012
) -> Material:
    """A piece of one of several woods, given as (light, dark)."""
    light, dark = tones[int(rng.integers(len(tones)))]
    return wood(light, dark, grain=grain, axis=axis, shift=float(rng.uniform(0, 1)))


def fabric(colour: Colour, *, thread: float = 0.0016) -> Material:
    """Woven cloth."""
    return Material(colour, roughness=0.9, sheen=0.3, bump=Bump(thread, thread / 5, "weave"))


def paper(picture: Picture | None = None, colour: Colour = (0.93, 0.91, 0.86), gloss: float = 0.0) -> Material:
    """Paper or card, printed with `picture`; `gloss` 0–1 for coated stock."""
    return Material(colour, roughness=0.75 - 0.45 * gloss, coat=0.3 * gloss, picture=picture)
