"""Published results made again from what was published with them."""

from gsi_bench_metric.reproduce.bundle import Bundle, BundleError, open_bundle
from gsi_bench_metric.reproduce.published import PUBLISHED, Published
from gsi_bench_metric.reproduce.table import Reproduction, reproduction_markdown
from gsi_bench_metric.reproduce.work import PATHS, reproduce

__all__ = [
    "PATHS",
    "PUBLISHED",
    "Bundle",
    "BundleError",
    "Published",
    "Reproduction",
    "open_bundle",
    "reproduce",
    "reproduction_markdown",
]
