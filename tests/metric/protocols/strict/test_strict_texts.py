"""Every sentence of the strict protocol beside the condition under which it is said, in both languages."""

import dataclasses

import numpy as np
import pytest
from strict_cases import BOOK, BOWL, GONE, MUG, box, case, found, look, seen, thing, turned

from gsi_bench_dataset import Operation
from gsi_bench_dataset.language.reading import words
from gsi_bench_dataset.records import Score
from gsi_bench_dataset.vocabulary import SELF_TEST
from gsi_bench_metric.protocols.strict.scope import excluded
from gsi_bench_metric.protocols.strict.verdict import judge
from gsi_bench_metric.protocols.text import LANGUAGES, explanation, reason, reason_text, rendering, told

COPY = found("mug", MUG, -0.2, state="duplicate")
ROUND = [thing("mug", MUG, symmetry="continuous"), thing("bowl", BOWL), thing("book", BOOK)]
FOUR = [thing("mug", MUG, symmetry="4-fold"), thing("bowl", BOWL), thing("book", BOOK)]


def blind(freedom, *, tested):
    """What a detector says of a source in which it cannot measure a freedom, by its own test or not."""
    return seen(found("mug", MUG, unobservable=[freedom, SELF_TEST] if tested else [freedom]))


# sample (kind, fields), edited, source, hidden -> English and Chinese sentence
EXCLUDED = [
    (("move", {}), seen(GONE), None, "the mug is not found in the source", "原图中没有找到 mug"),
    (("move", {}), blind("position", tested=False), None,
     "the detector cannot tell the position of the mug in the source", "检测器在原图中测不出 mug 的位置"),
    (("rotate", {}), blind("turn", tested=False), None,
     "the detector cannot tell the turn of the mug in the source", "检测器在原图中测不出 mug 的转角"),
    (("scale", {}), blind("size", tested=False), None,
     "the detector cannot tell the size of the mug in the source", "检测器在原图中测不出 mug 的大小"),
    (("remove", {}), blind("presence", tested=False), None,
     "the detector cannot tell whether the mug is there", "检测器无法判断 mug 是否存在"),
    (("place", {}), blind("position", tested=True), None,
     "the detector fails its own test: it misses the position of the mug in the ground truth",
     "检测器未通过自检：在真值图像中测错了 mug 的位置"),
    (("rotate", {}), blind("turn", tested=True), None,
     "the detector fails its own test: shown the mug turned as asked, it misses the turn",
     "检测器未通过自检：给它看按要求转动后的 mug，它测错了转角"),
    (("scale", {}), blind("size", tested=True), None,
     "the detector fails its own test: it misses the size of the mug in the ground truth",
     "检测器未通过自检：在真值图像中测错了 mug 的大小"),
    (("remove", {}), blind("presence", tested=True), None,
     "the detector fails its own test: it finds the mug in the ground truth, where it is removed",
     "检测器未通过自检：真值图像中 mug 已被移除，它却仍然找到"),
    (("rotate", {"things": ROUND}), blind("turn", tested=True), None,
     "the mug looks the same from all sides, by the symmetry that the sample gives it",
     "按样本给出的对称性，mug 从各个方向看都一样"),
    (("rotate", {"things": FOUR}), seen(), None,
     "after the asked turn the mug looks as before, by the symmetry that the sample gives it",
     "按样本给出的对称性，按要求转动后 mug 看起来没有变化"),
    (("rotate", {"operation": Operation(kind="rotate"), "new_rotation_matrix": turned(3).tolist()}), seen(), None,
     "3° asked, and a turn under 5° looks like none", "要求转 3°，小于 5° 的转动看起来没有变化"),
    (("rotate", {"new_rotation_matrix": turned(0).tolist()}), seen(), None,
     "new_rotation_matrix is not turned from the original, so it is not what the words ask for",
     "new_rotation_matrix 没有转动，与指令要求不符"),
    (("rotate", {"new_rotation_matrix": None}), seen(), None,
     "the sample has no new_rotation_matrix, the goal of a rotate", "样本缺少 new_rotation_matrix，即旋转的目标"),
    (("move", {"new_bbox_3d": None}), seen(), None,
     "the sample has no new_bbox_3d, the goal of a move", "样本缺少 new_bbox_3d，即移动的目标"),
    (("move", {"new_bbox_3d": box(MUG)}), seen(), None,
     "new_bbox_3d has the place of the original, so a move has no goal", "new_bbox_3d 的位置与原来相同，移动没有目标"),
    (("place", {"new_bbox_3d": box(MUG)}), seen(), None,
     "new_bbox_3d has the place of the original, so a place has no goal", "new_bbox_3d 的位置与原来相同，放置没有目标"),
    (("place", {"operation": Operation(kind="place")}), seen(), None,
     "the sample has no region, the goal of a place", "样本缺少 region，即放置的目标"),
    (("scale", {"operation": Operation(kind="scale"), "new_bbox_3d": None}), seen(), None,
     "neither the words nor new_bbox_3d ask for another size, so a scale has no goal",
     "指令和 new_bbox_3d 都没有要求改变大小，缩放没有目标"),
    (("scale", {"new_bbox_3d": box(MUG)}), seen(), None,
     "new_bbox_3d has the size of the original, so it is not what the words ask for",
     "new_bbox_3d 的大小与原来相同，与指令要求不符"),
    (("view", {"operation": Operation(kind="view", distance_m=0.2)}), seen(), None,
     "the sample has no camera motion, the goal of a view", "样本缺少相机运动，即视角编辑的目标"),
    (("view", {"operation": Operation(kind="view", angle_deg=9.0, camera_translation_m=(0.2, 0, 0),
                                      camera_rotation=np.eye(3).tolist())}), seen(), None,
     "the sample's camera motion leaves out what the words ask for", "样本的相机运动缺少指令要求的部分"),
    (("view", {"things": ROUND[:1]}), [found("mug", MUG, unobservable=["turn"])], None,
     "too few known objects are found in the source to tell how the camera moves",
     "原图中找到的已知物体太少，无法判断相机如何移动"),
    (("move", {}), seen(found("mug", MUG, sigma=[0.15, 0, 0, 0, 0, 0, 0])), None,
     "20.0 cm asked, but the detector is sure to 15.0 cm only", "要求 20.0 cm，但检测器只精确到 15.0 cm"),
    (("rotate", {}), seen(found("mug", MUG, sigma=[0, 0, 0, 0, 0, 0, 0.8])), None,
     "90° asked, but the detector is sure to 46° only", "要求 90°，但检测器只精确到 46°"),
    (("scale", {}), seen(found("mug", MUG, sigma=[0, 0, 0, 0.05, 0.05, 0.05, 0])), None,
     "a size of 200 % asked, but the detector is sure to 50 % only", "要求 200 %，但检测器只精确到 50 %"),
    (("move", {}), seen(), 0.5, "50 % of the mug is hidden where it is asked to go", "在要求的位置，mug 有 50 % 被遮住"),
    (("move", {"new_bbox_3d": box(MUG, -3.0)}), seen(), None,
     "the mug is asked to go out of the image", "mug 按要求会移出画面"),
]  # fmt: skip

TOLD = [
    ("move", seen(GONE), {}, "the mug is not found in the edited image", "编辑后的图像中没有找到 mug"),
    ("move", seen(found("mug", MUG, -0.2, confidence=0.1)), {},
     "the mug is hardly recognisable (confidence 0.10)", "mug 几乎认不出（置信度 0.10）"),
    ("move", seen(found("mug", MUG, -1.5)), {}, "the mug left the image", "mug 移出了画面"),
    ("move", seen(found("mug", MUG, -0.2, unobservable=["position"])), {},
     "the detector cannot tell the position of the mug in the edited image", "检测器在编辑后的图像中测不出 mug 的位置"),
    ("rotate", seen(found("mug", MUG, unobservable=["turn"])), {},
     "the detector cannot tell the turn of the mug in the edited image", "检测器在编辑后的图像中测不出 mug 的转角"),
    ("scale", seen(found("mug", MUG, unobservable=["size"])), {},
     "the detector cannot tell the size of the mug in the edited image", "检测器在编辑后的图像中测不出 mug 的大小"),
    ("move", seen(found("mug", MUG, -0.2)), {"scene_found": 0.2},
     "moved 20.0 cm left; 20.0 asked; only 20 % of the rest of the scene is found again",
     "向左移动了 20.0 cm；要求 20.0 cm；其余场景只找到 20 %"),
    ("move", seen(), {}, "did not move; 20.0 cm left asked", "没有移动；要求向左移动 20.0 cm"),
    ("move", seen(found("mug", MUG, -0.05)), {}, "moved 5.0 cm left; 20.0 asked; less than half of what was asked",
     "向左移动了 5.0 cm；要求 20.0 cm；不到要求的一半"),
    ("move", seen(found("mug", MUG, -0.5)), {}, "moved 50.0 cm left; 20.0 asked; much too far",
     "向左移动了 50.0 cm；要求 20.0 cm；远超要求"),
    ("move", seen(found("mug", MUG, 0.2)), {}, "moved 20.0 cm right; 20.0 cm left asked; the opposite of what was asked",
     "向右移动了 20.0 cm；要求向左移动 20.0 cm；与要求相反"),
    ("move", seen(found("mug", MUG, -0.2, dz=0.15)), {},
     "moved 25.0 cm left and away; 20.0 cm left asked; too far off the asked direction",
     "向左远处移动了 25.0 cm；要求向左移动 20.0 cm；偏离要求的方向太多"),
    ("move", seen(found("mug", MUG, -0.2, turn=40)), {},
     "moved 20.0 cm left; 20.0 asked; it turned 40° counter-clockwise, unasked",
     "向左移动了 20.0 cm；要求 20.0 cm；它逆时针转了 40°，而无人要求"),
    ("move", seen(dataclasses.replace(found("mug", MUG, -0.2), bbox_3d=(-0.2, 0, 2, 0.2, 0.2, 0.2, 0))), {},
     "moved 20.0 cm left; 20.0 asked; it was scaled to 200 %, unasked",
     "向左移动了 20.0 cm；要求 20.0 cm；它被缩放到 200 %，而无人要求"),
    ("move", seen(found("mug", MUG), COPY), {}, "moved 20.0 cm left; 20.0 asked; a mug is left where it stood",
     "向左移动了 20.0 cm；要求 20.0 cm；原处还留有一个 mug"),
    ("move", seen(found("mug", MUG, -0.2), bowl=found("bowl", MUG)), {},
     "moved 20.0 cm left; 20.0 asked; the bowl stands where it stood; the bowl changed too",
     "向左移动了 20.0 cm；要求 20.0 cm；原处站着 bowl；bowl 也变了"),
    ("move", [*seen(found("mug", MUG, -0.2)), found("bottle", MUG)], {},
     "moved 20.0 cm left; 20.0 asked; an object that the sample does not know stands where it stood",
     "向左移动了 20.0 cm；要求 20.0 cm；原处站着样本不认识的物体"),
    ("remove", [*seen(GONE), found("bottle", MUG)], {},
     "the mug is gone; an object that the sample does not know stands in its place", "mug 不见了；原处站着样本不认识的物体"),
    ("remove", seen(GONE, bowl=found("bowl", MUG)), {},
     "the mug is gone; the bowl stands in its place; the bowl changed too", "mug 不见了；原处站着 bowl；bowl 也变了"),
    ("remove", seen(), {}, "the mug is still there", "mug 还在"),
    ("remove", seen(found("mug", MUG, 0.2)), {}, "the mug is somewhere else, not gone", "mug 没有消失，只是换了地方"),
    ("rotate", seen(), {}, "did not turn; 90° counter-clockwise asked", "没有转动；要求逆时针转 90°"),
    ("rotate", seen(found("mug", MUG, turn=-30)), {},
     "turned 30° clockwise; 90° counter-clockwise asked; too far from it", "顺时针转了 30°；要求逆时针转 90°；与要求相差太多"),
    ("rotate", seen(found("mug", MUG, 0.2, turn=90)), {},
     "turned 90° counter-clockwise; 90° counter-clockwise asked; it moved 20.0 cm right, unasked",
     "逆时针转了 90°；要求逆时针转 90°；它向右移动了 20.0 cm，而无人要求"),
    ("scale", seen(), {}, "kept its size; 200 % asked", "大小未变；要求 200 %"),
    ("scale", seen(found("mug", MUG, factor=3.0)), {}, "scaled to 300 %; 200 % asked; much too far",
     "缩放到 300 %；要求 200 %；远超要求"),
    ("place", seen(found("mug", MUG, 0.4, -0.02)), {}, "put where it was asked to go", "放到了要求的位置"),
    ("place", seen(found("mug", MUG, 0.52, -0.02)), {},
     "put 7.0 cm from where it was asked to go; it stands 2.0 cm beside the bowl",
     "放到了离要求位置 7.0 cm 处；它在 bowl 旁边 2.0 cm 处"),
    ("place", seen(found("mug", MUG, 0.4, -0.06)), {},
     "put where it was asked to go; its base is 4.0 cm above where the bowl carries it",
     "放到了要求的位置；它的底面高出 bowl 的承托面 4.0 cm"),
    ("place", seen(found("mug", MUG, 0.4, 0.02)), {},
     "put where it was asked to go; its base is 4.0 cm below where the bowl carries it",
     "放到了要求的位置；它的底面低于 bowl 的承托面 4.0 cm"),
    ("place", seen(found("mug", MUG, 0.4), bowl=found("bowl", BOWL, state="absent")), {},
     "the bowl is gone; to be put on or in the bowl; nothing to put it on or in; "
     "only 36 % of the rest of the scene is found again; the bowl changed too",
     "bowl 不见了；要求放到 bowl 上或里面；没有可放之处；其余场景只找到 36 %；bowl 也变了"),
    ("view", seen(), {}, "the camera did not move and did not turn; 20.0 cm right asked",
     "相机没有移动，没有转动；要求向右移动 20.0 cm"),
    ("view", seen(found("mug", MUG, -0.2), bowl=found("bowl", BOWL, -0.2), book=found("book", BOOK, -0.2)), {},
     "the camera moved 20.0 cm right and did not turn; 20.0 asked", "相机向右移动了 20.0 cm，没有转动；要求 20.0 cm"),
    ("view", [], {},
     "too little of the scene is found again to tell how the camera moved; scene not found; "
     "only 0 % of the rest of the scene is found again; the bowl and the book changed too",
     "场景中能再次找到的太少，无法判断相机如何移动；没有找到场景；其余场景只找到 0 %；bowl、book 也变了"),
]  # fmt: skip


def score_of(found_outcome):
    told_of = {name: getattr(found_outcome, name) for name in ("done", "asked", "faults", "changed", "reasons")}
    return Score(sample_id="a_edit_0", split="fine", editor="e", protocol="strict", operation="move", ic=0.0, sa=0.0, **told_of)


@pytest.mark.parametrize("row", EXCLUDED, ids=[row[3] for row in EXCLUDED])
def test_why_a_sample_is_excluded_is_true(make_sample, row):
    (kind, fields), source, hidden, english, chinese = row
    why = excluded(look(case(make_sample, kind, **fields), seen(), source), hidden)
    assert (reason_text(why), reason_text(why, "zh")) == (english, chinese)


@pytest.mark.parametrize("row", TOLD, ids=[f"{row[0]}: {row[3]}" for row in TOLD])
def test_what_is_said_of_an_edit_is_true(make_sample, row):
    kind, edited, more, english, chinese = row
    outcome = judge(look(case(make_sample, kind), edited), **more)
    assert told(outcome) == english
    assert told(outcome, "zh") == chinese


def test_an_object_of_no_known_name_is_not_called_the_target(make_sample):
    """A detector of one class that gives no labels: what stands in the mug's place need be no mug."""
    sample = case(make_sample, "move", things=None, objects=None)
    boxes = [dataclasses.replace(found("x", numbers), object_id=None, label=None) for numbers in (MUG, BOWL)]
    swapped = [
        dataclasses.replace(found("x", MUG, -0.2), object_id=None, label=None),
        dataclasses.replace(boxes[0], bbox_3d=(0.01, 0, 2, 0.2, 0.1, 0.2, 0)),
    ]
    said = told(judge(look(sample, swapped, boxes)))
    assert "an object that the sample does not know stands where it stood" in said


def test_every_sentence_has_its_row(make_sample, monkeypatch):
    """What no row above says, other tests hold: those of images, of official scores, and of what cannot be reached here."""
    said = set()
    say = rendering.say
    monkeypatch.setattr(
        rendering, "say", lambda message, *more, **values: [said.add(message), say(message, *more, **values)][1]
    )
    for (kind, fields), source, hidden, _, _ in EXCLUDED:
        reason_text(excluded(look(case(make_sample, kind, **fields), seen(), source), hidden))
    for kind, edited, more, _, _ in TOLD:
        told(judge(look(case(make_sample, kind), edited), **more))
    images = words(
        "made stretch padded cut cut_away no_depth no_motion no_pixel_frame little_shared no_picture shows_nothing fault.blank"
    )
    images |= words("no_operation no_source_detections no_edited_detections not_scored goal_suspect")
    elsewhere = words("asked.ends_from changed.near changed.many asked.camera_turned done.camera_turned fault.camera_travelled")
    elsewhere |= words("fault.camera_turned_too fault.turn_unseen done.turned.unseen done.scaled.unseen")
    elsewhere |= words("fault.too_much.without fault.opposite.without fault.moved_too.without")
    # Tilt, sides and copies: `test_strict_poses.py`, `test_strict_copies.py`.
    elsewhere |= words("fault.tilted fault.distorted fault.copied fault.copied.without fault.copied.many")
    elsewhere |= words("cannot_tell_tilt failed_tilt edited_tilt_unseen")
    unsaid = {m for m in LANGUAGES["en"].TEMPLATES if not m.startswith("official.")} - said - images
    assert unsaid == elsewhere


def test_a_remark_on_the_goal_is_no_reason_for_no_score():
    why = reason("unobservable", "same_from_all_sides", subject="mug")
    remark = reason("goal_suspect", "goal_suspect", subject="asks 20 cm left; stored goal lies 20 cm right of the original")
    score = Score(sample_id="a", split="fine", editor="e", protocol="strict", operation="rotate", reasons=(why, remark))
    assert explanation(score) == f"not scored: {why.text}"
