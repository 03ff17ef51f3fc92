"""The reference's output files from a run: per-mode results and statistics, and the `EVAL_output_*.json` tables."""

from __future__ import annotations

import json
from pathlib import Path

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.safety.names import inside, name_problem, printable
from gsi_bench_dataset.storage.folders import write_atomically
from gsi_bench_metric.protocols.official.results import (
    gated_rows,
    mode_stats,
    results_from_scores,
    summarise,
    summary_tables,
)
from gsi_bench_metric.protocols.registry import protocol_named
from gsi_bench_metric.run.folder import Run, RunError, require_folder

__all__ = ["require_official", "write_official_json"]


def write_official_json(run: Run, out: Path) -> list[Path]:
    """Writes `<editor>/<split>_eval/<mode>_eval_{results,stats}.json` and, where judged, `EVAL_output_*.json`; their paths.

    As in the reference, an editor without judgements is in no table (it needs AC), and what was not scored is in no file.

    Raises:
        RunError: see `require_official`.
    """
    require_official(run, out)
    written, rows = [], {}
    for (split, editor), scores in run.groups().items():
        results = results_from_scores(scores)
        folder = inside(out, f"{editor}/{split}_eval", "the results' folder")
        for mode, stats in mode_stats(results).items():
            written.append(_dump(folder / f"{mode}_eval_results.json", results[mode]))
            written.append(_dump(folder / f"{mode}_eval_stats.json", stats))
        row = (
            summarise(gated_rows(results, {s.sample_id: s.ac for s in scores}).values()) if run.judged(split, editor) else None
        )
        if row:
            rows[split, editor] = row
    for name, table in summary_tables(rows).items():
        written.append(_dump(out / f"{name}.json", table))
    return written


def require_official(run: Run, out: Path) -> None:
    """Does nothing where a run can be written as the reference's files.

    Raises:
        RunError: a run of another protocol, two editors whose names differ by underscores only (quirk 96), or one whose name
            cannot be a folder's; or `out` is no folder.
    """
    if not protocol_named(run.settings["protocol"]).of_paper:
        raise RunError(f"--official-json needs a run of the official protocol, found {run.settings['protocol']!r}")
    editors = sorted({editor for _, editor in run.groups()})
    problems = [f"{printable(editor)}: {why}" for editor in editors if (why := name_problem(editor)) is not None]
    if problems:
        title = "--official-json makes a folder of each editor's name; name editors with `gsi-bench evaluate --editor NAME`"
        raise RunError(summary_of(title, problems))
    require_folder(out)
    _refuse_collisions(editors)


def _refuse_collisions(editors: list[str]) -> None:
    names: dict[str, str] = {}
    for editor in editors:
        other = names.setdefault(editor.replace("_", ""), editor)
        if other != editor:
            raise RunError(f"the reference's tables drop underscores: {other!r} and {editor!r} would share a row; rename one")


def _dump(path: Path, content: object) -> Path:
    write_atomically(path, json.dumps(content, indent=4) + "\n")
    return path
