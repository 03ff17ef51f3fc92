"""How the reference names its files: `<img_id>_edit_<query_id>.json`, and what follows from a name."""

from __future__ import annotations

import re

__all__ = ["reference_key", "scene_of", "split_edit_name"]


def split_edit_name(name: str) -> tuple[str, str] | None:
    """(img_id, query_id) of an edit's file name, split at the last `_edit_`; None for other files.

    >>> split_edit_name("a_edit_b_edit_0.json")
    ('a_edit_b', '0')
    """
    stem, dot, extension = name.rpartition(".")
    img_id, marker, query_id = stem.rpartition("_edit_")
    return (img_id, query_id) if dot and extension == "json" and marker and img_id and query_id else None


def reference_key(name: str) -> str:
    """The key under which the reference files the result of an edit: it drops `_rgb` and takes parts 0 and 1 at `_edit_`.

    >>> reference_key("a_1_edit_2.json") == reference_key("a_edit_1_2.json")
    True
    """
    parts = name.replace("_rgb", "").split("_edit_")
    return f"{parts[0]}_{parts[1].split('.')[0]}"


def scene_of(img_id: str) -> str:
    """The scene of an image: what stands before `_frame_<number>`, else the image itself.

    >>> scene_of("036bce3393_frame_008270"), scene_of("17")
    ('036bce3393', '17')
    """
    match = re.fullmatch(r"(.+)_frame_\d+", img_id)
    return match[1] if match else img_id
