import re

import numpy as np
import pytest

from gsi_bench_builders.edits import wording
from gsi_bench_builders.edits.naming import Name
from gsi_bench_builders.edits.selfcheck import FIRST_WORDS
from gsi_bench_dataset.language.chinese import parse_zh
from gsi_bench_dataset.language.chinese import writer as chinese
from gsi_bench_dataset.language.english import parse
from gsi_bench_dataset.language.english import writer as english
from gsi_bench_metric.protocols.official.operations import KEYWORDS
from gsi_bench_metric.protocols.official.scoring import operation_of

KEYS = sorted(english.PATTERNS)
SLOTS = {"d": ("15 cm", "15厘米"), "a": "45", "p": "50", "f": "1.5", "q": "150"}
SMALLER = {"p": "25", "f": "0.75", "q": "75"}
TARGETS = [Name("the mug", "马克杯"), Name("the red mug", "红色的马克杯"), Name("the leftmost mug", "最左边的马克杯")]
TRAILING = [Name("the mug closest to you", "离你最近的杯子", True), Name("the mug on the plate", "盘子上的杯子", True)]


def wanted(key):
    kind, _, way = key.partition("/")
    if kind in ("travel", "pan"):
        amount = {"distance_m": 0.15} if kind == "travel" else {"angle_deg": 45.0}
        return {"kind": "view", "direction": way, "frame": "camera"} | amount
    if kind in ("move", "relate"):
        return {"kind": "move", "direction": way, "distance_m": 0.15, "frame": "camera"}
    if kind == "place":
        side = {"frame": "camera"} if way in ("left", "right", "front", "behind") else {}
        return {"kind": "place"} | ({} if way in ("on", "in") else {"direction": way}) | side
    if kind == "rotate":
        return (
            {"kind": "rotate", "angle_deg": 180.0} if way == "half" else {"kind": "rotate", "direction": way, "angle_deg": 45.0}
        )
    return {"kind": kind} | ({"factor": 1.5 if way == "up" else 0.75} if kind == "scale" else {})


def test_there_are_many_ways_to_say_each_thing():
    assert set(chinese.PATTERNS) == set(english.PATTERNS)
    assert all(len(set(patterns)) == len(patterns) >= 6 for patterns in english.PATTERNS.values())
    assert all(len(set(patterns)) == len(patterns) >= 5 for patterns in chinese.PATTERNS.values())


@pytest.mark.parametrize("key", KEYS)
def test_every_pattern_reads_back_as_what_it_says(key):
    slots = SLOTS | (SMALLER if key == "scale/down" else {})
    names = TARGETS + ([] if key.startswith(("relate", "place")) else TRAILING)
    operation = {"place": "move", "relate": "move", "travel": "view", "pan": "view"}.get(
        key.partition("/")[0], key.partition("/")[0]
    )
    for language, patterns, read in ((0, english.PATTERNS, parse), (1, chinese.PATTERNS, parse_zh)):
        other = Name("the blue bowl on the tray", "托盘上的蓝色的碗")
        for pattern in patterns[key]:
            for name in names:
                words = {"t": (name.en, name.zh), "r": (other.en, other.zh)} | slots
                sentence = pattern.format(**{k: v if isinstance(v, str) else v[language] for k, v in words.items()})
                reference = (other.noun, other.zh)[language]
                field = {"relate": {"reference": reference}, "place": {"receptacle": reference}}.get(key.partition("/")[0], {})
                found = read(sentence)
                assert found is not None, sentence
                assert {k: v for k, v in found.to_row().items() if v is not None} == wanted(key) | field, sentence
                if language == 0:
                    assert operation_of(sentence) == operation_of(f"Please {sentence[0].lower()}{sentence[1:]}") == operation


def test_first_words_are_the_references():
    assert all(set(words) <= set(KEYWORDS[kind]) for kind, words in FIRST_WORDS.items())


@pytest.mark.parametrize("key", KEYS)
def test_nothing_is_said_that_two_people_would_obey_differently(key):
    in_english, in_chinese = english.PATTERNS[key], chinese.PATTERNS[key]
    text = " ".join(in_english)
    assert not re.search(r"times (?:smaller|larger|bigger)", text)
    assert ("camera" in text) == key.startswith(("travel", "pan"))
    # Forward could be along the view; a laptop has a front of its own.
    if key in ("travel/forward", "travel/backward"):
        assert all(re.search("height|ground", p) for p in in_english)
        assert all("水平" in p for p in in_chinese)
    if key.startswith("relate"):
        assert all("center" in p and re.search("view|as you see", p) for p in in_english)
        assert all("中心" in p and "视角" in p for p in in_chinese)


def test_tails_and_politeness_change_nothing_of_what_is_read():
    rng = np.random.default_rng(0)
    slots = wording.target_slots(TARGETS[1], None) | {"d": ("7 cm", "7厘米")}
    said = [wording.say("move/left", slots, rng) for _ in range(400)]
    assert {parse(en).distance_m for en, _ in said} == {parse_zh(zh).distance_m for _, zh in said} == {0.07}
    for text, column in (("Please ", 0), ("unchanged", 0), ("请", 1), ("不变", 1)):
        assert 20 < sum(text in pair[column] for pair in said) < 200


def test_a_load_is_spoken_of_and_then_nothing_is_said_to_stay():
    rng = np.random.default_rng(0)
    slots = wording.target_slots(Name("the tray", "托盘"), "on") | {"d": ("7 cm", "7厘米")}
    for en, zh in (wording.say("move/left", slots, rng) for _ in range(100)):
        assert "the tray together with everything on it" in en and "托盘连同上面的东西一起" in zh
        assert "keep" not in en and "leav" not in en and "不变" not in zh
        assert parse(en).distance_m == parse_zh(zh).distance_m == 0.07


def test_a_factor_that_is_no_whole_percent_cannot_be_said():
    for factor in (1.0, 0.0, -1.0, 1 / 3):
        with pytest.raises(ValueError, match="whole percent"):
            wording.amounts(factor)
