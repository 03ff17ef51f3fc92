"""Edits per second and peak memory of the official protocol, and ratios to scoring edits one at a time.

Pictures are made from a seed: a smooth background, an edited copy with one patch moved. All ways run in one process on
pictures of one kind, so a ratio does not depend on how busy the machine is on another day.

    python benchmarks/scoring.py [--device cuda] [--edits 64] [--batch-size 4]
"""

import argparse
import dataclasses
import io
import resource
import time

import numpy as np
import torch
from PIL import Image

from gsi_bench_dataset.records import Detection, EncodedImage, Prediction, Sample
from gsi_bench_metric.protocols.official_scoring import Edit, OfficialScorer

K = ((700.0, 0.0, 448.0), (0.0, 700.0, 336.0), (0.0, 0.0, 1.0))
IDENTITY = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
BOX, GOAL = (0.0, 0.0, 2.0, 0.4, 0.4, 0.4, 0.0), (0.6, 0.0, 2.0, 0.4, 0.4, 0.4, 0.0)
BOX_2D, GOAL_2D = (360.0, 248.0, 536.0, 424.0), (570.0, 248.0, 746.0, 424.0)
OPERATIONS = ("Move the box 60 centimeters to the right.", "Remove the box.", "Rotate the box 30 degrees clockwise.")


def make_edit(number: int, height: int, width: int, rng: np.random.Generator) -> Edit:
    small = rng.integers(0, 256, (height // 16, width // 16, 3), dtype=np.uint8)
    source = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))
    edited = source.copy()
    edited[height // 3 : height // 2, width // 2 : width // 2 + width // 6] = source[: height // 2 - height // 3, : width // 6]
    sample = Sample(
        id=f"bench_edit_{number:04d}",
        split="fine",
        img_id="bench",
        query_id=f"{number:04d}",
        image=encode(source, "JPEG"),
        prompt=OPERATIONS[number % len(OPERATIONS)],
        target="box",
        original_bbox_3d=BOX,
        camera_intrinsics=K,
        rotation_matrix=IDENTITY,
        new_bbox_3d=GOAL,
        new_rotation_matrix=IDENTITY,
        origin="demo",
    )
    found = [Detection(bbox_3d=BOX, bbox_2d=BOX_2D, rotation_matrix=IDENTITY)]
    moved = [Detection(bbox_3d=GOAL, bbox_2d=GOAL_2D, rotation_matrix=IDENTITY)]
    prediction = Prediction(sample_id=sample.id, editor="bench", image=encode(edited, "PNG"))
    return Edit(sample, prediction, found, moved)


def share_source(edit: Edit, other: Edit) -> Edit:
    return dataclasses.replace(edit, sample=dataclasses.replace(edit.sample, image=other.sample.image))


def encode(rgb: np.ndarray, form: str) -> EncodedImage:
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, format=form)
    return EncodedImage(buffer.getvalue())


def seconds(scorer: OfficialScorer, edits: list[Edit]) -> float:
    start = time.perf_counter()
    scored = sum(len(batch) for batch in scorer.score(edits))
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    assert scored == len(edits)
    return time.perf_counter() - start


def peak_memory(device: str) -> str:
    if device.startswith("cuda"):
        return f"peak GPU memory {torch.cuda.max_memory_allocated() / 2**20:.0f} MiB"
    return f"peak memory of the process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10:.0f} MiB"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--edits", type=int, default=24)
    parser.add_argument("--batch-size", type=int, help="default: 4 on a CPU, else 16")
    args = parser.parse_args()
    batch_size = args.batch_size or (4 if args.device == "cpu" else 16)
    name = torch.cuda.get_device_name() if args.device.startswith("cuda") else "CPU"
    print(f"{name}, {torch.get_num_threads()} threads, torch {torch.__version__}, {args.edits} edits a size")
    for height, width in ((480, 640), (1024, 1024)):
        rng = np.random.default_rng(0)
        alone = [make_edit(i, height, width, rng) for i in range(args.edits)]
        shared = [share_source(edit, alone[i // 4 * 4]) for i, edit in enumerate(alone)]
        single, batched = OfficialScorer(args.device, 1), OfficialScorer(args.device, batch_size)
        seconds(single, alone[:2]), seconds(batched, alone[:batch_size])  # warm up
        if args.device.startswith("cuda"):
            torch.cuda.reset_peak_memory_stats()
        rates = {
            "one at a time, a source each": args.edits / seconds(single, alone),
            f"batches of {batch_size}, a source each": args.edits / seconds(batched, alone),
            f"batches of {batch_size}, 4 edits a source": args.edits / seconds(batched, shared),
        }
        first = next(iter(rates.values()))
        for what, rate in rates.items():
            print(f"{width}×{height}, {what}: {rate:.2f} edits/s, ratio {rate / first:.2f}")
        print(f"{width}×{height}: {peak_memory(args.device)}")


if __name__ == "__main__":
    main()
