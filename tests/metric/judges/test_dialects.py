"""Servers that do not take every parameter: each is left out once it is refused by name, which is said and kept."""

import json

import pytest

from gsi_bench_dataset.safety.parameters import refused_parameters
from gsi_bench_dataset.storage.record_store import RecordStore
from gsi_bench_metric.judges import JudgeError, JudgeOptions, make_judge
from gsi_bench_metric.judges.paper import PAPER_MODEL, PAPER_PROMPT_SHA256, unlike_the_papers
from gsi_bench_metric.run.judging import judge_ahead

pytest.importorskip("openai", reason="the client of judge 'openai' is not here; pip install 'gsi-bench[judge]'")

FORMS = ("openai", "nested", "pydantic", "vllm", "words", "plain", "list")
OPTIONAL = ("temperature", "seed", "max_tokens", "response_format")


def judge_at(server, **options):
    fields = {"model": "judge", "url": server.url, "question": "strict", "retries": 0, "concurrency": 1, "timeout": 10}
    return make_judge("openai", options=JudgeOptions(**fields | options))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", OPTIONAL)
def test_a_parameter_that_is_refused_by_name_is_left_out(serve, make_items, capfd, form, name):
    server = serve(f"lacks {form} {name}")
    assert [found.score for found in judge_at(server).judge(make_items(3))] == [8.0] * 3
    assert [name in asked.body for asked in server.asked] == [True, False, False, False]
    others = set(OPTIONAL) - {name}
    assert all(others <= asked.body.keys() for asked in server.asked)
    said = capfd.readouterr().err
    assert said.count("\n") == 1 and repr(name) in said and "left out" in said


@pytest.mark.parametrize("form", FORMS)
def test_several_refused_parameters_are_all_left_out(serve, make_items, capfd, form):
    server = serve(f"lacks {form} {' '.join(OPTIONAL)}")
    assert judge_at(server).judge(make_items())[0].score == 8.0
    assert server.asked[-1].body.keys() == {"model", "messages"}
    assert capfd.readouterr().err.count("left out") == 4


def test_many_requests_at_a_time_say_it_once(serve, make_items, capfd):
    server = serve("lacks pydantic seed", delay=0.05)
    found = judge_at(server, concurrency=8).judge(make_items(16))
    assert [j.score for j in found] == [8.0] * 16 and capfd.readouterr().err.count("left out") == 1


@pytest.mark.parametrize("param", ["messages", "model"])
def test_what_is_needed_is_not_left_out(serve, make_items, param):
    server = serve(f"lacks openai {param}")
    with pytest.raises(JudgeError, match="does not take the request"):
        judge_at(server).judge(make_items())
    assert len(server.asked) == 1


def test_what_stays_refused_is_asked_once_more_and_no_more(serve, make_items):
    server = serve("always lacks seed")
    with pytest.raises(JudgeError, match="does not take the request"):
        judge_at(server).judge(make_items())
    assert len(server.asked) == 2


def test_a_refusal_of_the_content_leaves_nothing_out(serve, make_items):
    server = serve("policy")
    judge = judge_at(server)
    judge._model._succeeded = True
    (found,) = judge.judge(make_items())
    assert "refused" in found.problem and len(server.asked) == 1


def test_what_was_left_out_is_kept_with_replies_and_the_run(serve, make_items, tmp_path):
    server = serve("lacks openai temperature")
    items = make_items(2)
    edits = [(item.sample, _prediction(item)) for item in items]
    with RecordStore(tmp_path) as records:
        account = judge_ahead(judge_at(server), iter(edits), records, total=2, progress=False)
        assert account["left_out"] == ["temperature"]
        again = judge_ahead(judge_at(server), iter(edits), records, total=2, progress=False)
        assert again["left_out"] == ["temperature"] and again["requests"] == 0  # all from the records
    rows = [json.loads(line) for path in tmp_path.glob("*.jsonl") for line in path.read_text().splitlines()]
    assert [row["value"]["reply"]["left_out"] for row in rows if row["kind"] == "replies"] == [
        ["temperature"]
    ]  # one image, so one reply


def _prediction(item):
    from gsi_bench_dataset.records import Prediction  # noqa: PLC0415

    return Prediction(item.sample.id, "e", image=item.sample.image)


def test_a_judge_without_temperature_is_not_the_papers():
    papers = {"model": PAPER_MODEL, "question": "official", "prompt_sha256": PAPER_PROMPT_SHA256, "temperature": 0.0}
    papers |= {"samples": 1, "pictures": {"max_side": None}}
    assert unlike_the_papers("openai", papers, ["seed"]) == []
    assert unlike_the_papers("openai", papers, ["temperature"]) == ["not one reply at temperature 0"]


@pytest.mark.parametrize(
    ("body", "words", "named"),
    [
        ({"param": "seed"}, "temperature", ["seed"]),
        ({"param": None}, "max_tokens is too large", ["max_tokens"]),
        ({"param": "messages"}, "temperature too", []),
        ({"detail": [{"loc": ["body", "seed"]}, {"loc": ["body", "temperature"]}]}, "", ["seed", "temperature"]),
        ({"detail": [{"loc": ["body", 0, "seed", "int"]}]}, "", ["seed"]),
        ({"detail": "seed: extra fields not permitted"}, "Error code: 422 - seed: extra fields not permitted", ["seed"]),
        (None, "the seedling's temperatures", []),
        (None, "guided decoding is off", ["response_format"]),
        (None, "json_schema is not supported", ["response_format"]),
        (None, "rejected by our content_policy: seed", []),
        ([[[[[[[[{"param": "seed"}]]]]]]]], "", []),
        ({"param": 5, "loc": "seed", "detail": {"a": [1, None]}}, "", []),
        ("seed", "", []),
    ],
)
def test_a_refusal_names_what_it_names_and_nothing_else(body, words, named):
    assert refused_parameters(body, words, list(OPTIONAL)) == named
