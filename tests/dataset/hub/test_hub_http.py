"""Import against a stand-in of the Hub over real HTTP, with the real clients in processes of their own."""

import io
import zipfile

import pytest
from hub_stand_in import Repository, error_of

from gsi_bench_dataset.records import SPLITS
from gsi_bench_dataset.storage.shards import read_dataset, split_sizes

REPO = "GSI-Bench/GSI-Bench"


@pytest.fixture
def archives(official_folder):
    """`archives(word)`: file name -> content of the four official archives; `word` is in their prompts."""
    made = []

    def make(word="right"):
        files = {}
        for number, split in enumerate(SPLITS):
            stem = "a" * (number + 1)
            edits = {f"{stem}_edit_0": {"prompt": f"Move the mug 20 centimeters to the {word}."}}
            folder = official_folder(edits, (f"{stem}.png",), name=f"{split}_{len(made)}")
            stream = io.BytesIO()
            with zipfile.ZipFile(stream, "w") as archive:
                for path in folder.iterdir():
                    archive.write(path, f"{split}_dataset/{path.name}")
            files[f"{split}_dataset.zip"] = stream.getvalue()
        made.append(word)
        return files

    return make


@pytest.fixture
def official(hub, archives):
    """The repository of archives: an old commit with a branch and a tag, and a newer `main`."""
    repository = hub.repos[REPO] = Repository()
    old = repository.commit(archives("left"))
    repository.refs |= {"v1.0": old, "refs/pr/1": old}
    repository.commit(archives("right") | {"README.md": b"# GSI-Bench\n"})
    return repository


def test_import_of_all_splits_downloads_from_one_commit(hub, official, gsi_bench, tmp_path):
    done = gsi_bench("import", REPO, "--split", "all", "--out", tmp_path / "d")
    assert done.returncode == 0, done.stderr
    assert split_sizes(tmp_path / "d") == dict.fromkeys(SPLITS, 1)
    card = (tmp_path / "d/README.md").read_text()
    assert card.count(f"{REPO}@{official.refs['main']}") == 4
    for number, split in enumerate(SPLITS):
        (sample,) = read_dataset(tmp_path / "d", split)
        image = (tmp_path / f"{split}_1" / f"{'a' * (number + 1)}.png").read_bytes()
        assert (sample.prompt, sample.image.bytes) == ("Move the mug 20 centimeters to the right.", image)
    asked = {line.split("/resolve/")[1].split("/")[0] for line in hub.seen("/resolve/")}
    assert asked == {official.refs["main"]}


@pytest.mark.parametrize("revision", ["v1.0", "refs/pr/1", "commit"])
def test_import_honours_a_pinned_revision(official, gsi_bench, tmp_path, revision):
    old = official.refs["v1.0"]
    wanted = old if revision == "commit" else revision
    done = gsi_bench("import", f"{REPO}@{wanted}", "--split", "fine", "--out", tmp_path / "d")
    assert done.returncode == 0, done.stderr
    (sample,) = read_dataset(tmp_path / "d", "fine")
    assert sample.prompt == "Move the mug 20 centimeters to the left."
    assert f"{REPO}@{old}" in (tmp_path / "d/README.md").read_text()


@pytest.mark.parametrize(
    ("asked", "environment", "words"),
    [
        ("nobody/nothing", {}, "nobody/nothing: no such dataset repository; check the name, log in"),
        (REPO, {"HF_TOKEN": "wrong"}, f"{REPO}: no such dataset repository; check the name, log in"),
        (f"{REPO}@v9", {}, f"{REPO}@v9: no such branch, tag or commit"),
        (f"{REPO}@{'0' * 40}", {}, f"{REPO}@{'0' * 40}: no such branch, tag or commit"),
        (REPO, {"HF_ENDPOINT": "http://127.0.0.1:9"}, f"{REPO}: the Hub cannot be reached"),
    ],
    ids=["repository", "token", "revision", "commit", "server"],
)
def test_what_is_unknown_or_out_of_reach_is_said_in_one_error(hub, official, gsi_bench, tmp_path, *, asked, environment, words):
    done = gsi_bench("import", asked, "--split", "fine", "--out", tmp_path / "d", **environment)
    assert error_of(done).startswith(f"error: {words}")
    assert not hub.seen("GET /blobs/") and not (tmp_path / "d").exists()


def test_missing_archives_are_named_before_any_download(hub, archives, gsi_bench, tmp_path):
    hub.repos[REPO] = Repository()
    hub.repos[REPO].commit({name: content for name, content in archives().items() if not name.startswith(("mesa", "robo"))})
    text = error_of(gsi_bench("import", REPO, "--split", "all", "--out", tmp_path / "d"))
    for words in ("holds bathroom_dataset.zip, fine_dataset.zip", "mesatask_dataset.zip", "robothor_dataset.zip"):
        assert words in text
    assert not hub.seen("GET /blobs/") and not (tmp_path / "d").exists()


@pytest.mark.parametrize("padding", [0, 21 * 2**20], ids=["small", "large"])
def test_a_download_that_breaks_off_once_is_completed(hub, official, gsi_bench, tmp_path, padding):
    # The client keeps whole pieces of 10 MiB: it resumes after the first of these, and starts a small file again.
    files = official.commits[official.refs["main"]]
    files["fine_dataset.zip"] = bytes(padding) + files["fine_dataset.zip"]
    hub.cuts = 1
    done = gsi_bench("import", REPO, "--split", "fine", "--out", tmp_path / "d")
    assert done.returncode == 0, done.stderr
    assert len(hub.seen("^GET /blobs/")) == 2 and bool(hub.seen("^GET /blobs/.* bytes=10485760-")) == bool(padding)
    assert next(iter(read_dataset(tmp_path / "d", "fine"))).prompt == "Move the mug 20 centimeters to the right."


def test_a_broken_download_is_an_error_and_a_retry_succeeds(hub, official, gsi_bench, tmp_path):
    hub.cuts = 99  # the client gives up after five retries, a second apart
    arguments = ("import", REPO, "--split", "fine", "--out", tmp_path / "d")
    failed = gsi_bench(*arguments)
    assert error_of(failed).startswith(f"error: {REPO}: the Hub cannot be reached") and not (tmp_path / "d").exists()
    hub.cuts = 0
    done = gsi_bench(*arguments)
    assert done.returncode == 0, done.stderr
    assert split_sizes(tmp_path / "d") == {"fine": 1}
