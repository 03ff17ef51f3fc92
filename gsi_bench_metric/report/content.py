"""What a report says, apart from how it looks: rows, distributions, what was not scored, settings, a gallery of edits."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from gsi_bench_dataset.records import REASONS, Score
from gsi_bench_metric.report.faults import FailedEdits, failed_edits
from gsi_bench_metric.report.gallery import Gallery, build_gallery
from gsi_bench_metric.report.plots import bin_counts
from gsi_bench_metric.report.tables import EditorRow
from gsi_bench_metric.report.thresholds import ThresholdTable, threshold_tables
from gsi_bench_metric.results.aggregate import ReasonCount, aggregate, reason_counts
from gsi_bench_metric.run.folder import Run, require_reportable

__all__ = ["Distribution", "Report", "Unscored", "build_report"]

_CARDS = 36


@dataclasses.dataclass(frozen=True)
class Unscored:
    """Edits of one editor on one split that carry one reason."""

    split: str
    editor: str
    reason: str
    meaning: str
    count: int
    texts: Sequence[tuple[str, Sequence[str]]]  # what is said, and the sample ids that it is said of

    @classmethod
    def of(cls, split: str, editor: str, found: ReasonCount) -> Unscored:
        """From counted reasons; equal texts are put together."""
        by_text: dict[str, list[str]] = {}
        for sample_id, text in found.edits:
            by_text.setdefault(text, []).append(sample_id)
        return cls(split, editor, found.name, REASONS[found.name], found.count, list(by_text.items()))


@dataclasses.dataclass(frozen=True)
class Leftover:
    """Files of one editor on one split that were not used: `what` says why."""

    split: str
    editor: str
    what: str
    names: Sequence[str]


@dataclasses.dataclass(frozen=True)
class Distribution:
    """One measure over the edits of one editor on one split, before any gating."""

    split: str
    editor: str
    measure: str
    counts: Sequence[int]  # in the bins of `bin_counts`

    @property
    def n(self) -> int:
        """Number of edits."""
        return sum(self.counts)


@dataclasses.dataclass(frozen=True)
class Report:
    """Everything that a page shows."""

    title: str
    subtitle: str
    settings: Sequence[tuple[str, str]]
    inputs: Sequence[tuple[str, str, str, str]]  # split, editor, what, where and its hash
    comparable: bool
    not_comparable_because: str
    rows: Sequence[EditorRow]
    distributions: Sequence[Distribution]
    faults: Sequence[FailedEdits]
    unscored: Sequence[Unscored]
    leftovers: Sequence[Leftover]
    gallery: Gallery
    run_settings: Mapping[str, Any]

    @property
    def splits(self) -> list[str]:
        """The splits that have rows, in their order."""
        return list(dict.fromkeys(row.split for row in self.rows))

    @property
    def thresholds(self) -> list[ThresholdTable]:
        """The numbers of the protocol's rules; nothing for runs that did not record them."""
        return threshold_tables(self.run_settings)

    def has(self, key: str) -> bool:
        """Whether any row has a number under this key."""
        return any(key in row.values for row in self.rows)

    def rows_of(self, split: str) -> list[EditorRow]:
        """The editors' rows on a split."""
        return [row for row in self.rows if row.split == split]


def build_report(run: Run, *, gallery: int = _CARDS, progress: bool = True) -> Report:
    """The content of a report of a run.

    Args:
        run: scores and settings.
        gallery: about how many edits to show; images are read again from where the run found them. 0: none.
        progress: show a bar when reading images takes long.

    Raises:
        RunError: the run's settings do not say all that a report tells.
    """
    require_reportable(run)
    groups = run.groups()
    return Report(
        title="GSI-Bench report",
        subtitle=_subtitle(run),
        settings=_settings(run.settings),
        inputs=_inputs(run.settings),
        comparable=run.settings["comparable_with_paper"],
        not_comparable_because=run.settings["not_comparable_because"],
        rows=[
            EditorRow(split, editor, run.judged(split, editor), aggregate(scores, run.judged(split, editor)))
            for (split, editor), scores in groups.items()
        ],
        distributions=[d for (split, editor), scores in groups.items() for d in _distributions(run, split, editor, scores)],
        faults=[group for (split, editor), scores in groups.items() for group in failed_edits(split, editor, scores)],
        unscored=_unscored(run),
        leftovers=_leftovers(run.settings),
        gallery=build_gallery(run, gallery, progress=progress),
        run_settings={name: value for name, value in run.settings.items() if name != "places"},  # of this machine alone
    )


def _subtitle(run: Run) -> str:
    editors, samples = run.settings["editors"], run.settings["dataset"]["samples"]
    counts = ", ".join(f"{count} {split} edit{'s' if count != 1 else ''}" for split, count in samples.items())
    return f"{len(editors)} editor{'s' if len(editors) != 1 else ''}, {counts}, {run.settings['protocol']} protocol."


def _distributions(run: Run, split: str, editor: str, scores: Sequence[Score]) -> list[Distribution]:
    values = {
        "SA": [100 * s.sa for s in scores if s.sa is not None],
        "EL = 100 − 100·LPIPS": [100 - 100 * s.lpips for s in scores if s.lpips is not None],
        "other objects unchanged": [100 * s.bystanders for s in scores if s.bystanders is not None],
        "AC": [10 * s.ac for s in scores if s.ac is not None] if run.judged(split, editor) else [],
    }
    return [Distribution(split, editor, name, bin_counts(found)) for name, found in values.items() if found]


def _unscored(run: Run) -> list[Unscored]:
    found = []
    for (split, editor), scores in run.groups().items():
        found += [Unscored.of(split, editor, counted) for counted in reason_counts(scores)]
        if run.settings["judge"] is not None and not run.judged(split, editor):
            everyone = [(s.sample_id, "no judgements were given for this editor") for s in scores]
            found.append(Unscored.of(split, editor, ReasonCount("not_judged", everyone)))
    return found


def _leftovers(settings: Mapping[str, Any]) -> list[Leftover]:
    words = {"extra": "images that belong to no sample", "ignored_files": "files that are no predictions"}
    return [
        Leftover(split, editor, what, [str(name) for name in record[key]])
        for editor, splits in settings["editors"].items()
        for split, record in splits.items()
        for key, what in words.items()
        if record.get(key)
    ]


def _settings(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    data = settings["dataset"]
    return [
        ("Data", data["path"]),
        ("Revision", data["revision"] or "none asked for"),
        ("Content hash", data["content_hash"] or "none"),
        ("Origin", ", ".join(data["origins"])),
        ("Samples", ", ".join(f"{split} {count}" for split, count in data["samples"].items())),
        *_enriched(data),
        *_measurable(data),
        ("Protocol", settings["protocol"]),
        ("Dataset type", settings["dataset_type"] or "by split: GSI-Real for fine, else GSI-Syn"),
        ("Detector", settings["detector"]),
        *_judge(settings),
        ("Missing images", settings.get("on_missing") or "zero"),
        ("Device", settings["device"]),
        ("Batch size", str(settings.get("batch_size") or "default")),
        ("Made", settings["created"]),
        ("Versions", ", ".join(f"{name} {version}" for name, version in settings["versions"].items())),
    ]


def _enriched(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the samples did not come with, and who made it. Runs of former versions do not say."""
    words = [
        f"{split} {data['samples'].get(split, 0)} samples, of these {', '.join(f'{what} {n}' for what, n in found.items())}"
        for split, found in (data.get("enriched") or {}).items()
    ]
    return [("Added by `gsi-bench enrich`", "; ".join(words))] if words else []


def _measurable(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """How many edits their images show enough of. Runs of former versions, and data of others, do not say."""
    words = [f"{split}: {counts}" for split, counts in (data.get("measurable") or {}).items()]
    return [("Measurable, by the true shapes", "; ".join(words))] if words else []


def _judge(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Who judged, asked what, and what it took. Runs of former versions say only the name."""
    name, said, took = settings["judge"] or "none", settings.get("judge_settings") or {}, settings.get("judging") or {}
    if said.get("proxy"):
        return [("Judge", f"{name}: a proxy without a model, not a judge's word")]
    lines = [("Judge", ", ".join(filter(None, (name, said.get("model")))))]
    if "question" in said:
        asked = (
            f"{said['question']}, SHA-256 {said['prompt_sha256']}; {said['samples']} × at temperature {said['temperature']:g}"
        )
        without = f"; the server does not take {', '.join(took['left_out'])}, asked without" if took.get("left_out") else ""
        lines.append(("Question", f"{asked}, seed {said['seed']}, at most {said['max_tokens']} tokens{without}"))
    if took:
        cost = "" if took.get("cost") is None else f", cost {took['cost']:.2f}"
        words = f"{took['judged']} scores, {took['not_judged']} replies without one, {took['outages']} outages"
        lines.append(
            ("Judging", f"{words}; {took.get('tokens_in', 0)} tokens in, {took.get('tokens_out', 0)} out{cost} (last command)")
        )
    return lines


def _inputs(settings: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    lines = []
    for editor, splits in settings["editors"].items():
        for split, record in splits.items():
            count = f" ({record['pictures']} images)" if "pictures" in record else ""
            lines.append((split, editor, "images", f"{record['predictions']}{count}"))
            lines += [
                (split, editor, key, f"{record[key]['path']}, SHA-256 {record[key]['sha256']}")
                for key in ("detections", "judgements")
                if record.get(key)
            ]
    return lines
