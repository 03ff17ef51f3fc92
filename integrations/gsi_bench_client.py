"""The part of gsi-bench that runs inside of a harness: hands answers to `gsi-bench harness-score`, reads its numbers back.

Needs the standard library alone. gsi-bench itself runs in its own environment, in a process of its own: what it requires
(datasets 5) may be what the harness refuses. `task.json`, beside this file in a folder that `gsi-bench harness` made, says
which Python that is, which data was exported and how to score.

Environment variables:
    GSI_BENCH_PYTHON: the Python of gsi-bench's environment (default: the one that made the folder).
    GSI_BENCH_PROTOCOL: `strict` or `official` (default: as the folder was made).
    GSI_BENCH_IMAGES: images are taken from below this folder only (default: the working folder).
    GSI_BENCH_RUNS: where runs are kept (default: `gsi_bench_runs` in the working folder).
    GSI_BENCH_EDITOR: name of the editor in them (default: the harness's).
    GSI_BENCH_PYTHONPATH: for gsi-bench from a checkout that is not installed. The harness's own PYTHONPATH is not handed on.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["HarnessError", "number_of", "read_task", "score", "score_once"]

FORMAT = 1
TASK = "task.json"
_CACHE: dict[str, tuple[dict[str, Any], set[str]]] = {}


class HarnessError(RuntimeError):
    """gsi-bench could not score; the message holds its words."""


def read_task(folder: Path) -> dict[str, Any]:
    """What `gsi-bench harness` wrote beside this file.

    Raises:
        HarnessError: there is none, or one of another format.
    """
    path = folder / TASK
    try:
        task = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HarnessError(f"{path}: cannot be read ({error}); make the folder with `gsi-bench harness`") from error
    if not isinstance(task, dict) or task.get("format") != FORMAT:
        raise HarnessError(f"{path}: expected format {FORMAT}; make the folder anew with `gsi-bench harness`")
    return task


def score(
    folder: Path,
    split: str,
    answers: Sequence[Mapping[str, str]],
    editor: str,
    *,
    protocol: str | None = None,
    images: Path | None = None,
) -> dict[str, Any]:
    """Has answers scored by gsi-bench.

    Args:
        folder: that `gsi-bench harness` made.
        split: of the samples.
        answers: `{"id": …, "text": the model's answer}` or `{"id": …, "image": path}` each.
        editor: name of the model.
        protocol: `strict` or `official`; None: as the environment or the folder says.
        images: only images below it are taken; None: as the environment says.

    Returns:
        `asked`, `scored`, `not_scored` (reason -> count), `row`, `row_all`, `samples`; and `folder`, where the run is.

    Raises:
        HarnessError: gsi-bench is not there, or refused.
    """
    task = read_task(folder)
    editor = os.environ.get("GSI_BENCH_EDITOR") or editor
    protocol = protocol or os.environ.get("GSI_BENCH_PROTOCOL")
    content = {
        "format": FORMAT,
        "editor": editor,
        "split": split,
        "base": str(Path.cwd()),
        "content_hash": task.get("content_hash"),
        "answers": [dict(one) for one in answers],
    }
    text = json.dumps(content, indent=1)
    mark = hashlib.sha256(f"{task} {protocol} {text}".encode()).hexdigest()[:12]
    out = Path(os.environ.get("GSI_BENCH_RUNS") or "gsi_bench_runs").resolve() / f"{split}-{mark}"
    out.mkdir(parents=True, exist_ok=True)
    results = out / "results.json"
    results.unlink(missing_ok=True)  # of a former run: its images may have been others
    (out / "answers.json").write_text(text, encoding="utf-8")
    _run(task, out, protocol, os.environ.get("GSI_BENCH_IMAGES") or str(images or Path.cwd()))
    found = json.loads(results.read_text(encoding="utf-8"))
    return {**found, "folder": str(out)}


def _run(task: Mapping[str, Any], out: Path, protocol: str | None, images: str) -> None:
    python = os.environ.get("GSI_BENCH_PYTHON") or str(task["python"])
    # -P: what lies in the working folder must not stand in for a library.
    command = [python, "-P", "-m", "gsi_bench_dataset.cli.main", "harness-score", str(out / "answers.json")]
    command += ["--data", str(task["data"]), "--out", str(out), "--images", images, "--quiet", *map(str, task["options"])]
    command += ["--protocol", protocol] if protocol else []
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    if os.environ.get("GSI_BENCH_PYTHONPATH"):
        environment["PYTHONPATH"] = os.environ["GSI_BENCH_PYTHONPATH"]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, errors="replace")
    except OSError as error:
        said = f"gsi-bench's Python cannot be started ({python}: {error.strerror or error})"
        raise HarnessError(f"{said}; set GSI_BENCH_PYTHON to the Python of its environment") from error
    if done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip())[-4000:]
        raise HarnessError(f"gsi-bench ended with status {done.returncode}:\n{words}")


def score_once(
    folder: Path, split: str, answers: Sequence[Mapping[str, str]], editor: str, metric: str, *, protocol: str | None = None
) -> dict[str, Any]:
    """As `score`, for harnesses that ask for one metric after the other: the answers are scored once for all of them.

    A metric that is asked for again has them scored again, for files of the same names may hold other images by then.
    """
    key = hashlib.sha256(json.dumps([str(folder), split, protocol, editor, list(map(dict, answers))]).encode()).hexdigest()
    found, served = _CACHE.get(key, ({}, {metric}))
    if metric in served:
        found, served = score(folder, split, answers, editor, protocol=protocol), set()
        _CACHE.clear()
        _CACHE[key] = (found, served)
    served.add(metric)
    return found


def number_of(found: Mapping[str, Any], metric: str) -> float:
    """One number of what `score` returned; NaN where there is none, which is not 0.

    Args:
        found: that.
        metric: a key of the row (`ic`, `sa`, `el`, `ac`, `average`), one with `_all` at its end, `scored` or `not_scored`.
    """
    if metric == "scored":
        return float(found["scored"])
    if metric == "not_scored":
        return float(found["asked"] - found["scored"])
    row, key = (found["row_all"], metric.removesuffix("_all")) if metric.endswith("_all") else (found["row"], metric)
    return float(row.get(key, "nan"))
