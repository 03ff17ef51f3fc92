"""Faults, changes and reasons as sentences: every kind has a text in every language, and no detail is lost."""

import re

import pytest

from gsi_bench_dataset.records import CHANGES, FAULTS, Change, Fault, Reason, Score
from gsi_bench_metric.protocols.text import LANGUAGES, explanation, reason, reason_text, told

SLOT = re.compile(r"\{(\w+)")


def score(**fields):
    common = {"sample_id": "a_edit_0", "split": "fine", "editor": "e", "protocol": "strict", "operation": "move"}
    return Score(**common | {"ic": 0.0, "sa": 0.5} | fields)


def test_both_languages_have_the_same_messages():
    assert LANGUAGES["en"].TEMPLATES.keys() == LANGUAGES["zh"].TEMPLATES.keys()


@pytest.mark.parametrize("message", sorted(LANGUAGES["en"].TEMPLATES))
def test_both_languages_say_the_same_values(message):
    english, chinese = (set(SLOT.findall(LANGUAGES[language].TEMPLATES[message])) for language in ("en", "zh"))
    assert english == chinese


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", sorted(FAULTS.keys() - {"lost", "no_image"}))
def test_every_fault_can_be_said(kind, language):
    way = (None, "left") if kind == "moved_too" else ("left",)
    for amount, direction in [(a, w) for a in ((0.3, None) if kind in ("too_much", "opposite") else (0.3,)) for w in way]:
        said = told(score(faults=(Fault(kind, amount, direction, "mug"),)), language)
        assert " ," not in said and "向移" not in said
        assert said or kind == "nothing_done"
        assert "{" not in said


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", sorted(CHANGES.keys() - {"changed", "ends_from"}))
def test_every_change_can_be_said(kind, language):
    direction = "rolling_left" if kind == "camera_turned" else "left closer"
    assert told(score(done=(Change(kind, 0.3, direction, "mug"),)), language)


def test_a_fault_reads_in_chinese_as_in_english():
    found = score(
        done=(Change("moved", 0.124, "right"),),
        asked=(Change("moved", 0.15, "left"),),
        faults=(Fault("opposite", -0.8),),
        changed=(Change("changed", 0.2, subject="bowl"), Change("changed", 0.4, subject="book")),
    )
    assert explanation(found) == (
        "moved 12.4 cm right; 15.0 cm left asked; the opposite of what was asked; the bowl next to it and the book changed too"
    )
    assert explanation(found, "zh") == "向右移动了 12.4 cm；要求向左移动 15.0 cm；与要求相反；旁边的 bowl、book 也变了"


def test_a_reason_keeps_its_numbers():
    found = reason("target_hidden", "target_hidden", 0.413, subject="mug")
    assert found.text == "41 % of the mug is hidden where it is asked to go"
    assert reason_text(found, "zh") == "在要求的位置，mug 有 41 % 被遮住"
    assert Reason.from_row(found.to_row()) == found


def test_scores_of_older_files_keep_their_sentence():
    old = {
        k: v for k, v in score(explanation="did not move").to_json().items() if k not in ("done", "asked", "faults", "changed")
    }
    assert explanation(Score.from_json(old), "zh") == "did not move"
