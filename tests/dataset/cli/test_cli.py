import zipfile

import pytest

from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.layout.official import read_official
from gsi_bench_dataset.remote import client as hub
from gsi_bench_dataset.storage.shards import read_dataset, split_sizes
from gsi_bench_dataset.version import __version__


def run(capsys, *args):
    status = main([str(a) for a in args])
    out, err = capsys.readouterr()
    return status, out, err


def test_import_info_export_give_the_archive_back(official_folder, tmp_path, capsys):
    folder = official_folder({"a_edit_0": {}, "a_edit_1": {"prompt": "Move the mug 20 centimeters to the left."}})
    status, out, _ = run(capsys, "import", folder, "--split", "fine", "--out", tmp_path / "d")
    assert status == 0 and "fine: 2 samples imported" in out
    status, out, _ = run(capsys, "info", tmp_path / "d")
    for words in ("fine: 2 samples", "move 2", "official 2", "suspicious goals  1", "a_edit_1: asks 20 cm left"):
        assert words in out, out
    assert run(capsys, "export", tmp_path / "d", "--split", "fine", "--out", tmp_path / "e")[0] == 0
    assert run(capsys, "export", tmp_path / "d", "--split", "all", "--out", tmp_path / "f")[0] == 0
    wanted = {p.name: p.read_bytes() for p in folder.iterdir()}
    for exported in (tmp_path / "e", tmp_path / "f/fine_dataset"):
        assert {p.name: p.read_bytes() for p in exported.iterdir()} == wanted


def test_import_counts_unread_instructions_by_reason(official_folder, tmp_path, capsys):
    prompts = ("Move the mug 20 pixels left.", "Move the mug 9 px up.", "Move the mug to its left by 10 cm.", "Remove the mug.")
    folder = official_folder({f"a_edit_{i}": {"prompt": prompt} for i, prompt in enumerate(prompts)})
    status, _, err = run(capsys, "import", folder, "--split", "fine", "--out", tmp_path / "d")
    assert status == 0
    assert "note: fine: 2 instructions not understood (operation left empty): pixels are no length in the scene" in err
    assert (
        'note: fine: 1 instruction not understood (operation left empty): what this belongs to is not clear, such as "its"'
        in err
    )


def test_import_all_takes_folders_and_zips_of_the_known_names(official_folder, tmp_path, capsys):
    folder = official_folder(name="fine_dataset")
    with zipfile.ZipFile(tmp_path / "robothor_dataset.zip", "w") as archive:
        for path in folder.iterdir():
            archive.write(path, f"robothor_dataset/{path.name}")
    rights = ["--image-licence", "mit", "--redistributable", "yes"]
    status, _, err = run(capsys, "import", tmp_path, "--split", "all", "--out", tmp_path / "d", *rights)
    assert status == 0, err
    assert split_sizes(tmp_path / "d") == {"fine": 1, "robothor": 1}
    (sample,) = read_dataset(tmp_path / "d", "robothor")
    assert (sample.image_licence, sample.redistributable) == ("mit", True)


def test_a_second_import_keeps_the_first_split(official_folder, tmp_path, capsys):
    folder = official_folder()
    run(capsys, "import", folder, "--split", "fine", "--out", tmp_path / "d")
    _, out, _ = run(capsys, "import", folder, "--split", "bathroom", "--out", tmp_path / "d")
    assert "kept fine" in out and split_sizes(tmp_path / "d") == {"fine": 1, "bathroom": 1}


def test_import_from_the_hub_records_the_commit(official_folder, tmp_path, capsys, monkeypatch):
    folder = official_folder()
    fetched = hub.OfficialArchives("o/n", "c" * 40, {"fine": folder})
    monkeypatch.setattr(hub, "fetch_official", lambda repo, revision, splits: fetched)
    assert run(capsys, "import", "o/n@main", "--split", "fine", "--out", tmp_path / "d")[0] == 0
    assert f"o/n@{'c' * 40}" in (tmp_path / "d/README.md").read_text()
    assert str(tmp_path) not in (tmp_path / "d/README.md").read_text()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["import", "nothing.zip", "--split", "fine", "--out", "d"], "no such file or folder, and no repository id"),
        (["import", ".", "--split", "all", "--out", "d"], "expected a folder that holds fine_dataset"),
        (["import", ".", "--split", "fine", "--out", "d"], "no edits"),
        (["info", "nothing"], "neither a dataset folder nor a repository id"),
        (["export", ".", "--split", "fine", "--out", "e"], "expected split fine"),
        (["push", ".", "not a repo"], "expected a repository id"),
    ],
)
def test_known_errors_are_one_message_and_status_2(args, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    status, out, err = run(capsys, *args)
    assert status == 2 and out == ""
    assert "error: " in err and message in err and "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_debug_shows_the_error_itself(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError):
        main(["--debug", "info", "nothing"])


def test_export_does_not_replace_unless_told(official_folder, tmp_path, capsys):
    folder = official_folder()
    run(capsys, "import", folder, "--split", "fine", "--out", tmp_path / "d")
    export = ["export", tmp_path / "d", "--split", "fine", "--out", folder]
    assert run(capsys, *export)[0] == 2
    assert run(capsys, *export, "--overwrite")[0] == 0
    assert len(list(read_official(folder, "fine"))) == 1


@pytest.mark.parametrize("command", ["import", "export", "push", "pull", "info"])
def test_help_teaches_with_an_example(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert f"example:\n  gsi-bench {command} " in capsys.readouterr().out


def test_version(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.strip() == f"gsi-bench {__version__}"
