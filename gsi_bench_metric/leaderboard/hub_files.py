"""Files by which the Hub shows results: `.eval_results/*.yaml` for model repositories, `eval.yaml` for the dataset's.

The Hub ranks all values of one task id together, so a task id says everything that must be alike: split, protocol and its
version, detector, judge, measure. https://huggingface.co/docs/hub/eval-results
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml
from huggingface_hub.utils import HFValidationError, validate_repo_id

from gsi_bench_dataset.version import __version__
from gsi_bench_metric.leaderboard.content import Board
from gsi_bench_metric.leaderboard.grouping import Group
from gsi_bench_metric.leaderboard.intake import Entry
from gsi_bench_metric.pages.numbers import fixed, interval
from gsi_bench_metric.report.tables import MEASURES

__all__ = ["HubError", "HubNames", "hub_files"]

_FRAMEWORK = "gsi-bench"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_PUBLISHED = tuple(key for key in MEASURES if key != "el_ungated")  # what a row is worth; the last is a diagnosis
_DECIMALS = 2  # as the paper prints


class HubError(ValueError):
    """A repository's name that the Hub does not take."""


@dataclasses.dataclass(frozen=True)
class HubNames:
    """Repositories of the Hub: `ORG/NAME` each.

    Attributes:
        dataset: that the runs' data is published as. None: runs on a folder have no results for the Hub.
        space: that this site will be; results link to it.
    """

    dataset: str | None = None
    space: str | None = None

    def require_sound(self) -> None:
        """Does nothing for names that the Hub takes.

        Raises:
            HubError: one that it does not.
        """
        for option, name in (("--dataset-id", self.dataset), ("--space-id", self.space)):
            try:
                if name is not None:
                    validate_repo_id(name)
                    if name.count("/") != 1:
                        raise HFValidationError(f"no organisation in {name!r}")
            except HFValidationError as error:
                raise HubError(f"{option}: expected ORG/NAME as the Hub takes it ({error})") from error


def hub_files(board: Board, names: HubNames) -> tuple[dict[str, str], list[str]]:
    """(path below `hub/` -> text, what was left out and why).

    Paths: `models/<slug>/.eval_results/<table>.yaml`, and `datasets/<ORG>--<NAME>/eval.yaml` with all task ids.
    """
    files: dict[str, str] = {}
    left_out: list[str] = []
    tasks: dict[str, dict[str, Mapping[str, str]]] = defaultdict(dict)
    taken: dict[tuple[str, str], int] = {}
    published: dict[str, tuple[Any, int]] = {}  # content of a repository's data, and the first table that it is of
    for group in board.groups:
        prefix = _prefix(group)
        for entry in group.entries:
            who = f"table {group.number}, {entry.editor if entry.editor.isprintable() else ascii(entry.editor)}"
            dataset = names.dataset or _hub_dataset(entry)
            if dataset is None:
                left_out.append(f"{who}: its run read a folder; --dataset-id ORG/NAME says as what the data is published")
                continue
            content, first = published.setdefault(dataset, (entry.settings["dataset"]["content_hash"], group.number))
            if content != entry.settings["dataset"]["content_hash"]:
                left_out.append(f"{who}: its data is other than that of table {first}, and {dataset} can be one of them only")
                continue
            if taken.setdefault((dataset, prefix), group.number) != group.number:
                other = taken[dataset, prefix]
                left_out.append(f"{who}: table {other} has these task ids, and was scored otherwise; scores of both would mix")
                continue
            path = f"models/{board.slug_of(entry)}/.eval_results/{prefix}.yaml"
            if path in files:
                left_out.append(f"{who}, {entry.run_name}: another run has results of this editor for the same task ids")
                continue
            results = list(_results(group, entry, dataset, names.space))
            if not results:
                left_out.append(f"{who}: no mean, for not every image could be scored")
                continue
            files[path] = _yaml(eval_result_entries_to_yaml(results))
            for result in results:
                tasks[dataset][result.task_id] = {"id": result.task_id, "config": "default", "split": group.split}
    for dataset, found in tasks.items():
        files[f"datasets/{dataset.replace('/', '--')}/eval.yaml"] = _yaml(_benchmark(found))
    return files, left_out


def _prefix(group: Group) -> str:
    """`mesatask_strict_v10_tracker`; with the judge's name where one was asked."""
    settings = group.settings
    version = settings.get("scoring_version")
    parts = [group.split, settings["protocol"], f"v{version}" if version is not None else None, settings["detector"]]
    judge = (settings.get("judge_settings") or {}).get("model") or settings["judge"]
    named = [*filter(None, parts), *([f"judge-{judge}"] if judge else [])]
    return "_".join(re.sub(r"[^a-z0-9.-]+", "-", str(part).lower()).strip("-.")[:40] for part in named)


def _results(group: Group, entry: Entry, dataset: str, space: str | None) -> Iterator[EvalResultEntry]:
    settings, row = entry.settings, entry.row
    revision = settings["dataset"]["revision"] or ""
    for key in _PUBLISHED:
        if not math.isfinite(row.get(key, math.nan)):
            continue
        between = interval(row.get(f"{key}_low"), row.get(f"{key}_high"))
        notes = [
            f"{MEASURES[key][0]}, {settings['protocol']} protocol, detector {settings['detector']}, scored by gsi-bench",
            f"n = {fixed(row.get('n', 0), 0)}, not scored {fixed(row.get('n_not_scored', 0), 0)}",
            f"95 % interval {between}" if between else "too few scenes for an interval",
        ]
        yield EvalResultEntry(
            dataset_id=dataset,
            task_id=f"{_prefix(group)}_{key}",
            value=round(row[key], _DECIMALS),
            dataset_revision=revision if _COMMIT.fullmatch(revision) else None,
            date=settings["created"],
            source_url=f"https://huggingface.co/spaces/{space}" if space else None,
            source_name="GSI-Bench leaderboard" if space else None,
            notes="; ".join(notes),
        )


def _hub_dataset(entry: Entry) -> str | None:
    """The repository that a run read; None for a folder, and for a run that does not say which it was."""
    path, place = entry.settings["dataset"]["path"], (entry.settings.get("places") or {}).get("data")
    return path if place == "repository" and path.count("/") == 1 else None


def _benchmark(tasks: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    return {
        "name": "GSI-Bench",
        "description": "Can an image editor obey 'move the mug 15 cm to the left'? Measured by 3D poses: instruction "
        "compliance (IC), spatial accuracy (SA), edit locality (EL), appearance consistency (AC), 0-100. "
        f"Scored by gsi-bench {__version__}.",
        "evaluation_framework": _FRAMEWORK,
        "tasks": [dict(tasks[name]) for name in sorted(tasks)],
    }


def _yaml(content: Any) -> str:
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120))
