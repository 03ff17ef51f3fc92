"""The same image folder for LoRAs of FLUX.1 Kontext: diffusers names its columns on the command line."""

from __future__ import annotations

from gsi_bench_dataset.trainers.form import Facts
from gsi_bench_dataset.trainers.instructpix2pix import finish, problems, write

__all__ = ["TRAINER", "TRAPS", "command", "finish", "problems", "write"]

TRAINER = "FLUX.1 Kontext LoRA, diffusers' examples/dreambooth"
TRAPS = (
    "All three column options are needed; --image_column is the image after the edit.",
    "Leave --random_flip out: it mirrors images and not the words.",
    "Leave --validation_prompt out: the script's own check of it ends in an error.",
    "The script holds all images in memory.",
)


def command(facts: Facts) -> str:
    """See `Form.command`."""
    return (
        f"accelerate launch train_dreambooth_lora_flux_kontext.py --dataset_name {facts.path()} \\\n"
        "    --cond_image_column input_image --image_column edited_image --caption_column edit_prompt \\\n"
        f'    --instance_prompt "edit the image" --resolution {max(facts.largest)} --output_dir gsi-kontext \\\n'
        "    --pretrained_model_name_or_path black-forest-labs/FLUX.1-Kontext-dev"
    )
