"""What a Chinese name of an object may hold: what it says more than a name refuses the sentence, as in English."""

from __future__ import annotations

import re

from gsi_bench_dataset.language.chinese.words import CAMERA
from gsi_bench_dataset.language.reading import NotUnderstood, Places

__all__ = ["name_problem"]

# How or when something is done, in two characters or more: alone behind a name, or before it.
_ADVERBS = (
    "小心翼翼|小心|缓缓|缓慢|迅速|直接|马上|立即|立刻|再次|微微|悄悄|用力|逐渐|逐步|尽量|尽快|适当|顺便|随便|随意|恰好|刚好|正好"
    "|几乎|完全|现在|一起|往回|精确|精准|准确|仔细|平稳|平滑|温柔|轻柔|整体|顺势"
)
# The same behind a name only, as names begin with them: the disposable cup (一次性杯子), the fast charger, the coffee of Yemen.
_ADVERBS_BEHIND = f"{_ADVERBS}|一次性|快速|简单|就|先|也|还|又|些|猛|(?<!附)近"
# Why something is no part of a name -> such words.
_REASONS = {
    "a name cannot hold this": (r"[。；;！!？?，,：:、\"“”]",),
    "a second instruction": (
        r"然后|接着|并且|随后|再把|并把|并将|再将|同时|以及|或者?|与|并(?=旋|移|放|缩|删)",
        r"和(?!(?:白|黑|红|蓝|绿|黄|灰)色)",
        r"移动(?!电源|硬盘|电话)|平移|挪动|移到|旋转|转动|翻转|镜像|翻过|倒置",
        r"缩放|放大(?!镜)|缩小|移除|删除|添加|增加|替换|换成|变成|改成|放在|放到|放进",
        r"让|(?<![天大])使|(?<![拖火一两三那这])把(?!手)|(?<!麻)将(?!军)|变(?!压|形|色)",
        r"推(?!车)|(?<![易沙])拉(?![杆链面])",
    ),
    "an exception, which cannot be said": (
        r"除了|除.+外|以外|之外|不要|别(?=移|动|改|删)|没有|只(?=有|剩|留)|仅",
        r"其他|其它|其余|别的",
    ),
    "one object is meant at a time": (r"所有|全部|一切|每个?|各个?|都(?!市)|任何|整个",),
    "an axis other than the vertical, or a way around": (r"绕|围绕|(?<![桌边])沿|轴|水平|垂直|竖直|(?:顺|逆)时针",),
    "a direction that has no place in the sentence": (
        r"(?:向|往|朝)(?:[左右前后上下近远靠里外]|着|它|其)|[左右前后上下](?=移|挪)|斜|靠近(?=.*移)",
        r"[纵横竖]向|倒着|反过来|反着|侧着|躺|立起|对准|面向|朝向",
    ),
    "what this belongs to is not clear": (r"其(?![他它余])|它的?|自身",),
    "an amount that cannot be read": (
        r"分别|均匀|轻轻|慢慢|重新|再$|又$|稍微|稍稍|略微?|一点|一些|一下|大约|大概|左右(?!手)|(?<!茶)几|少许|很多|至少|最多",
        r"[半双两三四五六七八九十百]+(?:[个只把张块本瓶]|厘米|毫米|米|度|倍|公分|英寸|英尺)",
    ),
    "a number that has no place in the sentence": (r"\d",),
    "how or when it is done, which has no place in a name": (
        rf"(?:{_ADVERBS_BEHIND})$|^(?:{_ADVERBS})(?!的)",
        # The particle of adverbs, and no grass, soil, place …
        rf"(?:{_ADVERBS_BEHIND}|(.)\1)地(?![图毯球板砖灯面垫])|(?<![草绿空土场工盆本产])地$",
    ),
    "is no object": (
        r"高度|宽度|深度|长度|厚度|亮度|对比度|饱和度|颜色|距离|间距|间隔|体积|面积|数量|角度|透明度|重量|位置|阴影",
    ),
    "the rest of a phrase is missing": (r"(?:上面?|里面?|中|内|的|从|在|到|成|为|得|向|往|朝着?)$|^[将把让使从的]",),
}
_FORBIDDEN = {why: re.compile("|".join(patterns), re.IGNORECASE) for why, patterns in _REASONS.items()}
_WHOLE = re.compile(
    rf"(?:这个|那个|该)?(?:{CAMERA}|画面|场景|图片|图像|照片|背景|前景|房间|[左右前后上下](?:边|侧|面|方)?|它|这里|那里)"
)
_NEW = re.compile(r"(?:^|另|再)(?:一(?:个|只|把|张|块|本|瓶|盏|些|朵|束)|新的?)|另[外一]|新的")
_TOGETHER = re.compile(r"连同(?:上面|里面)的东西一起$")
# What tells one object from others, although it holds forbidden words.
_TELLING = re.compile(r"离[你您我]?(?:相机|镜头)?最[近远]的|[左右]手|最[左右前后上下](?:边|侧|面|方|端)?的?")
# Where an object is: "the bowl on the left".
_SITUATION = re.compile(r"[左右前后上下](?:边|侧|面|方|端)的|[上下里中内]的")


def name_problem(name: str, *, places: Places = "any", definite: bool = False) -> NotUnderstood | None:
    """The word that makes a name more than a name; None for a plain one. Arguments as in English.

    >>> print(name_problem("杯子绕x轴"))
    '绕': an axis other than the vertical, or a way around
    """
    if definite and (new := _NEW.search(name)):
        return NotUnderstood(new[0], "does not say which object is meant: a new one is not placed")
    if whole := _WHOLE.fullmatch(name):
        return NotUnderstood(whole[0], "is no object")
    told = _TELLING.sub("", _TOGETHER.sub("", name))
    if places == "any":
        told = _SITUATION.sub("", told)
    for why, pattern in _FORBIDDEN.items():
        if found := pattern.search(told):
            return NotUnderstood(found[0], why)
    return None
