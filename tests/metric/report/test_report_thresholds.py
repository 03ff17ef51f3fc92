"""A run records the thresholds that its scores were made with, and its report shows them."""

import json

import pytest

from gsi_bench_metric.protocols.strict.thresholds import STRICT
from gsi_bench_metric.report.content import build_report
from gsi_bench_metric.report.page import html
from gsi_bench_metric.report.thresholds import threshold_tables
from gsi_bench_metric.run.folder import RunError, load_run
from gsi_bench_metric.run.pipeline import evaluate
from gsi_bench_metric.run.settings import inputs_of


@pytest.fixture
def run_of(make_case, tmp_path):
    def run(protocol):
        evaluate(make_case(2).request(protocol=protocol, judge=None, judgements=None), tmp_path / "run", progress=False)
        return tmp_path / "run"

    return run


def change(folder, **changes):
    path = folder / "settings.json"
    settings = json.loads(path.read_text()) | changes
    path.write_text(json.dumps(settings))


def test_a_strict_run_records_and_shows_every_threshold(run_of):
    folder = run_of("strict")
    recorded = json.loads((folder / "settings.json").read_text())["thresholds"]
    assert recorded == {"strict": json.loads(json.dumps(STRICT.to_json()))}
    report = build_report(load_run(folder), gallery=0, progress=False)
    [table] = report.thresholds
    assert [row[0] for row in table.rows] == [name for name, *_ in STRICT.describe()]
    page = html(report)
    assert "<details><summary>Thresholds of the strict protocol" in page
    for _, _, unit, reason in STRICT.describe():
        assert unit.replace("'", "&#39;") in page and reason.replace("'", "&#39;") in page


def test_an_official_run_has_none(run_of):
    folder = run_of("official")
    assert load_run(folder).settings["thresholds"] == {}
    assert "Thresholds of" not in html(build_report(load_run(folder), gallery=0, progress=False))


def test_settings_of_former_versions_are_read_without_them(run_of):
    folder = run_of("strict")
    settings = json.loads((folder / "settings.json").read_text())
    del settings["thresholds"]
    (folder / "settings.json").write_text(json.dumps(settings))
    report = build_report(load_run(folder), gallery=0, progress=False)
    assert report.thresholds == []
    assert "Thresholds of" not in html(report)


def test_thresholds_of_another_release_are_shown_as_recorded():
    [table] = threshold_tables({"thresholds": {"strict": {"share": [0.4, 1.6], "gone": 3}}})
    assert table.rows[0] == ("share", "0.4 – 1.6", "share of the asked amount", "half done is done, twice is something else")
    assert table.rows[1][:2] == ("gone", "3")


@pytest.mark.parametrize(
    "spoiled", [3, ["strict"], {"strict": 3}, {"strict": {"share": "half"}}, {"strict": {"share": [None]}}]
)
def test_spoiled_thresholds_are_named(run_of, spoiled):
    folder = run_of("strict")
    change(folder, thresholds=spoiled)
    with pytest.raises(RunError, match="thresholds: expected an object of protocols"):
        load_run(folder)


def test_runs_with_other_thresholds_are_of_other_inputs():
    assert inputs_of({"thresholds": {"strict": {"share": 1}}}) != inputs_of({"thresholds": {"strict": {"share": 2}}})
