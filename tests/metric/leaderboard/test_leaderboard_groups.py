"""Who may stand in one table: only runs that were scored alike, and every other one is named with the reason."""

import dataclasses
import shutil

import pytest

from gsi_bench_metric.leaderboard.content import build_board
from gsi_bench_metric.leaderboard.hub_files import HubNames, hub_files
from gsi_bench_metric.leaderboard.published import published
from gsi_bench_metric.leaderboard.ranking import Rank
from gsi_bench_metric.run.folder import RunError


def test_editors_of_several_runs_are_ranked_in_one_table(save, scores_of):
    (group,) = build_board([save("a", scores_of("x", 0.1)), save("b", scores_of("y", 0.9))]).groups
    assert [(r.label, r.rank) for r in group.ranked()] == [("y", Rank(1, 1)), ("x", Rank(2, 2))]
    assert not group.apart and not group.not_ranked()
    assert list(group.pairs) == [("y", "x")] and group.pairs["y", "x"].low > 0


OTHERS = {
    "data": ({"dataset": {"content_hash": "b" * 64}}, "data: content"),
    "version": ({"scoring_version": 9}, "scoring version: 10 against 9"),
    "detector": ({"detector": "simulator"}, "detector: tracker against simulator"),
    "mapping": ({"mapping_policy": "resize"}, "mapping policy: abc against resize"),
    "judge": ({"judge": "embedded"}, "judge: not recorded against embedded"),
    "thresholds": ({"thresholds": {"strict": {"move_m": 0.1}}}, "thresholds.strict.move_m: not recorded against 0.1"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_runs_that_do_not_compare_are_never_in_one_table(save, scores_of, other):
    changes, reason = OTHERS[other]
    runs = [save("a", scores_of("x")), save("b", scores_of("y"), **changes), save("c", scores_of("z"))]
    groups = build_board(runs).groups
    assert [[e.editor for e in group.entries] for group in groups] == [["x", "z"], ["y"]]
    assert not groups[0].apart
    assert any(line.startswith(reason.split(":")[0]) for line in groups[1].apart), groups[1].apart
    assert other in ("data", "judge") or reason in groups[1].apart


def test_another_protocol_is_said_without_all_its_thresholds(save, scores_of):
    strict = save("a", scores_of("x"), thresholds={"strict": {f"t{i}": 1.0 for i in range(30)}})
    official = save("b", scores_of("x", protocol="official"), protocol="official", mapping_policy="resize", scoring_version=1)
    first, second = build_board([strict, official]).groups
    assert second.apart == ["protocol: strict against official"]
    assert first.settings["protocol"] == "strict"


def test_many_other_thresholds_are_counted(save, scores_of):
    a, b = ({"strict": {f"t{i}": value for i in range(30)}} for value in (1.0, 2.0))
    group = build_board([save("a", scores_of("x"), thresholds=a), save("b", scores_of("y"), thresholds=b)]).groups[1]
    assert len(group.apart) == 9 and group.apart[-1] == "and 22 more"


def test_splits_are_tables_of_their_own(save, scores_of):
    both = scores_of("x") + scores_of("x", split="mesatask")
    board = build_board([save("a", both)])
    assert [group.split for group in board.groups] == ["fine", "mesatask"] and not board.groups[1].apart


def test_a_run_on_other_edits_of_a_split_is_not_ranked_with_it(save, scores_of):
    board = build_board([save("a", scores_of("x")), save("b", scores_of("y", scenes=11))])
    assert board.groups[1].apart == ["edits: 60 against 55, 55 of them the same"]


def test_editors_of_one_name_are_told_apart_by_their_runs(save, scores_of):
    board = build_board([save("a", scores_of("x", 0.1)), save("b", scores_of("x", 0.9))])
    assert [r.label for r in board.groups[0].ranked()] == ["x (b)", "x (a)"]
    assert len(board.models) == 1 and len(board.models[0].entries) == 2


def test_no_editor_can_take_the_label_of_another(save, scores_of):
    shares = {"a": ("x", 0.1), "b": ("x", 0.5), "c": ("x (a)", 0.9)}
    group = build_board([save(run, scores_of(*found)) for run, found in shares.items()]).groups[0]
    assert sorted(group.labels) == ["x (a) [1]", "x (a) [3]", "x (b)"]
    assert len(group.pairs) == 3 and all(found.difference > 0 for found in group.pairs.values())


def test_runs_of_one_name_are_told_apart_by_their_folders(save, scores_of):
    board = build_board([save("one/run", scores_of("x")), save("two/run", scores_of("y"))])
    assert list(board.runs) == ["one/run", "two/run"]
    assert "of one name" in board.remarks[0] and "run" in board.remarks[0]


def test_a_folder_given_twice_and_a_copy_are_counted_once(save, scores_of, tmp_path):
    run = save("a", scores_of("x"))
    shutil.copytree(run, tmp_path / "copied")
    (tmp_path / "linked").symlink_to(run)
    board = build_board([run, run, tmp_path / "copied", tmp_path / "linked", tmp_path / "." / "a"])
    assert len(board.groups[0].entries) == 1 and len(board.refused) == 4
    assert all("counted once" in one.why for one in board.refused)


def test_few_scenes_give_an_order_and_no_rank(save, scores_of):
    (group,) = build_board([save("a", scores_of("x", 0.1, scenes=9) + scores_of("y", 0.9, scenes=9))]).groups
    assert [(r.label, r.rank) for r in group.ranked()] == [("y", None), ("x", None)]
    assert [why for _, why in group.not_ranked()] == ["no interval: 9 scenes, and it takes 10"] * 2


def test_an_official_row_that_is_not_complete_has_no_rank(save, scores_of):
    whole, part = scores_of("x", protocol="official"), scores_of("y", 0.9, protocol="official")
    part[0] = dataclasses.replace(part[0], ic=None, sa=None, state="partial")
    (group,) = build_board([save("a", whole + part, protocol="official")]).groups
    assert [r.label for r in group.ranked()] == ["x", "y"]
    assert group.not_ranked()[0][0] == "y" and "not every image could be scored" in group.not_ranked()[0][1]


def test_nothing_to_rank_names_every_folder(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunError) as caught:
        build_board([tmp_path / "empty", tmp_path / "nowhere"])
    assert "no run to rank in 2 folders" in str(caught.value)
    assert "empty: no settings.json" in str(caught.value) and "nowhere: no such folder" in str(caught.value)


# --- files for the Hub


def hub(board, **names):
    return hub_files(board, HubNames(**names))


def test_results_are_read_back_by_the_hubs_own_library(save, scores_of):
    import yaml  # noqa: PLC0415
    from huggingface_hub import parse_eval_result_entries  # noqa: PLC0415

    board = build_board([save("a", scores_of("x", 0.5))])
    files, left_out = hub(board, dataset="ORG/data", space="ORG/board")
    (path,) = (path for path in files if path.startswith("models/"))
    assert path == "models/x/.eval_results/fine_strict_v10_tracker.yaml" and not left_out
    entries = parse_eval_result_entries(yaml.safe_load(files[path]))
    row = board.groups[0].entries[0].row
    found = {entry.task_id.removeprefix("fine_strict_v10_tracker_"): entry.value for entry in entries}
    assert found == {key: round(row[key], 2) for key in ("ic", "sa", "el", "average_ic_sa_el")}
    assert entries[0].source_url == "https://huggingface.co/spaces/ORG/board" and "95 % interval" in entries[0].notes
    assert "evaluation_framework" not in files[path]  # of results: it would show them as verified
    tasks = yaml.safe_load(files["datasets/ORG--data/eval.yaml"])
    assert {task["id"] for task in tasks["tasks"]} == {entry.task_id for entry in entries}
    assert set(tasks) == {"name", "description", "evaluation_framework", "tasks"}


def test_one_task_id_never_holds_runs_that_do_not_compare(save, scores_of):
    board = build_board([save("a", scores_of("x")), save("b", scores_of("y"), mapping_policy="other")])
    files, left_out = hub(board, dataset="ORG/data")
    assert [path for path in files if path.startswith("models/")] == ["models/x/.eval_results/fine_strict_v10_tracker.yaml"]
    assert len(left_out) == 1 and "scored otherwise" in left_out[0]


def test_one_hub_dataset_is_never_two_contents(save, scores_of):
    other = save("b", scores_of("y", split="mesatask"), dataset={"content_hash": "b" * 64})
    files, left_out = hub(build_board([save("a", scores_of("x")), other]), dataset="ORG/data")
    assert "models/y/.eval_results/mesatask_strict_v10_tracker.yaml" not in files
    assert len(left_out) == 1 and "its data is other than that of table 1" in left_out[0]


def test_a_run_on_a_folder_says_nothing_of_a_hub_dataset(save, scores_of):
    local = save("a", scores_of("x"), places={"data": "folder"}, dataset={"path": "GSI-Bench/GSI-Bench"})
    files, left_out = hub(build_board([local]))
    assert files == {} and "--dataset-id" in left_out[0]
    remote = save("b", scores_of("y"), places={"data": "repository"}, dataset={"path": "GSI-Bench/GSI-Bench"})
    assert "datasets/GSI-Bench--GSI-Bench/eval.yaml" in hub(build_board([remote]))[0]


@pytest.mark.parametrize("name", ["no-organisation", "a/b/c", "../x", "a b/c", "/x", ""])
def test_a_repository_name_that_the_hub_refuses_is_named(name):
    from gsi_bench_metric.leaderboard.hub_files import HubError  # noqa: PLC0415

    for option, field in (("--dataset-id", "dataset"), ("--space-id", "space")):
        with pytest.raises(HubError, match=option):
            HubNames(**{field: name}).require_sound()


# --- what was published


def test_the_published_averages_are_the_means_of_their_rows():
    rows = published().rows
    assert len(rows) == 30 and published().splits == ["fine", "mesatask", "robothor"]
    for (split, model), row in rows.items():
        assert row["average"] == pytest.approx(sum(row[key] for key in ("ic", "sa", "ac", "el")) / 4, abs=0.0151), (
            split,
            model,
        )


def test_both_anomalies_of_the_published_table_are_footnotes():
    found = published()
    assert [(split, model) for split, model, _ in found.anomalies] == [("mesatask", "NanoBanana"), ("mesatask", "OmniGen2")]
    notes = {row.label: row.note for row in found.table("mesatask").rows if row.note}
    assert notes == {"NanoBanana": "note a", "OmniGen2": "note b"}
    assert not any(row.note for row in found.table("fine").rows)
    k = found.rows["mesatask", "NanoBanana"]["ic"] * 6
    assert abs(k - round(k)) > 0.2 and round(100 * 219 / 598, 2) == found.rows["mesatask", "NanoBanana"]["ic"]


def test_the_published_remark_on_ac_is_what_the_rows_say():
    near = [abs(r["ac"] - r["ic"]) <= 0.3 for (split, _), r in published().rows.items() if split != "robothor"]
    above = [r["ac"] - r["ic"] for (split, _), r in published().rows.items() if split == "robothor"]
    assert (sum(near), len(near)) == (13, 20) and min(above) > 1 and max(above) < 9
    assert any("13 of the 20 rows" in text for text in published().remarks)
