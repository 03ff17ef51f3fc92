"""The library of embedded assets: kinds by name, and one asset for every key `embedded:<kind>:<seed>`.

A kind is a function from a seeded generator and a colour to a `Model`. It is registered by the decorator `kind` in one of the
modules of `gsi_bench_builders.assets.kinds`. The same key gives the same asset everywhere.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import pkgutil
import zlib
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from gsi_bench_builders.assets.colours import COLOURS, NamedColour
from gsi_bench_builders.assets.material import Material
from gsi_bench_builders.assets.mesh import Mesh
from gsi_bench_builders.scene import AssetInfo, Hold, Receptacle, Symmetry, Vector3

__all__ = ["Asset", "Kind", "Model", "Part", "asset", "asset_key", "kind", "kinds", "open_source", "standing"]

SOURCE = "embedded"


@dataclasses.dataclass(frozen=True, eq=False)
class Part:
    """A piece of an asset: one surface, one material.

    Attributes:
        smooth_deg: edges between faces that meet at a smaller angle are shaded round; 0: every face is flat.
    """

    mesh: Mesh
    material: Material
    smooth_deg: float = 35.0


def standing(parts: Iterable[Part]) -> list[Part]:
    """Parts lifted or lowered together until the lowest point is on z = 0."""
    parts = list(parts)
    low = min(float(part.mesh.vertices[:, 2].min()) for part in parts)
    return [dataclasses.replace(part, mesh=part.mesh.moved(z=-low)) for part in parts]


@dataclasses.dataclass(frozen=True)
class Model:
    """What a kind's function returns: parts in the object's own axes (front faces -y, stands on z = 0), metres.

    Attributes:
        symmetry: turns about its vertical that leave it looking the same, for this look: a printed can is "none", a bare
            one "continuous".
        receptacle: where others can stand on or in it, in the same coordinates as the parts.
        rolls: whether it would roll away on a level surface.
    """

    parts: Sequence[Part]
    symmetry: Symmetry = "none"
    receptacle: Receptacle | None = None
    rolls: bool = False


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of household object.

    Attributes:
        name, name_zh: noun, lower case, singular.
        places: where it is found: on a table (dining, coffee, kitchen, desk, dressing, bathroom, living), or in a room
            (apartment, washroom): tables are laid with the former alone.
        colours: names out of `COLOURS` that its looks come in; empty where no colour word fits ("an open book").
        is_coloured: whether the colour is that of the whole, so that words may use it; a green plant in a gray pot is not gray.
        size_m: smallest and largest (width, depth, height) of real ones.
        nameable: False for a word that instructions use otherwise.
        make: the function.
        hold, also, mirror: see `AssetInfo`.
    """

    name: str
    name_zh: str
    places: tuple[str, ...]
    colours: tuple[str, ...]
    size_m: tuple[Vector3, Vector3]
    make: Callable[[np.random.Generator, NamedColour], Model]
    nameable: bool = True
    hold: Hold = "free"
    also: tuple[tuple[str, str], ...] = ()
    mirror: bool = False
    is_coloured: bool = True


@dataclasses.dataclass(frozen=True, eq=False)
class Asset:
    """An asset ready to be drawn: parts around the centre of their box."""

    info: AssetInfo
    parts: tuple[Part, ...]

    def points(self) -> NDArray[np.float64]:
        """All vertices, own axes, around the centre of the box, n×3."""
        return np.concatenate([part.mesh.vertices for part in self.parts])


_KINDS: dict[str, Kind] = {}
_OPENED: dict[str, Callable[[str], Asset]] = {}


def kind(
    name: str,
    name_zh: str,
    *,
    places: Iterable[str],
    colours: Iterable[str] = (),
    size_m: tuple[Vector3, Vector3],
    nameable: bool = True,
    hold: Hold = "free",
    also: Iterable[tuple[str, str]] = (),
    mirror: bool = False,
    is_coloured: bool = True,
) -> Callable[[Callable[[np.random.Generator, NamedColour], Model]], Callable[[np.random.Generator, NamedColour], Model]]:
    """Registers the function below it as a kind; see `Kind` for the arguments."""

    def register(make: Callable[[np.random.Generator, NamedColour], Model]) -> Callable[..., Model]:
        if name in _KINDS and _KINDS[name].make.__module__ != make.__module__:
            raise ValueError(f"two kinds are called {name!r}")
        _KINDS[name] = Kind(
            name, name_zh, tuple(places), tuple(colours), size_m, make, nameable, hold, tuple(also), mirror, is_coloured
        )
        return make

    return register


def kinds() -> dict[str, Kind]:
    """All kinds by name, sorted."""
    _load_kinds()
    return dict(sorted(_KINDS.items()))


def asset_key(kind_name: str, seed: int) -> str:
    """The key of one asset of a kind."""
    return f"{SOURCE}:{kind_name}:{seed}"


def open_source(name: str, read: Callable[[str], Asset]) -> None:
    """Makes keys `<name>:...` known to `asset` in this process.

    Args:
        name: of the source; the one that was opened last under a name counts.
        read: the asset of such a key; raises `KeyError` or `ModelFileError`.
    """
    if name == SOURCE:
        raise ValueError(f"keys {SOURCE}:... are those of this library")
    _OPENED[name] = read


def asset(key: str) -> Asset:
    """The asset of a key, of this library or of a source that was opened.

    Raises:
        KeyError: not a key of any of them.
        ModelFileError: the files of an opened source cannot be used.
    """
    source = key.partition(":")[0]
    return _OPENED[source](key) if source in _OPENED else _embedded(key)


@functools.lru_cache(maxsize=512)
def _embedded(key: str) -> Asset:
    source, _, rest = key.partition(":")
    name, _, seed = rest.rpartition(":")
    if source != SOURCE or name not in kinds() or not seed.isdecimal():
        raise KeyError(f"{key!r} names no embedded asset; expected {SOURCE}:<kind>:<seed> with a kind of {', '.join(kinds())}")
    found = kinds()[name]
    # The kind's name is part of the seed: equal seeds must not give all kinds of a scene the same draws.
    rng = np.random.default_rng([int(seed), zlib.crc32(name.encode())])
    colour = COLOURS[found.colours[int(rng.integers(len(found.colours)))]] if found.colours else COLOURS["white"]
    model = found.make(rng, colour)
    return _finished(key, found, colour, model)


def _finished(key: str, found: Kind, colour: NamedColour, model: Model) -> Asset:
    points = np.concatenate([part.mesh.vertices for part in model.parts])
    low, high = points.min(axis=0), points.max(axis=0)
    x, y, z = (float(v) for v in (low + high) / 2)
    parts = tuple(dataclasses.replace(p, mesh=p.mesh.moved(-x, -y, -z)) for p in model.parts)
    receptacle = model.receptacle
    if receptacle is not None:
        outline = tuple((px - x, py - y) for px, py in receptacle.outline)
        receptacle = dataclasses.replace(receptacle, outline=outline, height=receptacle.height - float(low[2]))
    size: Vector3 = tuple(float(v) for v in high - low)  # type: ignore[assignment]
    info = AssetInfo(
        key=key,
        category=found.name,
        category_zh=found.name_zh,
        size=size,
        symmetry=model.symmetry,
        colour=colour.name if found.colours and found.is_coloured else None,
        colour_zh=colour.name_zh if found.colours and found.is_coloured else None,
        receptacle=receptacle,
        nameable=found.nameable,
        rolls=model.rolls,
        hold=found.hold,
        also=found.also,
        mirror=found.mirror,
    )
    return Asset(info, parts)


@functools.cache
def _load_kinds() -> None:
    package = importlib.import_module("gsi_bench_builders.assets.kinds")
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)
