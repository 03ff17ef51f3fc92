"""What a run reads changes while it runs: nothing is finished, the error names the file, and the same command goes on."""

import dataclasses
import os
import pickle
import shutil

import pytest
from edit_cases import make_case

from gsi_bench_dataset import EncodedImage
from gsi_bench_dataset.storage.shards import write_dataset
from gsi_bench_metric.run import pipeline
from gsi_bench_metric.run.pipeline import evaluate
from gsi_bench_metric.run.folder import RunError, load_run
from gsi_bench_metric.run.scoring import score_candidates
from gsi_bench_metric.run.unchanged import watch_dataset

__all__ = ["make_case"]


def shard(case):
    return next((case.data / "data").glob("fine-*.parquet"))


def other_images(case, make_image):
    """The same ids, other images."""
    case.samples[:] = [dataclasses.replace(s, image=EncodedImage(make_image(seed=77), "source.png")) for s in case.samples]
    case.write_data()


def fewer_samples(case, _):
    case.samples[:] = case.samples[:3]
    case.write_data()


def more_samples(case, _):
    case.samples.append(dataclasses.replace(case.samples[-1], id="z_edit_0", img_id="z", query_id="0"))
    case.write_data()


def other_words(case, _):
    case.samples[0] = dataclasses.replace(case.samples[0], prompt="Move the mug 90 centimeters to the right.")
    case.write_data()


def another_folder(case, _):
    """Swapped by renaming, as tools do, with the times of the old one."""
    status = shard(case).stat()
    new = case.folder / "new"
    write_dataset({"fine": case.samples[:2]}, new)
    case.data.rename(case.folder / "old")
    new.rename(case.data)
    os.utime(shard(case), ns=(status.st_atime_ns, status.st_mtime_ns))


def no_shard(case, _):
    shard(case).unlink()


def no_folder(case, _):
    shutil.rmtree(case.data)


def another_split_in_its_place(case, _):
    path = shard(case)
    path.rename(path.with_name(path.name.replace("fine", "mesatask")))


def damaged_shard(case, _):
    data = bytearray(shard(case).read_bytes())
    data[len(data) // 2] ^= 0xFF
    shard(case).write_bytes(data)


def other_detections(case, _):
    case.boxes[case.samples[0].id][0] += 1
    case.write_cache()


def other_judgements(case, _):
    case.write_judgements(first=1)


def no_judgements(case, _):
    case.judgements.unlink()


def another_prediction(case, make_image):
    case.picture(1).unlink()
    case.picture(1).write_bytes(make_image(seed=99))


CHANGES = [
    other_images,
    fewer_samples,
    more_samples,
    other_words,
    another_folder,
    no_shard,
    no_folder,
    another_split_in_its_place,
    damaged_shard,
    other_detections,
    other_judgements,
    no_judgements,
    another_prediction,
]


def change_at(monkeypatch, what, when):
    """Does `what` before anything is scored, after the first score, or after the last one."""
    left = [True]

    def scored(*arguments):
        for number, score in enumerate(score_candidates(*arguments)):
            if left and number >= 1:
                left.clear()
                what()
            yield score

    run = pipeline._run

    def run_all(*arguments, **options):
        if when == "before":
            what()
        found = run(*arguments, **options)
        if when == "after":
            what()
        return found

    monkeypatch.setattr(pipeline, "_run", run_all)
    if when == "between":
        monkeypatch.setattr(pipeline, "score_candidates", scored)


TIMES = [(change, "between") for change in CHANGES]
TIMES += [(change, when) for change in (another_folder, no_folder, other_detections) for when in ("before", "after")]


@pytest.mark.parametrize("time", TIMES, ids=[f"{change.__name__}-{when}" for change, when in TIMES])
def test_a_change_while_it_runs_finishes_nothing(make_case, make_image, tmp_path, monkeypatch, time):
    case, folder, (change, when) = make_case(4), tmp_path / "run", time
    with monkeypatch.context() as patch:
        change_at(patch, lambda: change(case, make_image), when)
        with pytest.raises(RunError, match=r"changed while it ran[\s\S]*Run the same command again"):
            evaluate(case.request(), folder, progress=False)
    assert not (folder / "scores.jsonl").exists()
    with pytest.raises(RunError, match="not finished"):
        load_run(folder)


@pytest.mark.parametrize("change", [other_images, fewer_samples], ids=["other_images", "fewer_samples"])
def test_the_same_command_then_scores_what_is_there_now(make_case, make_image, tmp_path, monkeypatch, change):
    case, folder = make_case(4), tmp_path / "run"
    with monkeypatch.context() as patch:
        change_at(patch, lambda: change(case, make_image), "between")
        with pytest.raises(RunError):
            evaluate(case.request(), folder, progress=False)
    again = evaluate(case.request(), folder, progress=False)
    fresh = evaluate(case.request(), tmp_path / "fresh", progress=False)
    assert again.scores == fresh.scores and len(again.scores) == len(case.samples)
    assert load_run(folder).settings["dataset"] == fresh.settings["dataset"]


def test_a_worker_notices_a_change_before_its_next_task(make_case, make_image, tmp_path):
    case = make_case(2)
    watch, _ = watch_dataset(case.data, ["fine"])
    there = pickle.loads(pickle.dumps(watch))
    there.require_unchanged(tmp_path)
    other_images(case, make_image)
    with pytest.raises(RunError, match=r"fine-00000-of-00001.parquet: has other content now"):
        there.require_unchanged(tmp_path)


def test_rights_links_and_equal_bytes_are_no_change(make_case, tmp_path, monkeypatch):
    case = make_case(2)

    def harmless():
        shard(case).chmod(0o600)
        os.link(shard(case), case.folder / "kept.parquet")
        case.picture(0).chmod(0o600)
        case.write_data()

    change_at(monkeypatch, harmless, "before")
    assert len(evaluate(case.request(), tmp_path / "run", progress=False).scores) == 2


def test_a_sample_that_was_not_read_is_named(make_case, tmp_path, monkeypatch):
    """Whatever the reason: a run with fewer scores than samples is none."""
    case, run = make_case(4), pipeline._run
    monkeypatch.setattr(pipeline, "_run", lambda *a, **o: run(*a, **o)[1:])
    with pytest.raises(RunError, match=r"s0000_edit_0 was not read|s0001_edit_\d was not read|s0000_edit_1 was not read"):
        evaluate(case.request(), tmp_path / "run", progress=False)
    assert not (tmp_path / "run" / "scores.jsonl").exists()


def test_runs_of_other_data_do_not_mix_in_one_folder(make_case, make_image, tmp_path, monkeypatch):
    case, folder = make_case(4), tmp_path / "run"
    other = dataclasses.replace(case.request(), on_missing="error", judge=None, judgements=None)
    run = pipeline._run

    def meanwhile(*arguments, **options):
        found = run(*arguments, **options)
        with monkeypatch.context() as patch:
            patch.setattr(pipeline, "_run", run)
            evaluate(other, folder, progress=False)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "_run", meanwhile)
        with pytest.raises(RunError, match="other data, images or settings began in this folder"):
            evaluate(case.request(), folder, progress=False)
    assert load_run(folder).settings["judge"] is None


def test_settings_name_the_data_by_split_and_file(make_case, tmp_path):
    case = make_case(2)
    files = evaluate(case.request(), tmp_path / "run", progress=False).settings["dataset"]["files"]
    assert list(files) == ["fine"] and [len(digest) for digest in files["fine"].values()] == [64]
