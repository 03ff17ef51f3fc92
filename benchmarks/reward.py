"""How fast the reward is: edits a second on one core, by size of a batch; what keeping a source's work buys; the server's p95.

    gsi-bench build mesatask --preset small --num-scenes 5 --edits-per-scene 6 --variants 6 --out tables
    python benchmarks/reward.py tables-variants --limit 6 --batches 1 8 24
    python benchmarks/reward.py tables-variants --server --clients 16 --requests 500

Images are the graded and wrong versions of each edit, as a group of a policy's would be, each once through the editor's usual
damage (half resolution and back, a warp of 1 px, JPEG 75) so that nothing is found to be untouched. Seconds are
processor time of one thread; `--server` measures the wall clock of its clients against a server in this process.
"""

from __future__ import annotations

import argparse
import base64
import io
import itertools
import json
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import torch
import uvicorn
from PIL import Image

from gsi_bench_metric.imaging.images import RGB
from gsi_bench_metric.reward.hacking import victims
from gsi_bench_metric.reward.serving.app import make_app
from gsi_bench_metric.reward.spatial import SpatialReward
from gsi_bench_metric.validity.degrade import degrade

SHOWN = ("grade020", "grade040", "grade060", "grade080", "grade100", "opposite")


def work(data: str, split: str, limit: int, group: int) -> tuple[SpatialReward, list[tuple[str, RGB]]]:
    """The reward, and `group` images of each of its samples."""
    found = list(victims(data, split, limit))
    reward = SpatialReward([victim.sample for victim in found])
    images = []
    for victim in found:
        pictures = [victim.variants[name] for name in SHOWN if name in victim.variants] or [victim.source]
        for number, rgb in zip(range(group), itertools.cycle(pictures)):
            images.append((victim.sample.id, degrade("regenerated", rgb, number)))
    return reward, images


def rates(data: str, split: str, limit: int, batches: list[int]) -> None:
    reward, images = work(data, split, limit, 8)
    began = time.process_time()
    unscored = reward.unscored()
    prepared = time.process_time() - began
    images = [(name, rgb) for name, rgb in images if name not in unscored]
    size = images[0][1].shape[:2]
    samples = len(reward.samples)
    told = {"pictures": size, "samples": samples, "unscored": len(unscored)}
    print(json.dumps(told | {"seconds_a_source": round(prepared / samples, 2)}))
    for batch in batches:
        seconds = []
        for start in range(0, len(images), batch):
            part = images[start : start + batch]
            began = time.process_time()
            reward([rgb for _, rgb in part], [name for name, _ in part])
            seconds.append((time.process_time() - began) / len(part))
        print(json.dumps({"batch": batch, "edits": len(images), "edits_a_core_second": round(1 / float(np.mean(seconds)), 2)}))
    once = len(images) / (len(images) * float(np.mean(seconds)) + prepared)
    print(json.dumps({"with_the_sources_work": round(once, 2), "images_a_source": 8}))


def served(data: str, split: str, limit: int, clients: int, requests: int) -> None:
    reward, images = work(data, split, limit, 8)
    unscored = reward.unscored()
    images = [(name, rgb) for name, rgb in images if name not in unscored]
    server = uvicorn.Server(uvicorn.Config(make_app(reward), host="127.0.0.1", port=0, log_level="warning"))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.01)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/compute"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(number: int) -> tuple[float, int]:
        name, rgb = images[number % len(images)]
        stream = io.BytesIO()
        Image.fromarray(rgb).save(stream, "PNG")
        body = json.dumps({"image": [base64.b64encode(stream.getvalue()).decode()], "sample_ids": [name]}).encode()
        began = time.monotonic()
        with opener.open(urllib.request.Request(url, body), timeout=120) as reply:
            json.load(reply)
        return time.monotonic() - began, reply.status

    began = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        found = list(pool.map(ask, range(requests)))
    whole = time.monotonic() - began
    took = np.array([seconds for seconds, _ in found])
    errors = sum(status != 200 for _, status in found)
    told = {"clients": clients, "requests": requests, "errors": errors, "requests_a_second": round(requests / whole, 2)}
    print(json.dumps(told | {"median_s": round(float(np.median(took)), 2), "p95_s": round(float(np.percentile(took, 95)), 2)}))
    server.should_exit = True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="a dataset of variants")
    parser.add_argument("--split", default="mesatask")
    parser.add_argument("--limit", type=int, default=6, help="edits, spread over the split (default: 6)")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8, 24])
    parser.add_argument("--server", action="store_true")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--requests", type=int, default=500)
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    if args.server:
        served(args.data, args.split, args.limit, args.clients, args.requests)
    else:
        rates(args.data, args.split, args.limit, args.batches)


if __name__ == "__main__":
    main()
