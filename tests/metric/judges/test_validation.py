"""`gsi-bench validate --judge`: controls, bars, agreement, resume."""

import json
from pathlib import Path

import numpy as np
import pytest

from gsi_bench_dataset.cli.main import main
from gsi_bench_metric.judges import JudgeOptions
from gsi_bench_metric.validity.grid import GridError
from gsi_bench_metric.validity.judging.agreement import weighted_kappa
from gsi_bench_metric.validity.judging.controls import CONTROLS, Shown, make_control, recoloured
from gsi_bench_metric.validity.judging.page import judges_markdown, write_judges
from gsi_bench_metric.validity.judging.run import JudgeRequest, validate_judges

DATA = Path(__file__).parents[2] / "data" / "variants" / "GSI-Bench"
CHEAP = ("identical", "swapped", "recoloured20", "recoloured40", "blank", "text_in_corner")


@pytest.fixture
def picture():
    rng = np.random.default_rng(0)
    rgb = np.full((120, 160, 3), (120, 110, 100), np.uint8) + rng.integers(0, 8, (120, 160, 1), dtype=np.uint8)
    target, other = np.zeros((120, 160), bool), np.zeros((120, 160), bool)
    target[40:90, 30:80] = True
    other[30:60, 110:150] = True
    rgb[target], rgb[other] = (90, 120, 160), (170, 90, 60)
    return Shown(rgb, target, other)


@pytest.mark.parametrize("name", list(CONTROLS))
def test_a_control_changes_what_it_names_and_nothing_else(picture, name):
    changed = make_control(CONTROLS[name], picture)
    differs = (changed != picture.rgb).any(-1)
    near = np.zeros_like(picture.target)
    near[20:110, 10:110] = True  # the target with a margin: blur and words reach over its rim
    if name == "identical":
        assert not differs.any()
    elif name == "text_in_corner":
        assert differs.any() and not differs[picture.target].any()
    else:
        assert differs[picture.target].any() and not (differs & ~near).any()
    assert (make_control(CONTROLS[name], picture) == changed).all()


@pytest.mark.parametrize("difference", [5.0, 10.0, 20.0, 40.0])
def test_a_recolouring_is_as_strong_as_its_name(picture, difference):
    import cv2  # noqa: PLC0415

    before, after = (
        cv2.cvtColor(p.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) for p in (picture.rgb, recoloured(picture, difference))
    )
    found = np.linalg.norm(before - after, axis=-1)[picture.target].mean()
    assert found == pytest.approx(difference, rel=0.1)
    assert np.abs(before - after)[picture.target][:, 0].mean() < 3  # lightness stays


def test_what_cannot_be_made_of_a_removal_is_left_out(picture):
    gone = Shown(picture.rgb, picture.target, None, removed=True)
    made = {name for name, control in CONTROLS.items() if make_control(control, gone) is not None}
    assert made == {"identical", "blank", "text_on_target", "text_in_corner"}


def test_kappa_is_that_of_the_textbook():
    # Squared differences, as rated: 1 + 0 + 1 + 0 = 2. Of all 16 pairs: 1 with each of 2, 2, 3, 3: 1+1+4+4; 2 (twice): 0+0+1+1;
    # 3: 1+1+0+0; together 16, a quarter of it for four ratings by chance: 4.
    assert weighted_kappa([1, 2, 2, 3], [2, 2, 3, 3]) == pytest.approx(1 - 2 / 4)
    assert weighted_kappa([0, 10], [10, 0]) == -1
    assert weighted_kappa([1, 5, 9], [1, 5, 9]) == 1
    assert weighted_kappa([], []) is None
    with pytest.raises(ValueError, match="same edits"):
        weighted_kappa([1], [1, 2])


def request(server, *judges, **changes):
    options = JudgeOptions(model="judge", url=server.url, retries=2)  # an idle connection may have been closed
    values = {"data": str(DATA), "split": "mesatask", "judges": judges, "options": options, "controls": CHEAP}
    return JudgeRequest(**values | changes)


def test_a_judge_that_always_says_eight_fails_and_is_asked_once(serve, tmp_path):
    pytest.importorskip("openai", reason="the client of judge 'openai' is not here")
    server = serve()
    found = validate_judges(request(server, "openai"), tmp_path / "run", progress=False)
    (check,) = found.checks
    rows = {row.name: row for row in check.controls}
    assert set(rows) == set(CHEAP) and all(row.median == 8 for row in rows.values())
    assert [rows[name].met for name in ("identical", "swapped", "recoloured20", "blank")] == [False] * 4
    assert check.follows["recoloured"] == 0 and check.gain == 0 and check.tens == check.wrong_tens == 0
    asked = len(server.asked)
    again = validate_judges(request(server, "openai"), tmp_path / "run", progress=False)
    assert len(server.asked) == asked == sum(row.n for row in check.controls)
    assert again.checks[0].controls == check.controls
    page = judges_markdown(found)
    assert "✗ 8.0" in page and "share of tens: 0 %" in page
    write_judges(found, tmp_path / "run")
    assert json.loads((tmp_path / "run" / "judges.json").read_text())["checks"][0]["judge"] == "openai"


def test_a_judge_that_painted_words_steer_is_found_out(serve, tmp_path):
    pytest.importorskip("openai", reason="the client of judge 'openai' is not here")
    server = serve(lambda n, number: "good" if n % 2 == 0 else "ten")
    options = JudgeOptions(model="judge", url=server.url, concurrency=1)
    asked = request(server, "openai", controls=("text_in_corner",), options=options)
    found = validate_judges(asked, tmp_path, progress=False)
    assert found.checks[0].gain == pytest.approx(2.0)
    assert "✗ 2.00" in judges_markdown(found)


def test_unknown_controls_and_data_without_right_edits_are_named(serve, tmp_path, make_case):
    server = serve()
    with pytest.raises(GridError, match="no controls nonsense; there are identical"):
        validate_judges(request(server, "openai", controls=("nonsense",)), tmp_path / "a")
    case = make_case(4)
    with pytest.raises(GridError, match="no right edit"):
        validate_judges(request(server, "embedded", data=str(case.data), split="fine"), tmp_path / "b", progress=False)


def test_the_command_validates_two_judges_and_their_agreement(serve, tmp_path, capsys):
    pytest.importorskip("openai", reason="the client of judge 'openai' is not here")
    server = serve()
    words = ["validate", "--data", str(DATA), "--split", "mesatask", "--judge", "openai", "embedded", "--limit", "1", "--out"]
    words += [str(tmp_path / "run"), "--controls", "swapped", "--judge-url", server.url, "--judge-model", "judge"]
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "## openai, judge, question strict" in shown and "## embedded (a proxy without a model)" in shown
    assert "| openai, embedded |" in shown and (tmp_path / "run" / "judges.md").is_file()
