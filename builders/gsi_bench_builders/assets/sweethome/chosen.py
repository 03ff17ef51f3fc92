"""Which models of Sweet Home 3D play which of our kinds. Only models that were looked at, drawn by this package, are here."""

from __future__ import annotations

import dataclasses
import math
from typing import Literal

from gsi_bench_builders.scene import Symmetry

__all__ = ["CHOSEN", "Chosen", "Surface"]


@dataclasses.dataclass(frozen=True)
class Surface:
    """Where others can stand on or in a model, metres, own axes around the centre of its box.

    Attributes:
        height: above its base.
        x, y: extents; of a round one those of the circle's square.
    """

    height: float
    x: tuple[float, float]
    y: tuple[float, float]
    relation: Literal["on", "in"] = "on"
    is_round: bool = False

    def outline(self) -> tuple[tuple[float, float], ...]:
        """A convex polygon, counter-clockwise."""
        (x0, x1), (y0, y1) = self.x, self.y
        if not self.is_round:
            return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
        steps = [2 * math.pi * n / 16 for n in range(16)]
        a, b = (x1 - x0) / 2, (y1 - y0) / 2
        return tuple(((x0 + x1) / 2 + a * math.cos(t), (y0 + y1) / 2 + b * math.sin(t)) for t in steps)


@dataclasses.dataclass(frozen=True)
class Chosen:
    """A model.

    Attributes:
        archive, model: the catalogue's file without its suffix, and the last part of the model's id in it.
        kind: of ours that it plays: names, hold and places are that kind's.
        symmetry: of its looks, see `scene.Symmetry`.
        colour: a word of `assets.colours` that fits the whole; None where none does.
        surface: where others can stand.
        turn_deg: counter-clockwise from above, to bring its front to -y.
        also: nouns that fit parts of it, beside those of its kind.
    """

    archive: str
    model: str
    kind: str
    symmetry: Symmetry = "none"
    colour: str | None = None
    surface: Surface | None = None
    turn_deg: float = 0.0
    also: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """Of the model among all."""
        return f"{self.archive}/{self.model}"


_CC0, _BY, _KATOR, _SCOPIA = "BlendSwap-CC-0", "BlendSwap-CC-BY", "KatorLegaz", "Scopia"
_PILLOWS = (("cushion", "靠垫"),)


def _top(height: float, x: float, y: float) -> Surface:
    """A top in the middle of its box, by half its sides."""
    return Surface(height, (-x, x), (-y, y))


def _disc(height: float, radius: float) -> Surface:
    return Surface(height, (-radius, radius), (-radius, radius), is_round=True)


# Heights and extents were measured on the meshes: the highest point there, level to 3 mm (seats and beds: 12 mm). Symmetry is
# in doubt too high, for a turn that may not be seen must not be asked for.
_FURNITURE = (
    Chosen(_CC0, "couch", "sofa", also=_PILLOWS),
    Chosen(_CC0, "sofa2", "sofa", colour="beige"),
    Chosen(_CC0, "winchesterSofa", "sofa", surface=Surface(0.389, (-0.75, 0.75), (-0.4, 0.08))),
    Chosen(_BY, "sofa3", "sofa", colour="brown", surface=Surface(0.438, (-0.68, 0.68), (-0.26, -0.01))),
    Chosen(_BY, "couch3", "sofa", surface=Surface(0.43, (-0.72, 0.72), (-0.4, 0.02))),
    Chosen(_BY, "sofa2", "sofa", colour="white", surface=Surface(0.272, (-0.69, 0.69), (-0.34, 0.17))),
    Chosen(_KATOR, "mid-century-sofa", "sofa", colour="white"),
    Chosen(_KATOR, "futon-couch", "sofa", colour="red"),
    Chosen(_SCOPIA, "simple_sofa", "sofa", also=_PILLOWS),
    Chosen(_SCOPIA, "clear_sofa", "sofa", colour="beige", also=_PILLOWS),
    Chosen(_SCOPIA, "burlap_sofa", "sofa", also=_PILLOWS),
    Chosen(_SCOPIA, "leather_sofa", "sofa", colour="brown"),
    Chosen(_SCOPIA, "sofa_white_beige", "sofa", also=_PILLOWS),
    Chosen(_CC0, "armchair2", "armchair", colour="white", surface=Surface(0.394, (-0.19, 0.19), (-0.34, 0.07))),
    Chosen(_CC0, "modernArmchair", "armchair"),
    Chosen(_CC0, "winchesterArmchair", "armchair", surface=Surface(0.389, (-0.24, 0.24), (-0.4, 0.02))),
    Chosen(_BY, "armchair1", "armchair"),
    Chosen(_BY, "fotel", "armchair", colour="black"),
    Chosen(_KATOR, "mid-century-chair", "armchair", colour="white"),
    Chosen(_SCOPIA, "armchair", "armchair"),
    Chosen(_SCOPIA, "armchair1", "armchair"),
    Chosen(_SCOPIA, "armchair2", "armchair", colour="yellow", also=_PILLOWS),
    Chosen(_SCOPIA, "armchair3", "armchair"),
    Chosen(_SCOPIA, "modern_armchair", "armchair", colour="blue"),
    Chosen(_CC0, "oakChair", "chair", colour="brown"),
    Chosen(_CC0, "plasticChair", "chair", colour="blue"),
    Chosen(_CC0, "sillaBlanca", "chair"),
    Chosen(_CC0, "chair", "chair", colour="brown"),
    Chosen(_CC0, "chairWithCushion", "chair"),
    Chosen(_CC0, "chair2", "chair"),
    Chosen(_CC0, "osakaChair", "chair", colour="beige"),
    Chosen(_BY, "chairWithCushion", "chair"),
    Chosen(_BY, "ella_chair_f", "chair", colour="beige"),
    Chosen(_BY, "kitchenChair", "chair", colour="white"),
    Chosen(_BY, "chair3", "chair", colour="green"),
    Chosen(_BY, "plaidChair", "chair"),
    Chosen(_BY, "cafe_set_tonon_chair", "chair"),
    Chosen(_KATOR, "dining-chair", "chair", colour="blue"),
    Chosen(_SCOPIA, "chair", "chair"),
    Chosen(_SCOPIA, "chair3", "chair"),
    Chosen(_SCOPIA, "chair4", "chair"),
    Chosen(_SCOPIA, "plastic_chair", "chair"),
    Chosen(_SCOPIA, "white_kitchen_chair", "chair", colour="white"),
    Chosen(_KATOR, "office-chair", "office chair", colour="blue"),
    Chosen(_SCOPIA, "office_chair", "office chair"),
    Chosen(_KATOR, "bench", "bench", "2-fold", surface=_top(0.45, 0.46, 0.16)),
    Chosen(_CC0, "pianoBench", "bench", "2-fold", colour="black"),
    Chosen(_BY, "green_stool", "stool", "4-fold", colour="green", surface=_disc(0.46, 0.14)),
    Chosen(_BY, "coffeeTable", "coffee table", "2-fold", surface=_top(0.45, 0.58, 0.33)),
    Chosen(_SCOPIA, "coffee-table2", "coffee table", "2-fold", surface=_top(0.471, 0.58, 0.22)),
    Chosen(_BY, "table", "dining table", "2-fold", surface=_top(0.724, 0.7, 0.44)),
    Chosen(_SCOPIA, "table4", "dining table", "2-fold", surface=_top(0.75, 0.67, 0.42)),
    Chosen(_SCOPIA, "black_table", "dining table", "2-fold", colour="black", surface=_top(0.75, 0.82, 0.42)),
    Chosen(_SCOPIA, "wooden_table_office", "dining table", "2-fold", surface=_top(0.775, 0.73, 0.38)),
    Chosen(_SCOPIA, "table-with-leaning-feet", "dining table", "2-fold", colour="beige", surface=_top(0.75, 0.72, 0.3)),
    Chosen(_SCOPIA, "table-on-trestles", "dining table", "2-fold", colour="beige", surface=_top(0.761, 0.77, 0.3)),
    Chosen(_SCOPIA, "round-table", "dining table", "4-fold", surface=_disc(0.757, 0.52)),
    Chosen(_CC0, "oakTable", "dining table", "4-fold", colour="brown", surface=_disc(0.741, 0.58)),
    Chosen(_BY, "simpleDesk", "desk", colour="beige", surface=_top(0.72, 0.67, 0.38)),
    Chosen(_BY, "biurko3", "desk", surface=_top(0.72, 0.57, 0.25)),
    Chosen(_SCOPIA, "kids_desk_table", "desk", colour="white", surface=_top(0.746, 0.54, 0.28)),
    Chosen(_SCOPIA, "kids_wooden_desk", "desk", surface=_top(0.746, 0.48, 0.28)),
    Chosen(_CC0, "lbDesk", "desk", colour="gray", surface=Surface(0.72, (-0.77, 0.77), (-0.38, 0.24))),
    Chosen(_BY, "tvStand", "tv stand", surface=_top(0.526, 0.65, 0.18)),
    Chosen(_CC0, "led_tv", "television"),
    Chosen(_SCOPIA, "tv", "television"),
    Chosen(_KATOR, "full-bookcase", "bookshelf"),
    Chosen(_BY, "bookcase", "bookshelf", colour="white"),
    Chosen(_CC0, "bedsideTable2", "nightstand", colour="beige", surface=_top(0.454, 0.22, 0.2)),
    Chosen(_BY, "bedsideTable", "nightstand", colour="beige", surface=_top(0.48, 0.23, 0.19)),
    Chosen(_BY, "lettoCloud", "bed", colour="blue", surface=Surface(0.464, (-0.68, 0.68), (-0.82, 0.32))),
    Chosen(_BY, "juniorBed", "bed", surface=Surface(0.46, (-0.36, 0.36), (-0.84, 0.33))),
    Chosen(_SCOPIA, "bed1", "bed", surface=Surface(0.551, (-0.7, 0.7), (-0.97, 0.56))),
    Chosen(_SCOPIA, "children_bed", "bed", colour="white", surface=Surface(0.566, (-0.31, 0.31), (-0.92, 0.46))),
    Chosen(_SCOPIA, "captains-bed", "bed", surface=Surface(0.498, (-0.39, 0.39), (-0.93, 0.68))),
    Chosen(_BY, "wardrobe", "wardrobe", colour="beige"),
    Chosen(_BY, "wardrobe2", "wardrobe", colour="white"),
    Chosen(_BY, "dresserWithDrawers", "dresser", colour="white", surface=_top(0.81, 0.69, 0.22)),
    Chosen(_SCOPIA, "living_lamp", "floor lamp"),
    Chosen(_CC0, "decorativePlant", "house plant", "continuous"),
    Chosen(_CC0, "plant", "house plant"),
    Chosen(_SCOPIA, "ficus", "house plant", "continuous"),
    Chosen(_SCOPIA, "maceta", "house plant"),
    Chosen(_BY, "mediumIndoorPlant", "house plant"),
    Chosen(_BY, "spatifilum", "house plant", "continuous"),
    Chosen(_CC0, "cuckooClock", "wall clock"),
)
_BATHROOM = (
    Chosen(_CC0, "toiletsUnit", "toilet"),
    Chosen(_BY, "toilets_unit_jay_hardy", "toilet"),
    Chosen(_BY, "modernToilet", "toilet"),
    Chosen(_BY, "bath_jay_hardy", "bathtub"),
    Chosen(_CC0, "modernVanity", "vanity", colour="white", surface=Surface(0.834, (0.3, 0.44), (-0.3, 0.26))),
    Chosen(_CC0, "toiletPaperDispenser", "toilet roll holder"),
    Chosen(_KATOR, "bathroom-tissue", "toilet roll holder"),
    Chosen(_KATOR, "bathmat", "bath mat", "2-fold"),
    Chosen(_SCOPIA, "clothes-basket", "laundry basket", "4-fold"),
    Chosen(_CC0, "dustbin", "trash can", "continuous", colour="gray"),
    Chosen(_KATOR, "bullet-trash-can", "trash can", "continuous", colour="white"),
    Chosen(_SCOPIA, "com_bath3_toalla", "towel", "2-fold", colour="blue"),
    Chosen(_SCOPIA, "com_bath2_soap", "soap dispenser", "2-fold"),
    Chosen(_SCOPIA, "com_bath2_jabon_pijo", "lotion bottle", "continuous", colour="white"),
    Chosen(_SCOPIA, "com_bath", "lotion bottle", "continuous"),
    Chosen(_CC0, "flacon", "perfume bottle", "2-fold"),
)
_SMALL = (
    Chosen(_BY, "lamp", "table lamp", "continuous"),
    Chosen(_SCOPIA, "little_lamp1", "table lamp", "continuous"),
    Chosen(_SCOPIA, "little_lamp2", "table lamp", "continuous"),
    Chosen(_SCOPIA, "table_lamp", "table lamp", "continuous"),
    Chosen(_CC0, "desklamp", "table lamp", "continuous"),
    Chosen(_SCOPIA, "desk_lamp1", "desk lamp", colour="black"),
    Chosen(_SCOPIA, "desk_lamp2", "desk lamp"),
    Chosen(_CC0, "littlePlant", "plant", "continuous"),
    Chosen(_CC0, "cactus", "plant"),
    Chosen(_BY, "succulentPlant", "plant"),
    Chosen(_CC0, "orchids", "plant"),
    Chosen(_SCOPIA, "vase2", "vase", "continuous"),
    Chosen(_SCOPIA, "vase3", "vase", "continuous"),
    Chosen(_SCOPIA, "jar", "vase", "continuous"),
    Chosen(_SCOPIA, "old_jar", "vase", "continuous"),
    Chosen(_BY, "laptop", "laptop"),
    Chosen(_KATOR, "apple-ibook-2001", "laptop"),
    Chosen(_BY, "clock", "clock"),
    Chosen(_BY, "book", "book"),
    Chosen(_KATOR, "coffee-mug", "mug", colour="white"),
    Chosen(_CC0, "caffe_final", "cup", "continuous", colour="white"),
    Chosen(_SCOPIA, "cup", "cup", "continuous"),
    Chosen(_KATOR, "12-oz-glass", "glass", "continuous"),
    Chosen(_KATOR, "highball-glass", "glass", "continuous"),
    Chosen(_SCOPIA, "tv-remote-control", "remote control", colour="black"),
    Chosen(_CC0, "iphone", "phone", colour="black"),
    Chosen(_BY, "mobile", "phone", colour="black"),
    Chosen(_CC0, "speaker2", "speaker", colour="black"),
    Chosen(_SCOPIA, "frame1", "picture frame"),
    Chosen(_SCOPIA, "frame2", "picture frame"),
    Chosen(_CC0, "tetrapak", "carton", "2-fold"),
    Chosen(_CC0, "bread", "bread"),
    Chosen(_KATOR, "red-wine-bottle-01", "bottle", "continuous"),
    Chosen(_SCOPIA, "wine_bottle", "bottle", "continuous"),
    Chosen(_BY, "beer_bottle", "bottle", "continuous", colour="brown"),
    Chosen(_KATOR, "bread-plate", "plate", "continuous", colour="white", surface=_disc(0.011, 0.055)),
    Chosen(_SCOPIA, "tray", "tray", "2-fold", colour="black", surface=_top(0.012, 0.17, 0.12)),
    Chosen(_BY, "espressokettle", "moka pot"),
    Chosen(_BY, "saltShaker", "salt shaker", "continuous"),
    Chosen(_BY, "fork", "fork"),
    Chosen(_BY, "knife", "knife", "2-fold"),
    Chosen(_BY, "spoon", "spoon"),
    Chosen(_BY, "choppingBoard", "cutting board", "2-fold"),
    Chosen(_SCOPIA, "toaster", "toaster", "2-fold"),
    Chosen(_SCOPIA, "kitchenKnifeStandSet", "knife block"),
    Chosen(_SCOPIA, "paperTowelHolder", "paper towel", "continuous"),
    Chosen(_SCOPIA, "reflex_camera", "camera", colour="black"),
    Chosen(_SCOPIA, "basic_camera", "camera", colour="black"),
    Chosen(_SCOPIA, "penbox", "pencil cup", colour="black"),
    Chosen(_SCOPIA, "sugar", "sugar bowl", "continuous"),
    Chosen(_BY, "largePan", "pot", "continuous"),
    Chosen(_BY, "carrito-de-madera", "toy car"),
)
CHOSEN: tuple[Chosen, ...] = (*_FURNITURE, *_BATHROOM, *_SMALL)
