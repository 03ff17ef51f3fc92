"""Variants of an edit: graded and wrong versions of it, what they are called, and where a dataset's lie.

Builders draw them, `gsi-bench validate` scores them, and the app shows some beside each sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gsi_bench_dataset.storage.folders import beside

__all__ = [
    "AFTER",
    "DUPLICATE",
    "EXTRA_COPY",
    "GRADES",
    "OPPOSITE",
    "OTHER_RESIZED",
    "OTHER_TOPPLED",
    "OVERSHOOT",
    "RELIT",
    "REMOVED",
    "REMOVED_TWIN",
    "REPLACED",
    "RETEXTURED",
    "SOURCE",
    "STRETCHED",
    "TOPPLED",
    "UPSIDE_DOWN",
    "VARIANTS",
    "WRONG_OBJECT",
    "grade_name",
    "variants_folder",
]


def grade_name(share: float) -> str:
    """The name of a share of the right edit.

    >>> grade_name(0.4), grade_name(1.0)
    ('grade040', 'grade100')
    """
    return f"grade{round(100 * share):03d}"


GRADES: Mapping[str, float] = {grade_name(share): share for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)}
SOURCE, AFTER = grade_name(0.0), grade_name(1.0)
OPPOSITE = "opposite"  # as much as asked, the other way
OVERSHOOT = "overshoot"  # twice as much as asked
WRONG_OBJECT = "wrong_object"  # done to another object
DUPLICATE = "duplicate"  # a copy at the goal, the original left
REMOVED = "removed"  # the target gone
REMOVED_TWIN = "removed_twin"  # another of its class gone
REPLACED = "replaced"  # right, but with another instance of the kind
TOPPLED = "toppled"  # right, but the target lies on its side
UPSIDE_DOWN = "upside_down"  # right, but the target stands on its head
STRETCHED = "stretched"  # right, but the target is of another shape and the same volume
EXTRA_COPY = "extra_copy"  # right, and a copy of the target elsewhere
OTHER_RESIZED = "other_resized"  # right, and another object half as large
OTHER_TOPPLED = "other_toppled"  # right, and another object lies on its side
RELIT = "relit"  # right, in another light; with `source_` or `opposite_` before it of these states
RETEXTURED = "retextured"  # right, on another table top; likewise
VARIANTS: tuple[str, ...] = (
    *GRADES,
    *(OPPOSITE, OVERSHOOT, WRONG_OBJECT, DUPLICATE, REMOVED, REMOVED_TWIN, REPLACED),
    *(TOPPLED, UPSIDE_DOWN, STRETCHED, EXTRA_COPY, OTHER_RESIZED, OTHER_TOPPLED),
    *(f"{prefix}{name}" for name in (RELIT, RETEXTURED) for prefix in ("", "source_", "opposite_")),
)


def variants_folder(data: Path) -> Path:
    """Where the variants of a dataset's edits lie: beside it.

    >>> variants_folder(Path("out/tables")).as_posix()
    'out/tables-variants'
    """
    return beside(data, "-variants")
