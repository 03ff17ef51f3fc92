"""Two folders with files of the same stems: ai-toolkit."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from gsi_bench_dataset.trainers.form import Facts, Pair, Place

__all__ = ["TRAINER", "TRAPS", "command", "finish", "problems", "write"]

TRAINER = "ai-toolkit: folder_path and control_path"
TRAPS = (
    "A source is found by the stem of its target; where it is missing there is no error: move and rename none.",
    "Leave flip_x and flip_y false: they mirror images and not the words.",
)
_TARGETS, _SOURCES, _CONFIG = "targets", "sources", "dataset.yaml"


def problems(final: Path) -> list[str]:
    """See `Form.problems`."""
    return []


def write(pairs: Iterable[Pair], place: Place) -> int:
    """See `Form.write`: with two languages there is a pair of files for each."""
    for pair in pairs:
        for language, words in pair.instructions.items():
            stem = pair.stem if len(pair.instructions) == 1 else f"{pair.stem}-{language}"
            place.put(f"{_SOURCES}/{stem}.png", pair.source)
            place.put(f"{_TARGETS}/{stem}.png", pair.target)
            place.put(f"{_TARGETS}/{stem}.txt", words.encode())
    return 0


def finish(place: Place, facts: Facts) -> None:
    """See `Form.finish`: the part of a configuration that names the folders. A JSON text is a YAML text."""
    targets, sources = (json.dumps(str(facts.final / name), ensure_ascii=False) for name in (_TARGETS, _SOURCES))
    lines = (
        "datasets:",
        f"  - folder_path: {targets}",
        f"    control_path: {sources}",
        '    caption_ext: "txt"',
        "    flip_x: false",
        "    flip_y: false",
        f"    resolution: [{max(facts.largest)}]",
    )
    place.put(_CONFIG, ("\n".join(lines) + "\n").encode())


def command(facts: Facts) -> str:
    """See `Form.command`."""
    return f"# put {_CONFIG} in the place of `datasets` of your configuration\npython run.py config/my_edit_lora.yaml"
