"""Names of judges, as `--judge` takes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gsi_bench_metric.judges.base import Judge, JudgeError
from gsi_bench_metric.judges.options import JudgeOptions
from gsi_bench_metric.registry import Registry

if TYPE_CHECKING:  # a name in an annotation alone: what lists names for a command line loads no network library
    from gsi_bench_metric.judges.asking import Model

__all__ = ["JUDGES", "MODELS", "RECORDED", "JudgeError", "make_judge"]

RECORDED = "recorded"  # the judge that reads its judgements from a file, one for each editor
JUDGES: Registry[Callable[[JudgeOptions], Judge]] = Registry(
    "judge",
    {
        RECORDED: "gsi_bench_metric.judges.recorded:make",
        "openai": "gsi_bench_metric.judges.openai_server:make",
        "local": "gsi_bench_metric.judges.local_model:make",
        "embedded": "gsi_bench_metric.judges.embedded.judge:make",
    },
    JudgeError,
)
# Those that can be asked any question about images, and not only how well an edit keeps an appearance.
MODELS: Registry[Callable[[JudgeOptions], Model]] = Registry(
    "judge that can be asked",
    {
        "openai": "gsi_bench_metric.judges.openai_server:OpenAIServer",
        "local": "gsi_bench_metric.judges.local_model:LocalModel",
    },
    JudgeError,
)


def make_judge(name: str, judgements: Path | None = None, options: JudgeOptions | None = None) -> Judge:
    """The judge of that name. `judgements`: the file of `recorded`.

    Raises:
        JudgeError: unknown, lacking something, or with options that do not fit together.
    """
    JUDGES.require(name)
    if name != RECORDED and judgements is not None:
        raise JudgeError(f"judge {name!r} judges by itself; leave --judgements out")
    options = dataclasses.replace(options or JudgeOptions(), judgements=judgements)
    options.require_sound()
    return JUDGES[name](options)
