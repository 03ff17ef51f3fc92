"""Names of sources of photographs: a new one is a module of its own and a line here.

A source's module has `recognises(folder)` and `open_source(folder)`, which returns a `PhotoSource`. It is imported when folders
are opened.
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gsi_bench_builders.photos.source import PhotoSource
from gsi_bench_dataset.problems import some, summary_of
from gsi_bench_dataset.safety.files import printable_path

__all__ = ["SOURCES", "SourceProblemError", "open_photos"]

# Name -> (module, what a folder of it holds). Asked in this order.
SOURCES: dict[str, tuple[str, str]] = {
    "folder": ("gsi_bench_builders.photos.sources.folder", "photographs and boxes.json"),
    "scannetpp": ("gsi_bench_builders.photos.sources.scannetpp", "ScanNet++: <scene>/iphone/pose_intrinsic_imu.json"),
    "objectron": ("gsi_bench_builders.photos.sources.objectron", "Objectron: video.MOV and annotation.pbdata"),
    "hypersim": ("gsi_bench_builders.photos.sources.hypersim", "Hypersim: <scene>/_detail and <scene>/images"),
    "sunrgbd": ("gsi_bench_builders.photos.sources.sunrgbd", "SUN RGB-D: SUNRGBDMeta3DBB_v2.mat"),
    "arkitscenes": ("gsi_bench_builders.photos.sources.arkitscenes", "ARKitScenes: <video>/<video>_3dod_annotation.json"),
}


class SourceProblemError(ValueError):
    """Folders that are no photographs with boxes."""


def open_photos(folders: Sequence[Path], kind: str | None = None) -> tuple[PhotoSource, ...]:
    """The sources of folders, each recognised by its files, or all of one kind.

    Raises:
        SourceProblemError: lists every folder that cannot be used, and why.
    """
    found, problems = [], []
    for folder in folders:
        try:
            found.append(_opened(folder, kind))
        except (OSError, ValueError) as error:
            problems.append(str(error))
    ids = Counter(id_ for source in found for id_, _ in source.captures())
    twice = sorted(id_ for id_, count in ids.items() if count > 1)
    if twice:
        problems.append(f"places of one name, which name samples: {some(twice)}; rename one of each")
    if not problems and not ids:
        problems.append("no photograph in these folders")
    if problems:
        raise SourceProblemError(problems[0] if len(problems) == 1 else summary_of("photographs cannot be used", problems))
    return tuple(found)


def _opened(folder: Path, kind: str | None) -> PhotoSource:
    if not folder.is_dir():
        raise SourceProblemError(f"{printable_path(folder)}: expected a folder of photographs, found {_what(folder)}")
    for name in (kind,) if kind else SOURCES:
        module: Any = importlib.import_module(SOURCES[name][0])
        if module.recognises(folder):
            source: PhotoSource = module.open_source(folder)
            return source
    expected = "; ".join(f"{name}: {holds}" for name, (_, holds) in SOURCES.items() if kind in (None, name))
    raise SourceProblemError(f"{printable_path(folder)}: not recognised; expected {expected}")


def _what(path: Path) -> str:
    return "a file" if path.is_file() else "nothing"
