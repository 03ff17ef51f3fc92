import dataclasses

import numpy as np

from gsi_bench_builders.edits.naming import name_things


def names(scene):
    return {id_: (name.en, name.zh) for id_, name in name_things(scene).items()}


def test_a_category_that_occurs_once_is_its_name(tools):
    scene = tools.scene(tools.thing("mug", 1), tools.thing("book", 2, (0.3, 0)))
    assert names(scene) == {"mug_1": ("the mug", "马克杯"), "book_2": ("the book", "书")}


def test_a_colour_tells_things_of_one_category_apart(tools):
    scene = tools.scene(tools.thing("mug", 1, colour=0), tools.thing("mug", 2, (0.01, 0), colour=1))
    assert names(scene) == {"mug_1": ("the red mug", "红色的马克杯"), "mug_2": ("the blue mug", "蓝色的马克杯")}


def test_a_noun_that_fits_two_things_is_not_enough(tools):
    cup = tools.thing("cup", 1, (0, 0), category_zh="杯", colour=0)
    scene = tools.scene(cup, tools.thing("pencil cup", 2, (0.01, 0), colour=1))
    assert names(scene) == {"cup_1": ("the red cup", "红色的杯"), "pencil cup_2": ("the pencil cup", "笔筒")}


def test_one_word_in_chinese_for_two_nouns_is_not_enough(tools):
    cups = [tools.thing(c, i, (0.01 * i, 0), category_zh="杯子", colour=i) for i, c in enumerate(("mug", "tumbler"))]
    found = names(tools.scene(*cups))
    assert found == {"mug_0": ("the red mug", "红色的杯子"), "tumbler_1": ("the blue tumbler", "蓝色的杯子")}


def test_spatial_words_must_hold_by_five_centimetres(tools):
    def two(gap):
        return names(tools.scene(tools.thing("mug", 1, (0, 0)), tools.thing("mug", 2, (gap, 0))))

    assert two(0.06) == {"mug_1": ("the leftmost mug", "最左边的马克杯"), "mug_2": ("the rightmost mug", "最右边的马克杯")}
    assert two(0.04) == {}


def test_closest_and_farthest_are_meant_from_the_viewer(tools):
    scene = tools.scene(tools.thing("mug", 1, (0, -0.2)), tools.thing("mug", 2, (0, 0.2)))
    assert names(scene)["mug_1"] == ("the mug closest to you", "离你最近的马克杯")
    assert names(scene)["mug_2"] == ("the mug farthest from you", "离你最远的马克杯")
    assert all(name.trailing for name in name_things(scene).values())


def test_leftmost_must_hold_on_the_ground_and_in_the_picture(tools):
    # The far mug stands 6 cm further left, but perspective shows it further right.
    near, far = tools.thing("mug", 1, (-0.40, -0.39)), tools.thing("mug", 2, (-0.46, 0.39))
    columns = tools.camera.project(np.array([near.position, far.position]))[:, 0]
    assert columns[0] < columns[1]
    assert "leftmost" not in " ".join(en for en, _ in names(tools.scene(near, far)).values())


def test_what_stands_on_a_named_thing_is_named_by_it(tools):
    tray = tools.thing("tray", 1)
    mugs = [tools.stack(tools.thing("mug", 2), tray), tools.thing("mug", 3, (0.03, 0.0))]
    found = names(tools.scene(tray, *mugs))
    assert found["mug_2"] == ("the mug on the tray", "托盘上的马克杯")
    assert "mug_3" not in found
    crowded = tools.scene(tray, tools.stack(tools.thing("mug", 2), tray), tools.stack(tools.thing("mug", 3), tray, (0.03, 0)))
    assert set(names(crowded)) == {"tray_1"}


def test_what_may_not_be_named_still_makes_others_ambiguous(tools):
    shelf = tools.thing("shelf", 1, nameable=False)
    assert names(tools.scene(shelf, tools.thing("toy camera", 2, (0.3, 0)))) == {}
    twin = dataclasses.replace(tools.thing("shelf", 2, (0.01, 0)), id="shelf_2")
    assert names(tools.scene(shelf, twin)) == {}
