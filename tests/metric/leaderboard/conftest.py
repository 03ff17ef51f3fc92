"""Run folders of scores that are made up: who is better is known."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gsi_bench_dataset.records import Score
from gsi_bench_metric.run.folder import finish_run, prepare_folder

OPERATIONS = ("move", "rotate", "remove")


@pytest.fixture
def scores_of() -> Callable[..., list[Score]]:
    """`scores_of(editor, share=0.5, scenes=12, each=5, **fields)`: a share of the edits complies, and is half right."""

    def make(editor: str = "editor", share: float = 0.5, scenes: int = 12, each: int = 5, **fields) -> list[Score]:
        rng = np.random.default_rng(0)  # the same edits are hard for everyone
        complied = rng.random(scenes * each) < share
        values = {
            "split": "fine",
            "editor": editor,
            "protocol": "strict",
            "ssim": 0.9,
            "lpips": 0.1,
            "mse": 1.0,
            "bystanders": 1.0,
        }
        return [
            Score(
                sample_id=f"s{i // each:02d}_{i}_edit_0",
                operation=OPERATIONS[i % len(OPERATIONS)],
                scene_id=f"s{i // each:02d}",
                **values | {"ic": float(done), "sa": 0.5 * done} | fields,
            )
            for i, done in enumerate(complied)
        ]

    return make


@pytest.fixture
def save(tmp_path) -> Callable[..., Path]:
    """`save("runs/a", scores, **settings)`: a finished run folder below the test's own; `dataset` is merged."""

    def write(name: str, scores: list[Score], **changes) -> Path:
        record = {"predictions": "p", "pictures": 1, "column": "edited_image", "ignored_files": [], "extra": []}
        record |= {"detections": None, "judgements": None}
        data = {"path": "d", "revision": None, "content_hash": "a" * 64, "origins": ["demo"], "samples": {"fine": 60}}
        editors: dict = {}
        for score in scores:
            editors.setdefault(score.editor, {})[score.split] = dict(record)
        settings = {
            "created": "2026-01-01T00:00:00+00:00", "protocol": "strict", "scoring_version": 10, "detector": "tracker",
            "judge": None, "judge_settings": None, "on_missing": "zero", "mapping_policy": "abc", "dataset_type": None,
            "comparable_with_paper": False, "not_comparable_because": "no judge", "device": "cpu", "editors": editors,
            "versions": {"python": "3"},
        }  # fmt: skip
        settings |= {key: value for key, value in changes.items() if key != "dataset"}
        settings["dataset"] = data | changes.get("dataset", {})
        folder = tmp_path / name
        prepare_folder(folder)
        finish_run(folder, settings, scores)
        return folder

    return write
