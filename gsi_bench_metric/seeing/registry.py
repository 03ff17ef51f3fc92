"""Names of segmenters and of estimators of depth, as `gsi-bench enrich` takes them."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import TYPE_CHECKING

from gsi_bench_metric.registry import Registry
from gsi_bench_metric.seeing.options import Options, SeeingError

if TYPE_CHECKING:
    from gsi_bench_metric.seeing.base import DepthEstimator, Segmenter

__all__ = ["AUTO", "DEPTHS", "GRAVITIES", "NONE", "SEGMENTERS", "has_onnxruntime", "make_depth", "make_segmenter"]

AUTO, NONE = "auto", "none"
# Ways to gravity. auto: the pose where there is one, else the boxes, else the lines.
GRAVITIES = (AUTO, "boxes", "poses", "lines")

SEGMENTERS: Registry[Callable[[Options], Segmenter]] = Registry(
    "segmenter",
    {
        "u2netp": "gsi_bench_metric.seeing.masks.u2net:make",
        "isnet": "gsi_bench_metric.seeing.masks.isnet:make",
        "grabcut": "gsi_bench_metric.seeing.masks.grabcut:make",
        "sam": "gsi_bench_metric.seeing.masks.sam:make",
        "sam-transformers": "gsi_bench_metric.seeing.masks.sam_transformers:make",
    },
    SeeingError,
    further=", auto (u2netp, or grabcut where onnxruntime is not installed) or none",
)

DEPTHS: Registry[Callable[[Options], DepthEstimator]] = Registry(
    "depth",
    {
        "boxes": "gsi_bench_metric.seeing.depth.box_scene:make",
        "transformers": "gsi_bench_metric.seeing.depth.depth_transformers:make",
    },
    SeeingError,
    further=" or none",
)


def has_onnxruntime() -> bool:
    """Whether the library that runs u2netp and isnet is installed."""
    return importlib.util.find_spec("onnxruntime") is not None


def make_segmenter(name: str, options: Options) -> Segmenter | None:
    """The segmenter of that name; None for none.

    Raises:
        SeeingError: unknown, or lacking its library or weights.
    """
    if name == NONE:
        return None
    if name == AUTO:
        name = "u2netp" if has_onnxruntime() else "grabcut"
    return SEGMENTERS[name](options)


def make_depth(name: str, options: Options) -> DepthEstimator | None:
    """The estimator of that name; None for none.

    Raises:
        SeeingError: unknown, or lacking its library or weights.
    """
    return None if name == NONE else DEPTHS[name](options)
