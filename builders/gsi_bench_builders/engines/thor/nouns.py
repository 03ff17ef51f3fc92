"""What AI2-THOR's kinds of objects are called, in English and Chinese, and which of them show a turn."""

from __future__ import annotations

import re

from gsi_bench_builders.assets.nouns_zh import chinese
from gsi_bench_builders.scene import Symmetry

__all__ = ["FLAT_TOPS", "english_noun", "nouns_of", "symmetry_of"]

# English words where the name of the kind, taken apart, is not what people say.
_ENGLISH = {
    "ArmChair": "armchair",
    "BaseballBat": "baseball bat",
    "BasketBall": "basketball",
    "CD": "disc",
    "CellPhone": "smartphone",
    "Cloth": "cloth",
    "CounterTop": "counter",
    "DishSponge": "sponge",
    "GarbageBag": "garbage bag",
    "GarbageCan": "garbage can",
    "HousePlant": "potted plant",
    "PaperTowelRoll": "paper towel",
    "ScrubBrush": "brush",
    "SoapBar": "soap",
    "TVStand": "tv stand",
}
# Kinds that the builders' own list of nouns lacks. What is missing in both gets no name, and is drawn all the same.
_TABLE = """
    armchair 扶手椅, baseball bat 棒球棒, bathtub 浴缸, bed 床, boots 靴子, butter knife 黄油刀, cabinet 柜子, chair 椅子,
    cloth 抹布, coffee table 茶几, counter 台面, desk 书桌, dining table 餐桌, disc 光盘, dog bed 狗窝, dresser 斗柜,
    floor lamp 落地灯, footstool 脚凳, garbage bag 垃圾袋, garbage can 垃圾桶, hand towel 擦手巾, laundry hamper 洗衣篮,
    lettuce 生菜, ottoman 软凳, painting 画, pillow 枕头, plunger 马桶搋, shelf 置物架, side table 边桌,
    soap bottle 皂液瓶, sofa 沙发, stool 凳子, tennis racket 网球拍, toilet 马桶, tv stand 电视柜, watering can 浇水壶
"""
_CHINESE = dict(entry.rsplit(" ", 1) for entry in " ".join(_TABLE.split()).split(", "))

# A turn by any amount shows. Of all other kinds it is not sure, and what is in doubt is not turned.
_SHOWS_TURNS = {
    "AlarmClock", "ArmChair", "BaseballBat", "Boots", "ButterKnife", "CellPhone", "Chair", "CreditCard", "Desk", "DogBed",
    "Faucet", "Fork", "Kettle", "KeyChain", "Knife", "Ladle", "Laptop", "Mug", "Pan", "Pen", "Pencil", "Plunger",
    "RemoteControl", "ScrubBrush", "Sofa", "Spatula", "Spoon", "SprayBottle", "Statue", "TVStand", "TeddyBear", "Television",
    "TennisRacket", "Toilet", "Watch", "WateringCan",
}  # fmt: skip
# Half a turn brings them back.
_TWO_FOLD = {"Bed", "Book", "Box", "CoffeeTable", "DiningTable", "Newspaper", "Pillow", "SideTable", "TissueBox"}

# Kinds whose boxes end at a level top that carries: elsewhere (a sofa, a shelf) only what stands there tells the height.
FLAT_TOPS = {"CoffeeTable", "CounterTop", "Desk", "DiningTable", "Dresser", "Footstool", "SideTable", "Stool", "TVStand"}

_BREAK = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def english_noun(category: str) -> str:
    """A kind in lower-case words.

    >>> english_noun("RemoteControl"), english_noun("TVStand"), english_noun("HousePlant")
    ('remote control', 'tv stand', 'potted plant')
    """
    return _ENGLISH.get(category) or _BREAK.sub(" ", category).lower()


def nouns_of(category: str) -> tuple[str, str | None]:
    """(English, Chinese) words of a kind; Chinese None where it has no name here."""
    noun = english_noun(category)
    return noun, _CHINESE.get(noun) or chinese(noun)


def symmetry_of(category: str) -> Symmetry:
    """Which turns leave a kind looking the same; in doubt all of them."""
    if category in _SHOWS_TURNS:
        return "none"
    return "2-fold" if category in _TWO_FOLD else "continuous"
