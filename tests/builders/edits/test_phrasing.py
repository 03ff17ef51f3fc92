"""The reference's phrasing: its sentences mean what was done, to our readers and to the released evaluation's parser."""

import dataclasses
import re
from collections import Counter

import numpy as np
import pytest

from gsi_bench_builders.edits.base import SETTINGS, EditOptions, Rejection, Stage
from gsi_bench_builders.edits.operations.move import Move
from gsi_bench_builders.edits.operations.place import Place
from gsi_bench_builders.edits.operations.place import propose as propose_place
from gsi_bench_builders.edits.operations.relate import Relate
from gsi_bench_builders.edits.operations.rotate import Rotate
from gsi_bench_builders.edits.operations.view import View
from gsi_bench_builders.edits.propose import propose_edits, try_candidate
from gsi_bench_builders.edits.registry import OPERATIONS, proposer
from gsi_bench_builders.edits.selfcheck import reads_back
from gsi_bench_builders.edits.wording import in_reference_words
from gsi_bench_builders.recipes.fine import RenderedPhotographs
from gsi_bench_builders.recipes.mesatask import EmbeddedTabletops
from gsi_bench_builders.recipes.registry import RECIPES
from gsi_bench_builders.recipes.room_choices import MIXES, mixed
from gsi_bench_builders.recipes.rooms import EmbeddedRooms
from gsi_bench_dataset.language.chinese import parse_zh
from gsi_bench_dataset.language.chinese import reference as chinese
from gsi_bench_dataset.language.english import parse
from gsi_bench_dataset.language.english import reference as english
from gsi_bench_metric.protocols.official.operations import parse_operation

SOURCES = {
    "mesatask": EmbeddedTabletops(),
    "robothor": EmbeddedRooms(("living", "studio")),
    "bathroom": EmbeddedRooms(("bathroom",)),
    "fine": RenderedPhotographs(),
}
SCENES, EACH = {"mesatask": 12, "robothor": 5, "bathroom": 4, "fine": 6}, 16
# Two of a kind of which the image shows all, and one by a word alone: few bathrooms have them.
RARE = {"bathroom": {"remove_extreme"}}
AS_OFFICIAL = {"place": "move", "relate": "move", "travel": "view", "pan": "view"}
# Written apart from the tables that are tested, after the reference's sentences.
SHAPES = {
    "move": r"Move (.+) \d+ centimeters (left|right|forward|back) relative to the camera view\.",
    "relate": r"Move (.+)'s center (to the right of|to the left of|in front of|behind) (.+)'s center by \d+ centimeters, "
    r"relative to the camera view\.",
    "rotate": r"Rotate (.+) (45|90|180) degrees (clockwise|counter-clockwise)\.",
    "place": r"Move (.+) to the (center|(leftmost|rightmost) edge|edge (nearest to|farthest from) the camera) of (.+)\.",
    "view": r"Move the camera (forward|backward|to the left|to the right) by 0\.\d\d? meters\.|"
    r"Rotate the camera \d+ degrees to the (left|right)\.|Look (up|down) by \d+ degrees\.",
    "remove_extreme": r"Remove (.+) at the ((closest position to|farthest position from) the camera|"
    r"(leftmost|rightmost|highest|lowest) position)\.",
}
PHOTO_SHAPES = {
    "move": r"Move (.+) (10|20|30|50|70|90|110) centimeters to the (left|right|front|behind), "
    r"while keeping other objects unchanged\.",
    "rotate": r"Rotate (.+) (45|90|180) degrees (clockwise|counterclockwise) along its vertical axis, "
    r"while keeping other objects unchanged\.",
    "remove": r"Remove (.+) from the scene, while keeping other objects unchanged\.",
}


def reference(setting: str) -> EditOptions:
    return in_reference_words(dataclasses.replace(SETTINGS[setting], min_target_px=16), setting)


@pytest.fixture(scope="module")
def proposed(tools):
    """Recipe -> edits of its own scenes, in the reference's words."""
    found = {}
    for split, source in SOURCES.items():
        found[split] = []
        options = reference(RECIPES[split].setting)
        for number in range(SCENES[split]):
            rng = np.random.default_rng([number, 7])
            scene, _ = source.scene(number, rng, 512)
            found[split] += propose_edits(scene, tools.Probe(), rng, options, count=EACH, kinds=RECIPES[split].operations)[0]
    return found


def test_every_recipe_is_spoken_for_by_every_operation(proposed):
    assert set(proposed) == set(RECIPES)
    for split, edits in proposed.items():
        assert len(edits) >= 5 * SCENES[split]
        assert {e.kind for e in edits} | RARE.get(split, set()) == set(RECIPES[split].operations), split


def test_the_official_parser_reads_every_sentence_as_meant(proposed):
    for edit in (e for edits in proposed.values() for e in edits):
        kind = edit.operation.kind
        assert parse_operation(edit.prompt) == AS_OFFICIAL.get(kind, kind), edit.prompt


def test_our_readers_find_every_number_in_both_languages(proposed):
    assert [problem for edits in proposed.values() for edit in edits for problem in reads_back(edit)] == []


def test_sentences_of_rooms_have_the_reference_shape(proposed):
    edits = [e for split in ("robothor", "bathroom") for e in proposed[split] if e.kind in SHAPES]
    assert {e.kind for e in edits} == set(SHAPES)
    assert [e.prompt for e in edits if not re.fullmatch(SHAPES[e.kind], e.prompt)] == []
    assert not any("together with" in e.prompt for e in edits)


def test_sentences_of_photographs_have_the_reference_shape(proposed):
    assert {e.kind for e in proposed["fine"]} == set(PHOTO_SHAPES)
    assert [e.prompt for e in proposed["fine"] if not re.fullmatch(PHOTO_SHAPES[e.kind], e.prompt)] == []
    assert not any("together with" in e.prompt for e in proposed["fine"])


def test_tables_have_the_references_chinese_too(proposed):
    said = Counter(e.prompt_zh for e in proposed["mesatask"] if e.kind == "move")
    words = (
        "向远离视角的方向|往桌面远端|向前推|朝远处移|向靠近视角的方向|往视角方向|向后拉|朝近处移|"
        "向[左右](移动|平移)|往[左右]边|朝[左右]移"
    )
    assert said and all(re.search(words, text) for text in said)


@pytest.mark.parametrize("name", ["the mug", "the red mug", "the mug closest to the camera", "the mug on the plate"])
@pytest.mark.parametrize("patterns", [english.TABLES, english.ROOMS, english.PHOTOS], ids=["tables", "rooms", "photos"])
def test_every_pattern_is_read_as_its_operation(patterns, name):
    slots = {"t": name, "r": "the bowl", "c": "15", "m": "0.15", "a": "45", "p": "50"}
    for key, ways in patterns.items():
        if name.endswith(("camera", "plate")) and key.startswith(("relate", "place")):
            continue  # such a name fits no such sentence, and none is proposed with it
        first, _, way = key.partition("/")
        for sentence in (f"{pattern.format(**slots)}." for pattern in ways):
            read = parse(sentence)
            assert read is not None, sentence
            official = AS_OFFICIAL.get(first, first)
            assert (read.kind if first != "place" else "move") == parse_operation(sentence) == official, sentence
            if first not in ("scale", "remove"):
                assert read.direction == way, sentence
            if first == "scale":
                assert read.factor == (1.5 if way == "up" else 0.5), sentence


def test_every_chinese_pattern_reads_back():
    for key, ways in chinese.TABLES.items():
        first, _, way = key.partition("/")
        factor = "1.5" if way == "up" else "0.5"
        for pattern in ways:
            read = parse_zh(pattern.format(t="杯子", d="15厘米", a="45", p="50", f=factor))
            assert read is not None and read.kind == first, pattern
            assert (read.factor == float(factor)) if first == "scale" else (read.direction == way), pattern


@pytest.mark.parametrize("setting", SETTINGS)
def test_half_a_turn_has_a_sense_in_the_references_words(setting, tools, probe):
    options = dataclasses.replace(reference(setting), min_still_seen=0)  # of a box in the mug's place the top alone stays
    stage = Stage(tools.scene(tools.thing("mug", 1)), probe, options)
    for angle, sense in ((180, "counterclockwise"), (-180, "clockwise")):
        edit = try_candidate(stage, Rotate("mug_1", angle), np.random.default_rng(0))
        assert (edit.operation.direction, edit.operation.angle_deg) == (sense, 180)
        assert parse(edit.prompt).direction == sense


@pytest.mark.parametrize("setting", SETTINGS)
def test_what_the_reference_has_no_words_for_is_counted(setting, tools, probe):
    tray = tools.thing("tray", 1, (-0.2, 0))
    mug, book = tools.stack(tools.thing("mug", 2), tray), tools.thing("remote control", 3, (0.2, 0))
    scene = tools.scene(tray, mug, book, tools.thing("bowl", 4, (0.0, -0.25)))
    rivals = tools.thing("mug", 5, (0.3, 0.0)), tools.thing("mug", 6, (-0.45, 0.0))
    bowls = tools.scene(tray, tools.stack(tools.thing("mug", 2), tray), *rivals, tools.thing("book", 3, (0.2, -0.15)))
    options = reference(setting)

    def tried(scene, candidate, options=options):
        return try_candidate(Stage(scene, probe, options), candidate, np.random.default_rng(0))

    unsaid = Rejection("unsaid")
    assert tried(scene, Move("tray_1", "front", 10)) == unsaid
    assert tried(scene, Rotate("tray_1", 90)) == unsaid
    assert tried(scene, Place("remote control_3", "tray_1", None, (-0.1, 0.0))) == unsaid
    assert tried(scene, View("tray_1", "up", distance_cm=10)) == unsaid
    assert Stage(bowls, probe, options).names["mug_2"].trailing
    assert tried(bowls, Relate("book_3", "mug_2", "right", 20)) == unsaid
    ours = dataclasses.replace(SETTINGS[setting], min_target_px=16)
    assert tried(scene, Move("tray_1", "front", 10), ours) != unsaid


def test_placements_in_the_references_words_name_a_spot(tools, probe):
    bowl = tools.thing("bowl", 4, (0.0, -0.25), size=(0.3, 0.3, 0.09))
    scene = tools.scene(tools.thing("tray", 1, (-0.2, 0.1)), tools.thing("apple", 3, (0.3, 0)), bowl)
    stage = Stage(scene, probe, reference("table"))
    drawn = [propose_place(stage, np.random.default_rng(seed)) for seed in range(60)]
    spots = {p.receptacle: set() for p in drawn if isinstance(p, Place)}
    for place in (p for p in drawn if isinstance(p, Place)):
        spots[place.receptacle].add(place.spot)
    assert spots["bowl_4"] == {"center"} and len(spots["tray_1"]) >= 4 and None not in spots["tray_1"]


def test_the_tables_know_what_operations_ask():
    assert set(english.TABLES) == set(english.ROOMS) == set(english.PHOTOS)
    asked = {key.partition("/")[0] for key in english.ROOMS}
    assert asked == {"move", "relate", "rotate", "place", "scale", "remove", "travel", "pan"}
    assert set(OPERATIONS) - asked == {"view", "remove_extreme"}


def test_only_the_references_amounts_are_drawn(tools, probe):
    scene = tools.scene(tools.thing("mug", 1), tools.thing("book", 2, (0.25, 0)), tools.thing("tray", 3, (-0.3, 0)))
    stage = Stage(scene, probe, mixed(SETTINGS["table"], tuple(MIXES)))
    drawn = [proposer(kind)(stage, np.random.default_rng(seed)) for kind in OPERATIONS for seed in range(200)]
    found = {
        kind: {getattr(c, field) for c in drawn if getattr(c, "kind", None) == kind and hasattr(c, field)}
        for kind, field in (("move", "distance_cm"), ("relate", "distance_cm"), ("rotate", "angle_deg"), ("place", "spot"))
    }
    assert found["move"] == {5, 10, 15, 20} and found["relate"] == {5, 10, 20, 30}
    assert found["rotate"] == {45, -45, 90, -90, 180}
    assert found["place"] == {"center", "left", "right", "front", "behind"}
    views = {(c.direction, c.distance_cm, c.angle_deg) for c in drawn if getattr(c, "kind", None) == "view"}
    ways = {(way, cm, None) for way in ("forward", "backward", "left", "right") for cm in (10, 20, 30)}
    turns = {(way, None, deg) for way in ("left", "right", "up", "down") for deg in (15, 30)}
    assert views == ways | turns and len(views) == 20
