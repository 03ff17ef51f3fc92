"""`evaluate` under a launcher of several ranks: the script of docs/scale.md, as it stands there."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gsi_bench_dataset.layout.official import read_official
from gsi_bench_dataset.storage.predictions import read_predictions
from gsi_bench_dataset.storage.shards import write_dataset
from gsi_bench_metric.hf.evaluate_module import GsiBench
from gsi_bench_metric.hf.register import register

SCRIPT = re.search(r"```python\n(# score\.py\n.*?)```", (Path(__file__).parents[3] / "docs/scale.md").read_text(), re.DOTALL)[1]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port"]


def free_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


@pytest.mark.slow
def test_two_ranks_give_what_one_process_gives(golden, tmp_path):
    end_to_end = golden / "metric" / "end_to_end"
    samples = sorted(read_official(end_to_end / "fine_dataset", "fine"), key=lambda s: s.id)[:5]
    found = read_predictions(end_to_end / "eval/BAGEL/generated_images_fine").predictions
    recorded = end_to_end / "eval/BAGEL/fine_eval/infer_cache.json"
    arguments = {"protocol": "official", "device": "cpu", "detector": "recorded", "detections": str(recorded)}
    write_dataset({"fine": samples}, tmp_path / "GSI-Bench/GSI-Bench")
    (tmp_path / "edits").mkdir()
    for sample in samples:
        (tmp_path / f"edits/{sample.id}.png").write_bytes(Path(found[sample.id].path).read_bytes())
    asked = "compute(predictions=edits, references=rows"
    assert asked in SCRIPT
    (tmp_path / "score.py").write_text(SCRIPT.replace(asked, f"{asked}, **{arguments}"))
    register(tmp_path / "hf" / "modules")
    env = {k: v for k, v in os.environ.items() if k != "HF_MODULES_CACHE"}
    env |= {"HF_HOME": str(tmp_path / "hf"), "HF_EVALUATE_OFFLINE": "1", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    command = [*TORCHRUN, free_port(), "score.py"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    predictions = [found[sample.id] for sample in samples]
    alone = GsiBench(cache_dir=str(tmp_path / "alone")).compute(predictions=predictions, references=samples, **arguments)
    assert rows == [alone]
