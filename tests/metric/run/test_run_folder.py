"""A run folder: finished work is never repeated, changed work is, and the scores are the same either way."""

import dataclasses
import json
import os
import resource
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import torch

from gsi_bench_dataset.storage.record_store import StoreError
from gsi_bench_dataset.storage.shards import read_dataset
from gsi_bench_metric.imaging.perceptual import LpipsAlex
from gsi_bench_metric.protocols.official import scoring as official_scoring
from gsi_bench_metric.protocols.official.pixels import PixelMeter
from gsi_bench_metric.run import log as run_log
from gsi_bench_metric.run import pipeline
from gsi_bench_metric.run.folder import RunError, load_run
from gsi_bench_metric.run.pipeline import evaluate
from gsi_bench_metric.run.planning import PlanError
from gsi_bench_metric.run.scoring import ScoringError


@pytest.fixture
def measured(monkeypatch):
    """How many edits were measured, how many images went through the network."""
    counts: Counter[str] = Counter()
    measure, features = PixelMeter.measure, LpipsAlex.features

    def counting_measure(self, tasks):
        counts["measured"] += len(tasks)
        return measure(self, tasks)

    def counting_features(self, pictures):
        counts["features"] += len(pictures)
        return features(self, pictures)

    monkeypatch.setattr(PixelMeter, "measure", counting_measure)
    monkeypatch.setattr(LpipsAlex, "features", counting_features)
    return counts


def scores_of(folder: Path) -> bytes:
    return (folder / "scores.jsonl").read_bytes()


def records_of(folder: Path) -> Counter[str]:
    """How many records of each kind there are, counted without the code under test; half a line is none."""
    found = set()
    for path in (folder / "records").glob("*.jsonl"):
        for line in path.read_bytes().split(b"\n"):
            if line.endswith(b"}"):
                row = json.loads(line)
                found.add((row["kind"], row["key"]))
    return Counter(kind for kind, _ in found)


def events_of(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines() if line.startswith("{")]


# Never done again


def test_a_second_run_measures_nothing_and_gives_the_same_bytes(make_case, tmp_path, measured):
    case = make_case()
    first = evaluate(case.request(), tmp_path / "run", progress=False)
    bytes_of_first = scores_of(tmp_path / "run")
    assert measured["measured"] == 8 and measured["features"] > 0
    measured.clear()
    second = evaluate(case.request(), tmp_path / "run", progress=False)
    assert not measured
    assert list(second.scores) == list(first.scores)
    assert scores_of(tmp_path / "run") == bytes_of_first
    assert [s.record for s in second.scores if not s.record] == []


def test_another_folder_gives_the_same_bytes(make_case, tmp_path):
    case = make_case()
    for name in "ab":
        evaluate(case.request(), tmp_path / name, progress=False)
    assert scores_of(tmp_path / "a") == scores_of(tmp_path / "b")


@pytest.mark.parametrize("stop_after", [0, 1, 5, 7])
def test_a_run_that_stopped_halfway_measures_only_the_rest(make_case, tmp_path, monkeypatch, measured, stop_after):
    case = make_case()
    evaluate(case.request(), tmp_path / "whole", progress=False)
    left = [stop_after]
    batch = PixelMeter._batch

    def until(self, tasks):
        if not left[0]:
            raise RuntimeError("stopped here")
        left[0] -= 1
        return batch(self, tasks)

    with monkeypatch.context() as patch:
        patch.setattr(PixelMeter, "_batch", until)
        with pytest.raises(RuntimeError, match="stopped here"):
            evaluate(case.request(), tmp_path / "run", progress=False)
    assert records_of(tmp_path / "run")["locality"] == stop_after
    measured.clear()
    evaluate(case.request(), tmp_path / "run", progress=False)
    assert measured["measured"] == 8 - stop_after
    assert scores_of(tmp_path / "run") == scores_of(tmp_path / "whole")
    assert [event["event"] for event in events_of(tmp_path / "run")] == [
        "started",
        "planned",
        "stopped",
        "started",
        "planned",
        "finished",
    ]
    assert "stopped here" in events_of(tmp_path / "run")[2]["error"]


# What changed is done again, and nothing else


def new_picture(case):
    case.picture(4).write_bytes(case.picture(0).read_bytes())


def new_words(case):
    case.samples[0] = dataclasses.replace(case.samples[0], prompt="Please move the mug 20 centimeters to the right.")
    case.write_data()


def new_source(case):
    case.samples[2] = dataclasses.replace(case.samples[2], image=case.samples[4].image)
    case.write_data()


def new_box(case):
    case.boxes[case.samples[0].id][0] += 0.5
    case.write_cache()


def new_judgement(case):
    case.write_judgements(first=3)


def nothing(_):
    pass


CHANGES = {
    "nothing": (nothing, {}, {}),
    "a picture": (new_picture, {}, {"detections": 1, "judgements": 1, "locality": 1, "scores": 1}),
    # Recorded detections and judgements go by the sample's name: they read none of its fields.
    "the words of a sample": (new_words, {}, {"scores": 1}),
    "a source image": (new_source, {}, {"detections": 1, "locality": 1, "scores": 1}),
    # A file of recorded detections counts as a whole; the images are measured again where a box moved.
    "detections": (new_box, {}, {"detections": 16, "locality": 1, "scores": 8}),
    "judgements": (new_judgement, {}, {"judgements": 8, "scores": 8}),
    "no judge": (nothing, {"judge": None, "judgements": None}, {"scores": 8}),
    "the locality gate": (nothing, {"dataset_type": "GSI-Syn"}, {"locality": 8, "scores": 8}),
    "the editor's name": (nothing, {"editor": "other"}, {"scores": 8}),
    "what missing pictures are": (nothing, {"on_missing": "error"}, {}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_redoes_what_depends_on_it_and_nothing_else(make_case, tmp_path, name):
    case, (change, options, new) = make_case(), CHANGES[name]
    evaluate(case.request(), tmp_path / "run", progress=False)
    before = records_of(tmp_path / "run")
    assert before == {"detections": 16, "judgements": 8, "locality": 8, "scores": 8}
    change(case)
    evaluate(case.request(**options), tmp_path / "run", progress=False)
    assert records_of(tmp_path / "run") - before == Counter(new)
    evaluate(case.request(**options), tmp_path / "fresh", progress=False)
    assert scores_of(tmp_path / "run") == scores_of(tmp_path / "fresh")


@pytest.mark.parametrize(("name", "value"), [("TRUNK_SHA256", "other weights"), ("_VERSION", 0), ("_LIBRARIES", ("pyarrow",))])
def test_other_weights_code_or_libraries_measure_and_score_anew(make_case, tmp_path, monkeypatch, name, value):
    case = make_case(4)
    evaluate(case.request(), tmp_path / "run", progress=False)
    before = records_of(tmp_path / "run")
    monkeypatch.setattr(official_scoring, name, value)
    evaluate(case.request(), tmp_path / "run", progress=False)
    assert records_of(tmp_path / "run") - before == Counter({"locality": 4, "scores": 4})


def test_former_settings_measure_nothing_and_give_their_bytes(make_case, tmp_path, measured):
    case = make_case(4)
    evaluate(case.request(), tmp_path / "run", progress=False)
    former = scores_of(tmp_path / "run")
    evaluate(case.request(dataset_type="GSI-Syn"), tmp_path / "run", progress=False)
    measured.clear()
    evaluate(case.request(), tmp_path / "run", progress=False)
    assert not measured
    assert scores_of(tmp_path / "run") == former


# Several at once


def test_two_workers_give_the_same_bytes_as_one(make_case, tmp_path):
    case = make_case(20, (200, 150))
    evaluate(case.request(), tmp_path / "one", progress=False)
    evaluate(case.request(workers=2), tmp_path / "two", progress=False)
    assert scores_of(tmp_path / "one") == scores_of(tmp_path / "two")
    assert records_of(tmp_path / "one") == records_of(tmp_path / "two")
    assert len(list((tmp_path / "two" / "records").glob("*.jsonl"))) == 2


def test_thread_counts_change_no_bit_and_are_given_back(make_case, tmp_path):
    case, before = make_case(), torch.get_num_threads()
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            evaluate(case.request(), tmp_path / str(threads), progress=False)
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert scores_of(tmp_path / "1") == scores_of(tmp_path / "2")


def test_two_commands_on_one_folder_at_once_give_the_same_bytes(make_case, tmp_path):
    case = make_case(12)
    evaluate(case.request(), tmp_path / "alone", progress=False)
    words = case.words(tmp_path / "run")
    both = [subprocess.Popen(words, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    errors = [process.communicate(timeout=100)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], errors
    assert scores_of(tmp_path / "run") == scores_of(tmp_path / "alone")
    assert len(load_run(tmp_path / "run").scores) == 12
    assert Counter(event["event"] for event in events_of(tmp_path / "run")) == {"started": 2, "planned": 2, "finished": 2}


# The folder


def test_a_folder_with_other_files_is_refused_and_left_alone(make_case, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(RunError, match="holds other files and no run"):
        evaluate(make_case(2).request(), tmp_path / "mine", progress=False)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_a_file_in_the_place_of_the_folder_is_refused(make_case, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="expected a folder, found a file"):
        evaluate(make_case(2).request(), tmp_path / "file", progress=False)


def test_a_run_killed_before_its_first_whole_file_goes_on(make_case, tmp_path, monkeypatch):
    """Settings are written beside their place first: a kill right then leaves that file alone in the folder."""
    case = make_case(2)

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        patch.setattr(Path, "unlink", killed)  # after a kill nothing is cleaned up
        with pytest.raises(KeyboardInterrupt):
            evaluate(case.request(), tmp_path / "run", progress=False)
    [left] = (tmp_path / "run").iterdir()
    assert left.name != "settings.json"
    evaluate(case.request(), tmp_path / "run", progress=False)
    assert len(load_run(tmp_path / "run").scores) == 2


def test_a_finished_folder_holds_only_what_is_documented(make_case, tmp_path):
    evaluate(make_case(2).request(), tmp_path / "run", progress=False)
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"settings.json", "scores.jsonl", "records", "log.jsonl"}


def _start_only(case, folder, monkeypatch, **changes):
    def stop(*_, **__):
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "_run", stop)
        with pytest.raises(RuntimeError):
            evaluate(case.request(**changes), folder, progress=False)


def test_an_unfinished_run_is_not_loaded(make_case, tmp_path, monkeypatch):
    _start_only(make_case(2), tmp_path / "run", monkeypatch)
    with pytest.raises(RunError, match="not finished; run the same `gsi-bench evaluate` again"):
        load_run(tmp_path / "run")


def test_scores_of_former_settings_are_not_loaded(make_case, tmp_path, monkeypatch):
    case = make_case(2)
    evaluate(case.request(), tmp_path / "run", progress=False)
    _start_only(case, tmp_path / "run", monkeypatch, dataset_type="GSI-Syn")
    assert (tmp_path / "run" / "scores.jsonl").is_file()
    with pytest.raises(RunError, match="not finished"):
        load_run(tmp_path / "run")


@pytest.mark.parametrize("text", ["", "\x00" * 500, '{"protocol": "off', "[]", '{"protocol": "official"}'])
def test_spoiled_settings_are_unfinished_and_the_run_goes_on(make_case, tmp_path, text, measured):
    case = make_case(2)
    evaluate(case.request(), tmp_path / "run", progress=False)
    (tmp_path / "run" / "settings.json").write_text(text)
    with pytest.raises(RunError, match="not finished"):
        load_run(tmp_path / "run")
    measured.clear()
    evaluate(case.request(), tmp_path / "run", progress=False)
    assert not measured and len(load_run(tmp_path / "run").scores) == 2


def test_an_incomplete_file_of_scores_is_called_unfinished(make_case, tmp_path):
    evaluate(make_case(2).request(), tmp_path / "run", progress=False)
    path = tmp_path / "run" / "scores.jsonl"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(RunError, match="not finished"):
        load_run(tmp_path / "run")


def test_a_score_leads_to_what_the_detector_found(make_case, tmp_path):
    case = make_case(4)
    evaluate(case.request(), tmp_path / "run", progress=False)
    run = load_run(tmp_path / "run")
    for score, sample in zip(run.scores, case.samples, strict=True):
        source, edited = run.detections(score)
        assert [tuple(d.bbox_3d) for d in source] == [tuple(sample.original_bbox_3d)]
        assert [list(d.bbox_3d) for d in edited] == [case.boxes[sample.id]]


def test_a_score_without_a_record_leads_to_no_detections(make_case, tmp_path):
    case = make_case(2)
    case.picture(1).unlink()
    run = evaluate(case.request(), tmp_path / "run", progress=False)
    missing = next(s for s in run.scores if s.state == "no_picture")
    assert run.detections(missing) == (None, None)


def test_settings_say_what_was_used(make_case, tmp_path):
    case = make_case(2)
    evaluate(case.request(), tmp_path / "run", progress=False)
    settings = load_run(tmp_path / "run").settings
    assert set(settings["versions"]) >= {"python", "gsi-bench", "torch", "numpy", "opencv-python-headless", "pillow"}
    former = settings["dataset"]["content_hash"]
    assert len(former) == 64
    assert len(settings["editors"]["editor"]["fine"]["detections"]["sha256"]) == 64
    new_words(case)
    again = evaluate(case.request(), tmp_path / "run", progress=False)
    assert again.settings["dataset"]["content_hash"] not in (former, None)


# The log


def test_the_log_has_each_start_and_end_and_survives_a_torn_line(make_case, tmp_path):
    case, log = make_case(2), tmp_path / "run" / "log.jsonl"
    evaluate(case.request(), tmp_path / "run", progress=False)
    log.write_bytes(log.read_bytes()[:-25])
    evaluate(case.request(), tmp_path / "run", progress=False)
    lines = log.read_text().splitlines()
    assert len(lines) == 6  # started, planned, the torn one, started, planned, finished
    with pytest.raises(ValueError, match=r"Unterminated|delimiter|Expecting"):
        json.loads(lines[2])
    events = [json.loads(line) for i, line in enumerate(lines) if i != 2]
    assert [event["event"] for event in events] == ["started", "planned", "started", "planned", "finished"]
    assert all(event.keys() >= {"time", "host", "pid"} for event in events)
    assert events[0]["settings"]["protocol"] == "official"
    assert (events[-1]["scores"], events[-1]["pid"]) == (2, os.getpid())


def test_an_unwritable_log_does_not_hide_the_runs_error(make_case, tmp_path, monkeypatch):
    """On a full disk the record that did not fit is what matters."""
    case = make_case(2)

    def full(*_, **__):
        raise StoreError("the disk is full; free space")

    def no_room(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pipeline, "_run", full)
    evaluate_ = pipeline.evaluate
    monkeypatch.setattr(run_log, "_ends_a_line", no_room)
    with pytest.raises(StoreError, match="free space"):
        evaluate_(case.request(), tmp_path / "run", progress=False)


# A full disk, as users meet it


def _small_files(limit):
    def apply():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return apply


def test_a_full_disk_stops_with_one_line_and_the_next_goes_on(make_case, tmp_path):
    case, folder = make_case(8), tmp_path / "run"
    evaluate(case.request(), tmp_path / "alone", progress=False)
    needed = sum(path.stat().st_size for path in (tmp_path / "alone" / "records").iterdir())
    limit = max((tmp_path / "alone" / "settings.json").stat().st_size, needed // 2) + 100
    assert limit < needed
    done = case.command(folder, preexec_fn=_small_files(limit))
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("error: ") and "run the same command again" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    before = records_of(folder)
    assert before.total() > 0
    evaluate(case.request(), folder, progress=False)
    assert records_of(folder) & before == before
    assert scores_of(folder) == scores_of(tmp_path / "alone")


@pytest.mark.parametrize("name", ["settings.json", "scores.jsonl"])
def test_a_disk_full_at_the_last_file_leaves_no_half_file(make_case, tmp_path, monkeypatch, name):
    case, replace = make_case(2), Path.replace

    def full(self, target):
        if Path(target).name == name:
            raise OSError(28, "No space left on device")
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(RunError, match=r"No space left on device.*run the same command again"):
            evaluate(case.request(), tmp_path / "run", progress=False)
    assert not list((tmp_path / "run").glob(".*"))
    evaluate(case.request(), tmp_path / "run", progress=False)
    assert len(load_run(tmp_path / "run").scores) == 2


# All problems at once, before the work


def test_on_missing_error_names_everything_at_once(make_case, tmp_path, measured):
    case = make_case(8)
    case.picture(0).unlink()
    case.picture(1).write_bytes(b"no picture")
    case.picture(2).write_bytes(case.picture(2).read_bytes()[:-40])  # the header is sound
    case.picture(3).with_suffix(".jpg").write_bytes(case.picture(3).read_bytes())
    (case.pictures / "elsewhere_edit_0.png").write_bytes(case.picture(3).read_bytes())
    with pytest.raises(ScoringError) as caught:
        evaluate(case.request(on_missing="error"), tmp_path / "run", progress=False)
    message = str(caught.value)
    assert "(5 problems)" in message
    for i, word in enumerate(("missing", "unreadable", "unreadable", "duplicate")):
        assert f"{case.samples[i].id}: {word}" in message
    assert "elsewhere_edit_0" in message
    assert not measured and not (tmp_path / "run").exists()


def test_a_damaged_source_image_is_an_error_before_the_work(make_case, tmp_path, measured):
    case = make_case(4)
    case.samples[1] = dataclasses.replace(case.samples[1], image=type(case.samples[1].image)(b"not a picture", "source.png"))
    case.write_data()
    assert [s.id for s in read_dataset(case.data, "fine")] == [s.id for s in case.samples]
    with pytest.raises(PlanError, match=f"damaged; import or download it again.*\n.*{case.samples[1].id}: source image"):
        evaluate(case.request(), tmp_path / "run", progress=False)
    assert not measured and not (tmp_path / "run").exists()


def test_a_damaged_source_is_named_and_not_the_editors_fault(make_case, tmp_path):
    case = make_case(4)
    data = case.samples[2].image.bytes
    for i in (2, 3):
        case.samples[i] = dataclasses.replace(case.samples[i], image=type(case.samples[i].image)(data[:-60], "source.png"))
    case.write_data()
    run = evaluate(case.request(), tmp_path / "run", progress=False)
    assert [s.state for s in run.scores] == ["scored", "scored", "not_scored", "not_scored"]
    assert [[r.name for r in s.reasons] for s in run.scores[2:]] == [["source_unreadable"]] * 2
