"""The words in Chinese, under the names of the English ones. Names of objects stay as the dataset has them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from gsi_bench_metric.protocols.text import english

AND, PARTS, SENTENCES = "，", "；", ""
NAMES = ("、", "、")

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
_TURN_WAYS = {
    "left": "向左",
    "right": "向右",
    "up": "向上",
    "down": "向下",
    "rolling_left": "向左滚转",
    "rolling_right": "向右滚转",
}


def sense(angle: float) -> str:
    """Of a turn in radians; empty for half a turn."""
    if abs(math.degrees(angle)) >= english.HALF_TURN_DEG:
        return ""
    return "逆时针" if angle > 0 else "顺时针"


UNITS: Mapping[str, Callable[[Any], str]] = {
    **english.UNITS,
    "sense": sense,
    "way": lambda words: "".join(_WAYS[word] for word in (words or "").split()),
    "turn_way": lambda word: _TURN_WAYS.get(word or "", ""),
    "met": lambda met: "已满足" if met == "met" else "未满足",
    "both": lambda word: "且" if word == "and" else "或",
}

TEMPLATES: Mapping[str, str] = {
    "done.moved": "向{direction:way}移动了 {amount:cm}",
    "done.moved.not": "没有移动",
    "done.turned": "{amount:sense}转了 {amount:deg}",
    "done.turned.not": "没有转动",
    "done.turned.unseen": "看不出转角",
    "done.scaled": "缩放到 {amount:percent}",
    "done.scaled.not": "大小未变",
    "done.scaled.unseen": "看不出大小",
    "done.put": "放到了离要求位置 {amount:cm} 处",
    "done.put.right": "放到了要求的位置",
    "done.gone": "{subject} 不见了",
    "done.camera_moved": "相机向{direction:way}移动了 {amount:cm}",
    "done.camera_moved.not": "相机没有移动",
    "done.camera_turned": "{direction:turn_way}转了 {amount:deg1}",
    "done.camera_turned.not": "没有转动",
    "done.camera_unknown": "场景中能再次找到的太少，无法判断相机如何移动",
    "asked.moved": "要求向{direction:way}移动 {amount:cm}",
    "asked.moved.same": "要求 {amount:cm}",
    "asked.camera_moved": "要求向{direction:way}移动 {amount:cm}",
    "asked.camera_moved.same": "要求 {amount:cm}",
    "asked.camera_turned": "要求{direction:turn_way}转 {amount:deg1}",
    "asked.turned": "要求{amount:sense}转 {amount:deg}",
    "asked.scaled": "要求 {amount:percent}",
    "asked.put": "要求放到 {subject} 上或里面",
    "asked.ends_from": "，使它距 {subject} {amount:cm}",
    "fault.nothing_done": "",
    "fault.too_little": "不到要求的一半",
    "fault.too_much": "远超要求",
    "fault.too_much.without": "远超要求",
    "fault.opposite": "与要求相反",
    "fault.opposite.without": "与要求相反",
    "fault.off_direction": "偏离要求的方向太多",
    "fault.turn_missed": "与要求相差太多",
    "fault.turn_unseen": "无法判断是否转动",
    "fault.turned_too": "它{amount:sense}转了 {amount:deg}，而无人要求",
    "fault.scaled_too": "它被缩放到 {amount:percent}，而无人要求",
    "fault.moved_too": "它向{direction:way}移动了 {amount:cm}，而无人要求",
    "fault.left_behind": "原处还留有一个 {subject}",
    "fault.place_taken": "原处站着 {subject}",
    "fault.place_taken_by_unknown": "原处站着另一个物体",
    "fault.replaced": "原处站着 {subject}",
    "fault.replaced_by_unknown": "原处站着另一个物体",
    "fault.still_there": "{subject} 还在",
    "fault.elsewhere": "{subject} 没有消失，只是换了地方",
    "fault.beside": "它在 {subject} 旁边 {amount:cm} 处",
    "fault.base_too_high": "它的底面高出 {subject} 的承托面 {amount:cm}",
    "fault.base_too_low": "它的底面低于 {subject} 的承托面 {amount:cm}",
    "fault.no_receptacle": "没有可放之处",
    "fault.camera_lost": "没有找到场景",
    "fault.camera_travelled": "相机本应留在原处",
    "fault.camera_turned_too": "相机本不应转动",
    "fault.blank": "编辑后的图像是空白的",
    "changed": "{names} 也变了",
    "changed.name": "{subject}",
    "changed.near": "旁边的 {subject}",
    "changed.many": "另有 {count} 个物体也变了",
    "scene_lost": "其余场景只找到 {0:percent}",
    "target_gone": "{subject} 不见了",
    "hardly_recognisable": "{subject} 几乎认不出（置信度 {0:n2}）",
    "left_frame": "{subject} 移出了画面",
    "cut_away": "编辑后的图像没有显示 {subject} 应变化之处的那部分原图",
    "edited_position_unseen": "编辑后看不出 {subject} 的位置",
    "edited_turn_unseen": "编辑后看不出 {subject} 的转角",
    "edited_size_unseen": "编辑后看不出 {subject} 的大小",
    "not_scored": "未评分：{why}",
    "source_not_found": "原图中没有找到 {subject}",
    "target_hidden": "在要求的位置，{subject} 有 {0:percent} 被遮住",
    "cannot_tell_position": "检测器在这些图像中测不出 {subject} 的位置",
    "cannot_tell_turn": "检测器在这些图像中测不出 {subject} 的转角",
    "cannot_tell_size": "检测器在这些图像中测不出 {subject} 的大小",
    "cannot_tell_presence": "即使在真值图像中，检测器也无法判断 {subject} 是否存在",
    "same_from_all_sides": "{subject} 从各个方向看都一样",
    "looks_as_before": "按要求转动后，{subject} 看起来没有变化",
    "too_few_landmarks": "原图中找到的已知物体太少，无法判断相机如何移动",
    "no_goal_move": "样本缺少 new_bbox_3d，即移动的目标",
    "no_goal_place": "样本缺少 region，即放置的目标",
    "no_goal_rotate": "样本缺少 new_rotation_matrix，即旋转的目标",
    "no_goal_scale": "样本既无 factor，也无大小不同的 new_bbox_3d，即缩放的目标",
    "no_goal_view": "样本缺少相机运动，即视角编辑的目标",
    "move_below_resolution": "要求 {0:cm}，但检测器只精确到 {1:cm}",
    "turn_below_resolution": "要求 {0:deg}，但检测器只精确到 {1:deg}",
    "size_below_resolution": "要求 {0:percent}，但检测器只精确到 {1:percent}",
    "no_operation": "样本没有操作：未理解其指令",
    "no_source_detections": "没有原图的检测结果",
    "no_edited_detections": "没有编辑后图像的检测结果",
    "shows_nothing": "编辑后的图像是空白的",
    "no_picture": "该样本没有图像",
    "made": "{0:whole}×{1:whole} 缩放为 {2:whole}×{3:whole}",
    "stretch": "编辑器把原图拉伸为 {0:whole}×{1:whole}，已还原为 {2:whole}×{3:whole}",
    "padded": "{0:whole}×{1:whole} 在原图 {2:whole}×{3:whole} 周围留边，已裁去",
    "cut": "{0:whole}×{1:whole} 只显示原图 {2:whole}×{3:whole} 的 {4:percent}",
    "no_depth": "EL 未评分：没有深度",
    "no_motion": "EL 未评分：没有相机运动",
    "no_pixel_frame": "EL 未评分：没有以原图像素表示的相机矩阵",
    "little_shared": "EL 未评分：两个相机只共享画面的 {0:percent}",
    "official.unknown": "记录中没有原因。",
    "official.view": "视角编辑不分通过与否：IC = SA = {sa:n2} 是与真值视图的相似度，½·SSIM + ½·(1 − LPIPS)。",
    "official.view_nothing": "得 0 分，因为没有可比较的：{why}。",
    "official.locality": "编辑之外变化太多：SSIM {ssim:n2}，LPIPS {lpips:n2}，需要 SSIM 高于 0.6 {both:both} LPIPS 低于 0.3。",
    "official.camera_turned": "相机似乎转了 10° 以上，而旋转编辑不得如此。",
    "official.viewpoint": "相机是否留在原处的检查按未通过计：{why}。",
    "official.stopped": "在检查操作之前即停止；编辑之外 SSIM {ssim:n2}，LPIPS {lpips:n2}。",
    "official.boxes_unknown": "{operation} 的规则{met:met}；此处不知道其依据的框。",
    "official.original_not_found": "原图的检测中没有与记录一致的 {subject}，因此 IC 和 SA 为 0。",
    "official.not_found": "编辑后的图像中没有找到 {subject}。",
    "official.none_edited": (
        "编辑后找到 {count} 个 {subject}，但都不算被编辑：此协议中，"
        "与原图的框相距 {within:length} 以内、或轮廓移动不到要求五分之一的，都算未变。"
    ),
    "official.moved": "{subject} 移动了 {went:length}，要求 {asked:length}，距目标 {off:length}（重叠 {overlap:n2}）。",
    "official.halved": "SA 减半：原图找到 {before} 个，编辑后 {after} 个。",
    "official.any_way": "IC 只看移动多远，不看方向。",
    "official.needs_above": "IC 要求 SA 高于 {least}。",
    "official.turned": "{subject} 转了 {turned:deg}，要求 {asked:deg}，与目标相差 {off:deg}。",
    "official.displaced": "它离原处 {away:length}，超过 50 cm 则 SA 为 0。",
    "official.scaled": "{subject} 的大小为原来的 {ratios}（宽 × 高 × 长），要求 {wanted}。",
    "official.needs_change": "IC 要求三者合计变化超过 0.2。",
    "official.removed": "原处已没有东西（{subject}：原图找到 {before} 个，编辑后 {after} 个）。",
    "official.removed_more": "原处已没有东西，且比要求多消失 {lost} 个（{subject}：原图找到 {before} 个，编辑后 {after} 个）。",
    "official.needs_least": "IC 要求 SA 至少 {least}。",
    "official.still_there": "原处仍能找到 {subject}（原图找到 {before} 个，编辑后 {after} 个）。",
    "official.still_there_or": "原处仍能找到 {subject}，或同类消失太多（原图找到 {before} 个，编辑后 {after} 个）。",
    "official.sa": "SA {sa:n2}。",
}
