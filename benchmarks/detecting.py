"""What sharing a picture's encoding saves, and how fast DetAny3D is.

    python benchmarks/detecting.py                              # ratios, on the CPU with a small network
    python benchmarks/detecting.py --size full --weights FILE   # the released sizes; with CUDA also images/s and memory

Without --weights the network has random numbers: times are the same, but the difference of bfloat16 to float32 boxes then says
nothing and is left out. Prints JSON.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gsi_bench_metric.detectors.detany3d.config import AdapterConfig, Config, DepthConfig, DinoConfig, SamConfig
from gsi_bench_metric.detectors.detany3d.files.checkpoint import load_network
from gsi_bench_metric.detectors.detany3d.files.encodings import EncodingCache
from gsi_bench_metric.detectors.detany3d.network.model import Network
from gsi_bench_metric.detectors.detany3d.predictor import Predictor, box_prompts
from gsi_bench_metric.detectors.detany3d.preprocessing import frame_of

# A sixth of the width and a quarter of the depth: the parts keep their shares of the time roughly.
SMALL = Config(
    pad=448,
    sam=SamConfig(
        img_size=512,
        embed_dim=192,
        depth=8,
        num_heads=4,
        out_chans=64,
        global_attn_indexes=(1, 3, 5, 7),
        groups=((0, 1), (2, 3), (4, 5), (6, 7)),
    ),
    adapter=AdapterConfig(num_heads=4),
    dino=DinoConfig(embed_dim=192, depth=6, num_heads=3, output_after_blocks=(3, 4, 5, 6)),
    depth=DepthConfig(hidden_dim=128),
)
BOX = (160.0, 120.0, 480.0, 360.0)


def pictures(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (480, 640, 3), dtype=np.uint8) for _ in range(count)]


def make_network(config: Config, weights: Path | None, device: str) -> Network:
    if weights:
        return load_network(weights, config, device)[0]
    torch.manual_seed(0)
    return Network(config).to(device).eval().requires_grad_(False)


def seconds(run: Callable[[], Any], device: str, rounds: int) -> float:
    """Median of the rounds after a first one: wall time on a GPU, this process' CPU time on a CPU that others may share."""
    clock = time.perf_counter if device.startswith("cuda") else time.process_time
    times = []
    for _ in range(rounds + 1):
        started = clock()
        run()
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        times.append(clock() - started)
    return statistics.median(times[1:])


def ask(predictor: Predictor, rgb: np.ndarray, prompts: int) -> None:
    (encoding,) = predictor.encode([rgb])
    frame = frame_of(rgb.shape[:2], predictor.network.config)
    for _ in range(prompts):
        predictor.boxes(encoding, box_prompts(np.array([BOX]), frame))


def measure_sharing(lean: Network, complete: Network, device: str, *, prompts: int, edits: int, rounds: int) -> dict[str, Any]:
    """One source with its edits, all looked at with every prompt: shared encodings, and one encoding a question."""
    source, *edited = pictures(1 + edits)

    def shared() -> None:
        predictor = Predictor(lean, "w", device=device)
        predictor.encode([source, *edited])
        for rgb in edited:
            ask(predictor, source, prompts)
            ask(predictor, rgb, prompts)

    def every_time(network: Network) -> Callable[[], None]:
        def run() -> None:
            for rgb in edited:
                for _ in range(prompts):
                    ask(Predictor(network, "w", device=device, cache=EncodingCache(0)), source, 1)
                    ask(Predictor(network, "w", device=device, cache=EncodingCache(0)), rgb, 1)

        return run

    ways = {
        "shared": shared,
        "encode_every_time": every_time(lean),
        "encode_every_time_with_depth_map_and_masks": every_time(complete),
    }
    per_edit = {name: seconds(run, device, rounds) / edits for name, run in ways.items()}
    ratios = {name: per_edit[name] / per_edit["shared"] for name in list(ways)[1:]}
    return {"prompts": prompts, "edits": edits, "seconds_per_edit": per_edit, "times_faster": ratios}


def measure_speed(network: Network, device: str, rounds: int) -> list[dict[str, Any]]:
    """Images/s and peak memory by dtype and batch; every picture is new, so nothing comes from the cache."""
    rows = []
    for dtype in ("float32", "bfloat16"):
        for batch in (1, 8):
            shown = pictures(batch)
            torch.cuda.reset_peak_memory_stats()

            def run(shown: list[np.ndarray] = shown, dtype: str = dtype, batch: int = batch) -> None:
                options = {"device": device, "dtype": dtype, "batch_size": batch, "deterministic": False}
                predictor = Predictor(network, "w", cache=EncodingCache(0), **options)
                frame = frame_of(shown[0].shape[:2], network.config)
                for encoding in predictor.encode(shown):
                    predictor.boxes(encoding, box_prompts(np.array([BOX]), frame))

            rate = batch / seconds(run, device, rounds)
            peak = torch.cuda.max_memory_allocated() / 2**30
            rows.append({"dtype": dtype, "batch": batch, "images_per_second": rate, "peak_gib": peak})
    return rows


def measure_dtypes(network: Network, device: str) -> dict[str, float]:
    """Largest differences of bfloat16 boxes from float32 ones over eight pictures."""
    found = {}
    for dtype in ("float32", "bfloat16"):
        predictor = Predictor(network, "w", device=device, dtype=dtype)
        frame = frame_of((480, 640), network.config)
        boxes = [predictor.boxes(e, box_prompts(np.array([BOX]), frame)).boxes_3d[0] for e in predictor.encode(pictures(8))]
        found[dtype] = np.stack(boxes)
    apart = np.abs(found["bfloat16"] - found["float32"])
    return {"centre_m": float(apart[:, :3].max()), "size_m": float(apart[:, 3:6].max())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=("small", "full"), default="small")
    parser.add_argument("--weights", type=Path, help="converted weights (full size only)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--prompts", type=int, default=2)
    parser.add_argument("--edits", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    if args.weights and args.size == "small":
        parser.error("--weights fit --size full only")
    config = Config() if args.size == "full" else SMALL
    network = make_network(config, args.weights, args.device)
    complete = make_network(dataclasses.replace(config, depth_map=True, masks=True), args.weights, args.device)
    result: dict[str, Any] = {"size": args.size, "device": args.device, "threads": torch.get_num_threads()}
    result["sharing"] = measure_sharing(
        network, complete, args.device, prompts=args.prompts, edits=args.edits, rounds=args.rounds
    )
    del complete
    if args.device.startswith("cuda"):
        result["device_name"] = torch.cuda.get_device_name()
        result["speed"] = measure_speed(network, args.device, args.rounds)
        if args.weights:
            result["bfloat16_against_float32"] = measure_dtypes(network, args.device)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
