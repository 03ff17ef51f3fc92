"""The models of Sweet Home 3D that were looked at, as assets: one for every key `sweethome3d:<catalogue>/<model>`."""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gsi_bench_builders.assets.colours import COLOURS
from gsi_bench_builders.assets.library import Asset, kinds, open_source
from gsi_bench_builders.assets.side_files import ModelFileError
from gsi_bench_builders.assets.sweethome.catalogue import Archive, Entry, open_archive
from gsi_bench_builders.assets.sweethome.chosen import CHOSEN, Chosen
from gsi_bench_builders.assets.sweethome.models import part, parts_of
from gsi_bench_builders.frames import from_file_axes
from gsi_bench_builders.scene import AssetInfo, Receptacle, turn_about_z
from gsi_bench_dataset.safety.files import printable_path

__all__ = ["DEFAULT_FOLDER", "SOURCE", "SweetHome", "SweetHomeError", "open_sweet_home"]

SOURCE = "sweethome3d"
DEFAULT_FOLDER = Path("/usr/share/sweethome3d/furniture")  # where Debian's package puts it
_SUFFIX = ".sh3f"
_HOW = (
    "Debian, Ubuntu: apt install sweethome3d-furniture; elsewhere: download that package (120 MB) from packages.debian.org, "
    "unpack it with `dpkg-deb -x sweethome3d-furniture_1.8-1_all.deb FOLDER`, and give "
    "--assets sweethome3d:FOLDER/usr/share/sweethome3d/furniture"
)
_FLAT_M = 1e-5


class SweetHomeError(ValueError):
    """There are no models to be used; the message says how to get them."""


class SweetHome:
    """A folder of catalogues.

    Attributes:
        usable: models by kind, in the order of the table.
        problems: of models that the table has and this folder has not, a line each.
    """

    def __init__(self, folder: Path, chosen: Sequence[Chosen] = CHOSEN):
        self.folder = folder
        self.usable: dict[str, tuple[Chosen, ...]] = {}
        self.problems: list[str] = []
        self._archives: dict[str, Archive] = {}
        self._entries: dict[str, tuple[Chosen, Entry]] = {}
        self._open({row.archive for row in chosen})
        for row in chosen:
            if row.archive in self._archives:
                self._take(row)
        if not self._entries:
            raise SweetHomeError("\n".join([f"{printable_path(folder)}: no model of it can be used", *self.problems[:5], _HOW]))

    def _open(self, names: set[str]) -> None:
        if not self.folder.is_dir():
            raise SweetHomeError(f"{printable_path(self.folder)}: no such folder (furniture of Sweet Home 3D). {_HOW}")
        for name in sorted(names):
            try:
                self._archives[name] = open_archive(self.folder / f"{name}{_SUFFIX}")
            except ModelFileError as error:
                self.problems.append(str(error))
        if not self._archives:
            wanted = ", ".join(f"{name}{_SUFFIX}" for name in sorted(names))
            what = f"{printable_path(self.folder)}: expected {wanted}; found none that can be read"
            raise SweetHomeError("\n".join([what, *self.problems, _HOW]))

    def _take(self, row: Chosen) -> None:
        try:
            entry = self._archives[row.archive].entry(row.model)
        except ModelFileError as error:
            self.problems.append(str(error))
            return
        self._entries[f"{SOURCE}:{row.name}"] = (row, entry)
        self.usable[row.kind] = (*self.usable.get(row.kind, ()), row)

    @property
    def count(self) -> int:
        """How many models can be used, as far as the tables say."""
        return len(self._entries)

    def digest(self) -> str:
        """Of the tables that this was read from, 16 hex digits."""
        whole = "".join(f"{name}:{archive.digest}" for name, archive in sorted(self._archives.items()))
        return hashlib.sha256(whole.encode()).hexdigest()[:16]

    def asset(self, key: str) -> Asset:
        """The asset of a key.

        Raises:
            KeyError: the key is of no model that was chosen and is there.
            ModelFileError: its files cannot be used.
        """
        if key not in self._entries:
            raise KeyError(f"{key!r} names no model of Sweet Home 3D that was chosen and is in {self.folder}")
        found = self._read(key)
        if isinstance(found, ModelFileError):
            raise ModelFileError(str(found)) from found
        return found

    @functools.lru_cache(maxsize=256)  # noqa: B019 - folders are opened once a process and kept
    def _read(self, key: str) -> Asset | ModelFileError:
        row, entry = self._entries[key]
        try:
            return _asset(key, row, entry, self._archives[row.archive])
        except ModelFileError as error:
            return error


@functools.lru_cache(maxsize=8)
def open_sweet_home(folder: Path) -> SweetHome:
    """The catalogues of a folder; keys `sweethome3d:…` mean the folder that was opened last.

    Raises:
        SweetHomeError: there is nothing to be used.
    """
    found = SweetHome(folder)
    open_source(SOURCE, found.asset)
    return found


def _asset(key: str, row: Chosen, entry: Entry, archive: Archive) -> Asset:
    vertices, surfaces = parts_of(archive, entry.model)
    used = np.unique(np.concatenate([s.faces[s.faces >= 0] for s, _ in surfaces]))
    points = from_file_axes(vertices @ np.array(entry.rotation).T, "y")
    low, high = points[used].min(axis=0), points[used].max(axis=0)
    if float((high - low).min()) < _FLAT_M * float((high - low).max()) or not float((high - low).max()) > 0:
        raise ModelFileError(f"{archive.path.name}: {entry.model}: it is flat: an object needs width, depth and height")
    points = (points - (low + high) / 2) * (np.array(entry.size) / (high - low))
    points = points @ np.array(turn_about_z(math.radians(row.turn_deg))).T
    size = np.ptp(points[used], axis=0)
    parts = tuple(p for surface, material in surfaces if (p := part(points, surface, material)) is not None)
    if not parts:
        raise ModelFileError(f"{archive.path.name}: {entry.model}: there is no surface in it")
    kind, colour = kinds()[row.kind], COLOURS[row.colour] if row.colour else None
    receptacle = None
    if row.surface is not None:
        receptacle = Receptacle(row.surface.relation, row.surface.outline(), row.surface.height)
    info = AssetInfo(
        key=key,
        category=kind.name,
        category_zh=kind.name_zh,
        size=(float(size[0]), float(size[1]), float(size[2])),
        symmetry=row.symmetry,
        colour=colour.name if colour else None,
        colour_zh=colour.name_zh if colour else None,
        receptacle=receptacle,
        nameable=kind.nameable,
        hold=kind.hold,
        also=(*kind.also, *row.also),
        mirror=False,
        licence=entry.licence,
        attribution=f"{entry.name} by {entry.creator} (Sweet Home 3D, {row.archive})",
        redistributable=True,
    )
    return Asset(info, parts)
