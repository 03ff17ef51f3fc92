"""Instructions in English and Chinese: several ways to say each edit, drawn independently for the two languages.

Rules: a reader obeys each sentence in exactly the way that the edit was applied. The word "camera" stands in view edits only
(the reference's evaluator takes any other sentence with it for one), and nothing is ever "times larger" or "smaller", which
readers take in two ways. Verbs are those that the reference's evaluator knows. Every sentence reads back: `edits.readback`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from gsi_bench_builders.edits.naming import Name

__all__ = ["camera_move", "camera_turn", "move", "place", "relate", "remove", "rotate", "scale"]

Words = tuple[str, str]

_TAILS = (
    ", while keeping everything else unchanged",
    ", keeping all other objects unchanged",
    ", leaving everything else as it is",
)
_TAILS_ZH = ("，其他物体保持不变", "，其余部分不变", "，不要改动其他东西")

_MOVE_EN = (
    "Move the {name} {amount} {to}.",
    "Shift the {name} {to} by {amount}.",
    "Please move the {name} {amount} {to}.",
    "Relocate the {name} {amount} {to}.",
    "Move the {name} {to} by {amount}.",
    "Move the {name} by {amount} {to}.",
    "Shift the {name} {amount} {to}.",
)
_MOVE_TO: Mapping[str, Sequence[str]] = {
    "left": ("to the left", "left"),
    "right": ("to the right", "right"),
    "front": ("toward the viewer", "towards you", "closer to you", "closer to the viewer"),
    "behind": ("away from the viewer", "away from you", "farther away from you", "further from the viewer"),
}
_MOVE_ZH = (
    "将{name}向{to}移动{amount}。",
    "把{name}向{to}移动{amount}。",
    "把{name}往{to}挪动{amount}。",
    "将{name}朝{to}平移{amount}。",
    "把{name}朝{to}移{amount}。",
)
_MOVE_TO_ZH: Mapping[str, Sequence[str]] = {
    "left": ("左", "左边", "左侧"),
    "right": ("右", "右边", "右侧"),
    "front": ("靠近视角的方向", "视角方向", "近处"),
    "behind": ("远离视角的方向", "远处", "远离你的方向"),
}
_RELATE_EN = (
    "Move the {name}'s center {relation} the {other}'s center by {amount}.",
    "Shift the {name}'s center {relation} the {other}'s center by {amount}.",
    "Place the {name}'s center {relation} the {other}'s center by {amount}.",
    "Put the {name}'s center {relation} the {other}'s center by {amount}.",
    "Please move the {name}'s center {relation} the {other}'s center by {amount}.",
    "Relocate the {name}'s center {relation} the {other}'s center by {amount}.",
)
_RELATIONS: Mapping[str, Sequence[str]] = {
    "left": ("to the left of",),
    "right": ("to the right of",),
    "front": ("in front of",),
    "behind": ("behind",),
}
_RELATE_ZH = (
    "把{name}移到{other}的{relation}，两者中心相距{amount}。",
    "将{name}放到{other}的{relation}，中心间距为{amount}。",
    "将{name}移动到{other}{relation}，两者中心相距{amount}。",
    "把{name}挪到{other}的{relation}，中心距离{amount}。",
    "请把{name}摆在{other}的{relation}，两者中心相距{amount}。",
)
_RELATIONS_ZH: Mapping[str, Sequence[str]] = {
    "left": ("左侧", "左边"),
    "right": ("右侧", "右边"),
    "front": ("前方", "前面"),
    "behind": ("后方", "后面"),
}
_PLACE_EN = (
    "Put the {name} {on} the {other}.",
    "Place the {name} {on} the {other}.",
    "Please put the {name} {on} the {other}.",
)
_PLACE_ON: Mapping[str, Sequence[str]] = {"on": ("on", "onto", "on top of"), "in": ("in", "into", "inside")}
_PLACE_ZH = (
    "把{name}放到{other}{on}。",
    "将{name}放在{other}{on}。",
    "请把{name}放在{other}{on}。",
    "把{name}移到{other}{on}。",
    "将{name}摆到{other}{on}。",
)
_PLACE_ON_ZH: Mapping[str, Sequence[str]] = {"on": ("上", "上面"), "in": ("里", "里面")}
_MIDDLE_EN = (
    "Move the {name} to the center of the {other}.",
    "Place the {name} to the center of the {other}.",
    "Put the {name} to the middle of the {other}.",
    "Move the {name} to the middle of the {other}.",
    "Shift the {name} to the center of the {other}.",
    "Relocate the {name} to the middle of the {other}.",
)
_MIDDLE_ZH = (
    "把{name}放到{other}的正中央。",
    "将{name}移到{other}的中央。",
    "请把{name}摆到{other}的正中间。",
    "将{name}放在{other}的正中央。",
    "把{name}移到{other}的中心。",
)
_ROTATE_EN = (
    "Rotate the {name} {amount} {turn}.",
    "Turn the {name} {amount} {turn}.",
    "Spin the {name} {amount} {turn}.",
    "Rotate the {name} {turn} by {amount}.",
    "Turn the {name} {turn} by {amount}.",
    "Rotate the {name} by {amount} {turn} around its vertical axis.",
)
_ROTATE_HALF_EN = (
    "Rotate the {name} 180 degrees.",
    "Turn the {name} by 180 degrees.",
    "Spin the {name} 180 degrees.",
    "Rotate the {name} by 180 degrees around its vertical axis.",
    "Turn the {name} 180 degrees about its vertical axis.",
    "Rotate the {name} by 180 degrees.",
)
_ROTATE_ZH = (
    "将{name}{turn}旋转{amount}。",
    "把{name}{turn}旋转{amount}。",
    "把{name}{turn}转{amount}。",
    "从上方看，将{name}{turn}转动{amount}。",
    "请将{name}绕竖直轴{turn}旋转{amount}。",
)
_ROTATE_HALF_ZH = (
    "将{name}旋转180度。",
    "把{name}转180度。",
    "请把{name}绕竖直轴旋转180度。",
    "把{name}原地转动180度。",
    "将{name}水平旋转180度。",
)
_TURNS_ZH = {"clockwise": "顺时针", "counterclockwise": "逆时针"}
_LARGER_EN = (
    "Enlarge the {name} by {percent}%.",
    "Increase the size of the {name} by {percent}%.",
    "Scale up the {name} by {percent}%.",
    "Scale the {name} by a factor of {factor}.",
    "Resize the {name} to {factor} times its original size.",
    "Resize the {name} to {whole}% of its original size.",
)
_SMALLER_EN = (
    "Shrink the {name} by {percent}%.",
    "Reduce the size of the {name} by {percent}%.",
    "Scale down the {name} by {percent}%.",
    "Scale the {name} by a factor of {factor}.",
    "Resize the {name} to {factor} times its original size.",
    "Resize the {name} to {whole}% of its original size.",
)
_LARGER_ZH = (
    "将{name}放大{percent}%。",
    "把{name}扩大{percent}%。",
    "将{name}缩放为原来的{factor}倍大小。",
    "把{name}的尺寸变为原来的{whole}%。",
    "请把{name}放大到原来的{factor}倍。",
)
_SMALLER_ZH = (
    "将{name}缩小{percent}%。",
    "把{name}缩小{percent}%。",
    "将{name}缩放为原来的{factor}倍大小。",
    "把{name}的尺寸变为原来的{whole}%。",
    "请把{name}缩小到原来的{factor}倍。",
)
_REMOVE_EN = (
    "Remove the {name}.",
    "Please remove the {name}.",
    "Remove the {name} from the scene.",
    "Remove the {name} from the picture.",
    "Please remove the {name} from the scene.",
    "Remove the {name} completely.",
)
_REMOVE_ZH = ("移除{name}。", "把{name}拿走。", "请删除{name}。", "将{name}移走。", "去掉{name}。")
_CAMERA_MOVE_EN = (
    "Move the camera {to} by {amount}.",
    "Move the camera {amount} {to}.",
    "Please move the camera {to} by {amount}.",
    "Please move the camera {amount} {to}.",
    "Move the camera by {amount} {to}.",
    "Please move the camera by {amount} {to}.",
)
_CAMERA_TO: Mapping[str, Sequence[str]] = {
    "left": ("to the left", "left"),
    "right": ("to the right", "right"),
    "forward": ("forward",),
    "backward": ("backward",),
    "up": ("up", "upward"),
    "down": ("down", "downward"),
}
_CAMERA_MOVE_ZH = (
    "将相机向{to}移动{amount}。",
    "把镜头向{to}移动{amount}。",
    "相机向{to}平移{amount}。",
    "请将相机往{to}移{amount}。",
    "把相机朝{to}移动{amount}。",
)
_CAMERA_TO_ZH: Mapping[str, Sequence[str]] = {
    "left": ("左",),
    "right": ("右",),
    "forward": ("前",),
    "backward": ("后",),
    "up": ("上",),
    "down": ("下",),
}
_CAMERA_TURN_EN = (
    "Rotate the camera {amount} {to}.",
    "Turn the camera {amount} {to}.",
    "Turn the camera {to} by {amount}.",
    "Rotate the camera {to} by {amount}.",
    "Change the view by turning the camera {amount} {to}.",
    "Please turn the camera {to} by {amount}.",
)
_CAMERA_TURN_TO: Mapping[str, Sequence[str]] = {
    "left": ("to the left", "left"),
    "right": ("to the right", "right"),
    "up": ("up", "upward"),
    "down": ("down", "downward"),
}
_CAMERA_TURN_ZH = (
    "将相机向{to}转动{amount}。",
    "把镜头向{to}旋转{amount}。",
    "相机向{to}转{amount}。",
    "请将相机往{to}转动{amount}。",
    "把相机朝{to}转{amount}。",
)


def move(name: Name, direction: str, centimetres: int, rng: np.random.Generator) -> Words:
    """Left, right, front (nearer), behind (farther)."""
    en = _one(_MOVE_EN, rng).format(name=name.en, amount=_cm(centimetres, rng), to=_one(_MOVE_TO[direction], rng))
    zh = _one(_MOVE_ZH, rng).format(name=name.zh, amount=f"{centimetres}厘米", to=_one(_MOVE_TO_ZH[direction], rng))
    return _finished(en, zh, rng)


def relate(name: Name, other: Name, direction: str, centimetres: int, rng: np.random.Generator) -> Words:
    """To a side of another object, centre to centre."""
    en = _one(_RELATE_EN, rng).format(
        name=name.en, other=other.en, relation=_one(_RELATIONS[direction], rng), amount=_cm(centimetres, rng)
    )
    zh = _one(_RELATE_ZH, rng).format(
        name=name.zh, other=other.zh, relation=_one(_RELATIONS_ZH[direction], rng), amount=f"{centimetres}厘米"
    )
    return _finished(en, zh, rng)


def place(name: Name, other: Name, relation: str, middle: bool, rng: np.random.Generator) -> Words:
    """Anywhere on or in another object, or in its middle."""
    en = _one(_MIDDLE_EN if middle else _PLACE_EN, rng)
    zh = _one(_MIDDLE_ZH if middle else _PLACE_ZH, rng)
    return _finished(
        en.format(name=name.en, other=other.en, on=_one(_PLACE_ON[relation], rng)),
        zh.format(name=name.zh, other=other.zh, on=_one(_PLACE_ON_ZH[relation], rng)),
        rng,
    )


def rotate(name: Name, direction: str | None, degrees: int, rng: np.random.Generator) -> Words:
    """About the vertical, sense seen from above; None: half a turn, where both are one."""
    if direction is None:
        return _finished(_one(_ROTATE_HALF_EN, rng).format(name=name.en), _one(_ROTATE_HALF_ZH, rng).format(name=name.zh), rng)
    en = _one(_ROTATE_EN, rng).format(name=name.en, amount=f"{degrees} degrees", turn=direction)
    zh = _one(_ROTATE_ZH, rng).format(name=name.zh, amount=f"{degrees}度", turn=_TURNS_ZH[direction])
    return _finished(en, zh, rng)


def scale(name: Name, factor: float, rng: np.random.Generator) -> Words:
    """Size after over size before."""
    larger = factor > 1
    slots = {"factor": f"{factor:g}", "percent": f"{abs(factor - 1) * 100:g}", "whole": f"{factor * 100:g}"}
    en = _one(_LARGER_EN if larger else _SMALLER_EN, rng).format(name=name.en, **slots)
    zh = _one(_LARGER_ZH if larger else _SMALLER_ZH, rng).format(name=name.zh, **slots)
    return _finished(en, zh, rng)


def remove(name: Name, rng: np.random.Generator) -> Words:
    """Away with it."""
    return _finished(_one(_REMOVE_EN, rng).format(name=name.en), _one(_REMOVE_ZH, rng).format(name=name.zh), rng)


def camera_move(direction: str, centimetres: int, rng: np.random.Generator) -> Words:
    """The camera travels."""
    en = _one(_CAMERA_MOVE_EN, rng).format(amount=_cm(centimetres, rng), to=_one(_CAMERA_TO[direction], rng))
    zh = _one(_CAMERA_MOVE_ZH, rng).format(amount=f"{centimetres}厘米", to=_one(_CAMERA_TO_ZH[direction], rng))
    return en, zh


def camera_turn(direction: str, degrees: int, rng: np.random.Generator) -> Words:
    """The camera turns where it stands."""
    amount = f"{degrees} degree{'s' if degrees != 1 else ''}"
    en = _one(_CAMERA_TURN_EN, rng).format(amount=amount, to=_one(_CAMERA_TURN_TO[direction], rng))
    zh = _one(_CAMERA_TURN_ZH, rng).format(amount=f"{degrees}度", to=_one(_CAMERA_TO_ZH[direction], rng))
    return en, zh


def _one(choices: Sequence[str], rng: np.random.Generator) -> str:
    return choices[int(rng.integers(len(choices)))]


def _cm(centimetres: int, rng: np.random.Generator) -> str:
    return f"{centimetres} {_one(('cm', 'centimeters'), rng)}"


def _finished(en: str, zh: str, rng: np.random.Generator) -> Words:
    """Sometimes with a word on what stays."""
    if rng.random() < 0.25:
        en = en[:-1] + _one(_TAILS, rng) + "."
    if rng.random() < 0.25:
        zh = zh[:-1] + _one(_TAILS_ZH, rng) + "。"
    return en, zh
