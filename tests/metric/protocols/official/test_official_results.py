"""Result files, statistics and tables of the official protocol against recorded reference outputs."""

import json

import pytest

from gsi_bench_metric.judges.recorded import read_reference_file
from gsi_bench_metric.protocols.official.results import MODES, gated_rows, mode_stats, summarise, summary_tables

LIMIT = 1e-9


@pytest.fixture(scope="module")
def aggregate(golden):
    return golden / "metric" / "aggregate"


def complete_runs(aggregate):
    """(editor, split, results) of every recorded run that has all three result files."""
    for folder in sorted(aggregate.glob("eval/*/*_eval")):
        files = [folder / f"{mode}_eval_results.json" for mode in MODES]
        if all(f.is_file() for f in files):
            results = {mode: json.loads(f.read_text()) for mode, f in zip(MODES, files, strict=True)}
            yield folder.parent.name, folder.name.removesuffix("_eval"), results


def flat(table, prefix=""):
    values = {}
    for key, value in table.items():
        values |= flat(value, f"{prefix}/{key}") if isinstance(value, dict) else {f"{prefix}/{key}": value}
    return values


def test_statistics_of_every_recorded_run_equal_the_reference(aggregate):
    runs = list(complete_runs(aggregate))
    assert len(runs) == 4
    for editor, split, results in runs:
        for mode, stats in mode_stats(results).items():
            recorded = aggregate / "expected" / "stats" / editor / f"{split}_eval" / f"{mode}_eval_stats.json"
            assert flat(stats) == pytest.approx(flat(json.loads(recorded.read_text())), abs=LIMIT)


def test_tables_of_every_recorded_run_equal_the_reference(aggregate):
    rows = {}
    for editor, split, results in complete_runs(aggregate):
        (judgements,) = aggregate.glob(f"mllm/*_{split}_{editor.replace('_', '')}.json")
        scores = {index: j.score for index, j in read_reference_file(judgements).items()}
        rows[split, editor] = summarise(gated_rows(results, scores).values())
    tables = summary_tables(rows)
    recorded = {p.stem: json.loads(p.read_text()) for p in aggregate.glob("expected/EVAL_output_*.json")}
    assert set(tables) == set(recorded)
    for name, table in recorded.items():
        assert flat(tables[name]) == pytest.approx(flat(table), abs=LIMIT), name


def test_an_empty_run_has_zero_statistics_and_no_row():
    nothing = {mode: {} for mode in MODES}
    stats = mode_stats(nothing)
    assert stats["instruction-compliance"]["overall_success_rate"] == 0.0
    assert stats["spatial-accuracy"]["overall_mean_score"] == 0.0
    assert stats["edit-locality"]["overall_mean_lpips"] == 0.0
    assert summarise(gated_rows(nothing, {}).values()) is None
