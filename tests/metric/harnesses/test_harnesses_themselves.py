"""lmms-eval and EvalScope themselves, from PyPI, in throw-away environments, with a model that answers in all their ways."""

from __future__ import annotations

import json
import os
import shutil
import site
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.storage.shards import sample_ids
from gsi_bench_metric.results.aggregate import aggregate
from gsi_bench_metric.run.folder import load_run

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
# lmms-eval names 45 requirements. These are those that its command imports beside what gsi-bench needs too.
LMMS_EVAL = ("lmms-eval==0.7.3", "jsonlines", "pytablewriter", "loguru", "tenacity", "sacrebleu", "sqlitedict", "numexpr")
LMMS_EVAL += ("typepy", "dataproperty", "mbstrdecoder", "tabledata", "tcolorpy", "pathvalidate", "chardet", "portalocker")
LMMS_EVAL += ("tabulate", "colorama", "lxml", "tqdm-multiprocess")
EVALSCOPE = ("evalscope==1.14.1", "datasets<=4.8.4")
JUNK = 2  # the first answers: words, and an image that is none

LMMS_MODEL = """
import json, shutil
from pathlib import Path
from lmms_eval.api.model import lmms
from lmms_eval.models.registry_v2 import ModelManifest

MANIFEST = ModelManifest("dummy", simple_class_path="dummy_editor.Dummy")


class Dummy(lmms):
    def __init__(self, images="", batch_size=1, device=None, **_):
        super().__init__()
        self.images = Path(images)

    def loglikelihood(self, requests):
        raise NotImplementedError

    generate_until_multi_round = loglikelihood

    def generate_until(self, requests):
        Path("outputs").mkdir(exist_ok=True)
        answers = []
        for request in requests:
            words, _, visual, doc_id, task, split = request.args
            doc = self.task_dict[task][split][doc_id]
            assert words == doc["prompt"] and visual(doc)[0].mode == "RGB"
            path = Path("outputs") / f"{task}_{doc_id}_0.png"
            shutil.copy(self.images / f"{doc['id']}.png", path)
            said = [json.dumps({"text": "", "images": [str(path)]}), f"Generated image saved to: {path}"]
            answers.append({0: "I cannot.", 1: json.dumps({"text": "", "images": ["/dev/zero"]})}.get(doc_id, said[doc_id % 2]))
        return answers
"""

EVALSCOPE_RUN = '''
import base64, importlib.util, json, sys
from pathlib import Path
import datasets

tasks, images, protocol = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
assert importlib.util.find_spec("gsi_bench_dataset") is None and int(datasets.__version__.split(".")[0]) < 5
sys.path.insert(0, str(tasks))
import gsi_bench_adapter
from evalscope import TaskConfig, run_task
from evalscope.api.messages import ChatMessageAssistant, ContentImage
from evalscope.api.model import ChatCompletionChoice, GenerateConfig, Model, ModelAPI, ModelOutput

rows = [json.loads(line) for line in (tasks / "fine_test.jsonl").read_text().splitlines()]


def base64_of(path):
    return base64.b64encode(path.read_bytes()).decode()


class Dummy(ModelAPI):
    """Knows a sample by its words and its image; two that are asked the same come in their order."""

    def generate(self, input, tools, tool_choice, config):
        words, source = input[0].content
        asked = (words.text, source.image.partition(",")[2])
        number = next(i for i, row in enumerate(rows) if row and (row["prompt"], base64_of(tasks / row["image"])) == asked)
        row, rows[number] = rows[number], None
        image = base64_of(images / f"{row['id']}.png")
        image = f"data:image/png;base64,{image}" if number % 2 else image
        said = {0: "I cannot.", 1: [ContentImage(image=base64.b64encode(b"junk").decode())]}
        message = ChatMessageAssistant(content=said.get(number, [ContentImage(image=image)]))
        return ModelOutput(model="dummy", choices=[ChatCompletionChoice(message=message)])


found = run_task(TaskConfig(
    model=Model(api=Dummy("dummy"), config=GenerateConfig()), model_id="dummy", eval_type="image_editing",
    datasets=["gsi_bench"], judge={"strategy": "rule"}, work_dir="work", eval_batch_size=1,
    dataset_args={"gsi_bench": {"extra_params": {"protocol": protocol}}},
))
print("FOUND", json.dumps({m.identity.name: [m.score, m.num] for m in found["gsi_bench"].metrics}))
'''


def environment(folder: Path, *packages: str, deps: bool) -> Path:
    """The Python of a new environment with these packages; the test is skipped where pip cannot get them."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=300)
    python = folder / "bin/python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--disable-pip-version-check"]
    command += [*([] if deps else ["--no-deps"]), *packages]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)
    if done.returncode != 0:
        pytest.skip(f"pip cannot get {packages[0]}: {done.stderr.strip().splitlines()[-1:]}")
    return python


@pytest.fixture(scope="module")
def lmms_eval(tmp_path_factory) -> Iterator[Path]:
    """lmms-eval without its requirements, upon the libraries that are installed here (torch, transformers, datasets).

    Its requirement torchvision is left out: beside a CPU build of torch PyPI's does not import, and breaks transformers.
    gsi-bench itself cannot be imported there.
    """
    folder = tmp_path_factory.mktemp("lmms") / "venv"
    python = environment(folder, *LMMS_EVAL, deps=False)
    (own,) = folder.glob("lib/python*/site-packages")
    (own / "zz_below.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    (own / "dummy_editor.py").write_text(LMMS_MODEL)
    info = own / "dummy_editor-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dummy-editor\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[lmms_eval.models]\ndummy = dummy_editor:MANIFEST\n")
    yield python
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def evalscope(tmp_path_factory) -> Iterator[Path]:
    """EvalScope with all of its requirements and nothing of ours."""
    folder = tmp_path_factory.mktemp("evalscope") / "venv"
    yield environment(folder, *EVALSCOPE, deps=True)
    shutil.rmtree(folder)


def settings(tmp_path: Path, **changes: str) -> dict[str, str]:
    ours = [str(ROOT), str(ROOT / "builders"), str(ROOT / "space_app")]
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "GSI_BENCH_PROTOCOL")}
    return (
        kept | {"GSI_BENCH_PYTHONPATH": os.pathsep.join(ours), "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1"} | changes
    )


def run_in(folder: Path, command: Sequence[object], env: dict[str, str]) -> str:
    done = subprocess.run([*map(str, command)], cwd=folder, env=env, capture_output=True, text=True, timeout=1200, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def exported(harness: str, data: Path, out: Path) -> Path:
    assert main(["harness", harness, "--data", str(data), "--out", str(out), "--workers", "1"]) == 0
    return out


def expected(images: Path, data: Path, folder: Path, protocol: str) -> tuple[dict[str, float], float]:
    """The row of `gsi-bench evaluate` of the images without the junk, and IC with the junk as missing images."""
    kept = folder / "kept"
    shutil.copytree(images, kept)
    for name in sample_ids(data, "fine")[:JUNK]:
        (kept / f"{name}.png").unlink()
    words = ["evaluate", kept, "--data", data, "--split", "fine", "--protocol", protocol, "--out", folder / "run", "--quiet"]
    assert main([str(word) for word in words]) == 0
    scores = load_run(folder / "run").scores
    everything = aggregate(scores, False)
    row = aggregate([score for score in scores if score.state != "no_picture"], False)
    return row, everything.get("ic_all", everything["ic"])


@pytest.mark.parametrize("protocol", ["strict", "official"])
def test_lmms_eval_prints_the_numbers_of_gsi_bench(protocol, lmms_eval, harness_data, tmp_path):
    data, images = harness_data / "data", harness_data / "eval/paste/generated_images_fine"
    tasks = exported("lmms-eval", data, tmp_path / "tasks")
    env = settings(tmp_path, GSI_BENCH_PROTOCOL=protocol)
    command = [lmms_eval.parent / "lmms-eval", "--include_path", tasks, "--tasks", "gsi_bench", "--output_path", "logs"]
    shown = run_in(tmp_path, [*command, "--model", "dummy", "--model_args", f"images={images}", "--log_samples"], env)
    assert "gsi_bench_fine" in shown
    (results,) = (tmp_path / "logs").rglob("*results.json")
    found = json.loads(results.read_text())["results"]["gsi_bench_fine"]
    row, ic_all = expected(images, data, tmp_path, protocol)
    assert {key: found[f"gsi_{key},none"] for key in ("ic", "sa", "el")} == {key: row[key] for key in ("ic", "sa", "el")}
    assert (found["gsi_ic_all,none"], found["gsi_scored,none"]) == (ic_all, row["n"])
    (kept,) = (tmp_path / "gsi_bench_runs").glob("*/results.json")
    account = json.loads(kept.read_text())
    assert account["protocol"] == protocol and account["not_scored"]["no_image"] == account["not_scored"]["outside"] == 1
    assert found["gsi_not_scored,none"] == sum(account["not_scored"].values()) == account["asked"] - account["scored"]


@pytest.mark.parametrize("protocol", ["strict", "official"])
def test_evalscope_reports_the_numbers_of_gsi_bench(protocol, evalscope, harness_data, tmp_path):
    data, images = harness_data / "data", harness_data / "eval/paste/generated_images_fine"
    tasks = exported("evalscope", data, tmp_path / "tasks")
    (tmp_path / "run.py").write_text(EVALSCOPE_RUN)
    shown = run_in(tmp_path, [evalscope, "run.py", tasks, images, protocol], settings(tmp_path))
    found = json.loads(next(line for line in shown.splitlines() if line.startswith("FOUND")).removeprefix("FOUND"))
    row, ic_all = expected(images, data, tmp_path, protocol)
    for key in ("ic", "sa", "el"):
        assert found[key] == [pytest.approx(row[key], abs=1e-4), row["n"]]  # its reports hold four digits
    assert found["ic_all"][0] == pytest.approx(ic_all, abs=1e-4) and found["gsi_scored"][0] == row["n"]
    (kept,) = (tmp_path / "gsi_bench_runs").glob("*/results.json")
    account = json.loads(kept.read_text())
    assert account["editor"] == "dummy" and account["protocol"] == protocol
    assert account["not_scored"]["no_image"] == account["not_scored"]["unreadable"] == 1
