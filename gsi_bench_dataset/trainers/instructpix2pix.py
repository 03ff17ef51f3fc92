"""An image folder with a row a pair: InstructPix2Pix of diffusers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gsi_bench_dataset.trainers.form import Facts, Pair, Place, json_lines

__all__ = ["TRAINER", "TRAPS", "command", "finish", "problems", "write"]

TRAINER = "InstructPix2Pix, diffusers' examples/instruct_pix2pix"
TRAPS = (
    "Leave --random_flip out: it mirrors images and not the words.",
    "The script crops images to squares of --resolution; export with --max-side of that number and build square images.",
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
                rows.add({"input_image_file_name": source, "edited_image_file_name": target, "edit_prompt": words})
    return 0


def finish(place: Place, facts: Facts) -> None:
    """See `Form.finish`: nothing is left to do."""


def command(facts: Facts) -> str:
    """See `Form.command`."""
    return (
        f"accelerate launch train_instruct_pix2pix.py --train_data_dir {facts.path()} --resolution {min(facts.largest)} \\\n"
        "    --original_image_column input_image --edit_prompt_column edit_prompt --edited_image_column edited_image \\\n"
        "    --pretrained_model_name_or_path stable-diffusion-v1-5/stable-diffusion-v1-5 --output_dir gsi-ip2p"
    )
