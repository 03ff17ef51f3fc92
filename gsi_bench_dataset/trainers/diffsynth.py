"""A table of paths: DiffSynth-Studio, for Qwen-Image-Edit and FLUX.1 Kontext."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gsi_bench_dataset.trainers.form import Facts, Pair, Place, json_lines

__all__ = ["TRAINER", "TRAPS", "command", "finish", "problems", "write"]

TRAINER = "DiffSynth-Studio: Qwen-Image-Edit (edit_image), FLUX.1 Kontext (kontext_images)"
TRAPS = (
    "`image` is the image after the edit, `edit_image` and `kontext_images` the one before.",
    "Under --max_pixels source and target are cropped apart: it must not be less than width × height of the largest image.",
)


def problems(final: Path) -> list[str]:
    """See `Form.problems`."""
    return []


def write(pairs: Iterable[Pair], place: Place) -> int:
    """See `Form.write`."""
    with json_lines(place, "metadata.jsonl") as rows:
        for pair in pairs:
            source, target = place.put_images(pair)
            for words in pair.instructions.values():
                rows.add({"image": target, "prompt": words, "edit_image": source, "kontext_images": source})
    return 0


def finish(place: Place, facts: Facts) -> None:
    """See `Form.finish`: nothing is left to do."""


def command(facts: Facts) -> str:
    """See `Form.command`."""
    most = facts.largest[0] * facts.largest[1]
    return (
        "accelerate launch examples/qwen_image/model_training/train.py \\\n"
        f"    --dataset_base_path {facts.path()} --dataset_metadata_path {facts.path('metadata.jsonl')} \\\n"
        f"    --data_file_keys image,edit_image --extra_inputs edit_image --max_pixels {most}"
    )
