import pytest

from gsi_bench_dataset.language.chinese import parse_zh


def said(prompt):
    operation = parse_zh(prompt)
    return None if operation is None else {k: v for k, v in operation.to_row().items() if v is not None}


@pytest.mark.parametrize(
    ("tail", "direction"),
    [
        ("向右移动12厘米", "right"), ("往右边挪动12厘米", "right"), ("向右平移12厘米", "right"), ("朝右移12厘米", "right"),
        ("向左移动12厘米", "left"), ("往左边挪动12厘米", "left"), ("向左平移12厘米", "left"), ("朝左移12厘米", "left"),
        ("向远离视角的方向移动12厘米", "behind"), ("往桌面远端挪动12厘米", "behind"), ("向前推12厘米", "behind"),
        ("朝远处移12厘米", "behind"), ("向靠近视角的方向移动12厘米", "front"), ("往视角方向挪动12厘米", "front"),
        ("向后拉12厘米", "front"), ("朝近处移12厘米", "front"), ("向上移动 12 cm", "above"),
    ],
)  # fmt: skip
def test_the_references_moves_have_direction_and_metres(tail, direction):
    wanted = {"kind": "move", "direction": direction, "distance_m": 0.12, "frame": "camera"}
    assert said(f"将teapot (ceramic teapot, 30 cm (with 向左)){tail}。") == wanted
    assert said(f"请把茶壶{tail}") == wanted


@pytest.mark.parametrize(
    ("tail", "direction"),
    [
        ("顺时针旋转45度", "clockwise"), ("向右转动45度", "clockwise"), ("顺时针转45度", "clockwise"),
        ("右旋45度", "clockwise"),
        ("逆时针旋转45度", "counterclockwise"), ("向左转动45度", "counterclockwise"), ("逆时针转45度", "counterclockwise"),
        ("左旋45度", "counterclockwise"), ("绕竖直轴旋转45度", None),
    ],
)  # fmt: skip
def test_the_references_turns_have_sense_and_degrees(tail, direction):
    found = said(f"将茶壶{tail}。")
    assert (found["kind"], found.get("direction"), found["angle_deg"]) == ("rotate", direction, 45)


@pytest.mark.parametrize(
    ("tail", "factor"),
    [
        ("放大50%", 1.5), ("扩大100%", 2.0), ("缩放为原来的1.5倍大小", 1.5), ("放大到2.0倍", 2.0), ("缩小25%", 0.75),
        ("缩放为原来的0.5倍大小", 0.5), ("缩小到0.5倍", 0.5), ("的尺寸增大50%", 1.5), ("放大到原来大小的150%", 1.5),
    ],
)  # fmt: skip
def test_the_references_scales_give_the_factor_itself(tail, factor):
    assert said(f"把茶壶{tail}。") == {"kind": "scale", "factor": factor}


def test_relations_and_places_keep_the_other_things_name():
    beside = said("从你的视角看，将红色的杯子移到蓝色的碗左侧，使两者中心相距15厘米，其他物体保持不变。")
    assert beside == {
        "kind": "move", "direction": "left", "distance_m": 0.15, "frame": "camera", "reference": "蓝色的碗",
    }  # fmt: skip
    assert said("把苹果放进盘子上的碗里。") == {"kind": "place", "receptacle": "盘子上的碗"}
    assert said("把苹果放在托盘的左侧边缘。") == {
        "kind": "place", "direction": "left", "frame": "camera", "receptacle": "托盘",
    }  # fmt: skip


def test_only_the_camera_itself_is_the_view():
    assert said("请将相机水平向前移动20厘米。") == {
        "kind": "view", "direction": "forward", "distance_m": 0.2, "frame": "camera",
    }  # fmt: skip
    assert said("向下看15度。") == {"kind": "view", "direction": "down", "angle_deg": 15.0, "frame": "camera"}
    assert said("移除相机") is None
    assert said("把玩具相机向左移动20厘米")["kind"] == "move"


@pytest.mark.parametrize("prompt", ["移除杯子", "请将杯子从画面中移除。", "把杯子拿走，其余部分保持不变。", "去掉最左边的杯子"])
def test_removals(prompt):
    assert said(prompt) == {"kind": "remove"}


@pytest.mark.parametrize(
    "prompt",
    [
        "", "请", "将杯子", "把杯子变红", "把杯子向前移动12厘米", "放大杯子", "把杯子放大1.5倍", "把杯子放大到0.5倍",
        "把杯子缩小100%",
        "将杯子向左移动10厘米，把碗移除", "将杯子向左移动10厘米并旋转90度", "将杯子向左移动10厘米向右移动5厘米。",
        "将杯子向左移动10厘米，其他物体移动5厘米不变", "Move the cup 10 cm to the left.",
        "把杯子向左移动" + "很" * 1000 + "10厘米",
    ],
)  # fmt: skip
def test_what_is_not_wholly_understood_is_none(prompt):
    assert parse_zh(prompt) is None
