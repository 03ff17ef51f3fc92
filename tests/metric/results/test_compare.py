"""`gsi-bench compare`: paired on the common edits, refusing what does not compare."""

import copy
import dataclasses
import re

import numpy as np
import pytest

from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.records import Score
from gsi_bench_metric.results.aggregate import aggregate
from gsi_bench_metric.results.compare import compare, comparison_markdown, load_side
from gsi_bench_metric.run.folder import RunError, finish_run

SETTINGS = {"protocol": "official", "detector": "recorded", "judge": None, "dataset": {"content_hash": "a" * 64}}


def scores_of(editor: str, shift: float, edits: int = 60) -> list[Score]:
    rng = np.random.default_rng(0)
    return [
        Score(
            sample_id=f"s{i // 3:02d}_{i}_edit_0",
            split="fine",
            editor=editor,
            protocol="official",
            operation="move",
            scene_id=f"s{i // 3:02d}",
            ic=1.0,
            sa=float(rng.uniform(0.2, 0.6)) + shift,
            ssim=0.9,
            lpips=0.1,
            mse=1.0,
        )
        for i in range(edits)
    ]


@pytest.fixture
def save(tmp_path):
    """`save(name, scores, **settings)`: a run folder."""

    def write(name: str, scores: list[Score], **changes) -> str:
        settings = copy.deepcopy(SETTINGS) | changes
        settings["editors"] = {s.editor: {"fine": {"judgements": None}} for s in scores}
        finish_run(tmp_path / name, settings, scores)
        return str(tmp_path / name)

    return write


def test_differences_are_paired_on_the_common_edits(save):
    a, b = save("a", scores_of("x", 0.1)), save("b", scores_of("y", 0.0, edits=45))
    (found,) = compare(load_side(a), load_side(b))
    _, _, sa = found.rows["sa"]
    assert (sa.n, sa.scenes) == (45, 15)
    assert sa.difference == pytest.approx(10)
    assert sa.low == pytest.approx(10) and sa.high == pytest.approx(10)
    assert sa.p_value < 0.001
    assert found.rows["ic"][2].p_value == 1
    assert (found.only_a, found.only_b) == (15, 0)


def test_the_table_says_what_was_compared(save, capsys):
    a, b = save("a", scores_of("x", 0.1)), save("b", scores_of("y", 0.0, edits=45))
    assert main(["compare", a, b]) == 0
    shown = capsys.readouterr().out
    assert "45 edits of 15 scenes were scored in both." in shown
    assert "Left out: 15 scored only in A, 0 only in B." in shown
    assert "+10.0 … +10.0" in shown


def test_few_scenes_give_differences_without_intervals(save):
    a, b = save("a", scores_of("x", 0.1, edits=9)), save("b", scores_of("y", 0.0, edits=9))
    (found,) = compare(load_side(a), load_side(b))
    assert found.rows["sa"][2].low is None
    assert "Under 10 scenes there is no interval" in comparison_markdown(found)


def test_two_editors_of_one_run_are_named(save):
    both = save("both", scores_of("x", 0.1) + scores_of("y", 0.0))
    (found,) = compare(load_side(f"{both}:x"), load_side(f"{both}:y"))
    assert found.rows["sa"][2].difference == pytest.approx(10)
    with pytest.raises(RunError, match="has 2 editors; name one"):
        load_side(both)
    with pytest.raises(RunError, match="no editor 'z'; it has x, y"):
        load_side(f"{both}:z")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"protocol": "strict"}, "protocol: official against strict"),
        ({"detector": "tracker"}, "detector: recorded against tracker"),
        ({"dataset": {"content_hash": "b" * 64}}, "data: content aaaaaaaaaaaa against bbbbbbbbbbbb"),
        ({"dataset_type": "GSI-Real"}, "dataset type: not recorded against GSI-Real"),
        ({"dtype": "bfloat16"}, "detector's number type: float32 against bfloat16"),
        ({"mapping_policy": "nearest"}, "mapping policy: not recorded against nearest"),
        ({"scoring_version": 3}, "scoring version: not recorded against 3"),
        ({"thresholds": {"strict": {"hidden": 0.3}}}, "thresholds.strict.hidden: not recorded against 0.3"),
    ],
)
def test_runs_of_other_settings_or_data_are_refused(save, changes, message):
    a, b = save("a", scores_of("x", 0)), save("b", scores_of("y", 0), **changes)
    with pytest.raises(RunError, match=message):
        compare(load_side(a), load_side(b))


ASKED = {"model": "m1", "question": "strict", "prompt_sha256": "c" * 64, "temperature": 0, "samples": 1, "max_tokens": 512}
JUDGED = {"judge": "openai", "judge_settings": ASKED}


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("model", "m2", "judge's model: m1 against m2"),
        ("question", "official", "judge's question: strict against official"),
        ("max_tokens", 64, "judge's tokens a reply: 512 against 64"),
        ("temperature", 0.7, "judge's temperature: 0 against 0.7"),
        ("prompt_sha256", "d" * 64, f"judge's prompt \\(SHA-256\\): {'c' * 64} against {'d' * 64}"),
    ],
)
def test_runs_of_another_judge_model_or_question_are_refused(save, key, value, line):
    a = save("a", scores_of("x", 0), **JUDGED)
    b = save("b", scores_of("y", 0), **JUDGED | {"judge_settings": ASKED | {key: value}})
    with pytest.raises(RunError, match=rf"\(1 problem\)\n  - {line}$"):
        compare(load_side(a), load_side(b))


def test_all_differences_are_named_at_once_each_number_too(save):
    a = save("a", scores_of("x", 0), thresholds={"strict": {"hidden": 0.4, "sure": 0.3}}, scoring_version=7)
    b = save("b", scores_of("y", 0), thresholds={"strict": {"hidden": 0.5, "sure": 0.3}}, scoring_version=8, detector="tracker")
    with pytest.raises(RunError) as caught:
        compare(load_side(a), load_side(b))
    assert str(caught.value).splitlines()[1:] == [
        "  - detector: recorded against tracker",
        "  - scoring version: 7 against 8",
        "  - thresholds.strict.hidden: 0.4 against 0.5",
    ]


def test_what_differs_is_compared_anyway_and_stands_on_the_table(save, capsys):
    a, b = save("a", scores_of("x", 0.1)), save("b", scores_of("y", 0.0), detector="tracker")
    assert main(["compare", a, b]) == 2
    assert "--anyway" in capsys.readouterr().err
    assert main(["compare", a, b, "--anyway"]) == 0
    shown = capsys.readouterr().out
    assert "**Not scored alike; the differences may come from that:**" in shown
    assert "- detector: recorded against tracker" in shown
    assert "+10.0 … +10.0" in shown


def test_values_of_settings_cannot_break_the_table(save):
    a, b = save("a", scores_of("x", 0)), save("b", scores_of("y", 0), mapping_policy="a\n| b |" + "c" * 500)
    (found,) = compare(load_side(a), load_side(b), anyway=True)
    assert all("\n" not in line and len(line) < 200 for line in found.differences)


def test_no_choice_and_no_record_of_it_are_the_same(save):
    a = save("a", scores_of("x", 0), dataset_type=None, dtype=None)
    b = save("b", scores_of("y", 0), dtype="float32")
    assert compare(load_side(a), load_side(b))[0].differences == ()


def strictly(scores: list[Score], **changes) -> list[Score]:
    return [dataclasses.replace(s, protocol="strict", bystanders=1.0, **changes) for s in scores]


def test_numbers_compare_where_both_exist_and_give_the_count(save):
    unmeasured = strictly(scores_of("x", 0.1)[:12], lpips=None, ssim=None) + strictly(scores_of("x", 0.1)[12:])
    a = save("a", unmeasured, protocol="strict")
    b = save("b", strictly(scores_of("y", 0.0)), protocol="strict")
    (found,) = compare(load_side(a), load_side(b))
    assert [found.rows[key][2].n for key in ("ic", "sa", "el", "average_ic_sa_el")] == [60, 60, 48, 48]
    shown = comparison_markdown(found)
    assert "60 edits of 20 scenes" in shown
    assert "`n`: the edits on which both have this number." in shown
    assert re.search(r"\| el \|.*\| 48 \|", shown)


def test_an_interval_that_leaves_out_0_is_not_shown_as_0(save):
    a, b = save("a", scores_of("x", 0.0002)), save("b", scores_of("y", 0.0))
    shown = comparison_markdown(compare(load_side(a), load_side(b))[0])
    assert "| +0.02 | +0.02 … +0.02 | 0.0002 |" in shown


def test_runs_without_a_common_edit_are_refused(save):
    a, b = save("a", scores_of("x", 0)[:30]), save("b", scores_of("y", 0)[30:])
    with pytest.raises(RunError, match="no edit was scored in both"):
        compare(load_side(a), load_side(b))


def test_a_row_has_intervals_around_its_means():
    row = aggregate(scores_of("x", 0), judged=False)
    for key in ("sa", "el", "average_ic_sa_el", "el_ungated", "sa/move"):
        name, _, operation = key.partition("/")
        low, high = (row[f"{name}_{side}" + (f"/{operation}" if operation else "")] for side in ("low", "high"))
        assert low <= row[key] <= high
    assert row["sa_low"] < row["sa"] < row["sa_high"]
