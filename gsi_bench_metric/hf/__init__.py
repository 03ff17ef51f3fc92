"""GSI-Bench as a metric of the Hugging Face evaluate library, and its Space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gsi_bench_metric.hf.evaluate_module import GsiBench

__all__ = ["load"]


def load(**options: Any) -> GsiBench:
    """The metric as it is installed: what `evaluate.load("gsi_bench")` gives, without the cache of modules or a Hub.

    Use it where `evaluate.load` does not find the metric: on a machine where `gsi-bench register` was not run or could not
    write the cache. `options` are those of `evaluate.load` behind the name: `experiment_id`, `num_process`, `process_id`,
    `cache_dir`, `keep_in_memory`, `seed`.
    """
    from gsi_bench_metric.hf.evaluate_module import GsiBench  # noqa: PLC0415 - evaluate and torch load when asked for

    return GsiBench(**options)
