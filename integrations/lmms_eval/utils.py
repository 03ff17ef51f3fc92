"""GSI-Bench in lmms-eval: what the YAML files name. Numbers are gsi-bench's own, made in its own environment.

lmms-eval loads this file once for each function that a YAML names, so what they share is in `gsi_bench_client.py`.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
EDITOR = "lmms-eval"
PREFIX = "gsi_"


def _client() -> ModuleType:
    """`gsi_bench_client.py`: beside this file in a folder that `gsi-bench harness` made, above it in the repository."""
    name = "gsi_bench_client"
    if name not in sys.modules:
        path = next(folder / f"{name}.py" for folder in (HERE, HERE.parent) if (folder / f"{name}.py").is_file())
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{path}: cannot be loaded")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


def doc_to_visual(doc: Mapping[str, Any]) -> list[Any]:
    """The source image, a PIL image."""
    return [doc["image"].convert("RGB")]


def doc_to_text(doc: Mapping[str, Any], lmms_eval_specific_kwargs: Mapping[str, Any] | None = None) -> str:
    """The instruction, between the prompts that a model asks for."""
    words = lmms_eval_specific_kwargs or {}
    return f"{words.get('pre_prompt', '')}{doc['prompt']}{words.get('post_prompt', '')}"


def doc_to_target(doc: Mapping[str, Any]) -> str:
    """There is no text that an edit could be compared with."""
    del doc
    return ""


def process_results(doc: Mapping[str, Any], results: Sequence[Any]) -> dict[str, dict[str, str]]:
    """The answer as it is, for every metric: all of a split are scored together."""
    answer = results[0] if results else ""
    text = answer if isinstance(answer, str) else json.dumps(answer, default=str)
    entry = {"id": doc["id"], "split": doc["split"], "text": text}
    return {f"{PREFIX}{metric}": entry for metric in _metrics()}


def _metrics() -> tuple[str, ...]:
    """Those of the YAML: with a judge there are two more."""
    judged = "--judge" in _client().read_task(HERE)["options"]
    return METRICS + JUDGED if judged else METRICS


def _number(items: Sequence[Mapping[str, str]], metric: str) -> float:
    client = _client()
    split = items[0]["split"]
    answers = sorted(({"id": one["id"], "text": one["text"]} for one in items), key=lambda one: one["id"])
    found = client.score_once(HERE, split, answers, EDITOR, metric)
    if found["not_scored"] and metric == "not_scored":
        counts = ", ".join(f"{reason} {count}" for reason, count in found["not_scored"].items())
        sys.stderr.write(f"gsi-bench, {split}: not scored: {counts}; each is named in {found['folder']}/results.json\n")
    return float(client.number_of(found, metric))


def ic(items: Sequence[Mapping[str, str]]) -> float:
    """Instruction compliance, 0-100, over the edits that were scored."""
    return _number(items, "ic")


def sa(items: Sequence[Mapping[str, str]]) -> float:
    """Spatial accuracy, 0-100."""
    return _number(items, "sa")


def el(items: Sequence[Mapping[str, str]]) -> float:
    """Edit locality, 0-100."""
    return _number(items, "el")


def ac(items: Sequence[Mapping[str, str]]) -> float:
    """Appearance consistency, 0-100; where a judge was asked."""
    return _number(items, "ac")


def average(items: Sequence[Mapping[str, str]]) -> float:
    """Mean of the four; where a judge was asked."""
    return _number(items, "average")


def ic_all(items: Sequence[Mapping[str, str]]) -> float:
    """Instruction compliance with answers without an image as 0: what `gsi-bench evaluate` prints under `strict`."""
    return _number(items, "ic_all")


def scored(items: Sequence[Mapping[str, str]]) -> float:
    """How many edits the means are of."""
    return _number(items, "scored")


def not_scored(items: Sequence[Mapping[str, str]]) -> float:
    """How many answers could not be scored, by whatever reason."""
    return _number(items, "not_scored")


METRICS = ("ic", "sa", "el", "ic_all", "scored", "not_scored")
JUDGED = ("ac", "average")
