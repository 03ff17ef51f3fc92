"""Run folders as others leave them: edited, half gone, other programs' ones; and names and numbers from a command line."""

import copy
import csv
import io
import json
import os
import stat
from pathlib import Path

import pytest
from edit_cases import make_case

from gsi_bench_dataset import Score
from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.records import Reason
from gsi_bench_metric.run.pipeline import evaluate
from gsi_bench_metric.report.content import build_report
from gsi_bench_metric.report.official_json import write_official_json
from gsi_bench_metric.report.write import scores_csv, write_report
from gsi_bench_metric.run.folder import Run, RunError, begin_run, finish_run, load_run, prepare_folder

__all__ = ["make_case"]


def score(editor="editor", **fields):
    values = {"sample_id": "a_edit_0", "split": "fine", "editor": editor, "protocol": "official", "operation": "move"}
    return Score(**values | {"ic": 1.0, "sa": 0.5, "ssim": 0.9, "lpips": 0.1, "locality_passed": True} | fields)


def settings(*editors):
    record = {"predictions": "p", "pictures": 1, "column": "edited_image", "ignored_files": [], "extra": []}
    record |= {"detections": None, "judgements": None}
    return {
        "created": "2026-01-01T00:00:00+00:00", "protocol": "official", "detector": "recorded", "judge": None,
        "judge_settings": None, "on_missing": "zero", "comparable_with_paper": False, "not_comparable_because": "no judge",
        "dataset": {"path": "d", "revision": None, "content_hash": "a" * 64, "origins": ["demo"], "samples": {"fine": 1}},
        "dataset_type": None, "device": "cpu", "dtype": None, "batch_size": None,
        "editors": {editor: {"fine": dict(record)} for editor in editors or ("editor",)}, "versions": {"python": "3"},
    }  # fmt: skip


@pytest.fixture
def run_folder(tmp_path):
    folder = tmp_path / "run"
    prepare_folder(folder)
    begin_run(folder, settings())
    finish_run(folder, settings(), [score()])
    return folder


def edited(folder, change):
    found = json.loads((folder / "settings.json").read_text())
    change(found)
    (folder / "settings.json").write_text(json.dumps(found))


def at(*path, value="lacking"):
    def change(found):
        for key in path[:-1]:
            found = found[key]
        if value == "lacking":
            del found[path[-1]]
        else:
            found[path[-1]] = value

    return change


EDITS = {
    "other hash": at("scores_sha256", value="0" * 64),
    "hash of another type": at("scores_sha256", value=["x"]),
    "no hash": at("scores_sha256"),
    "no protocol": at("protocol"),
    "unknown protocol": at("protocol", value="mine"),
    "editors as a list": at("editors", value=["editor"]),
    "no editors": at("editors"),
    "an editor as a text": at("editors", "editor", value="x"),
    "a split as null": at("editors", "editor", "fine", value=None),
    "no judgements": at("editors", "editor", "fine", "judgements"),
    "judgements as a number": at("editors", "editor", "fine", "judgements", value=3),
    "another editor": at("editors", value={"other": {}}),
    "dataset as null": at("dataset", value=None),
    "no hash of the data": at("dataset", "content_hash"),
    "NaN": at("batch_size", value=float("nan")),
    "infinity deep inside": at("judge_settings", value={"x": [float("inf")]}),
    "a newer format": at("format", value=99),
    "a format in words": at("format", value="one"),
    "a judge's question without numbers": at("judge_settings", value={"question": "strict", "temperature": "hot"}),
}
TEXTS = {
    "a list": "[]", "null": "null", "a number": "1", "empty": "", "no JSON": "{", "deep": "[" * 100_000, "binary": "\x00\x01",
    "many digits": '{"a": ' + "9" * 10_000 + "}",
}  # fmt: skip


@pytest.mark.parametrize("change", EDITS.values(), ids=EDITS)
def test_edited_settings_are_named_with_a_remedy(run_folder, change):
    edited(run_folder, change)
    with pytest.raises(RunError, match=r"not finished|this release reads up to"):
        load_run(run_folder)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_spoiled_settings_are_named_with_a_remedy(run_folder, text, capsys):
    (run_folder / "settings.json").write_text(text)
    for words in (["report", run_folder], ["compare", run_folder, run_folder]):
        assert main([str(word) for word in words]) == 2
        error = capsys.readouterr().err
        assert error.startswith("error: ") and "not finished" in error and "gsi-bench evaluate" in error


@pytest.mark.parametrize("key", ["created", "versions", "device", "not_comparable_because"])
def test_a_report_names_what_settings_lack(run_folder, key, capsys):
    edited(run_folder, at(key))
    assert main(["report", str(run_folder)]) == 2
    assert f"{key}: is not there" in capsys.readouterr().err


MAKERS = {
    "folder": Path.mkdir,
    "pipe": os.mkfifo,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "loop": lambda path: path.symlink_to(path.name),
}


@pytest.mark.parametrize("name", ["settings.json", "scores.jsonl"])
@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_settings_and_scores_of_another_kind_are_no_run(run_folder, make, name):
    (run_folder / name).unlink()
    make(run_folder / name)
    with pytest.raises(RunError):
        load_run(run_folder)


def test_lost_settings_do_not_lose_the_records(make_case, tmp_path):
    """Records hold a judge's replies, which cost money."""
    case, folder = make_case(2), tmp_path / "run"
    first = evaluate(case.request(), folder, progress=False)
    kept = sorted(path.name for path in (folder / "records").iterdir())
    (folder / "settings.json").unlink()
    with pytest.raises(RunError, match="its records are there: run the same"):
        load_run(folder)
    assert evaluate(case.request(), folder, progress=False).scores == first.scores
    assert sorted(path.name for path in (folder / "records").iterdir()) == kept  # nothing was made again


@pytest.mark.parametrize("text", ['{"editor.fontSize": 12}', "[1]"])
def test_another_programs_settings_are_left_alone(tmp_path, text):
    (tmp_path / "settings.json").write_text(text)
    (tmp_path / "thesis.txt").write_text("years")
    with pytest.raises(RunError, match="holds other files and no run"):
        prepare_folder(tmp_path)
    assert (tmp_path / "settings.json").read_text() == text


@pytest.mark.parametrize("odd", ["file", "pipe", "device", "loop", "nul", "long"])
def test_out_that_is_no_folder_is_named_before_the_work(tmp_path, odd, capsys):
    path = tmp_path / "out"
    if odd == "file":
        path.write_text("mine")
    elif odd == "pipe":
        os.mkfifo(path)
    elif odd == "loop":
        path.symlink_to("out")
    path = {"device": Path("/dev/null"), "nul": Path("a\0b"), "long": tmp_path / ("x" * 300)}.get(odd, path)
    words = ["--data", str(tmp_path / "absent-data"), "--split", "fine", "--out", str(path), "--device", "cpu"]
    for command in (["evaluate", str(tmp_path)], ["validate"]):
        assert main([*command, *words]) == 2
        error = capsys.readouterr().err
        assert error.startswith("error: ") and len(error.splitlines()) == 1 and "absent-data" not in error
    if odd == "file":
        assert path.read_text() == "mine"


@pytest.mark.parametrize("odd", ["device", "pipe", "folder", "link"])
def test_an_output_file_never_replaces_what_is_no_file(tmp_path, odd, capsys):
    path = tmp_path / "out.jsonl"
    if odd == "folder":
        path.mkdir()
    elif odd == "link":
        path.symlink_to("/dev/full")
    else:
        os.mkfifo(path)
    path = Path("/dev/null") if odd == "device" else path
    before = os.lstat(path).st_mode
    words = ["detections", "cache.json", "--data", "d", "--split", "fine", "--predictions", "p", "--out", str(path)]
    assert main(words) == 2
    assert "expected the name of a file to write" in capsys.readouterr().err
    assert os.lstat(path).st_mode == before and (odd != "device" or stat.S_ISCHR(before))


HOSTILE = ["../x", "/tmp/x", "a/b", "Qwen/Qwen-Image-Edit", ".", "..", "", " ", "x" * 300, "a\nb", "a\0b", "\udcff", "a\\b"]


@pytest.mark.parametrize("editor", HOSTILE, ids=[repr(name)[:20] for name in HOSTILE])
def test_official_json_stays_in_its_folder(tmp_path, editor):
    run = Run(settings("good", editor), [score("good"), score(editor)])
    out = tmp_path / "deep" / "out"
    with pytest.raises(RunError, match=r"makes a folder of each editor's name[\s\S]*--editor NAME"):
        write_official_json(run, out)
    assert list(tmp_path.rglob("*")) == []


def test_official_json_does_not_follow_links_out(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "editor").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ValueError, match="leads out of"):
        write_official_json(Run(settings(), [score()]), tmp_path / "out")
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("editor", ["../x", "", " ", "..", "a\nb", "x" * 300, "\udcff"])
def test_an_editors_name_that_nothing_can_show_is_refused(make_case, tmp_path, editor):
    with pytest.raises(ValueError, match="--editor"):
        evaluate(make_case(2).request(editor=editor), tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()


CELLS = ["a\rb", "a\nb", "a\r\nb", 'say "x"', "a,b", "=cmd()", "+1", "-1", "@x", "\t=1", " =1", "\uff1d1", "'quoted", "\r", "é"]


@pytest.mark.parametrize("text", CELLS, ids=[repr(text) for text in CELLS])
def test_cells_of_csv_come_back_and_are_no_formulas(text):
    table = scores_csv([score("editor", reasons=(Reason("unreadable", text),), explanation=text), score("b")])
    rows = list(csv.DictReader(io.StringIO(table, newline="")))
    assert len(rows) == 2 and rows[1]["editor"] == "b"
    cell = rows[0]["explanation"]
    assert cell.removeprefix("'") == text.removeprefix("'")
    assert not cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d"))


def test_names_that_are_not_utf8_reach_every_output(tmp_path):
    bad = os.fsdecode(b"caf\xe9.png")
    found = copy.deepcopy(settings())
    found["editors"]["editor"]["fine"] |= {"extra": [bad], "ignored_files": [bad]}
    run = Run(found, [score(reasons=(Reason("unreadable", f"{bad}: not readable"),), state="no_picture")])
    for path in write_report(run, tmp_path, progress=False):
        assert "caf" in path.read_bytes().decode("utf-8")
    assert json.loads((tmp_path / "report.json").read_bytes())["settings"]["editors"]["editor"]["fine"]["extra"] == [bad]


def test_damaged_lines_of_scores_are_named_by_number(run_folder):
    lines = [json.dumps(score().to_json()), "{", "[" * 100_000, "[]", '{"sample_id": 3}', "\x00"]
    text = "\n".join(lines) + "\n"
    (run_folder / "scores.jsonl").write_text(text)
    import hashlib  # noqa: PLC0415

    edited(run_folder, at("scores_sha256", value=hashlib.sha256(text.encode()).hexdigest()))
    with pytest.raises(
        ValueError, match=r"5 problems[\s\S]*line 2: [\s\S]*line 3: [\s\S]*line 4: [\s\S]*line 5: [\s\S]*line 6"
    ):
        load_run(run_folder)


NUMBERS = {
    "evaluate": [
        "--batch-size",
        "--workers",
        "--judge-samples",
        "--judge-concurrency",
        "--judge-timeout",
        "--judge-max-tokens",
    ],
    "validate": ["--limit", "--workers"],
    "reproduce": ["--workers"],
    "generate": ["--limit", "--concurrency", "--timeout"],
}
NEEDED = {
    "evaluate": ["p", "--data", "d", "--split", "fine", "--out", "o"],
    "validate": ["--data", "d", "--split", "fine", "--out", "o"],
    "reproduce": ["bagel", "--bundle", "b", "--out", "o"],
    "generate": ["--editor", "openai", "--data", "d", "--split", "fine", "--out", "o"],
}


@pytest.mark.parametrize(("command", "option"), [(c, option) for c, options in NUMBERS.items() for option in options])
def test_numbers_out_of_bounds_are_a_usage_error(command, option, capsys):
    for value in ("0", "-1", "1000000000", "nan", "inf", "1e99", "", "x", "9" * 5000):
        with pytest.raises(SystemExit) as ended:
            main([command, *NEEDED[command], f"{option}={value}"])
        error = capsys.readouterr().err
        assert ended.value.code == 2 and option in error and "expected a" in error and len(error.splitlines()[-1]) < 300


@pytest.mark.parametrize("words", [["--detector", "x\ny"], ["--dtype", "int8"], ["--device", "quantum"], ["--protocol", "x"]])
def test_unknown_values_are_one_line(make_case, tmp_path, words, capsys):
    case = make_case(2)
    assert (
        main(
            ["evaluate", str(case.pictures), "--data", str(case.data), "--split", "fine", "--out", str(tmp_path / "r"), *words]
        )
        == 2
    )
    assert len(capsys.readouterr().err.splitlines()) == 1 and not (tmp_path / "r").exists()


@pytest.mark.parametrize("name", ["missing", "missing:editor", "run:nobody", "", ":", "x" * 300, "a\0b"])
def test_a_comparison_names_the_run_that_is_not_there(run_folder, name, capsys):
    other = str(run_folder.parent / name) if name else name
    assert main(["compare", str(run_folder), other]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and (not name.startswith("missing") or "missing: no settings.json" in error)


def test_a_report_of_a_whole_run_still_reads_its_settings(run_folder):
    assert build_report(load_run(run_folder), gallery=0).rows
