"""The page on which people decide on the samples of a split: one file, which asks nothing of a network."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from markupsafe import Markup

from gsi_bench_dataset.records import EncodedImage, Sample
from gsi_bench_dataset.storage.folders import write_atomically
from gsi_bench_metric.pages.shell import inline_script, page_template
from gsi_bench_metric.review.decisions import fingerprint
from gsi_bench_metric.review.pictures import depth_picture, outlines, source_picture

__all__ = ["LONGEST_SIDE", "write_page"]

LONGEST_SIDE = 1024  # pixels of the source on the page: a laptop shows two thirds of its width
_DEPTH_SHARE = 0.5  # of that: depth is smooth, and half of the page's bytes
_PACKAGE = "gsi_bench_metric.review"
_MARKER = "<!-- data -->"


def write_page(split: str, samples: Iterable[Sample], path: Path, longest: int = LONGEST_SIDE) -> int:
    """Writes the page of a split; how many samples it shows. Images that samples share are in it once, and never all in memory.

    Raises:
        FileProblemError, OSError: it cannot be written.
        FormatError, TooManyPixelsError: an image of a sample cannot be read.
    """
    pictures = _Pictures(longest)
    parts: list[str] = []  # of images: as data URLs they are what the page is made of, some 100 KB each
    items: list[dict[str, Any]] = []
    for sample in samples:
        item, new = pictures.item(sample)
        items.append(item)
        parts += new
    write_atomically(path, _page(split, items, parts))
    return len(items)


def _page(split: str, items: list[dict[str, Any]], parts: list[str]) -> Iterator[str]:
    marks = [[item["id"], item["seen"]] for item in items]
    head = {"split": split, "page": hashlib.sha256(json.dumps([split, marks]).encode()).hexdigest()[:16]}
    script = inline_script(_PACKAGE, "page.js")
    shell = page_template(_PACKAGE).render(split=split, count=len(items), **script, marker=Markup(_MARKER))
    before, after = shell.split(_MARKER)
    yield before
    yield _data("review-head", head)
    yield _data("review-items", items)
    yield from parts
    yield after


def _data(id_: str, value: object) -> str:
    """A value for the script, in an element that is not executed; nothing in it ends the element."""
    text = json.dumps(value, ensure_ascii=True).replace("<", "\\u003c")
    return f'<script type="application/json" id="{id_}">{text}</script>\n'


class _Pictures:
    """Images of the page, numbered; equal ones have one number."""

    def __init__(self, longest: int):
        self.longest = longest
        self.known: dict[tuple[str, str, tuple[int, int]], Any] = {}
        self.count = 0

    def item(self, sample: Sample) -> tuple[dict[str, Any], list[str]]:
        """What the page shows of a sample, and the images that it has not yet."""
        (image, size), new = self._source(sample.image)
        depth = None
        if sample.depth is not None:
            depth, more = self._depth(sample.depth, size)
            new = [*new, *more]
        seen = outlines(sample, size)
        return {
            "id": sample.id,
            "seen": fingerprint(sample),
            "kind": sample.operation.kind if sample.operation else None,
            "prompt": sample.prompt,
            "prompt_zh": sample.prompt_zh,
            "target": sample.target,
            "suspect": sample.goal_suspect,
            "image": image,
            "size": size,
            "depth": depth,
            "original": seen.original,
            "goal": seen.goal,
            "step": seen.step,
            "missing": seen.missing,
        }, new

    def _source(self, image: EncodedImage) -> tuple[tuple[int, tuple[int, int]], list[str]]:
        key = ("source", hashlib.sha256(image.bytes).hexdigest(), (0, 0))
        if key in self.known:
            return self.known[key], []
        url, size = source_picture(image, self.longest)
        self.known[key] = (self.count, size)
        return self.known[key], [self._numbered(url)]

    def _depth(self, depth: EncodedImage, size: tuple[int, int]) -> tuple[dict[str, Any] | None, list[str]]:
        key = ("depth", hashlib.sha256(depth.bytes).hexdigest(), size)
        if key in self.known:
            return self.known[key], []
        found = depth_picture(depth, size, round(self.longest * _DEPTH_SHARE))
        if found is None:
            self.known[key] = None
            return None, []
        self.known[key] = {"image": self.count, "near": found.near_m, "far": found.far_m}
        return self.known[key], [self._numbered(found.url)]

    def _numbered(self, url: str) -> str:
        self.count += 1
        return _data(f"image-{self.count - 1}", url)
