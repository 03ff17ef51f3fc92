"""The page: every pair's images side by side, the known box drawn on the source, with each question and verdict."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import cv2
import numpy as np

from gsi_bench_dataset.layout.pixel_frame import BOX_EDGES, box_corners, project
from gsi_bench_dataset.records import EncodedImage
from gsi_bench_metric.imaging.images import RGB, load_rgb
from gsi_bench_metric.pages.images import data_url, fit, shrink
from gsi_bench_metric.pages.shell import page_template
from gsi_bench_metric.pages.tables import Table
from gsi_bench_metric.photos.answers import Answer, expected_words
from gsi_bench_metric.photos.pairs import Pair
from gsi_bench_metric.photos.run import Validated
from gsi_bench_metric.photos.truth import Truth

__all__ = ["html"]

_LONGEST = 360  # pixels of an image on the page
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)


@dataclasses.dataclass(frozen=True)
class _Shown:
    """A pair as the page shows it."""

    pair: Pair
    done: str
    source: str | None
    edited: str | None
    answers: Sequence[Answer]


def html(found: Validated, headline: str, counts: Table) -> str:
    """The page, self-contained, without scripts."""
    shown = [
        _Shown(
            pair,
            _done(pair.truth),
            _picture(pair, pair.source, boxes=True),
            _picture(pair, pair.edited, boxes=False),
            [answer for answer in found.answers if answer.pair == pair.id],
        )
        for pair in found.pairs
    ]
    settings = [
        ("Pairs", f"{found.settings['pairs']} in {found.settings['dataset']['path']}"),
        ("Detector", found.settings["detector"]),
        ("Protocol", f"{found.settings['protocol']}, version {found.settings['scoring_version']}"),
        ("Device", found.settings["device"]),
        ("Made", found.settings["created"]),
        ("Versions", ", ".join(f"{name} {version}" for name, version in found.settings["versions"].items())),
    ]
    template = page_template("gsi_bench_metric.photos")
    return template.render(headline=headline, counts=counts, shown=shown, settings=settings, expected=expected_words)


_DONE = {
    "nothing": "it stands where it stood",
    "removed": "it is gone",
    "repainted": "its shape is left in other colours",
    "replaced": "it is gone, and another object stands in its place",
    "moved": "it went",
    "turned": "it turned",
    "scaled": "its size changed",
    "copied": "it stands where it stood, and a second one is",
}


def _done(truth: Truth) -> str:
    """What was done, with its numbers."""
    told = _DONE[truth.done]
    if truth.step_m is not None:
        names = (("right", "left"), ("away", "closer"), ("up", "down"))
        parts = [f"{abs(100 * x):.1f} cm {pair[x < 0]}" for x, pair in zip(truth.step_m, names, strict=True) if abs(x) >= 5e-4]
        told += " " + " and ".join(parts)
    if truth.turn_deg is not None:
        turned = f"{abs(truth.turn_deg):.0f}° {'counter-clockwise' if truth.turn_deg > 0 else 'clockwise'}"
        told += f" {turned}" if truth.done == "turned" else f", turned {turned}"
    return told if truth.factor is None else f"{told} to {100 * truth.factor:.0f} %"


def _picture(pair: Pair, image: EncodedImage | None, *, boxes: bool) -> str | None:
    if image is None:
        return None
    rgb = load_rgb(image)
    height, width = rgb.shape[:2]
    size = fit((width, height), _LONGEST)
    small = np.array(shrink(rgb, size))  # its own, to draw on
    if boxes:
        scale = np.array(size) / (width, height)
        for placed in reversed(pair.placed):
            corners = project(box_corners(placed.box, placed.rotation), pair.K) * scale
            _draw(small, corners, thick=placed is pair.target)
    return data_url(small)


def _draw(rgb: RGB, corners: np.ndarray, *, thick: bool) -> None:
    """White edges on black ones, to be seen on every ground; what is behind the camera or far outside is left out."""
    if not np.isfinite(corners).all() or np.abs(corners).max() > 1e5:
        return
    points = [tuple(map(int, point.round())) for point in corners]
    for colour, width in ((_BLACK, 3 if thick else 2), (_WHITE, 1)):
        for a, b in BOX_EDGES:
            cv2.line(rgb, points[a], points[b], colour, width, cv2.LINE_AA)
