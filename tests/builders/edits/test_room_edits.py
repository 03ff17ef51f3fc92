"""Edits in rooms: what is held stays, targets are seen, cameras stay in, mirrors and extremes make no sentence ambiguous."""

import dataclasses
import itertools

import numpy as np
import pytest

from gsi_bench_builders.assets.library import asset, asset_key, kinds
from gsi_bench_builders.assets.looks import EmbeddedLooks
from gsi_bench_builders.composition.interiors.compose import INTERIORS, compose_interior
from gsi_bench_builders.edits.aiming import targets
from gsi_bench_builders.edits.base import SETTINGS, Edit, Rejection, Stage
from gsi_bench_builders.edits.geometry import may_be_seen
from gsi_bench_builders.edits.naming import Name, name_things
from gsi_bench_builders.edits.operations.move import Move
from gsi_bench_builders.edits.operations.place import Place
from gsi_bench_builders.edits.operations.place import propose as propose_place
from gsi_bench_builders.edits.operations.relate import Relate
from gsi_bench_builders.edits.operations.remove import Remove
from gsi_bench_builders.edits.operations.remove_extreme import EXTREMES, RemoveExtreme
from gsi_bench_builders.edits.operations.rotate import Rotate
from gsi_bench_builders.edits.operations.scale import Scale
from gsi_bench_builders.edits.operations.view import View
from gsi_bench_builders.edits.propose import propose_edits, try_candidate
from gsi_bench_builders.edits.reflections import mirrored, reflected_ids
from gsi_bench_builders.edits.registry import ROOM_OPERATIONS
from gsi_bench_builders.edits.selfcheck import reads_back
from gsi_bench_builders.edits.wording import other_slots, target_slots
from gsi_bench_builders.interiors import Plan
from gsi_bench_builders.scene import Receptacle
from gsi_bench_dataset.language.chinese import parse_zh
from gsi_bench_dataset.language.chinese import writer as chinese
from gsi_bench_dataset.language.english import parse
from gsi_bench_dataset.language.english import writer as english
from gsi_bench_metric.protocols.official.scoring import operation_of

ROOM = dataclasses.replace(SETTINGS["room"], min_target_px=16)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def tried(scene, candidate, probe, options=ROOM):
    return try_candidate(Stage(scene, probe, options), candidate, rng())


def held(thing, hold):
    return dataclasses.replace(thing, info=dataclasses.replace(thing.info, hold=hold))


@pytest.mark.parametrize("make", [lambda i: Move(i, "left", 10), lambda i: Rotate(i, 90), lambda i: Scale(i, 0.75)])
def test_what_hangs_or_is_built_in_is_not_moved(make, tools, probe):
    for hold, refused in (("free", False), ("hung", True), ("built", True)):
        found = tried(tools.scene(held(tools.thing("mug", 1), hold)), make("mug_1"), probe)
        assert (found == Rejection("built_in")) is refused


def test_what_hangs_is_taken_away_and_what_is_built_in_is_not(tools, probe):
    found = {h: tried(tools.scene(held(tools.thing("mug", 1), h)), Remove("mug_1"), probe) for h in ("free", "hung", "built")}
    assert isinstance(found["free"], Edit) and isinstance(found["hung"], Edit)
    assert found["built"] == Rejection("built_in")


def test_furniture_keeps_its_size(tools, probe):
    small, large = tools.thing("box", 1, size=(0.2, 0.2, 0.2)), tools.thing("box", 2, (0.0, 0.1), size=(0.62, 0.2, 0.2))
    assert tried(tools.scene(large), Scale("box_2", 0.5), probe) == Rejection("too_large")
    assert isinstance(tried(tools.scene(small), Scale("box_1", 0.75), probe), Edit)


def test_targets_are_what_the_image_shows_well(tools, probe):
    mug, outside = tools.thing("mug", 1), tools.thing("book", 2, (3.0, 0))
    tiny = tools.thing("apple", 3, (0.3, 0.2), size=(0.01, 0.01, 0.01))
    hidden = tools.thing("box", 4, (0.0, 0.25), size=(0.05, 0.05, 0.05))
    screen = tools.thing("tissue box", 5, (0.0, 0.12), size=(0.3, 0.02, 0.25))
    scene = tools.scene(mug, outside, tiny, hidden, screen)
    stage = Stage(scene, probe, ROOM)
    assert {t.id for t in targets(stage, "shift")} == {"mug_1", "tissue box_5"}
    plain = Stage(scene, probe, SETTINGS["table"])
    assert targets(plain, "shift") == plain.nameable


def test_a_target_that_fills_the_image_is_not_aimed_at(tools, probe):
    near = dataclasses.replace(tools.camera, focal=tools.camera.focal * 7)
    scene = tools.scene(tools.thing("box", 1, (0, 0), size=(0.16, 0.16, 0.16)), camera=near)
    assert targets(Stage(scene, probe, ROOM), "shift") == ()


@pytest.mark.parametrize("way", ["left", "right", "forward", "backward", "up"])
def test_the_camera_stays_within_the_walls(way, tools, probe):
    x, y, z = tools.camera.position
    wide = Plan((-3, 3), (-3, 3), 3.0)
    tight = Plan((x - 0.2, x + 0.2), (y - 0.2, y + 0.2), z + 0.2)
    for plan, blocked in ((wide, False), (tight, True)):
        scene = tools.scene(tools.thing("mug", 1), tools.thing("book", 2, (0.2, 0)))
        scene = dataclasses.replace(scene, room=dataclasses.replace(scene.room, plan=plan))
        found = View("mug_1", way, distance_cm=20).check(Stage(scene, probe, ROOM))
        assert (found == Rejection("camera_blocked")) is blocked


def test_an_object_that_a_larger_one_shows_has_no_bare_name(tools):
    shelf = tools.thing("box", 1, (0.4, 0))
    shows = dataclasses.replace(shelf, info=dataclasses.replace(shelf.info, also=(("book", "书"),)))
    book, tray = tools.thing("book", 2, (0, 0.2)), tools.thing("tray", 3, (-0.3, 0))
    assert name_things(tools.scene(shelf, book))["book_2"].en == "the book"
    assert name_things(tools.scene(shows, book))["book_2"].en != "the book"
    on_tray = tools.stack(dataclasses.replace(book, info=dataclasses.replace(book.info, colour=None, colour_zh=None)), tray)
    assert name_things(tools.scene(shows, tray, on_tray))["book_2"].en in ("the book on the tray", "the leftmost book")


def pair(tools, first, second):
    same = {"colour": 4}
    return tools.scene(tools.thing("mug", 1, first, **same), tools.thing("mug", 2, second, **same))


ACROSS, ALONG = ((-0.2, 0), (0.2, 0)), ((0, -0.2), (0, 0.2))
PLACES = {"leftmost": (ACROSS, 1), "rightmost": (ACROSS, 2), "closest": (ALONG, 1), "farthest": (ALONG, 2)}


@pytest.mark.parametrize("extreme", PLACES)
def test_extremes_hold_by_five_centimetres(extreme, tools, probe):
    (first, second), number = PLACES[extreme]
    target = f"mug_{number}"
    edit = tried(pair(tools, first, second), RemoveExtreme(target, extreme), probe)
    assert isinstance(edit, Edit) and edit.operation.kind == "remove"
    assert edit.name.en == EXTREMES[extreme][0].format("mug") and edit.name.en in edit.prompt.lower()
    assert reads_back(edit) == [] and operation_of(edit.prompt) == "remove"
    wrong = "mug_2" if target == "mug_1" else "mug_1"
    assert tried(pair(tools, first, second), RemoveExtreme(wrong, extreme), probe) == Rejection("ambiguous")
    way = np.array(second) - first
    near = first + 0.049 * way / np.linalg.norm(way)
    assert tried(pair(tools, first, near), RemoveExtreme(target, extreme), probe) == Rejection("ambiguous")


def test_of_what_is_far_the_closest_is_closer_by_more(tools, probe):
    edit = tried(pair(tools, (0, -0.2), (0, -0.12)), RemoveExtreme("mug_1", "closest"), probe)
    assert isinstance(edit, Edit)  # 8 cm at 1.3 m
    far = dataclasses.replace(tools.camera, position=(0.0, -2.8, 2.4), focal=2 * tools.camera.focal)
    scene = dataclasses.replace(pair(tools, (0, -0.2), (0, -0.12)), camera=far)
    assert tried(scene, RemoveExtreme("mug_1", "closest"), probe) == Rejection("ambiguous")  # at 2.6 m


def test_heights_are_extremes_too(tools, probe):
    box = tools.thing("tray", 3, (0.3, 0.1))
    high, low = tools.thing("mug", 1, (0.0, 0.1), colour=4), tools.thing("mug", 2, (-0.3, 0.0), colour=4)
    high = high.moved((0, 0, 0.2))
    scene = tools.scene(box, high, low)
    assert isinstance(tried(scene, RemoveExtreme("mug_1", "highest"), probe), Edit)
    assert isinstance(tried(scene, RemoveExtreme("mug_2", "lowest"), probe), Edit)
    assert tried(scene, RemoveExtreme("mug_2", "highest"), probe) == Rejection("ambiguous")


def test_one_of_a_kind_has_no_extreme(tools, probe):
    assert tried(tools.scene(tools.thing("mug", 1)), RemoveExtreme("mug_1", "leftmost"), probe) == Rejection("ambiguous")


@pytest.mark.parametrize("extreme", EXTREMES)
def test_every_extreme_reads_back_with_every_noun(extreme):
    en, zh = EXTREMES[extreme]
    for kind in kinds().values():
        if kind.nameable and kind.name != "orange":  # "the leftmost orange" may be a colour: such a sentence is not written
            name = Name(en.format(kind.name), zh.format(kind.name_zh))
            assert parse(f"Remove {name.en}.").kind == "remove", name.en
            assert operation_of(f"Remove {name.en}.") == "remove"
            assert parse_zh(f"移除{name.zh}。").kind == "remove", name.zh


@pytest.mark.parametrize("key", ["move/left", "relate/front", "rotate/clockwise", "scale/up", "remove", "place/on"])
def test_nouns_of_rooms_are_read_in_every_sentence(key):
    slots = {"d": ("15 cm", "15厘米"), "a": "45", "p": "50", "f": "1.5", "q": "150"}
    mug = Name("the blue mug", "蓝色的马克杯")
    for kind in (k for k in kinds().values() if set(k.places) & {"apartment", "washroom"} and k.nameable):
        name = Name(f"the {kind.name}", kind.name_zh)
        for first, second, load in ((name, mug, None), (mug, name, None), (name, mug, "on")):
            if load and not key.startswith(("move", "relate", "rotate")):
                continue
            words = target_slots(first, load) | other_slots(second) | slots
            for language, patterns, read in ((0, english.PATTERNS, parse), (1, chinese.PATTERNS, parse_zh)):
                for pattern in patterns[key]:
                    said = pattern.format(**{k: v if isinstance(v, str) else v[language] for k, v in words.items()})
                    assert read(said) is not None, said


def mirror(tools, at=(0.0, 0.38), size=(0.6, 0.02, 0.5)):
    """It hangs at the far side of the table and faces the viewer."""
    thing = tools.thing("mirror", 9, at, size=size, category_zh="镜子")
    return dataclasses.replace(thing, info=dataclasses.replace(thing.info, mirror=True, hold="built"))


def test_a_mirror_puts_points_as_far_behind_as_they_are_before(tools):
    found = mirrored(np.array([[0.1, 0.0, 0.8]]), mirror(tools, (0.0, 0.4)))
    assert found == pytest.approx(np.array([[0.1, 0.78, 0.8]]))  # its face is at 0.39
    assert mirrored(np.array([[0.1, 0.5, 0.8]]), mirror(tools, (0.0, 0.4))) is None


def test_what_a_mirror_shows_is_found(tools):
    glass, mug, aside = mirror(tools), tools.thing("mug", 1, (0, 0)), tools.thing("book", 2, (0.55, -0.35))
    assert "mug_1" in reflected_ids(tools.scene(glass, mug, aside))
    assert reflected_ids(tools.scene(mug, aside)) == frozenset()
    turned = glass.turned(np.pi)  # its back to the viewer
    assert reflected_ids(tools.scene(turned, mug)) == frozenset()


def test_no_extreme_is_asked_where_a_mirror_shows_one_again(tools, probe):
    mugs = [tools.thing("mug", n, (x, 0), colour=4) for n, x in ((1, -0.2), (2, 0.2))]
    assert name_things(tools.scene(*mugs))["mug_1"].en == "the leftmost mug"
    glass = mirror(tools)
    assert "mug_1" not in name_things(tools.scene(*mugs, glass))
    assert tried(tools.scene(*mugs, glass), RemoveExtreme("mug_1", "leftmost"), probe) == Rejection("ambiguous")
    # A noun or a colour fits the object and its reflection alike, and asks for both.
    red = tools.thing("mug", 3, (0, 0.1), colour=0)
    assert name_things(tools.scene(red, glass))["mug_3"].en == "the mug"


OUT_OF_SIGHT = {"behind": (0.0, -4.0), "to the left": (-4.0, 0.3), "to the right": (4.0, 0.3)}


@pytest.mark.parametrize("where", OUT_OF_SIGHT)
def test_what_the_image_does_not_show_is_no_rival(where, tools):
    seen, twin = tools.thing("mug", 1, colour=4), tools.thing("mug", 2, OUT_OF_SIGHT[where], colour=4)
    assert name_things(tools.scene(seen, twin))["mug_1"].en == "the mug"
    beside = tools.thing("mug", 2, (0.3, 0.0), colour=4)
    assert name_things(tools.scene(seen, beside))["mug_1"].en == "the leftmost mug"


def test_a_rival_that_only_a_mirror_shows_counts(tools):
    red, behind = tools.thing("mug", 1, (0, 0.1), colour=4), tools.thing("mug", 2, (0.0, -1.7), colour=4)
    glass = mirror(tools, size=(1.2, 0.02, 1.2))
    assert not may_be_seen(tools.camera, behind) and "mug_2" in reflected_ids(tools.scene(glass, red, behind))
    assert "mug_1" not in name_things(tools.scene(glass, red, behind))


@pytest.mark.parametrize("direction", ["left", "right", "front", "behind"])
def test_a_reference_that_the_image_cuts_is_not_measured_from(direction, tools, probe):
    mug, tray = tools.thing("mug", 1, (0.2, 0.2)), tools.thing("tray", 2, (-0.1, 0.0))
    whole = Relate("mug_1", "tray_2", direction, 12).check(Stage(tools.scene(mug, tray), probe, ROOM))
    assert whole != Rejection("out_of_sight")
    x, y, z = tools.camera.position
    aside = dataclasses.replace(tools.camera, position=(x + 0.75, y, z))
    scene = tools.scene(mug, tray, camera=aside)
    assert Relate("mug_1", "tray_2", direction, 12).check(Stage(scene, probe, ROOM)) == Rejection("out_of_sight")


@pytest.mark.parametrize(("spot", "refused"), [("left", True), ("center", True), ("right", False), (None, False)])
def test_a_spot_that_the_image_cuts_is_not_asked_for(spot, refused, tools, probe):
    mug, tray = tools.thing("mug", 1, (0.45, 0.2)), tools.thing("tray", 2, (-0.1, 0.0), size=(0.8, 0.3, 0.03))
    wide = dataclasses.replace(
        tray.info, receptacle=Receptacle("on", ((-0.4, -0.1), (0.4, -0.1), (0.4, 0.1), (-0.4, 0.1)), 0.02)
    )
    x, y, z = tools.camera.position
    aside = dataclasses.replace(tools.camera, position=(x + 0.6, y, z))
    scene = tools.scene(mug, dataclasses.replace(tray, info=wide), camera=aside)
    found = Place("mug_1", "tray_2", spot, (0.1, 0.0)).check(Stage(scene, probe, ROOM))
    assert (found == Rejection("out_of_sight")) is refused
    assert Place("mug_1", "tray_2", spot, (0.1, 0.0)).check(Stage(tools.scene(mug, tray), probe, ROOM)) is None


def test_nothing_is_put_on_what_has_other_tops_too(tools, probe):
    mug, tray = tools.thing("mug", 1, (0.3, 0.2)), tools.thing("tray", 2, (-0.1, 0.0))
    vague = dataclasses.replace(tray.info, receptacle=dataclasses.replace(tray.info.receptacle, is_plain=False))
    for thing, there in ((tray, True), (dataclasses.replace(tray, info=vague), False)):
        stage = Stage(tools.scene(mug, thing), probe, ROOM)
        found = [propose_place(stage, np.random.default_rng(n)) for n in range(12)]
        assert any(isinstance(f, Place) for f in found) is there


@pytest.mark.parametrize(
    ("size", "heights", "refused"),
    [
        ((0.12, 0.12, 0.7), (0.0, 0.2), True),  # a floor lamp onto a sofa
        ((0.12, 0.12, 0.7), (0.01, 0.2), True),  # from a rug, too
        ((0.65, 0.1, 0.1), (0.0, 0.2), True),  # a bench onto a table
        ((0.12, 0.12, 0.7), (0.0, 0.01), False),  # a floor lamp onto a rug
        ((0.12, 0.12, 0.7), (0.2, 0.2), False),  # a television from one table to another
        ((0.12, 0.12, 0.5), (0.0, 0.2), False),  # a basket onto a bench
    ],
)
def test_furniture_is_not_lifted_off_the_floor(size, heights, refused, tools, probe):
    rise, top = heights
    target = tools.thing("box", 1, (0.3, 0.2), size=size).moved((0, 0, rise))
    tray = tools.thing("tray", 2, (-0.1, 0.0), size=(0.36, 0.26, top))
    wide = dataclasses.replace(tray.info.receptacle, height=top)
    scene = tools.scene(target, dataclasses.replace(tray, info=dataclasses.replace(tray.info, receptacle=wide)))
    place = Place("box_1", "tray_2", None, (-0.1, 0.0))
    assert place.check(Stage(scene, probe, ROOM)) == (Rejection("stays_on_floor") if refused else None)
    assert place.check(Stage(scene, probe, SETTINGS["table"])) is None


@pytest.mark.parametrize("target", ["floor lamp", "coffee table", "tv stand"])
def test_a_rooms_furniture_goes_onto_its_rug_at_most(target, tools):
    scene = compose_interior("living", 0, "living_0", 512, EmbeddedLooks(6))
    thing, sofa, rug = (next(t for t in scene.things if t.info.category == n) for n in (target, "sofa", "rug"))
    scene = scene.without(t.id for t in scene.carried_by(thing.id))
    stage = Stage(scene, tools.Probe(), ROOM)
    assert {thing.id, sofa.id, rug.id} <= stage.names.keys()
    assert Place(thing.id, sofa.id, None, sofa.position[:2]).check(stage) == Rejection("stays_on_floor")
    assert Place(thing.id, rug.id, None, rug.position[:2]).check(stage) != Rejection("stays_on_floor")


@pytest.mark.parametrize("kind", ["toilet", "shelving unit", "bookshelf"])
def test_kinds_with_a_lid_or_several_boards_are_not_plain(kind):
    infos = [asset(asset_key(kind, seed)).info for seed in range(12)]
    found = [info.receptacle for info in infos if info.receptacle is not None]
    assert found and not any(receptacle.is_plain for receptacle in found)


@pytest.mark.parametrize("kind", ["plant", "house plant"])
def test_a_plant_is_not_called_by_its_pots_colour(kind):
    infos = [asset(asset_key(kind, seed)).info for seed in range(6)]
    assert {(info.colour, info.colour_zh) for info in infos} == {(None, None)}
    assert len({str([p.material.colour for p in asset(info.key).parts]) for info in infos}) > 1  # pots differ


@pytest.mark.parametrize("name", sorted(INTERIORS))
def test_rooms_give_exact_and_readable_edits(name, tools):
    probe, kept, refused = tools.Probe(), 0, 0
    for seed in range(2):
        scene = compose_interior(name, seed, f"{name}_{seed}", 512, EmbeddedLooks(6))
        edits, counts = propose_edits(scene, probe, np.random.default_rng(seed), ROOM, count=8, kinds=ROOM_OPERATIONS)
        kept += len(edits)
        refused += sum(n for (_, reason), n in counts.items() if reason not in ("infeasible", "no_candidate"))
        assert len(edits) >= 4, counts
        for edit in edits:
            assert reads_back(edit) == []
            assert edit.effect == "camera" or edit.before.thing(edit.target).info.hold != "built"
            if edit.effect == "shift" and edit.reference is None:
                step = np.array(edit.after.thing(edit.target).position) - edit.before.thing(edit.target).position
                assert np.linalg.norm(step) == pytest.approx(edit.operation.distance_m)
            changed = [t for t in edit.after.things if t not in edit.before.things]
            for thing, other in itertools.product(changed, edit.after.things):
                assert other.on != thing.id or other in changed or edit.effect == "scale"  # load goes along
    # This probe takes things for their boxes, so that seats and arms hide more than they do.
    assert kept >= 0.3 * (kept + refused)
