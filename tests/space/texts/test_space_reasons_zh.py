"""The metric's reasons in Chinese: all that it says of the embedded samples, and nothing lost of what is not known."""

import re

import pytest

from gsi_bench_space.texts.reasons_zh import in_chinese


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("moved 12.4 cm left; 15.0 asked.", "向左移动了 12.4 cm；要求 15.0 cm。"),
        (
            "moved 9.9 cm right; 10.0 cm left asked; the opposite of what was asked.",
            "向右移动了 9.9 cm；要求向左移动 10.0 cm；与要求相反。",
        ),
        ("turned 44° clockwise; 45° counter-clockwise asked", "顺时针转了 44°；要求逆时针转 45°。"),
        ("turned 180°; 180° asked", "转了 180°；要求转 180°。"),
        (
            "kept its size; 75 % asked; it moved 3.0 cm left, which nobody asked for",
            "大小未变；要求 75 %；它向左移动了 3.0 cm，而无人要求。",
        ),
        (
            "the camera moved 4.0 cm right and turned 2.0° up; 7.0° down asked",
            "相机向右移动了 4.0 cm，向上转了 2.0°；要求向下转 7.0°。",
        ),
        ("the bowl next to it changed too", "旁边的 bowl也变了。"),
        ("not scored: the mug is not found in the source", "未评分：原图中没有找到 mug。"),
    ],
)
def test_reasons_read_naturally(english, chinese):
    assert in_chinese(english) == chinese


def test_an_unknown_phrase_stays_in_english_beside_what_is_known():
    assert in_chinese("did not move; something new happened.") == "没有移动；something new happened。"


@pytest.mark.parametrize("kind", ["after", "copy"])
def test_everything_that_exact_boxes_make_the_metric_say_is_understood(shelf, exact, kind):
    left = {}
    for sample_id, sample in shelf.samples.items():
        names = {sample.target, *(thing.category for thing in sample.objects), "from", "SSIM", "LPIPS", "above", "under", "and"}
        for result in exact.score(sample, shelf.example(sample_id, kind)).results:
            text = in_chinese(result.why)
            for name in sorted(names, key=len, reverse=True):
                text = text.replace(name, "")
            if re.search(r"[a-z]{3,}", text):
                left[sample_id, result.protocol] = text
    assert left == {}
