"""Two editors on the edits that both were scored on: paired differences with interval and p-value."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.records import Score
from gsi_bench_dataset.safety.files import printable_path
from gsi_bench_dataset.safety.names import printable
from gsi_bench_metric.protocols.registry import protocol_named
from gsi_bench_metric.results.aggregate import scene_numbers
from gsi_bench_metric.results.columns import Columns
from gsi_bench_metric.results.statistics import MIN_SCENES, PairedDifference, paired_difference
from gsi_bench_metric.run.folder import Run, RunError, load_run

__all__ = ["Comparison", "Side", "compare", "comparison_markdown", "load_side", "setting_differences", "signed"]

# Settings that numbers depend on: what a reader calls them, and where they stand. Runs of former versions lack some.
_SETTINGS = (
    ("protocol", ("protocol",)),
    ("detector", ("detector",)),
    ("judge", ("judge",)),
    ("judge's model", ("judge_settings", "model")),
    ("judge's model revision", ("judge_settings", "revision")),
    ("judge's question", ("judge_settings", "question")),
    ("judge's prompt (SHA-256)", ("judge_settings", "prompt_sha256")),
    ("judge's temperature", ("judge_settings", "temperature")),
    ("judge's samples an edit", ("judge_settings", "samples")),
    ("judge's tokens a reply", ("judge_settings", "max_tokens")),
    ("detector's number type", ("dtype",)),
    ("dataset type", ("dataset_type",)),
    ("mapping policy", ("mapping_policy",)),
    ("scoring version", ("scoring_version",)),
)
_NUMBERED = (("thresholds", ("thresholds",)),)  # tables, compared number by number
_ABSENT = "not recorded"
_DEFAULTS: Mapping[tuple[str, ...], str] = {("dtype",): "float32"}  # what no choice means


@dataclasses.dataclass(frozen=True)
class Side:
    """One editor of one run."""

    run: Run
    editor: str
    name: str

    def scores(self, split: str) -> Sequence[Score]:
        """Its scores on a split."""
        return self.run.groups().get((split, self.editor), [])

    def splits(self) -> list[str]:
        """Splits that it was scored on."""
        return [split for split, editor in self.run.groups() if editor == self.editor]


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Paired differences on one split: number key -> (mean of a, mean of b, difference)."""

    split: str
    a: str
    b: str
    rows: Mapping[str, tuple[float, float, PairedDifference]]
    only_a: int  # edits scored in a alone, left out
    only_b: int
    differences: tuple[str, ...] = ()  # of the runs' settings, which were compared anyway


def load_side(text: str) -> Side:
    """A side from `RUN` or `RUN:EDITOR`; the editor may be left out where the run has one.

    Raises:
        RunError: no run there, no such editor, or several to choose from.
    """
    path, _, editor = (text, "", "") if ":" not in text or Path(text).is_dir() else text.rpartition(":")
    run = load_run(Path(path))
    editors = sorted({name for _, name in run.groups()})
    if not editor and len(editors) != 1:
        raise RunError(f"{text} has {len(editors)} editors; name one, as {text}:{editors[0] if editors else 'EDITOR'}")
    if editor and editor not in editors:
        raise RunError(f"{path}: no editor {editor!r}; it has {', '.join(editors)}")
    return Side(run, editor or editors[0], text)


def compare(a: Side, b: Side, *, anyway: bool = False) -> list[Comparison]:
    """One comparison for each split that both were scored on.

    Args:
        anyway: runs of other settings or data are compared too, and the comparison carries the differences.

    Raises:
        RunError: other settings or data, which lists all differences; no common split; no edit that both were scored on.
    """
    differences = tuple(setting_differences(a.run.settings, b.run.settings))
    if differences and not anyway:
        remedy = "these runs cannot be compared; score both alike, or compare them --anyway, which shows the differences"
        raise RunError(summary_of(remedy, list(differences)))
    common = [split for split in a.splits() if split in b.splits()]
    if not common:
        raise RunError(f"no common split: {a.name} has {', '.join(a.splits())}, {b.name} has {', '.join(b.splits())}")
    return [dataclasses.replace(_compare_split(a, b, split), differences=differences) for split in common]


def setting_differences(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[str]:
    """In what two runs' settings differ that makes their numbers incomparable, one line each with both values."""
    for words, path in _SETTINGS:
        if path[0] == "judge_settings" and a["judge"] != b["judge"]:
            continue  # another judge has another model and question
        yield from _difference(words, _at(a, path), _at(b, path))
    for words, path in _NUMBERED:
        tables = dict(_leaves(_at(a, path), words)), dict(_leaves(_at(b, path), words))
        for name in dict.fromkeys((*tables[0], *tables[1])):
            yield from _difference(name, *(table.get(name, _ABSENT) for table in tables))
    hashes = a["dataset"]["content_hash"], b["dataset"]["content_hash"]
    if hashes[0] != hashes[1]:
        yield f"data: content {str(hashes[0])[:12]} against {str(hashes[1])[:12]}"
    elif hashes[0] is None:  # a card of other makers states none: then the files tell
        files = [settings["dataset"].get("files") or {} for settings in (a, b)]
        for split in sorted(files[0].keys() & files[1].keys()):
            if files[0][split] != files[1][split]:
                yield f"data: other files of {split}"


def _at(settings: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = settings
    for key in path:
        if not isinstance(found, Mapping) or key not in found:
            return _DEFAULTS.get(path, _ABSENT)
        found = found[key]
    return _DEFAULTS.get(path) if found is None else found


def _leaves(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if value == _ABSENT:
        return
    if not isinstance(value, Mapping):
        yield name, value
        return
    for key in sorted(value):
        yield from _leaves(value[key], f"{name}.{printable_path(str(key))}")


def _difference(words: str, a: Any, b: Any) -> Iterator[str]:
    # None says that nothing was chosen, and so does a run of before the choice existed.
    if a != b and {_shown(a), _shown(b)} != {_ABSENT, "none"}:
        yield f"{words}: {_shown(a)} against {_shown(b)}"


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    text = value if isinstance(value, str) else json.dumps(value)
    return printable(text, 80) if len(text) > 80 else printable_path(text)


def _compare_split(a: Side, b: Side, split: str) -> Comparison:
    scores_a, scores_b = a.scores(split), b.scores(split)
    judged = a.run.judged(split, a.editor) and b.run.judged(split, b.editor)
    (place_a, values_a), (place_b, values_b) = _numbers(scores_a, judged), _numbers(scores_b, judged)
    both = sorted(place_a.keys() & place_b.keys())
    if not both:
        raise RunError(f"split {split}: no edit was scored in both {a.name} and {b.name}")
    rows_a, rows_b = np.array([place_a[i] for i in both]), np.array([place_b[i] for i in both])
    scenes = values_a.scenes()[rows_a]
    found: dict[str, tuple[int, tuple[float, float, PairedDifference]]] = {}
    for key in values_a.names():
        (side_a, in_a), (side_b, in_b) = values_a.spread(key), values_b.spread(key)
        known = in_a[rows_a] & in_b[rows_b]
        if known.any():
            first, second = side_a[rows_a][known].tolist(), side_b[rows_b][known].tolist()
            difference = paired_difference(first, second, scenes[known])
            row = sum(first) / len(first), sum(second) / len(second), difference
            found[key] = int(np.argmax(in_a[rows_a])), row
    order = sorted(found, key=lambda key: found[key][0])  # as the edits, by their ids, come to have them
    rows = {key: found[key][1] for key in order}
    return Comparison(split, a.name, b.name, rows, len(place_a) - len(both), len(place_b) - len(both))


def _numbers(scores: Sequence[Score], judged: bool) -> tuple[dict[str, int], Columns]:
    """Where each scored edit stands in the columns of numbers."""
    place: dict[str, int] = {}
    columns = Columns()
    if scores:
        numbers = zip(scores, scene_numbers(scores), protocol_named(scores[0].protocol).values(scores, judged), strict=True)
        for score, scene, own in numbers:
            if own is not None:
                place[score.sample_id] = columns.size
                columns.add(scene, own)
    return place, columns


def comparison_markdown(comparison: Comparison) -> str:
    """The comparison as a Markdown table, with what was left out and what differs."""
    shown = [found for _, _, found in comparison.rows.values()]
    most = max(shown, key=lambda found: found.n)
    lines = [f"## {comparison.split}: A = {comparison.a}, B = {comparison.b}", ""]
    if comparison.differences:
        lines += ["**Not scored alike; the differences may come from that:**", ""]
        lines += [f"- {difference}" for difference in comparison.differences] + [""]
    lines.append(f"{most.n} edits of {most.scenes} scenes were scored in both.")
    lines.append(f"Left out: {comparison.only_a} scored only in A, {comparison.only_b} only in B.")
    fewer = any(found.n != most.n for found in shown)
    if fewer:
        lines.append("`n`: the edits on which both have this number.")
    if any(found.low is None for found in shown):
        lines.append(f"Under {MIN_SCENES} scenes there is no interval and no p-value.")
    lines += ["", "| | A | B | A − B | 95 % interval | p |" + fewer * " n |"]
    lines.append("| --- | ---: | ---: | ---: | --- | ---: |" + fewer * " ---: |")
    for key, (mean_a, mean_b, found) in comparison.rows.items():
        interval = "–" if found.low is None or found.high is None else f"{signed(found.low)} … {signed(found.high)}"
        p_value = "–" if found.p_value is None else f"{found.p_value:.4f}"
        cells = [key, f"{mean_a:.1f}", f"{mean_b:.1f}", signed(found.difference), interval, p_value]
        lines.append("| " + " | ".join(cells + ([str(found.n)] if fewer else [])) + " |")
    return "\n".join(lines) + "\n"


def signed(value: float) -> str:
    """With one decimal, or as many as it takes to tell it from 0: a limit beside 0 must not look like 0. 0 has no sign."""
    if not value:
        return "0.0"
    return f"{value:+.1f}" if abs(value) >= 0.05 else f"{value:+.1g}"
