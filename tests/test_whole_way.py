"""From an empty cache: build, push, load_dataset, generate, evaluate with all four numbers, report, through a Hub."""

import json

import pytest

from gsi_bench_metric.imaging.weights import cache_dir, trunk_file

REPO = "GSI-Bench/GSI-Bench"
REVISION = "v1.0"
SCORE = 8  # what the judge says of every edit, out of 10

# A perfect editor: the ground truth, which a function may look up.
HOOK = """
def edit(sample):
    return sample.edited_image.bytes
"""
LOAD = f"""
import json
from datasets import load_dataset
rows = {{}}
for streaming in (False, True):
    dataset = load_dataset("{REPO}", revision="{REVISION}", split="mesatask", streaming=streaming)
    rows[streaming] = [[r["id"], r["prompt"], r["image"].size, r["edited_image"].size] for r in dataset]
assert rows[False] == rows[True]
print(json.dumps(rows[False]))
"""


def judge_options(folder, ids):
    """The judge's part of `evaluate`: recorded replies. Another judge comes in here, and here alone."""
    reply = f'||V^=^V||{{"score": {SCORE}, "reasoning": "recorded"}}||V^=^V||'
    entries = [{"prediction": reply, "meta": {"db_idx": i, "index": name}} for i, name in enumerate(ids)]
    (folder / "judgements.json").write_text(json.dumps(entries))
    return ["--judge", "recorded", "--judgements", folder / "judgements.json"]


@pytest.mark.slow
@pytest.mark.skipif(not trunk_file().is_file(), reason="LPIPS weights are not here; run `gsi-bench weights lpips` once")
def test_from_an_empty_cache_to_a_report_through_the_hub(hub, gsi_bench, client, tmp_path):
    pytest.importorskip("bpy", reason="the builder's extra is not installed: pip install 'gsi-bench[blender]'")

    def step(*words, **environment):
        done = gsi_bench(*words, timeout=300, GSI_BENCH_CACHE=str(cache_dir()), **environment)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    built = tmp_path / "built"
    step("build", "mesatask", "--num-scenes", 1, "--edits-per-scene", 4, "--preset", "test", "--workers", 1, "--out", built)
    step("push", built, REPO, "--tag", REVISION)
    assert hub.repos[REPO].tags[REVISION] == hub.repos[REPO].refs["main"]

    loaded = client("-c", LOAD, timeout=120)
    assert loaded.returncode == 0, loaded.stderr
    rows = json.loads(loaded.stdout)
    assert rows and all(row[2] == row[3] for row in rows)
    ids = [row[0] for row in rows]

    (tmp_path / "work/perfect.py").write_text(HOOK)
    data = ("--data", REPO, "--revision", REVISION, "--split", "mesatask")
    step("generate", "--editor", "perfect:edit", *data, "--out", "eval")
    pictures = tmp_path / "work/eval/perfect-edit/generated_images_mesatask"
    assert sorted(path.stem for path in pictures.glob("*.png")) == sorted(ids)

    run = tmp_path / "run"
    step("evaluate", pictures, *data, "--workers", 1, *judge_options(tmp_path, ids), "--out", run)
    step("report", run)
    assert (run / "report.html").stat().st_size > 10_000
    report = json.loads((run / "report.json").read_text())
    (row,) = [row["values"] for row in report["rows"]]
    assert {"ic", "sa", "el", "ac", "average"} <= set(row)
    assert row["average"] == pytest.approx((row["ic"] + row["sa"] + row["el"] + row["ac"]) / 4)
    # The ground truth: the tracker finds every edit done. The judge's score arrives. The row is not comparable with the paper.
    assert (row["ic"], row["ac"]) == (100.0, 10.0 * SCORE) and row["sa"] > 90 and row["el"] > 90
    assert report["comparable_with_paper"] is False
