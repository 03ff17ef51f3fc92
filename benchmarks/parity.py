"""Largest differences from the recorded reference outputs, as the Markdown table of the documentation.

The end-to-end case is in tests/data; the other recorded cases (`--golden DIR`, default ../shared/golden) are left out where
they are absent. The tests hold the limits; this prints how far from them the numbers are.

    python benchmarks/parity.py
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from gsi_bench_dataset.layout.official import read_official
from gsi_bench_dataset.records import Detection, EncodedImage, Sample
from gsi_bench_dataset.storage.predictions import read_predictions
from gsi_bench_metric.detectors import make_detector
from gsi_bench_metric.geometry.boxes import box_iou_3d
from gsi_bench_metric.imaging.images import reference_view
from gsi_bench_metric.imaging.locality import ssim
from gsi_bench_metric.imaging.perceptual import LpipsAlex, content_scaled, masked_lpips
from gsi_bench_metric.protocols.official import operations as official
from gsi_bench_metric.protocols.official.results import MODES, results_from_scores
from gsi_bench_metric.run.planning import make_plan
from gsi_bench_metric.run.scoring import make_scorer, score

ROOT = Path(__file__).parents[1]
FIELDS = ("label", "bbox_3d", "bbox_2d", "iou_score", "rotation_matrix")
CONSTANT = ("near_black_96", "blank_edit_128")  # SSIM of constant pictures is 0/0 up to rounding


def end_to_end() -> list[tuple[str, str]]:
    data = ROOT / "tests" / "data"
    recorded = data / "eval" / "recorded-editor"
    samples = list(read_official(data / "official" / "fine_dataset", "fine", origin="demo"))
    plan = make_plan(samples, read_predictions(recorded / "generated_images_fine"))
    detector = make_detector("recorded", recorded / "fine_eval" / "infer_cache.json")
    worst: dict[str, float] = {}
    wrong, count = 0, 0
    for dataset_type in ("GSI-Real", "GSI-Syn"):
        scorer = make_scorer("official", "cpu", dataset_type=dataset_type)
        results = results_from_scores(score(plan, samples, scorer, detector, progress=False))
        for mode in MODES:
            wanted = json.loads((data / "expected" / dataset_type / f"{mode}_eval_results.json").read_text())
            for key, values in wanted.items():
                for name, value in values.items():
                    if name == "operation":
                        continue
                    found = results[mode][key][name]
                    if name == "compliance" and values["operation"] != "view":
                        wrong, count = wrong + (found != value), count + 1
                    else:
                        scale = value if name == "mse" else 1
                        worst[name] = max(worst.get(name, 0), abs(found - value) / max(scale, 1))
    names = {"edit_score": "SA", "compliance": "IC of view edits", "ssim": "SSIM", "lpips": "LPIPS", "mse": "MSE, relative"}
    rows = [("end to end: IC decisions that differ", f"{wrong} of {count}")]
    return rows + [(f"end to end: {words}", f"{worst[name]:.0e}") for name, words in names.items()]


def _sample(case: dict) -> Sample:
    name = str(case["id"])
    image = EncodedImage(b"-")  # operation scores look at no picture
    return Sample(id=f"{name}_edit_0", split="fine", img_id=name, query_id="0", image=image, **case["edit_meta"])


def operations(golden: Path) -> list[tuple[str, str]]:
    cases = json.loads((golden / "metric" / "operations.json").read_text())["cases"]
    wrong, worst = 0, 0.0
    for operation in official.OBJECT_OPERATIONS:
        chosen = [c for c in cases if c["operation"] == operation]
        samples = [_sample(c) for c in chosen]
        detections = [
            [[Detection(**{f: d[f] for f in FIELDS if f in d}) for d in c[side]["detections"]] for c in chosen]
            for side in ("origin_res", "result")
        ]
        batch = official.pack_edits(samples, *detections, [bool(c["check"]) for c in chosen])
        ic, sa = official.score_operation(operation, batch)
        wrong += sum(i != c["instruction_compliance"] for i, c in zip(ic.tolist(), chosen, strict=True))
        worst = max(worst, *(abs(s - c["spatial_accuracy"]) for s, c in zip(sa.tolist(), chosen, strict=True)))
    return [("operations: IC decisions that differ", f"{wrong} of {len(cases)}"), ("operations: SA", f"{worst:.0e}")]


def geometry(golden: Path) -> list[tuple[str, str]]:
    cases = json.loads((golden / "metric" / "geometry.json").read_text())["cases"]["iou_3d"]
    a, b, wanted = (torch.tensor([c[name] for c in cases], dtype=torch.float64) for name in ("bbox1", "bbox2", "out"))
    return [(f"3D IoU, {len(cases)} pairs", f"{(box_iou_3d(a, b) - wanted).abs().max():.0e}")]


def pictures(golden: Path) -> list[tuple[str, str]]:
    pairs = json.loads((golden / "metric" / "images.json").read_text())["pairs"]
    arrays = np.load(golden / "metric" / "images.npz")
    network = LpipsAlex.pretrained()
    worst_ssim = worst_lpips = 0.0
    count = 0
    for pair in pairs:
        for mask_name, wanted in pair.get("masked_processed", {}).items():
            if mask_name in ("no_mask", "none", "swapped_all"):
                continue
            a, b = (reference_view(torch.from_numpy(arrays[f"{pair['name']}.{side}"])[None]) for side in ("original", "edited"))
            height, width = wanted["mask_shape"]
            bits = np.unpackbits(arrays[f"{pair['name']}.processed.{mask_name}"])[: height * width]
            mask = torch.from_numpy(bits.reshape(1, height, width).astype(bool))
            distance = masked_lpips(network(content_scaled(a), content_scaled(b)), mask)
            worst_lpips = max(worst_lpips, abs(float(distance) - wanted["lpips"]["value"]))
            if pair["name"] not in CONSTANT:
                worst_ssim = max(worst_ssim, abs(float(ssim(a, b, mask)) - wanted["ssim"]["value"]))
            count += 1
    return [(f"masked SSIM, {count} cases", f"{worst_ssim:.0e}"), (f"masked LPIPS, {count} cases", f"{worst_lpips:.0e}")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--golden", type=Path, default=ROOT.parent / "shared" / "golden")
    args = parser.parse_args()
    rows = end_to_end()
    if args.golden.is_dir():
        rows += operations(args.golden) + geometry(args.golden) + pictures(args.golden)
    print("| compared with the recorded reference outputs | largest difference |\n| --- | ---: |")
    for what, value in rows:
        print(f"| {what} | {value} |")


if __name__ == "__main__":
    main()
