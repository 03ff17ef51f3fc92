"""Whole runs with the judge `openai`: killed, interrupted, resumed, reported. Every edit is judged exactly once."""

import dataclasses
import json
import signal
import subprocess
import time

import pytest

from gsi_bench_metric.judges import JudgeError, JudgeOptions
from gsi_bench_metric.report.content import build_report
from gsi_bench_metric.report.markdown import summary
from gsi_bench_metric.run.folder import load_run
from gsi_bench_metric.run.pipeline import evaluate

pytest.importorskip("openai", reason="the client of judge 'openai' is not here; pip install 'gsi-bench[judge]'")

FAULTS = {3: "429", 7: "500", 11: "cut", 13: "malformed", 17: "garbage", 19: "refusal", 23: "retry-after 1"}


def records_of(folder, kind):
    """Records of a kind: key -> how often it was written."""
    found = {}
    for path in (folder / "records").glob("*.jsonl"):
        for line in path.read_text().split("\n")[:-1]:  # what a kill cut off has no end
            entry = json.loads(line)
            if entry["kind"] == kind:
                found[entry["key"]] = found.get(entry["key"], 0) + 1
    return found


def words_of(case, server, out, *more):
    words = case.words(out, "--judge-url", server.url, "--judge-model", "judge", "--judge-concurrency", "4", *more)
    at = words.index("--judgements")
    words = words[:at] + words[at + 2 :]
    words[words.index("recorded", words.index("--judge"))] = "openai"
    return words


def start(words):
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_replies(process, server, count):
    deadline = time.monotonic() + 60
    while sum(server.delivered().values()) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def finish(words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr


def request_for(case, server, **changes):
    fields = {"model": "judge", "url": server.url, "concurrency": 4, "retries": 0} | changes.pop("options", {})
    return case.request(judge="openai", judgements=None, judge_options=JudgeOptions(**fields), workers=1, **changes)


def test_after_a_kill_among_faults_each_edit_is_judged_once(make_case, serve, tmp_path):
    case = make_case(24)
    server = serve(lambda n, number: FAULTS.get(n, "official"), delay=0.1)
    out = tmp_path / "run"
    words = words_of(case, server, out)
    process = start(words)
    wait_for_replies(process, server, 10)
    process.kill()
    process.wait()
    kept = set(records_of(out, "replies"))
    assert kept, "killed too early to show anything"
    seen = len(server.asked)
    finish(words)
    replies, judgements = records_of(out, "replies"), records_of(out, "judgements")
    assert len(judgements) == 24 and set(replies.values()) == set(judgements.values()) == {1}
    assert kept <= set(replies)
    # What was under way at the kill is asked for again, and nothing else: with four requests at a time at most four.
    again = [count for count in server.delivered().values() if count > 1]
    garbled = 1 + [a.action for a in server.asked].count("garbage")  # a second asking, of the one that could not be read
    assert sum(count - 1 for count in again) <= 4 + garbled
    scores = load_run(out).scores
    assert sum(score.ac is None for score in scores) == sum(a.action == "refusal" for a in server.asked)
    assert len(scores) == 24 and seen < len(server.asked)


def test_an_interrupt_lets_the_replies_arrive_that_are_under_way(make_case, serve, tmp_path):
    case = make_case(16)
    server = serve("official", delay=0.4)
    words = words_of(case, server, tmp_path / "run")
    process = start(words)
    wait_for_replies(process, server, 4)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and "under way" in errors and "goes on from there" in _ + errors
    asked = len(server.asked)
    assert 4 < asked < 16 and len(records_of(tmp_path / "run", "replies")) == asked
    finish(words)
    assert set(server.delivered().values()) == {1} and len(server.asked) == 16


def test_outages_are_not_judged_and_asked_for_by_the_next_run(make_case, serve, tmp_path, capfd):
    case = make_case(8)
    server = serve(lambda n, number: "500" if n in (1, 5) else "official")
    first = evaluate(request_for(case, server), tmp_path / "run")
    lacking = [score for score in first.scores if score.ac is None]
    assert len(lacking) == 2 and all(any(r.name == "not_judged" for r in score.reasons) for score in lacking)
    assert first.settings["judging"]["outages"] == 2
    assert "2 of 8 edits could not be judged now" in capfd.readouterr().err
    second = evaluate(request_for(case, server), tmp_path / "run", progress=False)
    assert all(score.ac == 8.0 for score in second.scores) and len(server.asked) == 10
    assert second.settings["judging"] | {"judged": 8, "outages": 0, "requests": 2} == second.settings["judging"]


def test_a_finished_run_asks_nothing_and_writes_the_same_scores(make_case, serve, tmp_path):
    case, server = make_case(8), serve("official")
    evaluate(request_for(case, server), tmp_path / "run", progress=False)
    scores = (tmp_path / "run" / "scores.jsonl").read_bytes()
    evaluate(request_for(case, server), tmp_path / "run", progress=False)
    assert len(server.asked) == 8 and (tmp_path / "run" / "scores.jsonl").read_bytes() == scores


def test_a_changed_goal_is_rescored_without_a_new_judgement(make_case, serve, tmp_path):
    case, server = make_case(4), serve("official")
    evaluate(request_for(case, server), tmp_path / "run", progress=False)
    moved = case.samples[0].new_bbox_3d
    case.samples[0] = dataclasses.replace(case.samples[0], new_bbox_3d=(moved[0] + 0.1, *moved[1:]))
    case.write_data()
    run = evaluate(request_for(case, server), tmp_path / "run", progress=False)
    assert len(server.asked) == 4 and all(score.ac == 8.0 for score in run.scores)


def test_the_run_says_who_judged_and_why_not_as_the_paper(make_case, serve, tmp_path):
    case, server = make_case(4), serve("official")
    options = {"price": (1.0, 2.0)}
    run = evaluate(request_for(case, server, options=options), tmp_path / "run", progress=False)
    said = run.settings["judge_settings"]
    assert (said["judge"], said["model"], said["question"], said["temperature"]) == ("openai", "judge", "official", 0.0)
    assert (said["samples"], said["seed"], said["max_tokens"], said["url"]) == (1, 0, 1024, server.url)
    assert run.settings["judging"]["tokens_in"] == 4000 and run.settings["judging"]["cost"] == pytest.approx(0.0044)
    assert not run.settings["comparable_with_paper"]
    assert "judge openai: model judge, not Qwen3-VL-235B" in run.settings["not_comparable_because"]
    assert "not the reference's prompt" in run.settings["not_comparable_because"]
    assert "AC" in summary(build_report(run, gallery=0))


def test_a_dead_server_stops_the_run_before_anything_is_scored(make_case, serve, tmp_path):
    case, server = make_case(4), serve("official")
    server.url = "http://127.0.0.1:9/v1"
    with pytest.raises(JudgeError, match="no server answers"):
        evaluate(request_for(case, server), tmp_path / "run", progress=False)
    assert not records_of(tmp_path / "run", "scores")


def test_workers_take_judgements_from_the_records(make_case, serve, tmp_path):
    case, server = make_case(8), serve("official")
    run = evaluate(dataclasses.replace(request_for(case, server), workers=2), tmp_path / "run", progress=False)
    assert len(server.asked) == 8 and all(score.ac == 8.0 for score in run.scores)


def test_evaluate_judges_ahead_too(make_case, serve, tmp_path):
    from gsi_bench_metric.hf.evaluate_module import GsiBench  # noqa: PLC0415

    case, server = make_case(8), serve("official", delay=0.05)
    predictions = [{"id": s.id, "image": str(case.picture(i))} for i, s in enumerate(case.samples)]
    found = GsiBench().compute(
        predictions=predictions, references=case.samples, protocol="official", detector="recorded", detections=case.cache,
        judge="openai", judge_options={"model": "judge", "url": server.url}, device="cpu", out=tmp_path,
    )  # fmt: skip
    assert server.busiest > 4 and "ac" in found
    assert {json.loads(line)["ac"] for line in (tmp_path / "scores.jsonl").read_text().splitlines()} == {8.0}


def test_a_model_in_each_worker_of_ray_judges_as_one_does(make_case, tiny_vlm, ray_cluster, tmp_path):
    from gsi_bench_dataset.execution.runners import Runner  # noqa: PLC0415

    case = make_case(10)
    options = JudgeOptions(model=str(tiny_vlm()), question="official", max_tokens=8, batch_size=1, device="cpu")
    request = case.request(judge="local", judgements=None, judge_options=options, workers=1)
    alone = evaluate(request, tmp_path / "alone", progress=False)
    spread = evaluate(dataclasses.replace(request, runner=Runner("ray"), workers=2), tmp_path / "ray", progress=False)
    assert records_of(tmp_path / "alone", "judgements") == records_of(tmp_path / "ray", "judgements")
    assert alone.settings["judging"] == spread.settings["judging"]
    assert (tmp_path / "alone" / "scores.jsonl").read_bytes() == (tmp_path / "ray" / "scores.jsonl").read_bytes()
    again = evaluate(dataclasses.replace(request, runner=Runner("ray"), workers=2), tmp_path / "ray", progress=False)
    assert again.settings["judging"]["requests"] == 0 and again.settings["judging"]["not_judged"] == 10
