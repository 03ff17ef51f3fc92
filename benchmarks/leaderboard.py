"""A leaderboard of 50 runs × 1,834 edits: seconds to build, and how large its pages are. Scores are drawn, not measured.

python benchmarks/leaderboard.py [--runs 50]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gsi_bench_dataset.records import Fault, Reason, Score
from gsi_bench_metric.leaderboard.content import build_board
from gsi_bench_metric.leaderboard.write import write_site
from gsi_bench_metric.run.folder import finish_run, prepare_folder

# Edits and scenes of the benchmark's splits; scenes are guessed at six edits each.
SPLITS = {"fine": 441, "mesatask": 600, "robothor": 593, "bathroom": 200}
EDITS_A_SCENE = 6
OPERATIONS = ("move", "place", "rotate", "scale", "remove", "view")
MOST_SECONDS, MOST_PAGE = 60.0, 2_000_000


def scores_of(editor: str, skill: float, rng: np.random.Generator) -> list[Score]:
    """Scores of every split; a twentieth is not scored, each editor's own."""
    scores = []
    for split, count in SPLITS.items():
        hard = np.random.default_rng(len(split)).random(count)  # the same edits are hard for all
        for i in range(count):
            values = {"split": split, "editor": editor, "protocol": "strict", "scene_id": f"{split}-{i // EDITS_A_SCENE}"}
            values |= {"sample_id": f"{split}-{i}_edit_0", "operation": OPERATIONS[i % len(OPERATIONS)]}
            if rng.random() < 0.05:
                reason = Reason("no_detections", "no detections for the edited image")
                scores.append(Score(**values, state="not_scored", reasons=(reason,)))
                continue
            done = float(hard[i] + rng.normal(0, 0.2) < skill)
            faults = () if done else (Fault("too_little"),)
            sa, lpips = float(rng.uniform(0.3, 1)) * done, float(rng.uniform(0, 0.3))
            scores.append(
                Score(**values, ic=done, sa=sa, ssim=0.9, lpips=lpips, mse=1.0, bystanders=1.0, state="scored", faults=faults)
            )
    return scores


def write_run(folder: Path, editor: str, scores: list[Score]) -> None:
    """A finished run of the drawn scores."""
    record = {"predictions": "p", "column": "edited_image", "detections": None, "judgements": None}
    data = {"path": "d", "revision": None, "content_hash": "a" * 64, "origins": ["demo"], "samples": dict(SPLITS)}
    settings = {
        "created": "2026-01-01T00:00:00+00:00",
        "protocol": "strict",
        "scoring_version": 1,
        "detector": "tracker",
        "judge": None,
        "judge_settings": None,
        "dataset_type": None,
        "comparable_with_paper": False,
        "not_comparable_because": "drawn numbers",
        "device": "cpu",
        "versions": {},
        "editors": {editor: {split: dict(record) for split in SPLITS}},
        "dataset": data,
    }
    prepare_folder(folder)
    finish_run(folder, settings, scores)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    count = parser.parse_args(argv).runs
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as made:
        folders = [Path(made) / f"runs/editor-{i:02d}" for i in range(count)]
        for i, folder in enumerate(folders):
            write_run(folder, folder.name, scores_of(folder.name, (i + 1) / (count + 1), rng))
        start, worked = time.perf_counter(), time.process_time()
        board = build_board(folders)
        read = time.perf_counter() - start
        written = write_site(board, Path(made) / "site", gallery=0).files
        seconds, worked = time.perf_counter() - start, time.process_time() - worked
        sizes = {path.relative_to(Path(made) / "site").as_posix(): path.stat().st_size for path in written}
    pages = {name: size for name, size in sizes.items() if name.endswith(".html")}
    largest = max(pages, key=lambda name: pages[name])
    pairs = sum(len(group.pairs) for group in board.groups)
    print(f"{count} runs × {sum(SPLITS.values())} edits, {pairs} pairs")
    print(f"built in {seconds:.1f} s (reading and means {read:.1f} s); {worked:.1f} s of one core, limit {MOST_SECONDS:.0f} s")
    print(f"index.html {pages['index.html'] / 1e6:.2f} MB, largest page {largest} {pages[largest] / 1e6:.2f} MB; limit 2 MB")
    print(f"whole site {sum(sizes.values()) / 1e6:.1f} MB in {len(sizes)} files")
    # One thread computes: its core seconds are its time on an idle machine. The clock measures other programs too.
    assert worked <= MOST_SECONDS and pages[largest] <= MOST_PAGE


if __name__ == "__main__":
    main()
