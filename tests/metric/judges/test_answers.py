"""Replies as models give them: thoughts before the answer, numbers in quotes."""

import json

import pytest

from gsi_bench_metric.judges import JudgeOptions, make_judge
from gsi_bench_metric.judges.official_question import OfficialQuestion
from gsi_bench_metric.judges.official_reply import parse_reply
from gsi_bench_metric.judges.prompt import without_thoughts
from gsi_bench_metric.judges.strict_question import StrictQuestion

ASPECTS = ("identity", "colour_and_material", "shape", "completeness")


def strict(value, **more):
    return json.dumps({"observations": "x", **dict.fromkeys(ASPECTS, value), **more})


def official(value):
    return f'||V^=^V||{{"score": {json.dumps(value)}, "reasoning": "alike"}}||V^=^V||'


FORMS = {"strict": (StrictQuestion, strict), "official": (OfficialQuestion, official)}


@pytest.fixture(params=FORMS)
def asked(request, make_sample):
    """`asked(template) -> Verdict`: ANSWER in it is an answer of 9, DRAFT one of 3."""
    question, form = FORMS[request.param]
    return lambda text: question().read(text.replace("ANSWER", form(9)).replace("DRAFT", form(3)), make_sample())


@pytest.mark.parametrize(
    "text",
    [
        "<think>It is the same.</think>ANSWER",
        "<think>\nDRAFT? No.\n</think>\n\nANSWER",
        "<think></think>ANSWER",
        "  <THINK>DRAFT</Think >\nANSWER",
        "<thinking>DRAFT</thinking>ANSWER",
        "<reasoning effort='high'>DRAFT</reasoning>ANSWER",
        "[THINK]DRAFT[/THINK]ANSWER",
        "Well. <think>DRAFT</think> So: ANSWER",
        "<think>a</think><think>DRAFT</think>ANSWER",
        "<think>a<think>DRAFT</think>b DRAFT</think>ANSWER",
        "It is the same, so DRAFT, or more.</think>ANSWER",  # begun in the prompt, as templates do
        "ANSWER<think>or DRAFT?</think>",
        "<think>It is the same. ANSWER",  # not ended, with the answer in it
        "<think>It is the same.\n\nANSWER",
        "ANSWER",
    ],
)
def test_thoughts_are_no_part_of_the_answer(asked, text):
    verdict = asked(text)
    assert (verdict.score, verdict.problem) == (9.0, None)


@pytest.mark.parametrize(
    "text", ["<think>DRAFT</think>", "<think>DRAFT</think>I do not know.", "<think>It is", "DRAFT</think>"]
)
def test_thoughts_alone_are_no_answer(asked, text):
    verdict = asked(text)
    assert verdict.score is None and verdict.problem


def test_a_refusal_after_thoughts_is_one(asked):
    assert asked("<think>Hm. DRAFT</think>I'm sorry, but I can't help with that.").refused


@pytest.mark.parametrize("words", ["<think>", "</think>", "<think>a</think>", "{<think>"])
def test_tags_within_the_answers_own_text_stay(make_sample, words):
    reply = strict(9, observations=f"the words {words} are painted on it")
    assert without_thoughts(reply) == reply and StrictQuestion().read(reply, make_sample()).score == 9.0


def test_two_answers_in_unfinished_thoughts_are_none(make_sample):
    verdict = StrictQuestion().read(f"<think>{strict(3)} or {strict(9)}", make_sample())
    assert verdict.score is None and "contradicts" in verdict.problem


def judged(server, items):
    options = JudgeOptions(model="judge", url=server.url, question="strict", retries=0)
    return make_judge("openai", options=options).judge(items)[0]


def test_thoughts_that_the_token_limit_cut_hold_no_answer(serve, make_items):
    found = judged(serve("thinking cut"), make_items())
    assert found.score is None and "within its thoughts; raise --judge-max-tokens" in found.problem


def test_a_reply_is_kept_whole_and_read_without_thoughts(serve, make_items):
    server = serve("thinking")
    found = judged(server, make_items())
    assert (found.score, len(server.asked)) == (8.0, 1) and found.reply.startswith("<think>")


@pytest.mark.parametrize("value", ["9", "9.0", " 9 ", "09", "9/10", "9 / 10", "9/10.0", 9, 9.0])
def test_a_number_in_quotes_is_that_number(make_sample, value):
    assert StrictQuestion().read(strict(value), make_sample()).score == 9.0
    assert OfficialQuestion().read(official(value), make_sample()).score == 9.0


@pytest.mark.parametrize(
    "value", ["", "nine", "9/100", "9 or 10", "-9", "1e1", "٩", "9%", "nan", "inf", "9,5", [9], {"a": 9}, None]
)
def test_a_text_that_is_more_than_a_number_is_none(make_sample, value):
    found = StrictQuestion().read(strict(value), make_sample())
    assert found.score is None and "expected a number from 0 to 10" in found.problem
    assert OfficialQuestion().read(official(value), make_sample()).score is None


def test_a_number_in_quotes_is_held_to_the_scale(make_sample):
    found = StrictQuestion().read(strict("11"), make_sample())
    assert found.score is None and "found '11'" in found.problem


def test_recorded_replies_are_read_as_the_reference_does():
    assert parse_reply(official("9")) == (None, "the score is no finite number: '9'")
    assert parse_reply(f"<think>{official(3)}</think>{official(9)}")[0] == 3.0


@pytest.mark.parametrize("wall", ["{", '{"a":', "<think>", "</think>", "<think></think>", '{"a":"<think>', "[THINK]{"])
def test_walls_of_brackets_and_tags_take_no_time(make_sample, wall):
    import time  # noqa: PLC0415

    began = time.monotonic()
    for question in (StrictQuestion(), OfficialQuestion()):
        assert question.read("</think>" + wall * 100_000, make_sample()).score is None
    assert time.monotonic() - began < 10
