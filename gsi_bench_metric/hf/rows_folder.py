"""The folder in which `evaluate` keeps the rows of a metric until they are scored: found out to be writable beforehand."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import evaluate

from gsi_bench_dataset.safety.files import printable_path
from gsi_bench_dataset.safety.system import system_problem
from gsi_bench_metric.run.scoring import ScoringError

__all__ = ["rows_folder_problem", "temporary_rows_folder"]

logger = logging.getLogger(__name__)

_NAME, _CONFIG = "gsi_bench", "default"  # of the folder that `evaluate` makes for this metric


def rows_folder_problem(options: Mapping[str, Any]) -> str | None:
    """Why rows cannot be kept where `evaluate` would keep them, with the folder's name; None where they can.

    `options`: those of the metric, of which `cache_dir` counts.
    """
    top = Path(os.path.expanduser(options.get("cache_dir") or evaluate.config.HF_METRICS_CACHE))  # noqa: PTH111 - as evaluate
    folder = top / _NAME / (options.get("config_name") or _CONFIG)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return None
    except (OSError, ValueError) as error:
        said = system_problem(OSError(error.errno, "")) if isinstance(error, OSError) else str(error)
        return f"{printable_path(top)} ({said})"


def temporary_rows_folder(options: Mapping[str, Any], cannot: str) -> str:
    """A folder for the rows of one process where the default one cannot be written, as in a home that is read-only.

    It goes when Python ends.

    Raises:
        ScoringError: the user named the folder, or processes must share it; or there is no place for temporary files either.
    """
    remedy = "give a folder that can be written, evaluate.load('gsi_bench', cache_dir=…), or set HF_HOME to one"
    if options.get("cache_dir") is not None or (options.get("num_process") or 1) > 1:
        raise ScoringError(f"the rows to score cannot be kept in cache_dir {cannot}; {remedy}")
    try:
        folder = tempfile.mkdtemp(prefix="gsi-bench-rows-")
    except OSError as error:
        raise ScoringError(f"the rows to score cannot be kept in {cannot}, nor among temporary files; {remedy}") from error
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    logger.warning(
        "rows cannot be kept in %s; until they are scored they are kept in %s, or where cache_dir names", cannot, folder
    )
    return folder
