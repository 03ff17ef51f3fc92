"""What a report says, apart from how it looks: tables, charts, what was not scored, a gallery, the settings."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from gsi_bench_dataset.records import REASONS, Score
from gsi_bench_metric.aggregate import ReasonCount, aggregate, reason_counts
from gsi_bench_metric.report.gallery import Gallery, build_gallery
from gsi_bench_metric.report.plots import histograms, intervals
from gsi_bench_metric.runs import Run

__all__ = ["COLUMNS", "Report", "SplitReport", "Unscored", "build_report"]

# Key of the flat row -> (heading, what it is). Order of the headline table.
COLUMNS: Mapping[str, tuple[str, str]] = {
    "ic": ("IC", "instruction compliance, %"),
    "sa": ("SA", "spatial accuracy, %"),
    "el": ("EL", "edit locality, 100 − 100·LPIPS outside of the edit, counted where IC > 0"),
    "ac": ("AC", "appearance consistency, 10 × the judge's score, counted where IC > 0"),
    "average": ("Average", "mean of IC, SA, EL and AC"),
    "average_ic_sa_el": ("Avg. w/o AC", "mean of IC, SA and EL, for editors that were not judged"),
    "el_ungated": ("EL, all", "edit locality of every picture, whether it complied or not"),
    "n": ("n", "edits with IC and SA"),
    "n_not_scored": ("Not scored", "edits without IC and SA"),
}
_GIVEN = ("n_ic", "sa_given_ic", "el_given_ic", "ac_given_ic")
_ALL = ("ic_all", "sa_all", "el_all", "ac_all", "average_all", "average_ic_sa_el_all")
_PLOTTED = ("ic", "sa", "el", "ac", "average", "average_ic_sa_el")
_PER_OPERATION = ("ic", "sa", "el", "ac")


@dataclasses.dataclass(frozen=True)
class Unscored:
    """Edits of one editor that carry one reason: (sample id, text)."""

    split: str
    editor: str
    name: str
    meaning: str
    count: int
    edits: Sequence[tuple[str, str]]


@dataclasses.dataclass(frozen=True)
class SplitReport:
    """The tables and charts of one split. Rows are (editor, flat row); operations (operation, samples)."""

    name: str
    rows: Sequence[tuple[str, Mapping[str, float]]]
    columns: Sequence[tuple[str, str, str]]  # key, heading, explanation
    given: Sequence[str]  # keys of the table of edits that complied
    all: Sequence[str]  # keys of the table that counts missing pictures as 0
    operations: Sequence[tuple[str, int]]
    measures: Sequence[tuple[str, str]]  # key, heading of the tables by operation
    interval_plots: Sequence[tuple[str, Markup]]  # title, chart
    histograms: Sequence[tuple[str, Markup]]


@dataclasses.dataclass(frozen=True)
class Report:
    """Everything that a page shows."""

    title: str
    subtitle: str
    settings: Sequence[tuple[str, str]]
    comparable: bool
    not_comparable_because: str
    splits: Sequence[SplitReport]
    unscored: Sequence[Unscored]
    gallery: Gallery

    @property
    def rows(self) -> list[tuple[str, str, Mapping[str, float]]]:
        """(split, editor, flat row) of every row."""
        return [(split.name, editor, row) for split in self.splits for editor, row in split.rows]

    @property
    def columns(self) -> list[tuple[str, str, str]]:
        """Columns that any split has."""
        used = {key for split in self.splits for key, _, _ in split.columns}
        return [(key, *words) for key, words in COLUMNS.items() if key in used]


def build_report(run: Run, *, gallery: bool = True, progress: bool = False) -> Report:
    """The content of a report of a run."""
    by_split: dict[str, dict[str, list[Score]]] = {}
    for (split, editor), scores in run.groups().items():
        by_split.setdefault(split, {})[editor] = scores
    return Report(
        title="GSI-Bench report",
        subtitle=_subtitle(run),
        settings=_settings(run.settings),
        comparable=run.settings["comparable_with_paper"],
        not_comparable_because=run.settings["not_comparable_because"],
        splits=[_split(run, name, editors) for name, editors in by_split.items()],
        unscored=_unscored(run, by_split),
        gallery=build_gallery(run, progress=progress) if gallery else Gallery(()),
    )


def _split(run: Run, name: str, editors: Mapping[str, Sequence[Score]]) -> SplitReport:
    rows = [(editor, _with_all(aggregate(scores, run.judged(name, editor)))) for editor, scores in editors.items()]
    used = {key for _, row in rows for key in row}
    operations = sorted({score.operation for scores in editors.values() for score in scores})
    samples = {op: len({s.sample_id for scores in editors.values() for s in scores if s.operation == op}) for op in operations}
    return SplitReport(
        name=name,
        rows=rows,
        columns=[(key, *words) for key, words in COLUMNS.items() if key in used],
        given=[key for key in _GIVEN if key in used],
        all=[key for key in _ALL if key in used] if any(s.state == "no_picture" for ss in editors.values() for s in ss) else [],
        operations=list(samples.items()),
        measures=[(key, COLUMNS[key][0]) for key in _PER_OPERATION if any(used_key.startswith(f"{key}/") for used_key in used)],
        interval_plots=[
            (heading, intervals(heading, [(e, row.get(key), row.get(f"{key}_low"), row.get(f"{key}_high")) for e, row in rows]))
            for key, (heading, _) in COLUMNS.items()
            if key in _PLOTTED and key in used
        ],
        histograms=_histograms(run, name, editors),
    )


def _with_all(row: dict[str, float]) -> dict[str, float]:
    """The row with `<key>_all` for an editor that lacks no picture too: then it is the mean itself."""
    keys = [key.removesuffix("_all") for key in _ALL]
    return {f"{key}_all{end}": row[key + end] for key in keys for end in ("", "_low", "_high") if key + end in row} | row


def _histograms(run: Run, split: str, editors: Mapping[str, Sequence[Score]]) -> list[tuple[str, Markup]]:
    values = {
        "SA of every edit": {e: [100 * s.sa for s in scores if s.sa is not None] for e, scores in editors.items()},
        "EL of every edit, not gated": {
            e: [100 - 100 * s.lpips for s in scores if s.lpips is not None] for e, scores in editors.items()
        },
        "AC of every edit": {
            e: [10 * s.ac for s in scores if s.ac is not None] for e, scores in editors.items() if run.judged(split, e)
        },
    }
    return [
        (title, histograms(title, [(editor, found) for editor, found in rows.items() if found]))
        for title, rows in values.items()
        if any(rows.values())
    ]


def _unscored(run: Run, by_split: Mapping[str, Mapping[str, Sequence[Score]]]) -> list[Unscored]:
    found = []
    for split, editors in by_split.items():
        for editor, scores in editors.items():
            found += [Unscored(split, editor, c.name, REASONS[c.name], c.count, _by_edit(c)) for c in reason_counts(scores)]
            if run.settings["judge"] is not None and not run.judged(split, editor):
                words = "no judgements were given for this editor"
                found.append(Unscored(split, editor, "not_judged", words, len(scores), ()))
            record = run.settings["editors"][editor][split]
            for name, words, key in (
                ("extra", "pictures that belong to no sample", "extra"),
                ("ignored", "files that are no pictures", "ignored_files"),
            ):
                if record[key]:
                    names = [(file, "") for file in record[key]]
                    found.append(Unscored(split, editor, name, words, len(names), names))
    return found


def _by_edit(found: ReasonCount) -> list[tuple[str, str]]:
    """What a reason says of each edit, all of it in one line."""
    texts: dict[str, list[str]] = {}
    for sample_id, text in found.edits:
        texts.setdefault(sample_id, []).append(text)
    return [(sample_id, "; ".join(lines)) for sample_id, lines in texts.items()]


def _subtitle(run: Run) -> str:
    editors, samples = run.settings["editors"], run.settings["dataset"]["samples"]
    counts = ", ".join(f"{count} {split} edits" for split, count in samples.items())
    return f"{len(editors)} editor{'s' if len(editors) != 1 else ''}, {counts}, {run.settings['protocol']} protocol."


def _settings(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    data = settings["dataset"]
    found = [
        ("Data", data["path"] + (f"@{data['revision']}" if data["revision"] else "")),
        ("Origin", ", ".join(data["origins"])),
        ("Samples", ", ".join(f"{split} {count}" for split, count in data["samples"].items())),
        ("Content hash", data["content_hash"] or "none"),
        ("Protocol", settings["protocol"] + (f", {settings['dataset_type']}" if settings["dataset_type"] else "")),
        ("Missing pictures", settings["on_missing"]),
        ("Detector", settings["detector"]),
        ("Judge", settings["judge"] or "none"),
        ("Device", settings["device"]),
        ("Made", settings["created"]),
        ("Versions", ", ".join(f"{name} {version}" for name, version in settings["versions"].items())),
    ]
    for editor, splits in settings["editors"].items():
        for split, record in splits.items():
            files = [f"{record['pictures']} pictures of {record['predictions']}"]
            files += [f"{what} {record[what]['path']} ({record[what]['sha256'][:12]})" for what in _FILES if record[what]]
            found.append((f"{editor}, {split}", "; ".join(files)))
    return found


_FILES = ("detections", "judgements")
