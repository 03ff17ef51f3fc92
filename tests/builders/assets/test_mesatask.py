"""Layouts in MesaTask-10K's format, written here: what is read is what is written, and what is left out is named."""

import json
import math
import pickle
import re

import numpy as np
import pytest

from gsi_bench_builders.assets.mesatask import TABLES, MesaTaskError, front_camera, open_mesatask
from gsi_bench_builders.assets.nouns_zh import NOUNS_ZH, chinese
from gsi_bench_builders.assets.rooms import STYLES
from gsi_bench_builders.scene import AssetInfo, Receptacle, Support, Thing, turn_about_z
from gsi_bench_builders.supports import find_supports
from gsi_bench_dataset.language.english import parse

IDENTITY_Q = [0, 0, 0, 1]


def item(instance="1_stapler_0", uid="lopsided", position=(60, 30, 4), size=(12, 6, 8), rotation=IDENTITY_Q, **more):
    found = {"instance": instance, "retrieved_uid": uid, "position": list(position), "size": list(size), "rotation": rotation}
    return {key: value for key, value in (found | more).items() if value is not None}


def quaternion_matrix(x, y, z, w):
    """Rodrigues' formula: another way to the same matrix."""
    norm = math.sqrt(x * x + y * y + z * z + w * w)
    angle, axis = 2 * math.acos(w / norm), np.array([x, y, z]) / norm
    length = np.linalg.norm(axis)
    a, b, c = axis / length if length > 0 else (0, 0, 1)
    cross = np.array([(0, -c, b), (c, 0, -a), (-b, a, 0)])
    return np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross


@pytest.fixture
def read(mesatask_folder):
    """`read(objects, annotations=None, options=None, **layout) -> (scene, rejected)`."""

    def run(objects, annotations=None, options=None, **layout):
        mesa = open_mesatask(mesatask_folder(objects, annotations, **layout))
        return mesa.scene(mesa.layouts()[0], 128, **(options or {}))

    return run


class TestBoxes:
    @pytest.mark.parametrize("quaternion", [(0, 0, 0, 1), (0, 0, 0.5, 0.8660254), (0.2, -0.3, 0.4, 0.5), (0, 0, 3, 4)])
    def test_corners_are_position_plus_turned_half_extents(self, read, quaternion):
        position, size = (60.5, 31.25, 9.0), (12.0, 6.0, 8.0)
        turn = quaternion_matrix(*quaternion)
        signs = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
        own = signs * np.array(size) / 2 @ turn.T + position
        rise = -own[:, 2].min()  # so that it stands on the table
        scene, rejected = read([item(position=(*position[:2], position[2] + rise), size=size, rotation=list(quaternion))])
        expected = (own + np.array([0, 0, rise])) / 100 + np.array([0, 0, scene.support.z])
        assert not rejected
        assert scene.things[0].corners() == pytest.approx(expected, abs=1e-6)

    def test_a_heading_in_degrees_counts_without_a_quaternion(self, read):
        scene, _ = read([item(rotation=None, z_rotation=90), item("b", position=(120, 30, 4), z_rotation=90)])
        assert np.array(scene.things[0].rotation) == pytest.approx(np.array(turn_about_z(math.pi / 2)), abs=1e-12)
        assert np.array(scene.things[1].rotation) == pytest.approx(np.eye(3))

    def test_the_native_size_is_the_files_and_scales_differ_by_axis(self, read):
        thing = read([item()])[0].things[0]
        assert thing.info.size == pytest.approx((3, 1.5, 2), abs=1e-6)
        assert thing.scale == pytest.approx((0.04, 0.04, 0.04), abs=1e-6)

    def test_a_larger_table_keeps_objects_and_zone_in_its_middle(self, read):
        zone = {"item_placement_zone": [10, 110, 0, 50], "restricted_zone": [80, 100, 10, 40]}
        before, _ = read([item(position=(40, 20, 4))], **zone)
        after, _ = read([item(position=(40, 20, 4))], options={"enlarge": (1.5, 2.0)}, **zone)
        assert after.support.x == pytest.approx((0.1, 1.6))
        assert after.support.y == pytest.approx((0, 1))
        for a, b in zip(after.things, before.things, strict=True):
            assert np.array(a.position) - b.position == pytest.approx((0.25, 0.25, 0))
            assert a.size == b.size
        with pytest.raises(MesaTaskError, match="factors of 1 and more"):
            read([item()], options={"enlarge": (0.5, 1)})

    def test_the_camera_is_the_references(self, read):
        scene, _ = read([item()])
        # Table 2 × 0.8 m, things up to 8 cm
        z = scene.support.z
        centre, away = np.array([1.0, 0.4, z + 0.04]), 3.0
        assert np.array(scene.camera.position) == pytest.approx(centre + away * np.array([0, -1, 0.6]) / math.hypot(1, 0.6))
        assert scene.camera.project(centre) == pytest.approx((64, 64))
        assert scene.camera.focal == pytest.approx(50 / 36 * 128)
        assert front_camera((), scene.support, 512, 512).focal == pytest.approx(711.11, abs=0.01)

    @pytest.mark.parametrize("quaternion", [(0, 0, 0.3, 0.9539392), (0.2, -0.3, 0.4, 0.8426150)])
    def test_engine_and_picture_agree_with_the_boxes(self, read, blender_engine, tiny, quaternion):
        turn = quaternion_matrix(*quaternion)
        tall = np.abs(turn[2]) @ np.array([36, 30, 20]) / 2
        plate = item("plate", "cube", (150, 50, 5), (30, 18, 10), [0, 0, 0.4, 0.9165151])
        scene, rejected = read([item(position=(60, 40, tall), size=(36, 30, 20), rotation=list(quaternion)), plate])
        assert not rejected
        blender_engine.load(scene)
        for thing in scene.things:
            points = (blender_engine.mesh_points(scene, thing.id) - thing.position) @ np.array(thing.rotation)
            assert points.max(axis=0) == pytest.approx(np.array(thing.size) / 2, abs=1e-4)
            assert points.min(axis=0) == pytest.approx(-np.array(thing.size) / 2, abs=1e-4)
        frame = blender_engine.render(scene, tiny, 1)
        # A block is its box: what is seen of it is what its projected corners span.
        rows, columns = np.nonzero(frame.instance_ids == 2)
        pixels = scene.camera.project(scene.thing("box_1").corners())
        seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert np.concatenate([pixels.min(axis=0), pixels.max(axis=0)]) == pytest.approx(seen, abs=1)
        # The other one's vertices are those that the reader saw.
        rows, columns = np.nonzero(frame.instance_ids == 1)
        pixels = scene.camera.project(blender_engine.mesh_points(scene, "stapler_1"))
        seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert np.concatenate([pixels.min(axis=0), pixels.max(axis=0)]) == pytest.approx(seen, abs=1)


class TestThings:
    def test_an_asset_says_its_source_and_that_it_stays_here(self, read):
        info = read([item()])[0].things[0].info
        assert (info.category, info.category_zh, info.nameable) == ("stapler", "订书机", True)
        assert (info.licence, info.attribution, info.redistributable) == ("cc-by-nc-sa-4.0", "MesaTask-10K", False)
        assert (info.origin, info.symmetry) == ("rebuilt", "none")
        assert info.key.startswith("file:/")

    def test_ids_count_what_is_rejected_too(self, read):
        scene, rejected = read([item("a"), item("b", size=(1, 1, 1), position=(20, 20, 90)), item("c", position=(120, 30, 4))])
        assert [t.id for t in scene.things] == ["stapler_1", "stapler_3"]
        assert list(rejected) == ["floating"]

    def test_what_has_no_annotation_or_no_chinese_word_has_no_name(self, read):
        things = [item(), item("b", "cube", (120, 30, 4), (8, 8, 8)), item("c", "cube", (160, 30, 4), (8, 8, 8))]
        scene, rejected = read(things, {"lopsided": {"category": "Stapler"}})
        assert not rejected
        assert [(t.id, t.info.nameable) for t in scene.things] == [
            ("stapler_1", True),
            ("unknown_1", False),
            ("unknown_2", False),
        ]
        scene, _ = read(things, {"lopsided": {"category": "stapler"}, "cube": {"category": "flux capacitor"}})
        assert [t.info.nameable for t in scene.things] == [True, False, False]
        named = {"category": "flux_capacitor ", "category_zh": "磁通电容器"}
        scene, _ = read(things, {"lopsided": {"category": "stapler"}, "cube": named})
        assert [(t.info.category, t.info.category_zh) for t in scene.things[1:]] == [("flux capacitor", "磁通电容器")] * 2
        assert all(t.info.nameable for t in scene.things)

    def test_a_layouts_own_words_count_where_the_annotation_has_none(self, read):
        scene, _ = read([item(category="Tea Cup")], {})
        assert (scene.things[0].info.category, scene.things[0].info.category_zh) == ("tea cup", "茶杯")

    @pytest.mark.parametrize("noun", ["camera", "toy camera", "cup 2", "cup (red)"])
    def test_a_noun_that_instructions_use_otherwise_is_no_name(self, read, noun):
        things = [item(), item("b", "cube", (120, 30, 4), (8, 8, 8))]
        scene, _ = read(things, {"lopsided": {"category": "stapler"}, "cube": {"category": noun, "category_zh": "词"}})
        assert [t.info.nameable for t in scene.things] == [True, False]

    def test_two_categories_with_one_chinese_word_lose_their_names(self, mesatask_folder):
        things = [item(), item("b", "cube", (120, 30, 4), (8, 8, 8)), item("c", "c", (160, 30, 4))]
        words = {name: {"category": c} for name, c in (("lopsided", "stapler"), ("cube", "tea cup"), ("c", "teacup"))}
        folder = mesatask_folder(things, words)
        (folder / "Assets_library" / "c.glb").write_bytes((folder / "Assets_library" / "cube.glb").read_bytes())
        mesa = open_mesatask(folder)
        scene, _ = mesa.scene(mesa.layouts()[0], 96)
        assert [(t.id, t.info.nameable) for t in scene.things] == [
            ("stapler_1", True),
            ("tea_cup_1", False),
            ("teacup_1", False),
        ]

    @pytest.mark.parametrize(
        ("size", "rotation", "expected"),
        [
            ((8, 8, 8), IDENTITY_Q, "4-fold"),
            ((8, 20, 8), IDENTITY_Q, "2-fold"),  # stretched: of the looks in the scene
            ((8, 20, 8), [0.7071068, 0, 0, 0.7071068], "4-fold"),  # lying: about the world's vertical too
        ],
    )
    def test_symmetry_is_that_of_the_shape_as_it_stands(self, read, size, rotation, expected):
        height = size[1] if rotation != IDENTITY_Q else size[2]
        scene, _ = read([item(uid="cube", position=(60, 40, height / 2), size=size, rotation=rotation)])
        assert scene.things[0].info.symmetry == expected

    def test_a_restricted_zone_becomes_an_obstacle_without_a_name(self, read):
        scene, rejected = read([item()], sink_zone=[100, 140, 20, 60])
        zone = scene.thing("restricted_zone_1")
        assert not rejected
        assert not zone.info.nameable
        assert zone.corners().min(axis=0) == pytest.approx((1.0, 0.2, scene.support.z))
        assert zone.corners().max(axis=0)[:2] == pytest.approx((1.4, 0.6))
        for empty in ([0, 0, 0, 0], [], None):
            assert len(read([item()], restricted_zone=empty)[0].things) == 1

    def test_what_is_put_into_the_zone_cuts_through_its_cover(self, read, blender_engine):
        scene, _ = read([item()], restricted_zone=[100, 140, 20, 60])
        blender_engine.load(scene)
        assert blender_engine.touching(scene, ["stapler_1"]) == []
        moved = scene.with_things([scene.thing("stapler_1").moved((0.6, 0, 0))])
        assert ("stapler_1", "restricted_zone_1") in blender_engine.touching(moved, ["stapler_1"])


class TestRejections:
    @pytest.mark.parametrize(
        ("entry", "reason", "details"),
        [
            (item("bad", "nowhere"), "asset missing", r"nowhere\.glb"),
            (item("bad", "damaged"), "asset unreadable", r"damaged\.glb: damaged"),
            (item("bad", None), "no asset id", "retrieved_uid or selected_uid, found nothing"),
            (item("bad", "../cube"), "no asset id", "../cube"),
            (item("bad", size=(12, 0, 8)), "bad size", r"positive numbers in cm, found \[12, 0, 8\]"),
            (item("bad", size=(12, float("nan"), 8)), "bad size", "nan"),
            (item("bad", position=(1, 2)), "bad position", r"\[1, 2\]"),
            (item("bad", position=(1, 2, True)), "bad position", "True"),
            (item("bad", rotation=[0, 0, 0, 0]), "bad rotation", "quaternion of length 1"),
            (item("bad", rotation=[0, 0, 1]), "bad rotation", r"\[x, y, z, w\]"),
            (item("bad", rotation=None), "bad rotation", "z_rotation in degrees, found nothing"),
            (item("good"), "duplicate instance", "'good' again"),
            ("a cup", "malformed object", "'a cup'"),
            (item("bad", position=(250, 30, 4)), "off the table", r"\(250\.0, 30\.0\)"),
            (item("bad", position=(60, 30, 40)), "floating", "36.0 cm above"),
            (item("bad", position=(60, 30, 0)), "sunk into the table", "4.0 cm below"),
            (item("bad", position=(158, 40, 4)), "in the restricted zone", r"160\.0"),
        ],
    )
    def test_each_is_named_with_file_instance_and_details(self, mesatask_folder, entry, reason, details):
        folder = mesatask_folder([item("good", position=(20, 60, 4)), entry], restricted_zone=[160, 190, 20, 60])
        (folder / "Assets_library" / "damaged.glb").write_bytes(b"version https://git-lfs.github.com/spec/v1")
        mesa = open_mesatask(folder)
        scene, rejected = mesa.scene(mesa.layouts()[0], 96)
        assert [t.id for t in scene.things] == ["stapler_1", "restricted_zone_1"]
        assert list(rejected) == [reason]
        (line,) = rejected[reason]
        name = "objects[1]" if entry == "a cup" else entry["instance"]
        assert line.startswith(f"{mesa.layouts()[0]}: {name}: ")
        assert re.search(details, line)

    def test_what_stands_on_something_rejected_goes_with_it(self, read):
        tray = item("tray", "nowhere", (60, 30, 1), (40, 30, 2))
        cup, lid = item("cup", position=(60, 30, 6)), item("lid", "cube", (60, 30, 10.5), (4, 4, 1))
        scene, rejected = read([tray, cup, lid, item("far", position=(120, 30, 4))])
        assert [t.id for t in scene.things] == ["stapler_2"]
        assert {reason: len(lines) for reason, lines in rejected.items()} == {"asset missing": 1, "carrier rejected": 2}

    def test_a_layout_of_which_nothing_is_left_says_why(self, read):
        with pytest.raises(MesaTaskError, match=r"layout\.json: nothing is left .* 2 × asset missing"):
            read([item("a", "x"), item("b", "y", (120, 30, 4))])


class TestFolder:
    def test_everything_that_is_missing_comes_in_one_message(self, tmp_path):
        with pytest.raises(MesaTaskError) as caught:
            open_mesatask(tmp_path)
        for part in ("Asset_annotation.json", "Assets_library", "Layout_info", "3 problems", "Hugging Face", "CC BY-NC-SA 4.0"):
            assert part in str(caught.value)

    def test_a_folder_without_files_in_it_is_not_enough(self, mesatask_folder):
        folder = mesatask_folder([])
        for file in [*(folder / "Assets_library").iterdir(), *folder.glob("Layout_info/*/*/layout.json")]:
            file.unlink()
        (folder / "Asset_annotation.json").write_text("[1")
        with pytest.raises(MesaTaskError, match=r"(?s)Asset_annotation\.json: expected JSON.*no \.glb.*expected <type>"):
            open_mesatask(folder)

    def test_layouts_are_sorted_and_filtered_by_table(self, mesatask_folder):
        folder = mesatask_folder([item()])
        for place in ("office_table/office_table_0002", "dining_table/dining_table_0000", "attic/attic_0001"):
            (folder / "Layout_info" / place).mkdir(parents=True)
            (folder / "Layout_info" / place / "layout.json").write_text("{}")
        mesa = open_mesatask(folder)
        names = ["dining_table_0000", "dining_table_0001", "office_table_0002"]
        assert [p.parent.name for p in mesa.layouts()] == names
        assert [p.parent.name for p in mesa.layouts(["office_table"])] == names[2:]
        with pytest.raises(MesaTaskError, match="no table type 'attic'"):
            mesa.layouts(["attic"])
        with pytest.raises(MesaTaskError, match="no layout of coffee_table"):
            mesa.layouts(["coffee_table"])

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("{", "expected JSON"),
            ("[]", "expected a layout"),
            ("{}", r"(?s)2 problems.*item_placement_zone: expected .* found nothing.*objects: expected a list"),
            ('{"item_placement_zone": [0, 0, 0, 9], "objects": [1]}', "found \\[0, 0, 0, 9\\]"),
            ('{"item_placement_zone": [0, 9, 0, 9], "objects": [1], "sink_zone": [1]}', "sink_zone"),
            ('{"item_placement_zone": [0, 9, 0, 9], "objects": [1], "scene_settings": {"units": "meters"}}', "'meters'"),
            ('{"item_placement_zone": [0, 9, 0, 9], "objects": [1], "scene_settings": {"up_axis": "Y"}}', "up_axis 'Z'"),
        ],
    )
    def test_a_layout_that_is_none_is_named_with_all_that_is_wrong(self, mesatask_folder, text, message):
        mesa = open_mesatask(mesatask_folder([item()]))
        mesa.layouts()[0].write_text(text)
        with pytest.raises(MesaTaskError, match=message) as caught:
            mesa.scene(mesa.layouts()[0], 96)
        assert str(mesa.layouts()[0]) in str(caught.value)

    def test_a_generated_layout_is_read_when_its_table_is_told(self, mesatask_folder, tmp_path):
        mesa = open_mesatask(mesatask_folder([item()]))
        entry = item("stapler_0", None, rotation=None, z_rotation=30, selected_uid="lopsided", description="red")
        file = tmp_path / "generated_7.json"
        file.write_text(json.dumps({"item_placement_zone": [0, 90, 0, 60], "sink_zone": [70, 80, 0, 60], "objects": [entry]}))
        with pytest.raises(MesaTaskError, match="which table is it"):
            mesa.scene(file, 96)
        scene, rejected = mesa.scene(file, 96, table_type="kitchen_counter", table_height_m=0.8, room_seed=3)
        assert (scene.id, scene.room.style, scene.room.seed, scene.support.z) == ("generated_7", "kitchen", 3, 0.8)
        assert [t.id for t in scene.things] == ["stapler_1", "restricted_zone_1"]
        assert not rejected

    def test_it_pickles_and_gives_the_same_scene_again(self, mesatask_folder):
        mesa = open_mesatask(mesatask_folder([item()]))
        assert mesa.caption("lopsided") == "a red stapler"
        again = pickle.loads(pickle.dumps(mesa))
        assert again.scene(again.layouts()[0], 96) == mesa.scene(mesa.layouts()[0], 96)

    def test_every_table_has_a_room(self, mesatask_folder):
        mesa = open_mesatask(mesatask_folder([item()]))
        for name in TABLES:
            assert mesa.scene(mesa.layouts()[0], 96, table_type=name)[0].room.style in STYLES


def thing(name, x, y, z, w, d, h, turn=0.0, receptacle=None):  # noqa: PLR0917 - reads as a row
    """A box that stands on height z."""
    info = AssetInfo("", name, "", (w, d, h), receptacle=receptacle)
    return Thing(f"{name}_1", info, (x, y, z + h / 2)).turned(turn)


class TestSupports:
    def on(self, *things, surface=0.0, **options):
        return {t.info.category: t.on and t.on[:-2] for t in find_supports(things, surface, **options)}

    def test_a_stack_stands_on_what_is_next_below(self):
        tray, saucer = thing("tray", 0, 0, 0, 0.4, 0.3, 0.02), thing("saucer", 0, 0, 0.012, 0.15, 0.15, 0.015)
        cup, spoon = thing("cup", 0, 0, 0.02, 0.08, 0.08, 0.09), thing("spoon", 0.06, 0, 0.026, 0.02, 0.1, 0.01)
        expected = {"cup": "saucer", "spoon": "saucer", "tray": None, "saucer": "tray"}
        assert self.on(cup, spoon, tray, saucer) == expected
        assert self.on(tray, saucer, spoon, cup) == expected

    @pytest.mark.parametrize(
        ("gap", "expected"), [(0.0, "book"), (0.009, "book"), (-0.009, "book"), (0.011, None), (-0.03, None)]
    )
    def test_a_base_may_be_one_centimetre_off_the_top(self, gap, expected):
        book, cup = thing("book", 0, 0, 0, 0.2, 0.3, 0.04), thing("lamp", 0, 0, 0.04 + gap, 0.08, 0.08, 0.09)
        assert self.on(book, cup, surface=None)["lamp"] == expected

    def test_footprints_count_as_they_are_turned(self):
        board = thing("board", 0, 0, 0, 0.6, 0.04, 0.02, turn=math.pi / 4)
        on_it, beside = thing("lamp", 0.2, 0.2, 0.02, 0.03, 0.03, 0.1), thing("clock", 0.2, -0.2, 0.02, 0.03, 0.03, 0.1)
        assert self.on(board, on_it, beside) == {"board": None, "lamp": "board", "clock": None}
        brushing = thing("lamp", 0.329, 0, 0.04, 0.06, 0.06, 0.1)
        assert self.on(thing("box", 0, 0, 0, 0.6, 0.3, 0.04), brushing)["lamp"] is None

    def test_what_is_in_a_container_is_carried_though_it_reaches_out(self):
        cup = thing("pencil holder", 0, 0, 0, 0.09, 0.09, 0.1)
        pen, apple = thing("pen", 0.01, 0, 0.004, 0.01, 0.01, 0.15), thing("apple", 0, 0.3, 0.02, 0.07, 0.07, 0.07)
        bowl = thing("bowl", 0, 0.3, 0, 0.2, 0.2, 0.08)
        assert self.on(pen, apple, bowl, cup) == {"pencil holder": None, "pen": "pencil holder", "apple": "bowl", "bowl": None}

    def test_what_is_within_the_box_of_no_container_stands_beside_it(self):
        lamp, coin = thing("lamp", 0, 0, 0, 0.3, 0.3, 0.5), thing("coin", 0.1, 0.1, 0, 0.02, 0.02, 0.005)
        assert self.on(lamp, coin) == {"lamp": None, "coin": None}
        # But in the air something must carry it
        raised = thing("coin", 0.1, 0.1, 0.1, 0.02, 0.02, 0.005)
        assert self.on(lamp, raised) == {"lamp": None, "coin": "lamp"}
        assert self.on(lamp, raised, surface=None) == {"lamp": None, "coin": None}

    def test_a_receptacle_is_a_container_whatever_it_is_called(self):
        flat = Receptacle("on", ((-0.1, -0.1), (0.1, -0.1), (0.1, 0.1)), 0.01)
        stand, cake = thing("pedestal", 0, 0, 0, 0.3, 0.3, 0.05, receptacle=flat), thing("cake", 0, 0, 0.01, 0.2, 0.2, 0.1)
        assert self.on(stand, cake)["cake"] == "pedestal"
        assert self.on(stand, cake, surface=None, container=lambda t: False)["cake"] is None

    def test_flat_objects_in_one_place_carry_nothing_in_a_circle(self):
        sheets = [thing(name, 0, 0, z, 0.2, 0.3, 0.001) for name, z in (("a", 0), ("b", 0.0), ("c", 0.0006))]
        found = {t.id: t for t in find_supports(sheets, 0.0)}
        for start in found.values():
            steps, here = 0, start
            while here.on:
                here, steps = found[here.on], steps + 1
                assert steps <= len(sheets)

    def test_random_piles_have_no_circles_and_keep_everything_else(self):
        rng = np.random.default_rng(0)
        for _ in range(20):
            nouns = [f"{letter} {'bowl' if rng.random() < 0.5 else 'book'}" for letter in "abcdefgh"]
            places = [(*rng.uniform(0, 0.2, 2), rng.uniform(0, 0.05), *rng.uniform(0.01, 0.2, 3)) for _ in nouns]
            pile = [thing(noun, *place, turn=rng.uniform(0, 6)) for noun, place in zip(nouns, places, strict=True)]
            found = {t.id: t for t in find_supports(pile, 0.0)}
            assert [t.corners().tolist() for t in pile] == [t.corners().tolist() for t in found.values()]
            for here in found.values():
                for _step in pile:
                    here = found[here.on] if here.on else None  # noqa: PLW2901
                    if here is None:
                        break
                assert here is None

    def test_a_lying_thing_has_the_footprint_of_its_side(self):
        bottle = thing("bottle", 0, 0, 0, 0.08, 0.08, 0.3)
        turn = ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (-1.0, 0.0, 0.0))
        lying = Thing("bottle_1", bottle.info, (0, 0, 0.07), turn)
        board = thing("board", 0.1, 0, 0, 0.06, 0.3, 0.03)
        assert find_supports([lying, board], 0.0)[0].on == "board_1"


class TestNouns:
    def test_every_noun_can_be_read_back_and_has_a_word_of_its_own(self):
        assert len(NOUNS_ZH) >= 200
        assert len(set(NOUNS_ZH.values())) == len(NOUNS_ZH)
        for noun, word in NOUNS_ZH.items():
            assert noun == noun.lower()
            assert not word.isascii()
            assert noun == "camera" or parse(f"Move the {noun} 10 cm to the left.").direction == "left"
        assert chinese("cellphone") == chinese("smartphone")
        assert chinese("nothing of the kind") is None


def test_a_support_is_where_the_zone_is(read):
    scene, _ = read([item()])
    assert scene.support == Support("dining table", "餐桌", (0.0, 2.0), (0.0, 0.8), 0.75)
    assert scene.id == "dining_table_0001"
