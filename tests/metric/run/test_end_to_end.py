"""The recorded end-to-end case: what the reference wrote for one editor on 19 edits, as both dataset types.

It lives in tests/data, so this parity proof needs nothing beside the checkout. Limits: decisions exact, SA 1e-7, SSIM and
LPIPS 1e-4, MSE relative 1e-4; the tables are means of those.
"""

import json
from pathlib import Path

import pytest

from gsi_bench_dataset.layout.official import read_official
from gsi_bench_dataset.storage.predictions import read_predictions
from gsi_bench_metric.detectors import make_detector
from gsi_bench_metric.judges import make_judge
from gsi_bench_metric.protocols.official.results import (
    MODES,
    gated_rows,
    mode_stats,
    results_from_scores,
    summarise,
    summary_tables,
)
from gsi_bench_metric.run.planning import make_plan
from gsi_bench_metric.run.scoring import make_scorer, score

DATA = Path(__file__).parents[2] / "data"
RECORDED = DATA / "eval" / "recorded-editor"
LIMITS = {"compliance": 1e-7, "edit_score": 1e-7, "ssim": 1e-4, "lpips": 1e-4}


@pytest.fixture(scope="module", params=["GSI-Real", "GSI-Syn"])
def case(request):
    """(scores, folder of what the reference wrote) for one dataset type."""
    samples = list(read_official(DATA / "official" / "fine_dataset", "fine", origin="demo"))
    plan = make_plan(samples, read_predictions(RECORDED / "generated_images_fine"))
    detector = make_detector("recorded", RECORDED / "fine_eval" / "infer_cache.json")
    judge = make_judge("recorded", DATA / "judgements" / "judge_fine_recorded-editor.json")
    scorer = make_scorer("official", "cpu", dataset_type=request.param)
    scores = score(plan, samples, scorer, detector, judge, progress=False)
    return scores, DATA / "expected" / request.param


def expected(folder: Path, name: str) -> dict:
    return json.loads((folder / name).read_text())


@pytest.mark.parametrize("mode", MODES)
def test_every_edit_has_the_reference_result(case, mode):
    scores, folder = case
    wanted = expected(folder, f"{mode}_eval_results.json")
    found = results_from_scores(scores)[mode]
    assert set(found) == set(wanted)
    for key, values in wanted.items():
        for name, value in values.items():
            if name == "operation":
                assert found[key][name] == value
            elif name == "mse":
                assert found[key][name] == pytest.approx(value, rel=1e-4), key
            else:
                assert found[key][name] == pytest.approx(value, abs=LIMITS[name]), (key, name)


def test_every_decision_is_the_reference_decision(case):
    scores, folder = case
    wanted = expected(folder, "instruction-compliance_eval_results.json")
    for key, found in results_from_scores(scores)["instruction-compliance"].items():
        if found["operation"] != "view":
            assert found["compliance"] == wanted[key]["compliance"], key


@pytest.mark.parametrize("mode", MODES)
def test_mode_statistics_are_the_reference_statistics(case, mode):
    scores, folder = case
    found = mode_stats(results_from_scores(scores))[mode]
    assert flat(found) == pytest.approx(flat(expected(folder, f"{mode}_eval_stats.json")), abs=1e-4)


def test_summary_tables_are_the_reference_tables(case):
    scores, folder = case
    row = summarise(gated_rows(results_from_scores(scores), {s.sample_id: s.ac for s in scores}).values())
    tables = summary_tables({("fine", "recorded-editor"): row})
    assert set(tables) == {p.stem for p in folder.glob("EVAL_output_*.json")}
    for name, table in tables.items():
        # 100 × the limit of SSIM and LPIPS; the parts made of decisions and SA are held above.
        assert flat(table) == pytest.approx(flat(expected(folder, f"{name}.json")), abs=1e-2), name


def flat(table: dict, prefix: str = "") -> dict[str, float]:
    values = {}
    for key, value in table.items():
        values |= flat(value, f"{prefix}/{key}") if isinstance(value, dict) else {f"{prefix}/{key}": value}
    return values
