import pytest

from gsi_bench_builders.engines.thor.scenes import SCENE_SETS, SceneNameError, build_name, scene_names


@pytest.mark.parametrize(
    ("name", "count", "first", "last"),
    [
        ("robothor-train", 60, "FloorPlan_Train1_1", "FloorPlan_Train12_5"),
        ("robothor-val", 15, "FloorPlan_Val1_1", "FloorPlan_Val3_5"),
        ("ithor-bathroom", 30, "FloorPlan401", "FloorPlan430"),
    ],
)
def test_sets_have_all_their_scenes_in_order(name, count, first, last):
    names = scene_names([name])
    assert (len(names), len(set(names)), names[0], names[-1]) == (count, count, first, last)


def test_parts_of_the_bathrooms_make_the_whole():
    parts = [SCENE_SETS[f"ithor-bathroom-{part}"] for part in ("train", "val", "test")]
    assert sum(parts, ()) == SCENE_SETS["ithor-bathroom"]
    assert [len(part) for part in parts] == [20, 5, 5]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        (["FloorPlan_Train1_3"], ("FloorPlan_Train1_3",)),
        (["FloorPlan_Train2-3_4-5"], ("FloorPlan_Train2_4", "FloorPlan_Train2_5", "FloorPlan_Train3_4", "FloorPlan_Train3_5")),
        (["FloorPlan409-411", " FloorPlan401"], ("FloorPlan409", "FloorPlan410", "FloorPlan411", "FloorPlan401")),
        (["FloorPlan_Val3_1,FloorPlan401"], ("FloorPlan_Val3_1", "FloorPlan401")),
    ],
)
def test_names_lists_and_ranges_are_read(asked, names):
    assert scene_names(asked) == names


@pytest.mark.parametrize(
    "asked",
    [
        "test:all", "bathroom:all",
        "FloorPlan_Train13_1", "FloorPlan_Train1_6", "FloorPlan_Val1-4_1", "FloorPlan1", "FloorPlan431",
        "FloorPlan_Train5-3_1", "FloorPlan0401", "FloorPlan_Train01_1", "floorplan401", "FloorPlan401_physics", "", "../x",
        "FloorPlan401,", "FloorPlan_Train1_1-9999", "FloorPlan1-9999",
    ],
)  # fmt: skip
def test_unknown_names_are_named_with_what_is_expected(asked):
    with pytest.raises(SceneNameError) as caught:
        scene_names([asked])
    assert "robothor-train" in str(caught.value) and "no scene" in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_all_wrong_names_come_in_one_message():
    with pytest.raises(SceneNameError, match=r"(?s)2 problems.*'Kitchen'.*asked for twice: FloorPlan401"):
        scene_names(["Kitchen", "FloorPlan401", "ithor-bathroom-train"])


def test_nothing_asked_for_is_an_error():
    with pytest.raises(SceneNameError, match="no scene is asked for"):
        scene_names([])


def test_rooms_carry_a_suffix_in_the_simulator():
    assert [build_name(s) for s in ("FloorPlan430", "FloorPlan_Train1_1")] == ["FloorPlan430_physics", "FloorPlan_Train1_1"]
