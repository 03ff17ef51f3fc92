"""Two editors on the edits that both were scored on: paired differences with interval and p-value."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from gsi_bench_dataset.records import Score
from gsi_bench_metric.results.aggregate import edit_values, scenes_of
from gsi_bench_metric.results.statistics import MIN_SCENES, PairedDifference, paired_difference
from gsi_bench_metric.run.folder import Run, RunError, load_run

__all__ = ["Comparison", "Side", "compare", "comparison_markdown", "load_side"]


@dataclasses.dataclass(frozen=True)
class Side:
    """One editor of one run."""

    run: Run
    editor: str
    name: str

    def scores(self, split: str) -> list[Score]:
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


def compare(a: Side, b: Side) -> list[Comparison]:
    """One comparison for each split that both were scored on.

    Raises:
        RunError: other protocols or data, no common split, or no edit that both were scored on.
    """
    _require_same(a, b)
    common = [split for split in a.splits() if split in b.splits()]
    if not common:
        raise RunError(f"no common split: {a.name} has {', '.join(a.splits())}, {b.name} has {', '.join(b.splits())}")
    return [_compare_split(a, b, split) for split in common]


def _require_same(a: Side, b: Side) -> None:
    problems = []
    for what in ("protocol", "detector", "judge"):
        if a.run.settings[what] != b.run.settings[what]:
            problems.append(f"{what}: {a.run.settings[what]} against {b.run.settings[what]}")
    hashes = [side.run.settings["dataset"]["content_hash"] for side in (a, b)]
    if hashes[0] != hashes[1]:
        problems.append(f"data: content {str(hashes[0])[:12]} against {str(hashes[1])[:12]}")
    elif hashes[0] is None:  # a card of other makers states none: then the files tell
        files = [side.run.settings["dataset"].get("files") or {} for side in (a, b)]
        problems += [
            f"data: other files of {split}" for split in files[0].keys() & files[1].keys() if files[0][split] != files[1][split]
        ]
    if problems:
        raise RunError("these runs cannot be compared; " + "; ".join(problems))


def _compare_split(a: Side, b: Side, split: str) -> Comparison:
    scores_a, scores_b = a.scores(split), b.scores(split)
    judged = a.run.judged(split, a.editor) and b.run.judged(split, b.editor)
    values_a, values_b = edit_values(scores_a, judged), edit_values(scores_b, judged)
    both = sorted(set(values_a) & set(values_b))
    if not both:
        raise RunError(f"split {split}: no edit was scored in both {a.name} and {b.name}")
    scenes = scenes_of(scores_a)
    rows = {}
    for key in dict.fromkeys(key for i in both for key in values_a[i]):
        known = [i for i in both if key in values_a[i] and key in values_b[i]]
        if known:
            side_a, side_b = [values_a[i][key] for i in known], [values_b[i][key] for i in known]
            found = paired_difference(side_a, side_b, [scenes[i] for i in known])
            rows[key] = sum(side_a) / len(known), sum(side_b) / len(known), found
    return Comparison(split, a.name, b.name, rows, len(values_a) - len(both), len(values_b) - len(both))


def comparison_markdown(comparison: Comparison) -> str:
    """The comparison as a Markdown table, with what was left out."""
    first = next(iter(comparison.rows.values()))[2]
    lines = [f"## {comparison.split}: A = {comparison.a}, B = {comparison.b}", ""]
    lines.append(f"{first.n} edits of {first.scenes} scenes were scored in both.")
    lines.append(f"Left out: {comparison.only_a} scored only in A, {comparison.only_b} only in B.")
    if first.low is None:
        lines.append(f"Under {MIN_SCENES} scenes there is no interval and no p-value.")
    lines += ["", "| | A | B | A − B | 95 % interval | p |", "| --- | ---: | ---: | ---: | --- | ---: |"]
    for key, (mean_a, mean_b, found) in comparison.rows.items():
        interval = "–" if found.low is None else f"{found.low:+.1f} … {found.high:+.1f}"
        p_value = "–" if found.p_value is None else f"{found.p_value:.4f}"
        lines.append(f"| {key} | {mean_a:.1f} | {mean_b:.1f} | {found.difference:+.1f} | {interval} | {p_value} |")
    return "\n".join(lines) + "\n"
