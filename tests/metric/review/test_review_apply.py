"""`gsi-bench review --apply`: what becomes of samples, and what is refused, all at once and before anything is written."""

import json

import numpy as np
import pytest
from review_cases import IDS, decided

from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.storage.sample_files import facts_of
from gsi_bench_dataset.storage.shards import read_dataset, shard_files, write_dataset
from gsi_bench_metric.review.agreement import cohen_kappa
from gsi_bench_metric.review.amending import amended, amendment_problems
from gsi_bench_metric.review.decisions import ReviewError, fingerprint, read_decisions

MOVE, TURN, GONE = IDS[:3]


def apply(review, *files, more=(), status=0):
    words = [word for file in files for word in ("--apply", str(file))]
    assert main(["review", str(review.data), *words, "--out", str(review.folder / "new"), *more]) == status
    if status:
        assert not (review.folder / "new").exists()
        return None
    return {s.id: s for s in read_dataset(review.folder / "new", "fine")}


def test_kept_dropped_amended_samples_are_so(review, capsys):
    words = {"prompt": "Shift the mug 20 cm to the right.", "prompt_zh": "把杯子向右移动20厘米。", "note": "plainer"}
    left = apply(review, review.decisions("ada", **decided(**{MOVE: ("amend", words), GONE: "drop"})))
    assert set(left) == set(IDS) - {GONE}
    assert (left[MOVE].prompt, left[MOVE].prompt_zh) == (words["prompt"], words["prompt_zh"])
    assert left[MOVE].operation == review.samples[MOVE].operation
    assert {id_: s for id_, s in left.items() if id_ != MOVE} == {i: review.samples[i] for i in left if i != MOVE}
    assert "4 kept, 1 dropped, 1 amended" in capsys.readouterr().out
    assert facts_of(shard_files(review.folder / "new", "fine")[0])["source"] == "my kitchen"
    assert len(list(read_dataset(review.data, "fine"))) == len(IDS)


def test_other_splits_are_copied(review, make_sample):
    other = make_sample("t", split="mesatask")
    write_dataset({"mesatask": [other]}, review.data)
    apply(review, review.decisions("ada", **decided()))
    assert list(read_dataset(review.folder / "new", "mesatask")) == [other]


class TestSeveralReviewers:
    def test_what_one_drops_is_dropped_and_counted(self, review, capsys):
        ada = review.decisions("ada", **decided(**{MOVE: "drop", TURN: "drop"}))
        left = apply(review, ada, review.decisions("bo", **decided(**{TURN: "drop", GONE: "drop"})))
        said = capsys.readouterr().out
        assert set(left) == set(IDS) - {MOVE, TURN, GONE} and "2 that another reviewer did not drop" in said
        # 4 of 6 alike; by chance (2·2 + 4·4) / 36.
        assert f"ada, bo: κ {(4 / 6 - 20 / 36) / (1 - 20 / 36):.2f}; 4 of 6 alike" in said

    def test_an_amendment_beside_a_keep_holds(self, review):
        ada = review.decisions("ada", **decided(**{GONE: ("amend", {"prompt": "Remove the mug from the scene."})}))
        assert apply(review, ada, review.decisions("bo", **decided()))[GONE].prompt == "Remove the mug from the scene."

    def test_two_amendments_of_one_sample_are_refused(self, review, capsys):
        ada = review.decisions("ada", **decided(**{GONE: ("amend", {"prompt": "Remove the mug from the scene."})}))
        bo = review.decisions("bo", **decided(**{GONE: ("amend", {"prompt": "Remove the mug completely."})}))
        apply(review, ada, bo, status=2)
        assert f"{GONE}: amended differently" in capsys.readouterr().err

    def test_two_files_of_one_reviewer_are_refused(self, review, capsys):
        path = review.decisions("ada", **decided())
        apply(review, path, path, status=2)
        assert "2 files of reviewer 'ada' on split fine" in capsys.readouterr().err

    def test_each_may_decide_a_part(self, review, capsys):
        halves = [{id_: "keep" for id_ in IDS if id_.startswith(img)} for img in ("kitchen", "office")]
        left = apply(review, *(review.decisions(name, **half) for name, half in zip("ab", halves, strict=True)))
        assert set(left) == set(IDS) and "no sample that both decided" in capsys.readouterr().out


class TestUndecided:
    def test_they_are_named_unless_it_is_said(self, review, capsys):
        apply(review, review.decisions("ada", **{MOVE: "keep"}), status=2)
        said = capsys.readouterr().err
        assert "5 samples are not decided" in said and TURN in said and "--undecided keep" in said

    @pytest.mark.parametrize(("what", "left"), [("keep", 5), ("drop", 1)])
    def test_they_are_kept_or_dropped_as_asked(self, review, what, left, capsys):
        verdicts = {MOVE: "drop", TURN: "keep"} if what == "keep" else {TURN: "keep"}
        found = apply(review, review.decisions("ada", **verdicts), more=("--undecided", what))
        assert len(found) == left and f"that nobody decided: {what}" in capsys.readouterr().out


def test_all_problems_come_at_once_and_nothing_is_written(review, capsys):
    bad = {
        MOVE: ("amend", {"prompt": "Move the mug 30 cm to the right."}),
        TURN: ("amend", {"prompt": "Make the mug nice."}),
        "nowhere_edit_7": "keep",
    }
    apply(review, review.decisions("ada", **decided(**bad)), status=2)
    said = capsys.readouterr().err
    assert "no sample 'nowhere_edit_7' in split fine" in said
    assert f"{MOVE}: prompt" in said and "30 cm" in said
    assert f"{TURN}: prompt" in said and "not understood" in said
    assert "Traceback" not in said


def test_a_sample_that_changed_since_is_refused(review, capsys):
    path = review.decisions("ada", **decided())
    samples = [*review.samples.values()]
    samples[0] = type(samples[0]).from_row(samples[0].to_row() | {"prompt": "Move the mug 20 cm to the right."})
    write_dataset({"fine": samples}, review.data)
    apply(review, path, status=2)
    assert f"{MOVE}: is not what was looked at" in capsys.readouterr().err


def test_a_split_is_not_left_empty(review, capsys):
    apply(review, review.decisions("ada", **dict.fromkeys(IDS, "drop")), status=2)
    assert "a split cannot be empty" in capsys.readouterr().err


def test_decisions_of_a_split_that_is_not_there_are_refused(review, capsys):
    apply(review, review.decisions("ada", "bathroom", **decided()), status=2)
    assert "of split bathroom" in capsys.readouterr().err


def test_the_dataset_itself_is_not_written_over(review, capsys):
    path = review.decisions("ada", **decided())
    assert main(["review", str(review.data), "--apply", str(path), "--out", str(review.data)]) == 2
    assert "is the dataset itself" in capsys.readouterr().err
    assert len(list(read_dataset(review.data, "fine"))) == len(IDS)


@pytest.mark.parametrize("words", [["--split", "fine"], ["--side", "512"]])
def test_options_of_pages_do_not_go_with_decisions(review, words, capsys):
    apply(review, review.decisions("ada", **decided()), more=words, status=2)
    assert f"{words[0]} is of pages" in capsys.readouterr().err


class TestAmending:
    @pytest.mark.parametrize(
        ("which", "prompt", "zh", "said"),
        [
            (0, "Move the mug 20 cm to the left.", None, "stored goal lies 20 cm right"),
            (0, "Move the mug 25 cm to the right.", None, "asks 25 cm right"),
            (0, "Remove the mug.", None, "asks to remove, and the goal is that of move"),
            (0, "Move the mug to the right.", None, "does not say the distance_m any more"),
            (0, "Move the mug 20 cm to the right of the bowl.", None, "speaks of"),
            (0, "Put the mug somewhere nice.", None, "is not understood"),
            (0, "", None, "is not understood"),
            (0, "Move the red mug 20 cm to the right.\nNow.", None, "expected one line"),
            (0, "Move the \udcff mug 20 cm to the right.", None, "characters that no text has"),
            (0, None, "将杯子向左移动20厘米。", "says otherwise than the English: direction left and not right"),
            (0, None, "你好。", "is not understood"),
            (0, "Move the mug 20 centimeters to the right.", None, "neither instruction is another"),
            (1, "Rotate the mug 90 degrees counterclockwise.", None, "asks a counterclockwise turn"),
            (1, "Rotate the mug 45 degrees clockwise.", None, "asks a turn of 45"),
            (2, "Delete the mug.", None, "read as 'delete' by the released evaluation"),
            (2, "Rotate the mug 90 degrees clockwise.", None, "asks to rotate, and the goal is that of remove"),
        ],
    )
    def test_what_the_goal_is_not_is_refused(self, review, which, prompt, zh, said):
        problems = amendment_problems(review.samples[IDS[which]], prompt, zh)
        assert any(said in problem for problem in problems), problems
        with pytest.raises(ValueError, match=r"prompt|neither"):
            amended(review.samples[IDS[which]], prompt, zh)

    @pytest.mark.parametrize(
        ("which", "prompt", "zh"),
        [
            (0, "Shift the red mug 20 cm to the right, while keeping other objects unchanged.", None),
            (0, "  Move the mug 0.2 m to the right. ", "把红色的杯子向右移动20厘米。"),
            (1, "Turn the mug 90 degrees clockwise.", None),
            (2, "Remove the mug that stands closest to the camera.", None),
            (2, "Remove the red mug from the scene.", None),
        ],
    )
    def test_other_words_for_the_same_are_taken(self, review, which, prompt, zh):
        sample = review.samples[IDS[which]]
        made = amended(sample, prompt, zh)
        assert made.prompt == prompt.strip() and made.operation == sample.operation
        assert made.new_bbox_3d == sample.new_bbox_3d and made.prompt_zh == (zh or sample.prompt_zh)

    def test_a_wrong_instruction_becomes_what_the_goal_is(self, review):
        row = review.samples[MOVE].to_row() | {"prompt": "Move the mug 20 cm to the left.", "prompt_zh": None}
        row |= {"operation": {**row["operation"], "direction": "left"}, "goal_suspect": "asks 20 cm left; goes right"}
        row |= {"official_json": "{}", "official_json_name": f"{MOVE}.json"}
        made = amended(type(review.samples[MOVE]).from_row(row), "Move the mug 20 cm to the right.", None)
        assert (made.operation.direction, made.goal_suspect, made.official_json) == ("right", None, None)


class TestFiles:
    def test_what_is_wrong_with_a_file_is_said_at_once(self, tmp_path):
        path = tmp_path / "d.json"
        rows = {
            "a": {"verdict": "maybe", "seen": "0"},
            "b": {"verdict": "keep"},
            "c": {"verdict": "amend", "seen": "0"},
            "d": {"verdict": "keep", "seen": "0", "prompt": "Remove it."},
            "e": 5,
            "f": {"verdict": "keep", "seen": "0", "note": 3, "more": 1},
        }
        path.write_text(json.dumps({"format": "x", "version": 2, "split": "train", "reviewer": " ", "decisions": rows, "z": 0}))
        with pytest.raises(ReviewError) as caught:
            read_decisions(path)
        said = "\n".join(caught.value.problems)
        for words in ("format", "split:", "reviewer:", "'z'", "['a'].verdict", "['b'].seen", "['c']: an amendment without"):
            assert words in said, words
        for words in ("['d']: another instruction with keep", "['e']: expected an object", "['f'].note", "'more'"):
            assert words in said, words

    @pytest.mark.parametrize("text", ["", "[]", "null", '{"a": 1', '{"decisions": [1]}', '{"a": 1, "a": 2}', "\x00\xff"])
    def test_what_is_no_decisions_is_refused_without_traceback(self, review, text, capsys):
        path = review.folder / "odd.json"
        path.write_bytes(text.encode("latin-1"))
        apply(review, path, status=2)
        said = capsys.readouterr().err
        assert "odd.json" in said and "Traceback" not in said

    def test_a_fingerprint_changes_with_all_that_is_seen(self, review, make_image):
        sample = review.samples[MOVE]
        changes = [
            {"prompt": "Move it."},
            {"prompt_zh": None},
            {"target": "cup"},
            {"new_bbox_3d": (0.3, 0.1, 1.2, 0.12, 0.1, 0.09, 0.0)},
            {"original_bbox_3d": (0.1, 0.1, 1.2, 0.12, 0.1, 0.09, 0.0)},
            {"image": {"bytes": make_image(seed=9), "path": "kitchen.png"}},
        ]
        found = {fingerprint(type(sample).from_row(sample.to_row() | change)) for change in changes}
        assert len(found | {fingerprint(sample)}) == len(changes) + 1


def test_kappa_is_that_of_the_textbook():
    """Against the definition, by hand: (po - pe) / (1 - pe)."""
    rng = np.random.default_rng(0)
    a = rng.choice(["keep", "drop", "amend"], 200, p=[0.7, 0.2, 0.1]).tolist()
    b = [x if rng.random() < 0.8 else y for x, y in zip(a, rng.choice(["keep", "drop", "amend"], 200), strict=True)]
    seen = np.mean([x == y for x, y in zip(a, b, strict=True)])
    chance = sum((a.count(v) / 200) * (b.count(v) / 200) for v in ("keep", "drop", "amend"))
    assert cohen_kappa(a, b) == pytest.approx((seen - chance) / (1 - chance))
    assert cohen_kappa(a, a) == 1.0 and cohen_kappa([], []) is None
