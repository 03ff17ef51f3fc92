"""One list of paths: Janus-4o, trained on ShareGPT-4o-Image."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gsi_bench_dataset.trainers.form import Facts, Pair, Place, json_list

__all__ = ["TRAINER", "TRAPS", "command", "finish", "problems", "write"]

TRAINER = "ShareGPT-4o-Image's train_janus.py (Janus-4o)"
TRAPS = ("Paths are relative to the folder of the list.",)
_LIST = "gsi.json"


def problems(final: Path) -> list[str]:
    """See `Form.problems`."""
    return []


def write(pairs: Iterable[Pair], place: Place) -> int:
    """See `Form.write`."""
    with json_list(place, _LIST) as rows:
        for pair in pairs:
            source, target = place.put_images(pair)
            for words in pair.instructions.values():
                rows.add({"input_prompt": words, "input_image": [source], "output_image": target})
    return 0


def finish(place: Place, facts: Facts) -> None:
    """See `Form.finish`: nothing is left to do."""


def command(facts: Facts) -> str:
    """See `Form.command`."""
    return f"accelerate launch train_janus.py --data_path {facts.path(_LIST)} --model_path deepseek-ai/Janus-Pro-7B"
