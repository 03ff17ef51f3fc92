"""The metric's reasons, which it gives in English, in Chinese: phrase by phrase. Names of things stay as the dataset has them.

A phrase that is not known stays in English: nothing of a reason is ever left out.
"""

from __future__ import annotations

import re

__all__ = ["in_chinese"]

_WAYS = {
    "left": "左",
    "right": "右",
    "up": "上",
    "down": "下",
    "away": "远处",
    "closer": "近处",
    "forward": "前",
    "backward": "后",
}
_SENSES = {
    "counter-clockwise": "逆时针",
    "clockwise": "顺时针",
    "left": "向左",
    "right": "向右",
    "up": "向上",
    "down": "向下",
    "rolling left": "向左滚转",
    "rolling right": "向右滚转",
}
_FREEDOMS = {"turn": "转角", "size": "大小", "position": "位置"}
_SIDES = {"above": "高出", "below": "低于"}
_LENGTH, _NUMBER = r"[\d.]+ (?:cm|m)", r"[\d.]+|–"

# Groups named way, sense, freedom and side are looked up above, phrase is put into Chinese by itself, the rest stays.
_PHRASES = [
    # what was done
    (rf"moved (?P<length>{_LENGTH}) (?P<way>.+)", "向{way}移动了 {length}"),
    (r"did not move", "没有移动"),
    (r"turned (?P<angle>[\d.]+°) (?P<sense>.+)", "{sense}转了 {angle}"),
    (r"turned (?P<angle>180°)", "转了 {angle}"),
    (r"did not turn", "没有转动"),
    (r"its turn cannot be seen", "看不出转角"),
    (r"scaled to (?P<share>\d+ %)", "缩放到 {share}"),
    (r"kept its size", "大小未变"),
    (r"the camera (?P<phrase>moved .+|did not move) and (?P<phrase2>turned .+|did not turn)", "相机{phrase}，{phrase2}"),
    (r"put where it was asked to go", "放到了要求的位置"),
    (rf"put (?P<length>{_LENGTH}) from where it was asked to go", "放到了离要求位置 {length} 处"),
    (r"the (?P<name>.+) is gone", "{name} 不见了"),
    # what was asked
    (rf"(?P<phrase>.+ asked), so that it ends (?P<length>{_LENGTH}) from the (?P<name>.+)", "{phrase}，使它距 {name} {length}"),
    (r"(?P<phrase>.+ asked) and (?P<phrase2>.+ asked)", "{phrase}，{phrase2}"),
    (rf"(?P<length>{_LENGTH}) (?P<way>[a-z]+(?: and [a-z]+)?) asked", "要求向{way}移动 {length}"),
    (r"(?P<number>[\d.]+) asked", "要求 {number} cm"),
    (r"(?P<angle>[\d.]+°) (?P<sense>[a-z -]+) asked", "要求{sense}转 {angle}"),
    (r"(?P<angle>180°) asked", "要求转 {angle}"),
    (r"(?P<share>\d+ %) asked", "要求 {share}"),
    (r"to be put on or in the (?P<name>.+)", "要求放到 {name} 上或里面"),
    # what was wrong
    (r"much too far|far too much", "远超要求"),
    (r"the opposite of what was asked", "与要求相反"),
    (r"less than half of what was asked", "不到要求的一半"),
    (r"too far off the asked direction", "偏离要求的方向太多"),
    (r"too far from it", "与要求相差太多"),
    (r"it cannot be told whether it turned", "无法判断是否转动"),
    (r"an? (?P<name>.+) is left where it stood", "原处还留有一个 {name}"),
    (r"the (?P<name>.+) stands (?:where it stood|in its place)", "原处站着 {name}"),
    (r"another (?P<name>.+) stands (?:where it stood|in its place)", "原处站着另一个 {name}"),
    (r"it (?P<phrase>(?:moved|turned) .+), which nobody asked for", "它{phrase}，而无人要求"),
    (r"it was (?P<phrase>scaled .+), which nobody asked for", "它被{phrase}，而无人要求"),
    (rf"it stands (?P<length>{_LENGTH}) beside the (?P<name>.+)", "它在 {name} 旁边 {length} 处"),
    (
        rf"its base is (?P<length>{_LENGTH}) (?P<side>above|below) where the (?P<name>.+) carries it",
        "它的底面{side} {name} 的承托面 {length}",
    ),
    (r"nothing to put it on or in", "没有可放之处"),
    (r"the (?P<name>.+) is still there", "{name} 还在"),
    (r"the (?P<name>.+) is somewhere else, not gone", "{name} 没有消失，只是换了地方"),
    (r"too little of the scene is found again to tell how the camera moved", "场景中能再次找到的太少，无法判断相机如何移动"),
    (r"scene not found", "没有找到场景"),
    (r"the camera was to stay where it is", "相机本应留在原处"),
    (r"the camera was not to turn", "相机本不应转动"),
    (r"the (?P<name>.+?) next to it(?P<rest>.*) changed too", "旁边的 {name}{rest}也变了"),
    (r"(?P<number>\d+) other objects changed too", "另有 {number} 个物体也变了"),
    (r"the (?P<name>.+) changed too", "{name} 也变了"),
    (r"only (?P<share>\d+ %) of the rest of the scene is found again", "其余场景只找到 {share}"),
    (r"the (?P<name>.+) is hardly recognisable \(confidence (?P<number>[\d.]+)\)", "{name} 几乎认不出（置信度 {number}）"),
    (r"the (?P<name>.+) left the picture", "{name} 移出了画面"),
    (
        r"the (?P<freedom>turn|size|position) of the? ?(?P<name>.+) cannot be seen in the edited picture",
        "编辑后看不出 {name} 的{freedom}",
    ),
    (r"the edited picture shows nothing", "编辑后的图像是空白的"),
    # why nobody is scored on it
    (r"not scored: (?P<phrase>.+)", "未评分：{phrase}"),
    (r"the (?P<name>.+) is not found in the source", "原图中没有找到 {name}"),
    (r"(?P<share>\d+ %) of the (?P<name>.+) is hidden where it is asked to go", "在要求的位置，{name} 有 {share} 被遮住"),
    (
        r"the detector cannot tell the (?P<freedom>turn|size|position) of the (?P<name>.+) in these pictures",
        "检测器在这些图像中测不出 {name} 的{freedom}",
    ),
    (
        r"the detector cannot tell whether the (?P<name>.+) is there, even in the ground truth",
        "即使在真值图像中，检测器也无法判断 {name} 是否存在",
    ),
    (r"the (?P<name>.+) looks the same from all sides", "{name} 从各个方向看都一样"),
    (r"after the asked turn the (?P<name>.+) looks as before", "按要求转动后，{name} 看起来没有变化"),
    # what was done to the picture
    (r"(?P<size>\d+×\d+) made (?P<to>\d+×\d+)", "{size} 缩放为 {to}"),
    (r"(?P<size>\d+×\d+) fitted centrally into (?P<to>\d+×\d+)", "{size} 居中裁剪为 {to}"),
    # the official protocol
    (
        r"a change of view is not passed or failed: (?P<rest>.+) is the likeness to the ground-truth view, (?P<how>.+)",
        "视角编辑不分通过与否：{rest} 是与真值视图的相似度，{how}",
    ),
    (
        rf"too much changed outside of the edit: SSIM (?P<ssim>{_NUMBER}), LPIPS "
        rf"(?P<lpips>{_NUMBER}), and it takes (?P<need>.+)",
        "编辑之外变化太多：SSIM {ssim}，LPIPS {lpips}，需要 {need}",
    ),
    (
        r"the camera seems to have turned by 10° or more, which a rotation must not do",
        "相机似乎转了 10° 以上，而旋转编辑不得如此",
    ),
    (r"no (?P<name>.+) was found in the edited picture", "编辑后的图像中没有找到 {name}"),
    (
        r"no detection in the source is the (?P<name>.+) as it is stored, and without it IC and SA are 0",
        "原图的检测中没有与记录一致的 {name}，因此 IC 和 SA 为 0",
    ),
    (
        rf"(?P<number>\d+) × (?P<name>.+) found in the edited picture, but none counts as edited: here "
        rf"a box within (?P<length>{_LENGTH}) of one in the source has not changed, nor has one "
        r"whose outline went a fifth of the asked way or less",
        "编辑后找到 {number} 个 {name}，但都不算被编辑：此协议中，与原图的框相距 {length} "
        "以内、或轮廓移动不到要求五分之一的，都算未变",
    ),
    (
        rf"the (?P<name>.+) found went (?P<length>{_LENGTH}) where (?P<length2>{_LENGTH}) were "
        rf"asked, and is (?P<off>{_LENGTH}) from its goal \(overlap (?P<number>[\d.]+)\)",
        "{name} 移动了 {length}，要求 {length2}，距目标 {off}（重叠 {number}）",
    ),
    (
        r"the (?P<name>.+) found is turned by (?P<angle>\d+°) where (?P<angle2>\d+°) were asked, "
        r"(?P<angle3>\d+°) from its goal",
        "{name} 转了 {angle}，要求 {angle2}，与目标相差 {angle3}",
    ),
    (rf"It stands (?P<length>{_LENGTH}) from its place, and from 50 cm on SA is 0", "它离原处 {length}，超过 50 cm 则 SA 为 0"),
    (
        r"the (?P<name>.+) found has (?P<ratios>.+) of its size \(width × height × length\) where (?P<wanted>.+) were asked",
        "{name} 的大小为原来的 {ratios}（宽 × 高 × 长），要求 {wanted}",
    ),
    (r"IC needs a change of more than 0\.2 over the three", "IC 要求三者合计变化超过 0.2"),
    (r"IC looks at how far it went and not at the direction", "IC 只看移动多远，不看方向"),
    (r"IC needs SA (?:above|of at least) (?P<number>[\d.]+)", "IC 要求 SA 达到 {number}"),
    (
        r"SA is halved: (?P<n>\d+) found in the source, (?P<m>\d+) in the edited picture",
        "SA 减半：原图找到 {n} 个，编辑后 {m} 个",
    ),
    (r"SA (?P<number>[\d.]+|–)", "SA {number}"),
    (
        r"nothing is found in its place any more(?:, and (?P<number>\d+) more than asked)? "
        r"\((?P<n>\d+) × (?P<name>.+) found in the source, (?P<m>\d+) in the edited picture\)",
        "原处已没有东西（{name}：原图找到 {n} 个，编辑后 {m} 个）",
    ),
    (
        r"an? (?P<name>.+) is still found in its place(?P<rest>, or too many others went with it)? "
        r"\((?P<n>\d+) × .+ found in the source, (?P<m>\d+) in the edited picture\)",
        "原处仍能找到 {name}，或同类消失太多（原图找到 {n} 个，编辑后 {m} 个）",
    ),
    (r"the detector found nothing in the edited picture", "检测器在编辑后的图像中什么也没找到"),
]
_COMPILED = [(re.compile(pattern), template) for pattern, template in _PHRASES]


def in_chinese(text: str) -> str:
    """A reason in Chinese."""
    parts = [part for whole in text.removesuffix(".").split("; ") for part in re.split(r"\. (?=[A-Z])", whole)]
    return "；".join(_phrase(part) for part in parts) + "。"


def _phrase(text: str) -> str:
    for pattern, template in _COMPILED:
        found = pattern.fullmatch(text)
        if found is not None:
            return template.format(**{name: _word(name, value or "") for name, value in found.groupdict().items()})
    return text


def _word(name: str, text: str) -> str:
    if name.startswith("phrase"):
        return _phrase(text)
    if name == "way":
        return "".join(_WAYS.get(word, word) for word in text.split(" and "))
    tables = {"sense": _SENSES, "freedom": _FREEDOMS, "side": _SIDES}
    return tables[name].get(text, text) if name in tables else text
