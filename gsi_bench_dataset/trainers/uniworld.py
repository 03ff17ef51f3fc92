"""Conversations with images, and a line that names them: UniWorld-V1."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gsi_bench_dataset.safety.files import printable_path
from gsi_bench_dataset.trainers.form import Facts, Pair, Place, json_list

__all__ = ["TRAINER", "TRAPS", "command", "finish", "problems", "write"]

TRAINER = "UniWorld-V1, univa/dataset"
TRAPS = (
    "The target is the last of a row's images.",
    "data.txt holds absolute paths, with commas and without spaces: whoever moves the folder exports again.",
)
_ROWS, _LIST = "annotation.json", "data.txt"


def problems(final: Path) -> list[str]:
    """See `Form.problems`."""
    odd = sorted({mark for mark in str(final) if mark == "," or mark.isspace()})
    return [f"{printable_path(final)}: {_LIST} of UniWorld takes no path with {' or '.join(map(repr, odd))}"] if odd else []


def write(pairs: Iterable[Pair], place: Place) -> int:
    """See `Form.write`."""
    with json_list(place, _ROWS) as rows:
        for pair in pairs:
            images = list(place.put_images(pair))
            for words in pair.instructions.values():
                asked = {"from": "human", "value": f"<image>\n{words}"}
                rows.add({"image": images, "conversations": [asked, {"from": "gpt", "value": "<gen_image>"}]})
    return 0


def finish(place: Place, facts: Facts) -> None:
    """See `Form.finish`: the line that names folder and rows."""
    place.put(_LIST, f"{facts.final},{facts.final / _ROWS},true\n".encode())


def command(facts: Facts) -> str:
    """See `Form.command`."""
    where = f"# dataset_config.data_txt of the run's configuration: {facts.final / _LIST}"
    return f"{where}\naccelerate launch train_denoiser.py CONFIG"
