"""What labels of photographs are called in both languages, how such things turn, and which of them can be moved at all."""

from __future__ import annotations

import re

from gsi_bench_builders.assets.nouns_zh import chinese
from gsi_bench_builders.scene import Hold, Symmetry, Vector3

__all__ = ["also_of", "hold_of", "nouns_of", "symmetry_of"]

# What the builders' own list of nouns lacks.
_TABLE = """
    air conditioner 空调, armchair 扶手椅, bathtub 浴缸, bean bag 懒人沙发, bed 床, bench 长凳, bicycle 自行车,
    blackboard 黑板, blanket 毯子, blinds 百叶窗, bookcase 书柜, bookshelf 书架, boots 靴子, cabinet 柜子, camera 照相机,
    cart 推车, cat 猫, ceiling 天花板, chair 椅子, chest of drawers 斗柜, closet 壁橱, coat rack 衣帽架,
    coffee table 茶几, couch 长沙发, counter 台面, crate 板条箱, cupboard 橱柜, curtain 窗帘, cushion 靠垫, desk 书桌,
    dining chair 餐椅, dining table 餐桌, dishwasher 洗碗机, dog 狗, door 门, drawer 抽屉, dresser 梳妆柜,
    file cabinet 文件柜, fireplace 壁炉, floor lamp 落地灯, floor 地板, footstool 脚凳, fridge 冰箱, garbage bag 垃圾袋,
    garbage can 垃圾桶, hamper 脏衣篮, heater 取暖器, jacket 夹克, ladder 梯子, light switch 电灯开关, mat 垫子,
    mattress 床垫, night stand 床头柜, nightstand 床头柜, office chair 办公椅, ottoman 软凳, painting 画, person 人,
    piano 钢琴, picture 挂画, pillow 枕头, pipe 管道, poster 海报, power socket 插座, projector 投影仪, radiator 暖气片,
    recycling bin 回收桶, refrigerator 冰箱, rug 地毯, shelf 置物架, shower curtain 浴帘, shower 淋浴, side table 边桌,
    sneaker 运动鞋, sofa 沙发, stand 架子, stool 凳子, storage box 收纳盒, suitcase 行李箱, table 桌子, toilet 马桶,
    trash can 垃圾桶, tv stand 电视柜, vacuum cleaner 吸尘器, wall 墙, wardrobe 衣柜, washing machine 洗衣机,
    waste bin 废纸篓, wastebasket 废纸篓, whiteboard 白板, window 窗户
"""
_CHINESE = dict(entry.rsplit(" ", 1) for entry in " ".join(_TABLE.split()).split(", "))
# Other spellings, as corpora have them.
_ALSO = {
    "bike": "bicycle",
    "book shelf": "bookshelf",
    "carpet": "rug",
    "garbage bin": "garbage can",
    "houseplant": "potted plant",
    "rubbish bin": "trash can",
    "shoes": "shoe",
    "trash bin": "trash can",
    "tv monitor": "television",
}

# Words that people use of the same things, a line each: "the can" may be the tin beside it.
_SAME = """
    bag, backpack, handbag, purse
    bin, trash can, garbage can, recycling bin, waste bin, wastebasket
    blanket, throw
    blinds, curtain
    book, magazine, notebook
    bookcase, bookshelf, shelf
    box, cardboard box, carton, crate, package, storage box
    cabinet, closet, cupboard, wardrobe, dresser, chest of drawers
    can, tin
    carpet, mat, rug, bath mat, doormat
    couch, sofa, loveseat
    cup, mug, coffee cup, teacup
    cushion, pillow, throw pillow
    desk, table
    fridge, refrigerator
    hamper, basket, laundry basket, storage basket, wicker basket
    jug, pitcher
    monitor, screen, television, tv
    night stand, nightstand, bedside table, side table, end table
    painting, picture, picture frame, poster
    pan, pot, frying pan, saucepan
    phone, cell phone, smartphone, telephone
    plant, houseplant, potted plant
    plate, saucer
    shoe, sneaker, boots
    sink, basin, washbasin
    stool, footstool, ottoman, step stool
"""
# What such a thing is called too, and not the other way round.
_KINDS = {"armchair": ("chair",), "alarm clock": ("clock",), "laptop": ("computer",), "rocking chair": ("armchair",)}


def _listed(text: str) -> set[str]:
    return set(" ".join(text.split()).split(", "))


# What walls, floors and plumbing hold: it stays. The rest of these hang: they can be taken away and no more.
_BUILT = _listed("""
    air conditioner, bathtub, blackboard, cabinet, ceiling, closet, counter, cupboard, dishwasher, door, drawer,
    faucet, fireplace, floor, oven, pipe, power socket, light switch, radiator, shower, sink, stove, toilet, wall,
    window
""")
_HUNG = _listed("""
    blinds, clock, curtain, mirror, painting, picture, picture frame, poster, projector, shelf, shower curtain,
    whiteboard
""")
_SQUARE = 0.06  # share of the longer side, by which hand-marked sides of a round thing differ
# A turn by any amount shows; half a turn brings them back; of all others it is not sure, and what is in doubt is not turned.
_SHOWS_TURNS = _listed("""
    alarm clock, armchair, bicycle, boots, camera, cat, chair, couch, desk, dining chair, dog, dresser,
    file cabinet, fridge, guitar, hammer, handbag, iron, kettle, keyboard, knife, laptop, microwave, monitor,
    mouse, mug, office chair, pan, phone, piano, printer, purse, radio, refrigerator, scissors, shoe, smartphone,
    sneaker, sofa, spatula, spoon, statue, stapler, teapot, teddy bear, telephone, television, toaster, toy car,
    tv stand, vacuum cleaner, washing machine, watering can
""")
_TWO_FOLD = _listed("""
    bed, bench, book, box, cereal box, coffee table, crate, dining table, mattress, side table, suitcase, table,
    tissue box
""")


def nouns_of(label: str) -> tuple[str, str | None]:
    """(English, Chinese) words for a label; Chinese None where there is no name for it here.

    >>> nouns_of("Office_Chair"), nouns_of("flux capacitor")
    (('office chair', '办公椅'), ('flux capacitor', None))
    """
    noun = " ".join(re.sub(r"[_/-]+", " ", label).lower().split())
    noun = _ALSO.get(noun, noun)
    return noun, _CHINESE.get(noun) or chinese(noun)


def also_of(noun: str) -> tuple[tuple[str, str], ...]:
    """Other (English, Chinese) nouns that fit such a thing; in Chinese the English word again where there is no name here.

    >>> also_of("tin"), also_of("armchair")
    ((('can', '易拉罐'),), (('chair', '椅子'),))
    """
    groups = [line.strip().split(", ") for line in _SAME.strip().splitlines()]
    words = [word for group in groups if noun in group for word in group if word != noun]
    return tuple((word, nouns_of(word)[1] or word) for word in (*words, *_KINDS.get(noun, ())))


def symmetry_of(noun: str, size: Vector3 | None = None) -> Symmetry:
    """Which turns leave such a thing looking the same; in doubt all of them.

    Args:
        noun: English.
        size: full extents along own right, forward, up, metres: a table as deep as it is wide may be round.
    """
    square = size is not None and abs(size[0] - size[1]) <= _SQUARE * max(size[:2])
    last = noun.rsplit(" ", maxsplit=1)[-1] if noun else ""
    for word in (noun, last):
        if word in _SHOWS_TURNS:
            return "none"
        if word in _TWO_FOLD:
            return "continuous" if square else "2-fold"
    return "continuous"


def hold_of(noun: str) -> Hold:
    """How such a thing is held."""
    if noun in _BUILT:
        return "built"
    return "hung" if noun in _HUNG else "free"
