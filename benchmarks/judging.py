"""How fast judges are: `openai` against a stub that answers after a fixed time, `embedded` on one core.

    python benchmarks/judging.py openai                       # 1,000 judgements, 50 ms, 16 at a time; against the ideal
    python benchmarks/judging.py embedded --data tables --split mesatask

`openai` prints the time over the ideal `n * latency / concurrency`, with what one request takes without any waiting. `embedded`
prints seconds an edit with the tracker's detections at hand (as in a run with the tracker, which has them on record), and what
the tracker takes beside it.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

from gsi_bench_dataset.records import EncodedImage, Operation, Sample
from gsi_bench_dataset.storage.record_store import RecordStore
from gsi_bench_dataset.storage.shards import read_dataset
from gsi_bench_metric.detectors import DetectionItem, make_detector
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.judges import JudgeItem, JudgeOptions, make_judge

STUB = Path(__file__).with_name("judge_stub.py")
EDITS_A_SOURCE = 4


def picture(size: int, seed: int) -> EncodedImage:
    """A smooth random picture, as a JPEG file."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC).save(stream, "JPEG", quality=95)
    return EncodedImage(stream.getvalue())


def edits(count: int, size: int) -> list[JudgeItem]:
    """Edits of different pictures, a few to a source."""
    box, eye = [0, 0, 2, 0.2, 0.2, 0.2, 0], np.eye(3).tolist()
    items = []
    for i in range(count):
        sample = Sample(
            id=f"s{i // EDITS_A_SOURCE}_edit_{i % EDITS_A_SOURCE}", split="fine", img_id=f"s{i // EDITS_A_SOURCE}",
            query_id=str(i % EDITS_A_SOURCE), image=picture(size, i // EDITS_A_SOURCE), prompt="Move the mug 20 cm left.",
            target="mug", original_bbox_3d=box, camera_intrinsics=[[500, 0, 256], [0, 500, 256], [0, 0, 1]],
            rotation_matrix=eye, operation=Operation(kind="move"), origin="demo",
        )  # fmt: skip
        items.append(JudgeItem(sample, Picture(sample.image), Picture(picture(size, 10_000 + i))))
    return items


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def measure_openai(count: int, size: int, latency: float, concurrency: int) -> dict[str, float]:
    """Seconds of judging `count` edits, with every reply kept on disk."""
    port = free_port()
    stub = subprocess.Popen([sys.executable, str(STUB), "--port", str(port), "--latency", str(latency)])
    try:
        items = edits(count, size)
        options = JudgeOptions(model="stub", url=f"http://127.0.0.1:{port}/v1", question="official", concurrency=concurrency)
        judge = make_judge("openai", options=options)
        time.sleep(1.0)
        with tempfile.TemporaryDirectory() as folder, RecordStore(Path(folder)) as records:
            judge.judge(items[:concurrency], records)  # connections, imports
            began, cpu = time.perf_counter(), time.process_time()
            found = [
                j for start in range(0, count, judge.ahead) for j in judge.judge(items[start : start + judge.ahead], records)
            ]
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        if [j.score for j in found] != [8.0] * count:
            raise RuntimeError("the stub was not understood")
    finally:
        stub.terminate()
        stub.wait()
    ideal = (count - concurrency) * latency / concurrency  # the first round was answered before
    return {"seconds": seconds, "ideal": ideal, "ratio": seconds / ideal, "client_cpu_ms": 1000 * cpu / (count - concurrency)}


def measure_embedded(data: str, split: str, limit: int) -> dict[str, float]:
    """Seconds an edit on one core, after-images as edits."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    samples = [s for s in read_dataset(data, split) if s.edited_image is not None][:limit]
    detector, judge = make_detector("tracker"), make_judge("embedded")
    detections, tracking = [], 0.0
    for sample in samples:
        began = time.process_time()
        detections.append(detector.detect([DetectionItem(sample, "edited", None, Picture(sample.edited_image))])[0])
        tracking += time.process_time() - began
    judge.judge([JudgeItem(samples[0], Picture(samples[0].image), Picture(samples[0].edited_image), None, detections[0])])
    took, scores = [], []
    for sample, found in zip(samples, detections, strict=True):
        item = JudgeItem(sample, Picture(sample.image), Picture(sample.edited_image), None, found)
        began = time.process_time()
        scores.append(judge.judge([item])[0].score)
        took.append(time.process_time() - began)
    return {
        "edits": len(samples),
        "seconds_an_edit": float(np.mean(took)),
        "median": float(np.median(took)),
        "tracker_seconds_an_edit": tracking / len(samples),
        "median_score": float(np.median([s for s in scores if s is not None])),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("judge", choices=("openai", "embedded"))
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--size", type=int, default=512, help="pixels a side")
    parser.add_argument("--latency", type=float, default=0.05)
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--data")
    parser.add_argument("--split", default="mesatask")
    parser.add_argument("--limit", type=int, default=56)
    args = parser.parse_args()
    if args.judge == "embedded" and not args.data:
        parser.error("embedded needs --data: a dataset with after-images")
    if args.judge == "openai":
        found = measure_openai(args.count, args.size, args.latency, args.concurrency)
    else:
        found = measure_embedded(args.data, args.split, args.limit)
    print(
        json.dumps({"judge": args.judge, "cores": os.cpu_count(), **{name: round(value, 4) for name, value in found.items()}})
    )


if __name__ == "__main__":
    main()
