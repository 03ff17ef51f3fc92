"""Sentences as people write them, each read as what it says or refused for the word that says something else."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from gsi_bench_dataset.language import writing
from gsi_bench_dataset.language.chinese import parse_zh, read_zh
from gsi_bench_dataset.language.chinese import writer as chinese
from gsi_bench_dataset.language.english import parse, read
from gsi_bench_dataset.language.english import writer as english
from gsi_bench_dataset.language.reading import NotUnderstood
from gsi_bench_dataset.records import Operation

ROOT = Path(__file__).resolve().parents[3]
_spec = importlib.util.spec_from_file_location("language_benchmark", ROOT / "benchmarks/language.py")
benchmark = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(benchmark)

KEYS = sorted(english.PATTERNS)
NAMES = [
    ("the mug", "马克杯"),
    ("the red mug", "红色的马克杯"),
    ("the leftmost mug", "最左边的马克杯"),
    ("the mug closest to you", "离你最近的杯子"),
    ("the mug on the plate", "盘子上的杯子"),
    ("the tray together with everything on it", "托盘连同上面的东西一起"),
]
BOWL = ("the blue bowl on the tray", "托盘上的蓝色的碗")


@pytest.mark.parametrize(("language", "least"), [("en", 300), ("zh", 200)])
def test_tables_hold_enough_distinct_sentences(language, least):
    sentences = [sentence for sentence, _ in benchmark.table(language)]
    assert len(sentences) == len(set(sentences)) >= least


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_sentence_is_read_as_its_table_says(language):
    rows = [(s, wanted, benchmark.reading_of(benchmark.READERS[language](s))) for s, wanted in benchmark.table(language)]
    assert [row for row in rows if row[1] != row[2]] == []


def test_the_thin_readers_give_none_for_what_is_refused():
    for language, parser in (("en", parse), ("zh", parse_zh)):
        for sentence, wanted in benchmark.table(language):
            assert (parser(sentence) is None) == wanted.startswith(benchmark.REFUSED), sentence


def meant(key, amounts, language):
    """The operation that a writer's key and amounts stand for."""
    kind, _, way = key.partition("/")
    other = {"reference": BOWL[1] if language else "blue bowl on the tray"}
    distance, angle = amounts["metres"], amounts["degrees"]
    if kind == "travel":
        return Operation(kind="view", direction=way, distance_m=distance, frame="camera")
    if kind == "pan":
        return Operation(kind="view", direction=way, angle_deg=angle, frame="camera")
    if kind in ("move", "relate"):
        return Operation(kind="move", direction=way, distance_m=distance, frame="camera", **(other if kind == "relate" else {}))
    if kind == "place":
        direction = None if way in ("on", "in") else way
        frame = "camera" if way in ("left", "right", "front", "behind") else None
        return Operation(kind="place", direction=direction, frame=frame, receptacle=other["reference"])
    if kind == "rotate":
        return Operation(kind="rotate", direction=None if way == "half" else way, angle_deg=180.0 if way == "half" else angle)
    return Operation(kind="scale", factor=amounts["factor"]) if kind == "scale" else Operation(kind="remove")


@pytest.mark.parametrize("key", KEYS)
def test_all_that_can_be_written_is_read_back(key):
    rng = np.random.default_rng(0)
    names = NAMES[:3] if key.startswith(("place", "relate")) else NAMES
    for cm, degrees, percent in ((1, 5, 120), (7, 30, 150), (15, 45, 113), (120, 135, 300)):
        factor = percent / 100 if key != "scale/down" else {120: 0.8, 150: 0.5, 113: 0.87, 300: 0.29}[percent]
        amounts = {"metres": cm / 100, "degrees": float(degrees), "factor": factor}
        for name in names:
            slots = {"t": name, "r": BOWL, "a": str(degrees), **writing.centimetres(cm, rng), **writing.amounts(factor)}
            for language, patterns, tails, reader, please in (
                (0, english.PATTERNS, english.TAILS, read, "Please "),
                (1, chinese.PATTERNS, chinese.TAILS, read_zh, "请"),
            ):
                filled = {k: v if isinstance(v, str) else v[language] for k, v in slots.items()}
                for pattern in patterns[key]:
                    bare = pattern.format(**filled)
                    for sentence in (bare, please + bare[0].lower() + bare[1:], *(bare + tail for tail in tails)):
                        found = reader(sentence + ".。"[language])
                        assert found == meant(key, amounts, language), (sentence, str(found))


def test_the_plainest_sentence_is_one_of_the_patterns():
    slots = {"t": ("the mug", "杯子"), "r": BOWL, "d": ("7 cm", "7厘米"), "a": "30", **writing.amounts(1.5)}
    for key in KEYS:
        en, zh = writing.plainest(key, slots)
        assert en.endswith(".")
        assert zh.endswith("。")
        assert isinstance(read(en), Operation)
        assert isinstance(read_zh(zh), Operation)


@pytest.mark.parametrize(
    ("sentence", "metres"),
    [
        ("Move the cup 15 cm to the left.", 0.15),
        ("Move the cup 7 cm to the left.", 0.07),
        ("Move the cup 0,3 m to the left.", 0.3),
        ("Move the cup 29 mm to the left.", 0.029),
        ("Move the cup 7 inches to the left.", 0.1778),
        ("Move the cup 3 feet to the left.", 0.9144),
    ],
)
def test_a_distance_is_the_float_that_its_decimal_means(sentence, metres):
    assert parse(sentence).distance_m == metres


def test_a_refusal_says_why_in_words_that_can_be_counted():
    first, second = read("Move the cup 20 pixels up."), read("Move the cup to the left by 8 px.")
    assert (first.word, second.word) == ("20 pixels", "8 px")
    assert first.why == second.why == "pixels are no length in the scene"
    assert str(first) == "'20 pixels': pixels are no length in the scene"


@pytest.mark.parametrize("reader", [read, read_zh])
@pytest.mark.parametrize("prompt", ["", " ", "Please", "请", ".", "的", "(a)", "x" * 5000, "1" * 900, "把" * 900, "the " * 200])
def test_odd_text_is_refused_without_error(reader, prompt):
    assert isinstance(reader(prompt), NotUnderstood)
