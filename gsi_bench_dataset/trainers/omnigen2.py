"""Lines of absolute paths and a list of such files: OmniGen2."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from gsi_bench_dataset.trainers.form import Facts, Pair, Place, json_lines

__all__ = ["TRAINER", "TRAPS", "command", "finish", "problems", "write"]

TRAINER = "OmniGen2, docs/FINETUNE.md"
TRAPS = (
    "Paths are absolute: whoever moves the folder exports again.",
    "A row that cannot be read is replaced by a random other one, without an error.",
    "`ratio` is computed and dropped: it changes nothing.",
)
_ROWS, _LIST = "train.jsonl", "train.yml"


def problems(final: Path) -> list[str]:
    """See `Form.problems`."""
    return []


def write(pairs: Iterable[Pair], place: Place) -> int:
    """See `Form.write`."""
    with json_lines(place, _ROWS) as rows:
        for pair in pairs:
            source, target = (str(place.final / name) for name in place.put_images(pair))
            for words in pair.instructions.values():
                rows.add({"task_type": "edit", "instruction": words, "input_images": [source], "output_image": target})
    return 0


def finish(place: Place, facts: Facts) -> None:
    """See `Form.finish`: the list of files. A JSON text is a YAML text, and takes any name of a folder."""
    path = json.dumps(str(facts.final / _ROWS), ensure_ascii=False)
    place.put(_LIST, f"data:\n  - path: {path}\n    type: edit\n    ratio: 1\n".encode())


def command(facts: Facts) -> str:
    """See `Form.command`."""
    return (
        f"# in the options file of the run: data: {{data_path: {facts.final / _LIST}}}\n"
        "accelerate launch train.py --config options/ft_lora.yml"
    )
