"""Tar files of samples: WebDataset, and `load_dataset("webdataset")`."""

from __future__ import annotations

import io
import itertools
import json
import tarfile
from collections.abc import Iterable
from pathlib import Path

from gsi_bench_dataset.trainers.form import Facts, Pair, Place

__all__ = ["TRAINER", "TRAPS", "command", "finish", "problems", "write"]

TRAINER = "whatever reads WebDataset: keys input.png, output.png, json"
TRAPS = (
    "A sample's key ends at the first dot of its name. Its files lie side by side: what sorts by ending tears them apart.",
    "Leave flips out of your transforms: they mirror images and not the words.",
)
_PAIRS = 500  # in a tar file: some 300 MB at 512 pixels


def problems(final: Path) -> list[str]:
    """See `Form.problems`."""
    return []


def write(pairs: Iterable[Pair], place: Place) -> int:
    """See `Form.write`."""
    left, files = iter(pairs), 0
    while chunk := list(itertools.islice(left, 1)):
        with tarfile.open(place.folder / f"gsi-{files:06d}.tar", "x") as archive:
            for pair in itertools.chain(chunk, itertools.islice(left, _PAIRS - 1)):
                _add(archive, pair)
        files += 1
    return files


def _add(archive: tarfile.TarFile, pair: Pair) -> None:
    sample = pair.sample
    about = {
        "id": sample.id,
        "instruction": next(iter(pair.instructions.values())),
        "instructions": dict(pair.instructions),
        "operation": sample.operation.kind if sample.operation else None,
        "target": sample.target,
        "scene_id": sample.scene_id,
        "image_licence": sample.image_licence,
        "attribution": sample.attribution,
    }
    members = (
        ("input.png", pair.source),
        ("output.png", pair.target),
        ("json", json.dumps(about, ensure_ascii=False).encode()),
    )
    for ending, content in members:
        info = tarfile.TarInfo(f"{pair.stem}.{ending}")  # of the year 1970: equal pairs give equal files
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))


def finish(place: Place, facts: Facts) -> None:
    """See `Form.finish`: nothing is left to do."""


def command(facts: Facts) -> str:
    """See `Form.command`."""
    last = f"{max(facts.files - 1, 0):06d}"
    return (
        "import webdataset  # Python\n"
        f"pairs = webdataset.WebDataset({str(facts.final)!r} + '/gsi-{{000000..{last}}}.tar', shardshuffle=100).decode('pil')\n"
        "for pair in pairs: pair['input.png'], pair['json']['instruction'], pair['output.png']"
    )
