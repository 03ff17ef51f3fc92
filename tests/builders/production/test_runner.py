"""A build keeps what is finished, whatever happens to the rest of it."""

import dataclasses
import errno
import importlib
import json
import os
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest

from gsi_bench_builders.edits.base import EditOptions
from gsi_bench_builders.production import runner
from gsi_bench_builders.production.runner import BuildError, build, variants_folder, work_folder
from gsi_bench_builders.production.scene_work import SceneJob, SceneReport, SceneResult
from gsi_bench_dataset.storage.card import read_content_hash
from gsi_bench_dataset.storage.shards import read_dataset

pytest.importorskip("bpy", reason="needs the blender extra")

# Workers are other processes: what they are given must come from a module that they can import.
SOURCE = '''
import dataclasses, os, signal
from pathlib import Path
from gsi_bench_builders.assets.library import asset
from gsi_bench_builders.scene import AssetInfo, Camera, Light, Room, Scene, Support, Thing

@dataclasses.dataclass(frozen=True)
class Mugs:
    """Four mugs on a table. `dies`: scenes whose worker dies, once where there is a `note` to leave; `lacks`: an asset."""
    dies: tuple = ()
    note: str = ""
    lacks: tuple = ()
    key: str = "file:/nowhere/lost.glb"
    crowded: tuple = ()

    def describe(self):
        return {"assets": "mugs"}

    def scene(self, number, rng, size):
        if number in self.dies and not (self.note and Path(self.note).exists()):
            if self.note:
                Path(self.note).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        infos = [asset(f"embedded:mug:{s}").info for s in (0, 1, 2, 4)]
        if number in self.lacks:
            infos[0] = dataclasses.replace(infos[0], key=self.key)
        if number in self.crowded:
            infos = [dataclasses.replace(i, nameable=False) for i in infos]
        places = [(-0.15, 0.1), (0.15, 0.12), (-0.14, -0.12), (0.16, -0.1)]
        things = [
            Thing(f"mug_{n}", i, (x, y, 0.75 + i.size[2] / 2)).turned(float(rng.uniform(0, 6)))
            for n, (i, (x, y)) in enumerate(zip(infos, places))
        ]
        camera = Camera.look_at((0, -0.85, 1.35), (0, 0, 0.78), 45, size, size)
        support = Support("table", "桌子", (-0.6, 0.6), (-0.4, 0.4), 0.75)
        return Scene(f"s{number:05d}_mugs", tuple(things), support, Room("dining", number), Light(), camera), {"broken": 1}
'''
OPTIONS = EditOptions(attempts=25)
JOB = SceneJob("mesatask", "test", seed=1, edits=2, kinds=("move", "remove"), options=OPTIONS)


@pytest.fixture(scope="module")
def source_module(tmp_path_factory):
    folder = tmp_path_factory.mktemp("source")
    (folder / "mug_source.py").write_text(SOURCE, encoding="utf-8")
    sys.path.insert(0, str(folder))
    yield importlib.import_module("mug_source")
    sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def mugs(source_module):
    return source_module.Mugs


@pytest.fixture(scope="module")
def whole(mugs, tmp_path_factory):
    """An undisturbed build of three scenes by one worker."""
    out = tmp_path_factory.mktemp("whole") / "GSI-Bench"
    return out, build(mugs(), JOB, out, 3, workers=1, quiet=True)


def ids(out):
    return [s.id for s in read_dataset(out, "mesatask")]


def test_a_build_is_a_dataset_that_says_all(whole):
    out, summary = whole
    samples = list(read_dataset(out, "mesatask"))
    assert len(samples) == summary.samples == 6
    assert summary.operations == {"move": 3, "remove": 3}
    for sample in samples:
        assert sample.operation and sample.prompt and sample.prompt_zh
        assert (sample.origin, sample.image_licence, sample.redistributable) == ("demo", "cc-by-4.0", True)
        assert (sample.engine, sample.seed, sample.up_source, sample.pixel_frame) == ("blender", 1, "engine", "source")
        assert len(sample.objects) == 4
        assert len(sample.objects_after) == (3 if sample.operation.kind == "remove" else 4)
        assert [o.is_target for o in sample.objects].count(True) == 1
        assert (sample.new_bbox_3d is None) == (sample.operation.kind == "remove")
        assert sample.image and sample.edited_image and sample.depth and sample.instance_mask and sample.instance_mask_after


def test_two_workers_make_the_same_dataset_as_one(whole, mugs, tmp_path):
    build(mugs(), JOB, tmp_path / "two", 3, workers=2, quiet=True)
    assert read_content_hash(tmp_path / "two") == read_content_hash(whole[0])


def test_a_second_run_makes_nothing_anew_and_adds_scenes(mugs, tmp_path):
    out = tmp_path / "d"
    build(mugs(), JOB, out, 1, quiet=True)
    kept = work_folder(out, "mesatask") / "scene-00000.parquet"
    before = kept.stat().st_mtime_ns
    summary = build(mugs(), JOB, out, 2, quiet=True)
    assert (summary.resumed, len(summary.reports)) == (1, 2)
    assert kept.stat().st_mtime_ns == before
    assert {i.split("_")[0] for i in ids(out)} == {"s00000", "s00001"}


def test_a_worker_that_dies_is_replaced_and_its_scene_made(whole, mugs, tmp_path):
    source = mugs(dies=(1,), note=str(tmp_path / "died"))
    summary = build(source, JOB, tmp_path / "d", 3, workers=2, quiet=True)
    assert (tmp_path / "died").exists()
    assert summary.failures == {}
    assert read_content_hash(tmp_path / "d") == read_content_hash(whole[0])


def test_a_scene_that_kills_every_worker_costs_no_other(mugs, tmp_path):
    summary = build(mugs(dies=(1,)), JOB, tmp_path / "d", 3, workers=2, quiet=True)
    assert list(summary.failures) == [1]
    assert "died" in summary.failures[1]
    assert {i.split("_")[0] for i in ids(tmp_path / "d")} == {"s00000", "s00002"}
    # Tried again by the next run, which finds the others done.
    again = build(mugs(), JOB, tmp_path / "d", 3, workers=1, quiet=True)
    assert (again.resumed, again.failures) == (2, {})


@pytest.mark.parametrize("content", [None, b"glTF\x02\x00\x00\x00broken"])
def test_an_unreadable_asset_costs_its_scene_and_is_named(mugs, tmp_path, content):
    file = tmp_path / "lost.glb"
    if content:
        file.write_bytes(content)
    summary = build(mugs(lacks=(0,), key=f"file:{file}"), JOB, tmp_path / "d", 2, quiet=True)
    assert list(summary.failures) == [0]
    assert "lost.glb" in summary.failures[0]
    assert {i.split("_")[0] for i in ids(tmp_path / "d")} == {"s00001"}


def test_a_scene_without_a_valid_edit_is_named_with_the_reasons(mugs, tmp_path):
    summary = build(mugs(crowded=(0,)), JOB, tmp_path / "d", 2, quiet=True)
    assert "no valid edit in scene s00000_mugs; rejected: no_candidate" in summary.failures[0]


def test_nothing_at_all_is_an_error_that_lists_why(mugs, tmp_path):
    with pytest.raises(BuildError, match=r"no scene gave a sample[\s\S]*lost\.glb"):
        build(mugs(lacks=(0,)), JOB, tmp_path / "d", 1, quiet=True)
    assert not (tmp_path / "d").exists()


def test_other_settings_are_refused_and_fresh_begins_anew(mugs, tmp_path):
    out = tmp_path / "d"
    build(mugs(), JOB, out, 1, quiet=True)
    other = dataclasses.replace(JOB, seed=2)
    with pytest.raises(BuildError, match=r"--fresh[\s\S]*job\.seed: 1 then, 2 now"):
        build(mugs(), other, out, 1, quiet=True)
    summary = build(mugs(), other, out, 1, quiet=True, fresh=True)
    assert summary.resumed == 0
    assert next(read_dataset(out, "mesatask")).seed == 2


def test_a_killed_run_goes_on_where_it_was(whole, source_module, tmp_path):
    out = tmp_path / "d"
    script = tmp_path / "run.py"
    script.write_text(
        "from pathlib import Path\n"
        "from mug_source import Mugs\n"
        "from gsi_bench_builders.edits.base import EditOptions\n"
        "from gsi_bench_builders.production.runner import build\n"
        "from gsi_bench_builders.production.scene_work import SceneJob\n"
        "if __name__ == '__main__':\n"
        "    job = SceneJob('mesatask', 'test', 1, 2, kinds=('move', 'remove'), options=EditOptions(attempts=25))\n"
        f"    build(Mugs(), job, Path({str(out)!r}), 3, quiet=True)\n",
        encoding="utf-8",
    )
    path = os.pathsep.join([os.path.dirname(source_module.__file__), *sys.path])  # noqa: PTH120
    run = subprocess.Popen([sys.executable, str(script)], env={**os.environ, "PYTHONPATH": path}, start_new_session=True)
    first = work_folder(out, "mesatask") / "scene-00000.parquet"
    deadline = time.monotonic() + 120
    while not first.is_file() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    assert first.is_file() and not out.exists()
    summary = build(source_module.Mugs(), JOB, out, 3, quiet=True)
    assert summary.resumed >= 1
    assert read_content_hash(out) == read_content_hash(whole[0])


def test_a_full_disk_is_named_with_the_remedy(monkeypatch, tmp_path):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(runner, "write_samples", full)
    with pytest.raises(BuildError, match="free space on the disk"):
        runner._keep(SceneResult(SceneReport(0)), tmp_path)


def test_a_damaged_scene_file_is_named_and_made_anew(mugs, tmp_path, capsys):
    out = tmp_path / "d"
    build(mugs(), JOB, out, 1, quiet=True)
    before = read_content_hash(out)
    kept = work_folder(out, "mesatask") / "scene-00000.parquet"
    kept.write_bytes(kept.read_bytes()[:-200])
    summary = build(mugs(), JOB, out, 1, quiet=True)
    assert "scene-00000.parquet" in capsys.readouterr().err
    assert (summary.resumed, read_content_hash(out)) == (0, before)


def test_variants_go_to_a_dataset_of_their_own(mugs, tmp_path):
    out = tmp_path / "GSI-Bench"
    job = SceneJob("mesatask", "test", seed=1, edits=1, kinds=("move",), variants=1)
    summary = build(mugs(), job, out, 1, quiet=True)
    parent = next(read_dataset(out, "mesatask"))
    variants = {s.variant: s for s in read_dataset(variants_folder(out), "mesatask")}
    assert summary.variants == len(variants)
    assert {"grade000", "grade020", "grade080", "grade100", "removed", "relit"} <= set(variants)
    assert all(v.parent_id == parent.id and v.prompt == parent.prompt for v in variants.values())
    assert variants["grade000"].edited_image.bytes == parent.image.bytes
    assert variants["grade100"].edited_image.bytes == parent.edited_image.bytes
    assert variants["relit"].instance_mask_after.bytes == parent.instance_mask_after.bytes
    assert [variants[f"grade{g:03d}"].progress for g in (0, 20, 80, 100)] == [0.0, 0.2, 0.8, 1.0]
    goal, start = (next(o for o in objects if o.is_target).bbox_3d for objects in (parent.objects_after, parent.objects))
    way = next(o for o in variants["grade020"].objects_after if o.is_target).bbox_3d
    assert way[:3] == pytest.approx([0.8 * a + 0.2 * b for a, b in zip(start[:3], goal[:3], strict=True)])


def test_finished_scenes_carry_their_account(whole):
    out, summary = whole
    footer = pq.read_metadata(work_folder(out, "mesatask") / "scene-00001.parquet").metadata[b"gsi_bench"]
    kept = json.loads(footer)["scene"]
    assert (kept["number"], kept["samples"], kept["failure"]) == (1, 2, None)
    assert kept["frames"] == summary.reports[1].frames == 3
    assert kept["peak_bytes"] > 2**28
