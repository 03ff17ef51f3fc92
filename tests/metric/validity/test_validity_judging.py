"""Verdicts are pure functions of scores; truth and detections are compared object by object."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from gsi_bench_dataset import Detection, SceneObject, Score
from gsi_bench_dataset.records import REASONS, Reason
from gsi_bench_metric.pages.numbers import measure, number
from gsi_bench_metric.validity.grid import ASKED, RIGHT_SA, Bar
from gsi_bench_metric.validity.judge import ALL, curves, gated, never_falls, outcomes, robustness, spearman
from gsi_bench_metric.validity.judge_accuracy import NotScored, accuracy, asked_of, not_scored
from gsi_bench_metric.validity.judge_detector import BARS, detector_report
from gsi_bench_metric.validity.truth import ObjectCheck, Shown, check_objects, same_state, turn_between

GRADED = {0: 0.0, 20: 0.0, 40: 0.0, 60: 0.3, 80: 0.7, 100: 1.0}


def score(cell, ic=1.0, sa=1.0, sample="a_edit_0-grade100", lpips=0.0):
    return Score(sample, "mesatask", cell, "strict", "move", ic=ic, sa=sa, lpips=lpips)


def graded(values, sample="a_edit_0-grade100"):
    return [score(f"grade{grade:03d}", float(sa > 0), sa, sample) for grade, sa in values.items()]


OPERATIONS = {"a_edit_0-grade100": "move", "b_edit_0-grade100": "rotate"}


def test_accuracy_and_locality_count_with_compliance_only():
    assert gated(score("x", 0.0, 0.9)).sa == 0
    assert gated(score("x", 1.0, 0.5, lpips=0.2)).average == pytest.approx((100 + 50 + 80) / 3)
    assert gated(score("x", None, None)) is None
    assert gated(score("x", math.nan, 1.0)) is None


def test_an_outcome_is_held_against_its_bar_over_all_operations():
    found = {o.variant: o for o in outcomes([score("grade100"), score("grade100", 0.0, 0.0, "b_edit_0-grade100")], OPERATIONS)}
    assert found["grade100"].verdict == "missed"
    assert found["grade100"].means[ALL].ic == 50
    assert found["grade100"].means["move"].ic == 100
    assert found["grade100"].means["rotate"].ic == 0


def test_what_was_not_scored_is_counted_and_in_no_mean():
    (found,) = outcomes([score("opposite", 0.0, 0.0), score("opposite", None, None, "b_edit_0-grade100")], OPERATIONS)
    assert (found.means[ALL].n, found.means[ALL].n_not_scored, found.verdict) == (1, 1, "met")
    (nothing,) = outcomes([score("opposite", None, None)], OPERATIONS)
    assert nothing.verdict == "no data"


def test_a_score_that_asks_for_half_the_way_can_meet_the_bar():
    curve = curves(graded(GRADED), OPERATIONS)[-1]
    assert (curve.operation, curve.edits, curve.never_falls, curve.verdict) == (ALL, 1, 100, "met")
    assert curve.spearman == pytest.approx(0.941, abs=1e-3)
    assert curve.spearman_half == pytest.approx(1)


def test_a_score_that_falls_once_misses_the_bar():
    curve = curves(graded(GRADED | {80: 0.2}), OPERATIONS)[-1]
    assert (curve.never_falls, curve.verdict) == (0, "missed")


def test_a_score_that_is_the_same_everywhere_has_no_order():
    curve = curves(graded(dict.fromkeys(GRADED, 1.0)), OPERATIONS)[-1]
    assert (curve.never_falls, curve.spearman, curve.verdict) == (100, 0, "missed")


def test_an_edit_with_an_unscored_grade_is_counted_apart():
    scores = graded(GRADED) + graded(GRADED, "b_edit_0-grade100")[:-1] + [score("grade100", None, None, "b_edit_0-grade100")]
    curve = curves(scores, OPERATIONS)[-1]
    assert (curve.edits, curve.not_scored) == (1, 1)


@given(st.lists(st.floats(0, 100), min_size=2, max_size=8))
def test_sorted_scores_never_fall_reversed_ones_do_unless_equal(values):
    up = sorted(values)
    assert never_falls(up)
    assert never_falls(up[::-1]) == (up[-1] - up[0] <= 1e-6 or all(b - a <= 1e-6 for a, b in itertools.pairwise(up)))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=12))
def test_spearman_agrees_with_scipy_if_no_side_is_constant(pairs):
    x, y = zip(*pairs, strict=True)
    if len(set(x)) > 1 and len(set(y)) > 1:
        assert spearman(x, y) == pytest.approx(spearmanr(x, y).statistic, abs=1e-9)
    else:
        assert spearman(x, y) == 0


def test_robustness_compares_the_same_complying_edits():
    scores = [
        score("grade100", 1.0, 0.9),
        score("grade100", 1.0, 1.0, "b_edit_0-grade100"),
        score("jpeg:after", 1.0, 0.7),
        score("jpeg:after", 0.0, 0.0, "b_edit_0-grade100"),
        score("jpeg:source", 0.0, 0.0),
    ]
    found = next(r for r in robustness(scores, OPERATIONS) if r.operation == ALL)
    assert (found.after.ic, found.clean.ic, found.n_loss) == (50, 100, 1)
    assert found.sa_loss == pytest.approx(20)
    assert found.verdicts == {"source": "met", "opposite": "no data", "after": "missed", "sa_loss": "missed"}
    assert not found.holds


FAR, NEAR, SHORT = "move, 10 cm or more", "move, 5–10 cm", "move, under 5 cm"


def accuracy_of(asked, *pairs):
    """The row of right edits with these (IC, SA), all asked for alike."""
    scores = [score("grade100", ic, sa, f"{i}_edit_0-grade100") for i, (ic, sa) in enumerate(pairs)]
    (row,) = accuracy(scores, {s.sample_id: asked for s in scores})
    return row


@pytest.mark.parametrize("asked", [FAR, "place", "rotate", "scale", "remove", "view"])
def test_the_right_edit_needs_95_unless_it_is_a_short_move(asked):
    assert accuracy_of(asked, (1.0, 0.95)).verdicts == {"ic": "met", "sa": "met"}
    assert accuracy_of(asked, (1.0, 0.94)).verdicts == {"ic": "met", "sa": "missed"}


def test_short_moves_need_less_accuracy_very_short_ones_none():
    assert accuracy_of(NEAR, (1.0, 0.85)).verdicts["sa"] == "met"
    assert accuracy_of(NEAR, (1.0, 0.84)).verdicts["sa"] == "missed"
    assert accuracy_of(SHORT, (1.0, 0.0)).verdicts == {"ic": "met"}


def test_99_of_100_right_edits_comply_and_others_earn_nothing():
    assert accuracy_of("rotate", *[(1.0, 1.0)] * 99, (0.0, 1.0)).verdicts["ic"] == "met"
    row = accuracy_of("rotate", *[(1.0, 1.0)] * 49, (0.0, 1.0))
    assert (row.means.ic, row.means.sa, row.verdicts["ic"]) == (98, 98, "missed")


def test_only_right_edits_count_and_rows_stand_in_one_order():
    scores = [score("grade100", sample="b"), score("grade000", 0.0, 0.0, "a"), score("grade100", sample="a")]
    rows = accuracy(scores, {"a": FAR, "b": "remove"})
    assert [(row.asked, row.means.n, row.means.ic) for row in rows] == [(FAR, 1, 100), ("remove", 1, 100)]


def test_right_edits_without_a_score_have_no_verdict():
    row = accuracy_of("scale", (None, None))
    assert (row.means.n, row.means.n_not_scored, row.verdicts) == (0, 1, {"ic": "no data", "sa": "no data"})


def test_unscored_edits_not_images_are_counted_by_reason():
    def without(cell, sample, *names):
        return dataclasses.replace(
            score(cell, None, None, sample), reasons=tuple(Reason(name, f"the {sample}") for name in names)
        )

    hidden, unseen = "target_hidden", "unobservable"
    scores = [
        without("grade100", "a", hidden), without("grade000", "a", hidden), without("jpeg:after", "a", hidden),
        without("grade100", "b", hidden, "not_judged"), without("grade100", "c", hidden, unseen),
        without("grade100", "d"), score("grade100", sample="e"),
    ]  # fmt: skip
    assert not_scored(scores) == NotScored(4, 5, [(REASONS[hidden], 3), (REASONS[unseen], 1), ("no reason is given", 1)])


def test_a_number_that_misses_its_bar_is_not_printed_as_met():
    assert number(94.96, Bar(low=95)) == "94.96"
    assert number(98.9996, Bar(low=99)) == "98.9996"
    assert number(95.04, Bar(low=95)) == "95"
    assert measure(0.3004, "cm", Bar(high=0.3)) == "0.3004 cm"


EYE = np.eye(3).tolist()


def turned(degrees):
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return [[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]]


def thing(name, x=0.0, turn=0.0, *, symmetry="none", look=None, target=False):
    return SceneObject(name, "mug", [x, 0.0, 2.0, 0.1, 0.1, 0.1, 0.0], turned(turn), symmetry, look, target)


def seen(name, x=0.0, turn=0.0, **more):
    fields = {"state": "present", "confidence": 0.9, "sigma": [0.01] * 7} | more
    return Detection(
        bbox_3d=[x, 0.0, 2.0, 0.1, 0.1, 0.1, 0.0],
        bbox_2d=[0.0] * 4,
        label="mug",
        rotation_matrix=turned(turn),
        object_id=name,
        **fields,
    )


@pytest.mark.parametrize(("metres", "asked"), [(0.12, FAR), (0.1, FAR), (0.0999, NEAR), (0.05, NEAR), (0.049, SHORT)])
def test_a_move_is_as_long_as_its_targets_way_whatever_moves(metres, asked):
    x = 0.7 + metres - 0.7  # ends in other digits
    before = [thing("b", 1.0), thing("a", 0.7, target=True)]
    assert asked_of("move", before, [thing("a", 0.7 + x, target=True), thing("b", 3.0)]) == asked
    assert asked_of("place", before, [thing("a", 0.7 + x, target=True)]) == "place"


def test_a_move_without_its_target_is_still_some_edit():
    assert asked_of("move", [thing("a", target=True)], []) == "move"
    assert {"move", *RIGHT_SA} <= set(ASKED)


def shown(before, now):
    return Shown("a_edit_0", "move", "grade100", "clean", "mug", before, now)


def test_errors_are_those_of_the_change_and_of_the_place():
    before, now = [thing("a", target=True)], [thing("a", 0.2, target=True)]
    (check,) = check_objects(shown(before, now), [seen("a", 0.01)], [seen("a", 0.23, turn=5)])
    assert (check.truth, check.found) == ("present", "present")
    assert check.moved_cm == pytest.approx(20)
    assert check.position_error_cm == pytest.approx(3)
    assert check.displacement_error_cm == pytest.approx(2)
    assert check.turn_error_deg == pytest.approx(5)
    assert check.z == pytest.approx((3, 0, 0))


def test_states_are_present_absent_duplicate_and_unreported():
    a, b = thing("a", target=True), thing("b", 0.5)
    states = [(c.truth, c.found) for c in check_objects(shown([a, b], [b]), [], [seen("a", state="absent")])]
    assert states == [("absent", "absent"), ("present", "unreported")]
    copied = [a, thing("a_copy", 0.3, target=True)]
    (one,) = check_objects(shown([a], copied), [], [seen("a"), seen("a_copy", 0.3)])
    assert (one.truth, one.found) == ("duplicate", "duplicate")
    (told,) = check_objects(shown([a], copied), [], [seen("a", state="duplicate")])
    assert told.found == "duplicate"
    (missed,) = check_objects(shown([a], copied), [], [seen("a")])
    assert missed.found == "present"


def test_look_alikes_may_swap_their_names():
    before = [thing("a", 0.0, look="mug"), thing("b", 1.0, look="mug")]
    checks = check_objects(shown(before, before), [], [seen("b", 0.0), seen("a", 1.0)])
    assert [c.position_error_cm for c in checks] == pytest.approx([0, 0])


def test_a_turn_that_was_called_unobservable_has_no_error():
    a = thing("a", symmetry="continuous")
    (check,) = check_objects(shown([a], [a]), [], [seen("a", turn=50, unobservable=("rotation",))])
    assert check.turn_unobservable
    assert check.turn_error_deg is None


@pytest.mark.parametrize(
    ("symmetry", "degrees", "expected"),
    [("none", 180, 180), ("2-fold", 170, 10), ("4-fold", 100, 10), ("continuous", 33, None)],
)
def test_turns_are_measured_modulo_symmetry(symmetry, degrees, expected):
    assert turn_between(turned(degrees), EYE, symmetry) == (None if expected is None else pytest.approx(expected))


def test_swapped_look_alikes_and_symmetric_turns_are_the_same():
    a, b = thing("a", 0.0, look="mug"), thing("b", 1.0, look="mug")
    assert same_state([a, b], [dataclasses.replace(a, id="b"), dataclasses.replace(b, id="a")])
    assert same_state([thing("a", turn=90, symmetry="4-fold")], [thing("a", symmetry="4-fold")])
    assert not same_state([thing("a", turn=90)], [thing("a")])
    assert not same_state([a], [a, b])
    assert not same_state([a], [thing("a", 0.05, look="mug")])
    assert same_state([thing("a", turn=30, target=True)], [thing("a", target=True)], turn_deg=40)


def test_a_detector_that_knows_itself_is_calibrated():
    before = [thing("a", target=True)]
    checks = []
    rng = np.random.default_rng(0)
    for x in rng.normal(0, 0.01, 400):
        (check,) = check_objects(shown(before, before), [seen("a")], [seen("a", float(x))])
        checks.append(check)
    report = detector_report(checks)
    assert report.within[0] == pytest.approx(100 * (2 + 0.683) / 3, abs=2)  # two axes have no error at all
    assert report.confusion["present", "present"] == 400
    assert report.expected_calibration_error == pytest.approx(abs(0.9 - 0.954), abs=0.02)
    assert next(o for o in report.observability if o.group == "all others").verdict == "met"


def check(**fields):
    known = {"edit": "a_edit_0", "operation": "move", "cell": "grade100", "condition": "clean", "object_id": "mug_0"}
    return ObjectCheck(**known | {"is_target": True, "symmetry": "none", "truth": "present", "found": "present"} | fields)


def errors_of(checks):
    return {errors.group: errors for errors in detector_report(checks).errors}


@pytest.mark.parametrize(("moved", "group"), [(10 - 1e-12, "10 cm or more"), (9.9, "5–10 cm"), (5.0, "5–10 cm")])
def test_displacement_is_held_to_bars_at_median_and_percentile(moved, group):
    name = f"targets moved {group}: displacement"

    def verdicts(*errors):
        return errors_of([check(moved_cm=moved, displacement_error_cm=error) for error in errors])[name].verdicts

    assert verdicts(*[0.3] * 96, *[9.0] * 4) == {"median": "met", "p95": "met"}
    assert verdicts(*[0.3] * 94, *[9.0] * 6) == {"median": "met", "p95": "missed"}
    assert verdicts(*[0.31] * 100) == {"median": "missed", "p95": "met"}


def test_short_moves_are_measured_without_a_bar():
    errors = errors_of([check(moved_cm=4.9, displacement_error_cm=5.0)])["targets moved under 5 cm: displacement"]
    assert (errors.n, errors.median, errors.p95, errors.bars, errors.verdicts) == (1, 5, 5, {}, {})


@pytest.mark.parametrize(
    ("group", "field", "bar"),
    [("targets: size", "scale_error_pct", 1.5), ("targets: turn, modulo symmetry", "turn_error_deg", 1.0)],
)
def test_sizes_and_turns_are_held_against_bars_in_the_median(group, field, bar):
    assert errors_of([check(**{field: bar}), check(**{field: 9.0}), check(**{field: 0.0})])[group].verdicts == {"median": "met"}
    assert errors_of([check(**{field: bar + 0.01})])[group].verdicts == {"median": "missed"}
    assert errors_of([check(**{field: bar + 0.01}, is_target=False)])[group].verdicts == {"median": "no data"}


def test_every_bar_on_errors_belongs_to_a_group_that_is_measured():
    assert BARS.keys() <= errors_of([check()]).keys()


def test_presence_is_the_share_of_objects_with_the_right_state():
    wrong, spoiled = check(found="absent"), check(found="absent", condition="jpeg")
    right = [check()] * 98 + [check(truth="absent", found="absent")]
    met, missed = (detector_report([*right, wrong, *more, spoiled]).presence for more in ([], [wrong]))
    assert (met.n, met.share, met.verdict) == (100, 99, "met")
    assert (missed.n, missed.verdict) == (101, "missed")
    assert detector_report([]).presence.verdict == "no data"
