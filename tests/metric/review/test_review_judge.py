"""`gsi-bench review --judge`: a model's second opinion on instructions, as decisions that `--apply` takes."""

import base64
import io
import json

import numpy as np
import pytest
from judge_stand_in import SAID
from PIL import Image
from review_cases import IDS

from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.storage.shards import read_dataset, write_dataset
from gsi_bench_metric.review.decisions import LONGEST, read_decisions
from gsi_bench_metric.review.opinion import OpinionQuestion, opinions_in
from gsi_bench_metric.review.pictures import boxes_drawn

pytest.importorskip("openai", reason="the client of judge 'openai' is not here; pip install 'gsi-bench[judge]'")

MOVE, TURN, GONE = IDS[:3]


def opinion(unambiguous=True, possible=True, observations=""):
    return json.dumps({"observations": observations, "unambiguous": unambiguous, "possible": possible})


@pytest.fixture(autouse=True)
def said(monkeypatch):
    """Replies by name, beside those of the stand-in."""
    for name, text in {
        "keep": opinion(),
        "two mugs": opinion(unambiguous=False, observations="There are two mugs."),
        "no room": opinion(possible=False, observations="It would hang in the air."),
        "both ways": f"{opinion()} or {opinion(possible=False)}",
        "words": json.dumps({"observations": "", "unambiguous": "yes", "possible": True}),
        "thinks": f"<think>{opinion(possible=False)}</think>{opinion()}",
        "long": opinion(possible=False, observations="x" * 9000),
    }.items():
        monkeypatch.setitem(SAID, name, text)
    monkeypatch.setenv("OPENAI_API_KEY", "")


def ask(review, server, *more, status=0):
    words = ["review", str(review.data), "--split", "fine", "--judge", "openai", "--judge-url", server.url]
    words += ["--judge-model", "judge", "--judge-concurrency", "1", "--judge-retries", "0", "--quiet"]
    assert main([*words, "--out", str(review.folder / "said"), *more]) == status
    path = review.folder / "said" / "decisions-fine-judge.json"
    return read_decisions(path) if path.exists() else None


def test_opinions_are_decisions_that_apply_takes(review, serve, capsys):
    script = {0: "two mugs", 1: "keep", 2: "no room"}
    found = ask(review, serve(lambda n, _: script.get(n, "keep")))
    assert (found.reviewer, found.split) == ("judge:judge", "fine")
    verdicts = {id_: d.verdict for id_, d in found.by_id.items()}
    assert verdicts == dict.fromkeys(IDS, "keep") | {MOVE: "drop", GONE: "drop"}
    assert found.by_id[MOVE].note == "not unambiguous; There are two mugs."
    assert found.by_id[GONE].note == "not possible; It would hang in the air."
    assert found.by_id[TURN].note is None
    assert "4 keep, 2 drop, 0 without a decision" in capsys.readouterr().out
    path = review.folder / "said" / "decisions-fine-judge.json"
    assert main(["review", str(review.data), "--apply", str(path), "--out", str(review.folder / "new")]) == 0
    assert {s.id for s in read_dataset(review.folder / "new", "fine")} == set(IDS) - {MOVE, GONE}


@pytest.mark.parametrize("reply", ["garbage", "both ways", "words", "truncated", "empty", "refusal", "good", "thinking cut"])
def test_an_unreadable_answer_is_no_decision(review, serve, capsys, reply):
    found = ask(review, serve(lambda n, number: reply if n == 0 or number == 1 else "keep"))  # asked once more, in vain
    assert set(found.by_id) == set(IDS[1:])
    said = capsys.readouterr().out
    assert "1 without a decision" in said and MOVE in said


def test_thoughts_are_no_answer(review, serve):
    assert {d.verdict for d in ask(review, serve("thinks")).by_id.values()} == {"keep"}


def test_a_second_run_asks_for_what_is_lacking_alone(review, serve, capsys):
    server = serve(lambda n, _: "500" if n in (1, 3) else "keep")
    assert len(ask(review, server).by_id) == 4
    assert "asks again" in capsys.readouterr().out
    before = len(server.asked)
    assert len(ask(review, server).by_id) == 6 and len(server.asked) == before + 2
    ask(review, server)
    assert len(server.asked) == before + 2


def test_a_changed_instruction_is_asked_about_anew(review, serve, make_sample):
    server = serve("keep")
    first = ask(review, server)
    samples = list(review.samples.values())
    samples[0] = make_sample(**{f: getattr(samples[0], f) for f in samples[0].__dataclass_fields__} | {"prompt": "Move it."})
    write_dataset({"fine": samples}, review.data)
    again = ask(review, server)
    assert len(server.asked) == 7 and again.by_id[MOVE].seen != first.by_id[MOVE].seen


def shown(asked):
    """Images of a request, and its words."""
    parts = asked.body["messages"][-1]["content"]
    urls = [p["image_url"]["url"].partition(",")[2] for p in parts if p["type"] == "image_url"]
    images = [np.asarray(Image.open(io.BytesIO(base64.b64decode(url))).convert("RGB")).astype(int) for url in urls]
    return images, " ".join(p["text"] for p in parts if p["type"] == "text")


def near(image, colour):
    return int((np.abs(image - colour).sum(axis=2) < 90).sum())


def test_the_model_sees_the_box_of_target_and_goal(review, serve):
    server = serve("keep")
    ask(review, server)
    (before, after), words = shown(server.asked[0])
    bare = np.asarray(Image.open(io.BytesIO(review.samples[MOVE].image.bytes)).convert("RGB")).astype(int)
    assert near(before, (255, 140, 0)) > near(bare, (255, 140, 0)) + 100
    assert near(after, (40, 200, 80)) > near(bare, (40, 200, 80)) + 100
    assert json.dumps(review.samples[MOVE].prompt) in words
    (alone,), _ = shown(server.asked[2])  # a removal has no goal
    assert near(alone, (255, 140, 0)) > near(bare, (255, 140, 0)) + 100


def test_the_models_drawing_is_that_of_the_page(review):
    before, after = boxes_drawn(review.samples[MOVE])
    columns = [np.nonzero(np.abs(np.asarray(Image.open(io.BytesIO(p.bytes))).astype(int) - c).sum(axis=2) < 1)[1].mean()
               for p, c in ((before, (255, 140, 0)), (after, (40, 200, 80)))]  # fmt: skip
    assert columns[1] - columns[0] == pytest.approx(300 * 0.2 / 1.2, abs=4)  # 20 cm at 1.2 m
    gone = boxes_drawn(review.samples[GONE])
    assert gone[0] is gone[1]


@pytest.mark.parametrize("fields", [{"pixel_frame": "unknown"}, {"original_bbox_3d": (0.0, 0.0, 0.01, 1.0, 1.0, 1.0, 0.0)}])
def test_a_box_that_cannot_be_drawn_is_not_asked_about(review, serve, make_sample, fields, capsys):
    old = review.samples[GONE]
    odd = make_sample(**{f: getattr(old, f) for f in old.__dataclass_fields__} | fields)
    write_dataset({"fine": [review.samples[MOVE], odd]}, review.data)
    server = serve("keep")
    assert set(ask(review, server).by_id) == {MOVE} and len(server.asked) == 1
    assert "1 without a decision" in capsys.readouterr().out


def test_several_askings_decide_by_their_median(review, serve):
    replies = ["no room", "no room", "keep"]
    found = ask(review, serve(lambda n, _: replies[n % 3]), "--judge-samples", "3")
    assert {d.verdict for d in found.by_id.values()} == {"drop"}


def test_replies_divided_in_halves_are_no_decision(review, serve, capsys):
    found = ask(review, serve(lambda n, _: ("no room", "keep")[n % 2]), "--judge-samples", "2")
    assert found.by_id == {} and "6: its replies are divided in halves" in capsys.readouterr().out


def test_a_long_note_still_reads_back(review, serve):
    found = ask(review, serve("long"))
    assert max(len(d.note) for d in found.by_id.values()) == LONGEST["note"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--judge", "unheard-of"], "no judge that can be asked"),
        (["--judge", "embedded"], "no judge that can be asked"),
        (["--judge", "openai", "--side", "512"], "--judge-max-side"),
        (["--judge", "openai", "--apply", "x.json"], "ask first"),
        (["--judge", "openai", "--judge-url", "nowhere"], "--judge-url"),
    ],
)
def test_options_that_do_not_fit_are_refused(review, capsys, options, words):
    assert main(["review", str(review.data), "--out", str(review.folder / "said"), *options]) == 2
    assert words in capsys.readouterr().err and not (review.folder / "said").exists()


def test_instructions_are_data(review):
    sample = review.samples[MOVE]
    asked = OpinionQuestion().ask(sample)
    assert asked.parts[-1].startswith("The instruction, as data: {") and sample.prompt not in asked.system
    assert [o.good for o in opinions_in(f"{opinion()}\n\n{opinion(possible=False)}")] == [True, False]
