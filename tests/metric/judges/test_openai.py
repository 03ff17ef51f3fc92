"""The judge `openai` against a server on this machine that refuses requests, fails, answers wrongly and stops."""

import json
import threading
import time

import pytest

from gsi_bench_dataset.storage.record_store import RecordStore
from gsi_bench_metric.judges import JudgeError, JudgeOptions, make_judge

pytest.importorskip("openai", reason="the client of judge 'openai' is not here; pip install 'gsi-bench[judge]'")


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    """The client's pauses between retries, in tests."""
    import openai._base_client as client  # noqa: PLC0415

    monkeypatch.setattr(client, "INITIAL_RETRY_DELAY", 0.01)
    monkeypatch.setattr(client, "MAX_RETRY_DELAY", 0.05)


def judge_at(server, **options):
    fields = {"model": "judge", "url": server.url, "question": "strict", "retries": 4, "concurrency": 4, "timeout": 10}
    return make_judge("openai", options=JudgeOptions(**fields | options))


def test_a_reply_is_a_judgement_with_its_text_and_prompt_hash(serve, make_items):
    server = serve()
    judge = judge_at(server)
    (found,) = judge.judge(make_items())
    assert (found.sample_id, found.judge, found.score, found.problem, found.outage) == ("a_edit_0", "openai", 8.0, None, False)
    assert json.loads(found.reply)["identity"] == 8
    assert found.prompt_hash == judge.describe()["prompt_sha256"]


def test_a_request_has_both_images_as_jpeg_and_the_settings(serve, make_items):
    server = serve()
    judge = judge_at(server, temperature=0.0, seed=7, max_tokens=321)
    judge.judge(make_items())
    body = server.asked[0].body
    urls = [p["image_url"]["url"] for p in body["messages"][-1]["content"] if p["type"] == "image_url"]
    assert len(urls) == 2 and all(url.startswith("data:image/jpeg;base64,/9j/") for url in urls) and urls[0] != urls[1]
    assert (body["temperature"], body["seed"], body["max_tokens"], body["model"]) == (0.0, 7, 321, "judge")
    assert body["response_format"]["json_schema"]["schema"]["required"][1] == "identity"
    said = judge.describe()
    assert (said["temperature"], said["seed"], said["max_tokens"]) == (0.0, 7, 321)
    assert said["pictures"] == {"format": "JPEG", "quality": 95, "subsampling": "4:4:4", "max_side": None}


def test_pictures_are_shrunk_to_the_side_that_is_asked_for(serve, make_items):
    import base64  # noqa: PLC0415
    import io  # noqa: PLC0415

    from PIL import Image  # noqa: PLC0415

    server = serve()
    judge_at(server, max_side=32).judge(make_items())
    part = next(p for p in server.asked[0].body["messages"][-1]["content"] if p["type"] == "image_url")
    assert Image.open(io.BytesIO(base64.b64decode(part["image_url"]["url"].partition(",")[2]))).size == (32, 24)


@pytest.mark.parametrize("fault", ["429", "500", "503", "cut", "malformed", "no choice"])
def test_a_fault_that_passes_costs_a_retry_and_nothing_else(serve, make_items, fault):
    server = serve(lambda n, number: fault if number == 0 else "good")
    found = judge_at(server).judge(make_items(3))
    assert [j.score for j in found] == [8.0] * 3
    assert set(server.delivered().values()) == {1}


def test_a_server_that_says_when_to_come_back_is_obeyed(serve, make_items):
    server = serve(lambda n, number: "retry-after 1" if number == 0 else "good")
    began = time.monotonic()
    (found,) = judge_at(server).judge(make_items())
    assert found.score == 8.0 and time.monotonic() - began >= 1.0  # the tests' own pauses end after 0.05 s


def test_a_slow_server_is_an_outage_that_names_the_timeout(serve, make_items):
    (found,) = judge_at(serve("slow"), timeout=0.3, retries=1).judge(make_items())
    assert found.outage and found.score is None and "--judge-timeout" in found.problem


@pytest.mark.parametrize(
    ("replies", "score", "problem"),
    [
        (("garbage", "good"), 8.0, None),
        (("contradiction", "good"), 8.0, None),
        (("out of range", "good"), 8.0, None),
        (("empty", "good"), 8.0, None),
        (("truncated", "good"), 8.0, None),
        (("garbage", "garbage"), None, "no JSON object"),
        (("contradiction", "contradiction"), None, "contradicts itself"),
        (("out of range", "out of range"), None, "expected a number from 0 to 10"),
        (("truncated", "truncated"), None, "--judge-max-tokens"),
        (("empty", "empty"), None, "no JSON object"),
    ],
)
def test_an_unreadable_reply_is_asked_once_more_and_kept(serve, make_items, replies, score, problem):
    first, second = replies
    server = serve(lambda n, number: [first, second, "good"][number])
    (found,) = judge_at(server).judge(make_items())
    assert found.score == score and not found.outage
    assert len(server.asked) == 2
    again = server.asked[1].body["messages"]
    assert again[-2]["role"] == "assistant" and "could not be read" in again[-1]["content"]
    if problem:
        assert problem in found.problem
        assert found.reply == {"garbage": "The mug looks fine to me.", "empty": ""}.get(second, found.reply)
        assert found.reply or second == "empty"


@pytest.mark.parametrize("how", ["refusal", "refusal in words", "policy"])
def test_a_refusal_is_recognised_and_final(serve, make_items, how):
    server = serve(lambda n, number: how)
    judge = judge_at(server)
    judge._model._succeeded = True  # the server has shown that it can answer
    (found,) = judge.judge(make_items())
    assert found.score is None and "the judge refused" in found.problem and not found.outage
    assert found.reply and len(server.asked) == 1


def test_a_server_without_schemas_is_asked_without_on_record(serve, make_items, tmp_path, capfd):
    server = serve("no schema")
    with RecordStore(tmp_path) as records:
        judge = judge_at(server, concurrency=1)
        assert [j.score for j in judge.judge(make_items(3), records)] == [8.0] * 3
    assert ["response_format" in a.body for a in server.asked] == [True, False, False, False]
    assert "does not hold replies to a JSON schema" in capfd.readouterr().err
    kept = [json.loads(line)["value"] for path in tmp_path.glob("*.jsonl") for line in path.read_text().splitlines()]
    assert [value["reply"]["structured"] for value in kept] == [False] * 3


def test_a_server_with_another_token_limit_name_is_asked_so(serve, make_items):
    server = serve("other limit")
    (found,) = judge_at(server).judge(make_items())
    assert found.score == 8.0 and server.asked[-1].body["max_completion_tokens"] == 1024


def test_repeated_asking_gives_median_spread_and_own_seeds(serve, make_items):
    replies = iter(["good", "out of range", "good", "good"])
    server = serve(lambda n, number: next(replies))
    (found,) = judge_at(server, samples=3, concurrency=1).judge(make_items())
    assert (found.score, found.scores, found.spread) == (8.0, (8.0, 8.0, 8.0), 0.0)
    assert [a.body["seed"] for a in server.asked] == [0, 1, 2, 1]
    assert {a.body["temperature"] for a in server.asked} == {0.7}


def test_a_median_needs_more_than_half_of_the_askings(serve, make_items):
    scores = {0: "good", 1: "garbage", 2: "garbage"}
    server = serve(lambda n, number: scores[json_seed(server)])
    (found,) = judge_at(server, samples=3, concurrency=1).judge(make_items())
    assert found.score is None and "no JSON object" in found.problem


def json_seed(server):
    """Seeds come in order with one request at a time: three first askings, then the two that could not be read."""
    return [0, 1, 2, 1, 2][len(server.asked)]


def test_requests_at_a_time_are_bounded_and_used(serve, make_items):
    server = serve(delay=0.05)
    judge_at(server, concurrency=5).judge(make_items(20))
    assert server.busiest == 5


def test_a_picture_that_two_editors_made_is_judged_once(serve, make_items):
    server = serve()
    items = make_items(2)
    first, second = judge_at(server).judge([items[0], items[1], items[0]])[::2]
    assert first == second and len(server.asked) == 2


def test_recorded_replies_are_not_paid_again_by_another_reader(serve, make_items, tmp_path):
    server = serve()
    with RecordStore(tmp_path) as records:
        before = judge_at(server).judge(make_items(3), records)
        judge = judge_at(server)
        judge._question.reader = 99
        assert judge.judge(make_items(3), records) == before
    assert len(server.asked) == 3
    assert judge.account()["requests"] == 0 and judge.account()["from_records"] == 3


@pytest.mark.parametrize(
    "change", [{"model": "other"}, {"seed": 1}, {"max_tokens": 99}, {"max_side": 40}, {"question": "official"}]
)
def test_another_setting_is_another_judgement(serve, make_items, tmp_path, change):
    server = serve("official" if "question" in change else "good", models=("judge", "other"))
    with RecordStore(tmp_path) as records:
        before, after = judge_at(server, temperature=0.0), judge_at(server, temperature=0.0, **change)
        before.judge(make_items(), records)
        asked = len(server.asked)
        after.judge(make_items(), records)
    assert len(server.asked) > asked and before.key != after.key


def test_where_a_server_stands_is_no_part_of_the_key(serve, make_items, tmp_path):
    first, second = serve(), serve()
    with RecordStore(tmp_path) as records:
        judge_at(first).judge(make_items(), records)
        judge_at(second, concurrency=2, timeout=5).judge(make_items(), records)
    assert len(first.asked) == 1 and not second.asked


def test_the_bill_counts_requests_tokens_and_cost(serve, make_items):
    judge = judge_at(serve(lambda n, number: "garbage" if number == 0 else "good"), price=(2.0, 10.0))
    judge.judge(make_items(2))
    bill = judge.account()
    assert (bill["requests"], bill["asked_again"], bill["tokens_in"], bill["tokens_out"]) == (4, 2, 4000, 200)
    assert bill["cost"] == pytest.approx((2 * 4000 + 10 * 200) / 1e6)


def test_a_dead_server_is_named_with_a_remedy(make_items):
    options = JudgeOptions(model="judge", url="http://127.0.0.1:9/v1", question="strict")
    with pytest.raises(JudgeError, match=r"no server answers at http://127.0.0.1:9/v1 .*serve-judge.*--judge-url"):
        make_judge("openai", options=options).judge(make_items())


def test_a_dead_server_ends_the_run_and_earlier_replies_stay(serve, make_items, tmp_path):
    server = serve(lambda n, number: "good" if n < 5 else "500")
    with RecordStore(tmp_path) as records:
        with pytest.raises(JudgeError, match=r"8 requests .* failed one after the other.*not now.*What was judged is kept"):
            judge_at(server, concurrency=1, retries=0).judge(make_items(30), records)
        assert len(records) == 5
        server.script = lambda n, number: "good"
        assert [j.score for j in judge_at(server).judge(make_items(30), records)] == [8.0] * 30
    assert set(server.delivered().values()) == {1}


def test_a_wrong_model_name_is_told_what_the_server_has(serve, make_items):
    with pytest.raises(JudgeError, match=r"knows no model 'judge'.*--judge-model.*It serves: qwen"):
        judge_at(serve(models=("qwen",))).judge(make_items())


def test_a_missing_key_is_named_before_anything_is_sent(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(JudgeError, match="OPENAI_API_KEY is not set"):
        make_judge("openai", options=JudgeOptions(model="judge"))
    with pytest.raises(JudgeError, match="MY_KEY is not set"):
        make_judge("openai", options=JudgeOptions(model="judge", url="http://localhost:1/v1", key_env="MY_KEY"))


def test_a_refused_key_names_its_variable_but_not_its_value(serve, make_items, monkeypatch):
    monkeypatch.setenv("MY_KEY", "sk-wrong-0123456789")
    with pytest.raises(JudgeError, match=r"does not let us in.*\$MY_KEY") as caught:
        judge_at(serve(key="sk-right"), key_env="MY_KEY").judge(make_items())
    assert "sk-wrong" not in str(caught.value)


def test_openais_key_does_not_go_to_other_servers(serve, make_items, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    server = serve()
    judge_at(server).judge(make_items())
    assert "sk-of-openai" not in json.dumps(server.asked[0].headers)


def test_a_key_that_the_server_repeats_is_in_no_record(  # noqa: PLR0917 - fixtures
    serve, make_items, monkeypatch, tmp_path, caplog, capfd
):
    monkeypatch.setenv("MY_KEY", "sk-0123456789")
    caplog.set_level("DEBUG")
    with RecordStore(tmp_path) as records:
        (found,) = judge_at(serve("echo", key="sk-0123456789"), key_env="MY_KEY").judge(make_items(), records)
    assert found.score == 8.0 and "[key]" in found.reply
    assert all(b"sk-0123456789" not in path.read_bytes() for path in tmp_path.iterdir())
    shown = capfd.readouterr()
    assert "sk-0123456789" not in caplog.text + shown.out + shown.err


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "needs --judge-model"),
        ({"model": "m", "url": "http://user:secret@host/v1"}, "must hold no user, password or query"),
        ({"model": "m", "url": "http://host/v1?key=secret"}, "must hold no user, password or query"),
        ({"model": "m", "url": "localhost:8000"}, "expected http://HOST:PORT/v1"),
        ({"model": "m", "url": "http://h/v1", "samples": 3, "temperature": 0.0}, "--judge-temperature 0"),
        (
            {"model": "m", "url": "http://h/v1", "samples": 0, "concurrency": 0},
            r"2 problems[\s\S]*--judge-samples[\s\S]*--judge-conc",
        ),
    ],
)
def test_wrong_options_are_named_together_without_secrets(fields, words, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    with pytest.raises(JudgeError, match=words) as caught:
        make_judge("openai", options=JudgeOptions(**fields))
    assert "secret" not in str(caught.value)


def test_an_edit_whose_picture_is_gone_does_not_stop_the_others(serve, make_items, tmp_path):
    from gsi_bench_metric.imaging.pictures import Picture  # noqa: PLC0415
    from gsi_bench_metric.judges import JudgeItem  # noqa: PLC0415

    items = make_items(3)
    items[1] = JudgeItem(items[1].sample, items[1].source, Picture(tmp_path / "gone.png"))
    found = judge_at(serve()).judge(items)
    assert [j.score for j in found] == [8.0, None, 8.0] and "no such file" in found[1].problem


def test_it_works_where_a_loop_is_running_as_in_a_notebook(serve, make_items):
    import asyncio  # noqa: PLC0415

    async def cell():
        return judge_at(serve()).judge(make_items())

    assert asyncio.run(cell())[0].score == 8.0
    assert not [t for t in threading.enumerate() if t.name == "judge"]
