"""A home that cannot be written: the metric works, or says `cache_dir`."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import evaluate
import pytest

from gsi_bench_metric.hf import load
from gsi_bench_metric.hf.register import register
from gsi_bench_metric.run.scoring import ScoringError


@pytest.fixture
def no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The default folder of rows, where none can be made: also for a user whom no right stops."""
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(evaluate.config, "HF_METRICS_CACHE", str(tmp_path / "file" / "metrics"))
    return tmp_path / "file" / "metrics"


def test_one_process_works_and_says_where_rows_are(no_home: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    metric = load()
    metric.add_batch(predictions=[], references=[])
    folder = Path(metric.data_dir)
    assert any(folder.iterdir()) and no_home not in folder.parents
    assert str(no_home) in caplog.text and "cache_dir" in caplog.text


@pytest.mark.parametrize("options", [{"num_process": 2, "process_id": 1, "experiment_id": "a"}, {"cache_dir": "?"}])
def test_where_it_cannot_choose_it_names_cache_dir(no_home: Path, options: dict[str, object]) -> None:
    if "cache_dir" in options:
        options = {"cache_dir": str(no_home)}
    with pytest.raises(ScoringError, match="cache_dir") as caught:
        load(**options)
    assert str(no_home) in str(caught.value) and "a part of the path is a file" in str(caught.value)


def test_a_folder_that_is_named_is_taken(no_home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    metric = load(cache_dir=str(tmp_path / "mine"))
    assert tmp_path / "mine" in Path(metric.data_dir).parents and not caplog.text


def test_a_home_that_can_be_written_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate.config, "HF_METRICS_CACHE", str(tmp_path / "metrics"))
    assert Path(load().data_dir) == tmp_path / "metrics/gsi_bench/default"
    assert not any((tmp_path / "metrics/gsi_bench/default").iterdir())


def test_evaluate_load_works_with_a_home_that_is_read_only(tmp_path: Path) -> None:
    home = tmp_path / "home"
    register(home / "huggingface/modules")
    (home / "huggingface/metrics").write_text("in the way")  # no right stops the superuser
    code = "import evaluate, tempfile; m = evaluate.load('gsi_bench'); print(tempfile.gettempdir() in m.data_dir)"
    kept = {name: value for name, value in os.environ.items() if name not in ("HF_HOME", "HF_MODULES_CACHE")}
    environment = kept | {"XDG_CACHE_HOME": str(home), "HF_EVALUATE_OFFLINE": "1"}
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.strip() == "True", done.stderr
    assert "cache_dir" in done.stderr
