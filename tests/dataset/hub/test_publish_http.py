"""Push and pull against a stand-in of the Hub over real HTTP, with the real clients in processes of their own."""

import hashlib
import json
import signal
import time

import pytest
from hub_stand_in import Fault, Repository, error_of

from gsi_bench_dataset.hub.plan import MANIFEST
from gsi_bench_dataset.records import SPLITS, EncodedImage
from gsi_bench_dataset.storage.shards import read_dataset, split_sizes, write_dataset

REPO = "GSI-Bench/GSI-Bench"
LOAD = """
import hashlib, json, sys
from datasets import Image, load_dataset
def facts(rows):
    for column in ("image", "edited_image"):
        rows = rows.cast_column(column, Image(decode=False))
    return [[r["id"], r["prompt"], *(r[c] and hashlib.sha256(r[c]["bytes"]).hexdigest() for c in ("image", "edited_image"))]
            for r in rows]
result = []
for streaming in (False, True):
    dataset = load_dataset("GSI-Bench/GSI-Bench", streaming=streaming, **json.loads(sys.argv[1]))
    # To the end: a streamed parquet file that is left half-read aborts Python at exit (apache/arrow#45214).
    assert {row["image"].size for row in dataset["fine"]} == {(64, 48)}
    result.append({name: facts(rows) for name, rows in dataset.items()})
print(json.dumps(result))
"""


@pytest.fixture
def load(client):
    """`load(**options)`: what `load_dataset` gives, plain and streaming: split -> [id, prompt, hashes of the images]."""

    def run(**options):
        done = client("-c", LOAD, json.dumps(options))
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def published(folder):
    """What `load` should give for a dataset folder."""

    def sha(image):
        return image and hashlib.sha256(image.bytes).hexdigest()

    return {
        split: [[s.id, s.prompt, sha(s.image), sha(s.edited_image)] for s in read_dataset(folder, split)]
        for split in split_sizes(folder)
    }


@pytest.fixture
def dataset(make_sample, make_image, tmp_path):
    """`dataset(rights, **fields)`: a folder as `write_dataset` makes it, four splits, `fine` in two shards."""

    def make(rights=lambda split, i: True, **fields):
        def samples(split, count):
            for i in range(count):
                images = {"image": EncodedImage(make_image(seed=10 * SPLITS.index(split) + i), f"{split}{i}.png")}
                if i == 0:
                    images["edited_image"] = EncodedImage(make_image(seed=9, kind="JPEG"), "after.jpg")
                yield make_sample(f"{split}{i}", split=split, redistributable=rights(split, i), **images | fields)

        out = tmp_path / "source"
        write_dataset({s: samples(s, 2 if s == "fine" else 1) for s in SPLITS}, out, shard_bytes=1)
        assert len(list((out / "data").glob("fine-*"))) == 2
        return out

    return make


def test_load_dataset_gives_back_what_push_published(hub, dataset, command, load):
    folder = dataset()
    done = command("push", folder, REPO)
    assert done.returncode == 0, done.stderr
    repository = hub.repos[REPO]
    assert done.stdout == f"{REPO}: pushed as {repository.refs['main']}\n"
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    there = dict(repository.head())
    listed = json.loads(there.pop(MANIFEST))["files"]
    assert there == {".gitattributes": b"*.parquet filter=lfs\n"} | files
    assert {path: c["sha256"] for path, c in listed.items()} == {p: hashlib.sha256(c).hexdigest() for p, c in files.items()}
    wanted = published(folder)
    plain, streamed = load()
    assert plain == streamed == wanted
    assert list(plain) == list(SPLITS)


def test_a_second_push_uploads_only_what_changed(hub, dataset, command, load):
    folder = dataset()
    first = command("push", folder, REPO)
    assert first.returncode == 0, first.stderr
    repository = hub.repos[REPO]
    repository.tags["v1.0"] = old = repository.refs["main"]
    before = published(folder)
    assert load() == [before] * 2

    hub.requests.clear()
    again = command("push", folder, REPO)
    assert again.returncode == 0 and again.stdout == first.stdout, again.stderr
    assert not hub.seen("^PUT |/commit/")

    dataset(prompt="Move the mug 30 centimeters to the right.")
    (sample,) = list(read_dataset(folder, "fine"))[:1]
    write_dataset({"fine": [sample]}, folder)  # one shard instead of two
    changed = command("push", folder, REPO)
    assert changed.returncode == 0 and repository.refs["main"] != old, changed.stderr
    shards = [name for name in repository.commits[repository.refs["main"]] if name.startswith("data/fine-")]
    assert shards == ["data/fine-00000-of-00001.parquet"]
    assert len(hub.seen("^PUT ")) == 4
    # With the cache that holds the old rows.
    assert load() == [published(folder)] * 2
    assert load(revision="v1.0") == [before] * 2


@pytest.mark.parametrize(
    ("repo", "environment", "words"),
    [
        (f"{REPO}@drafts", {}, f"{REPO}@drafts: no such dataset repository"),
        (REPO, {"HF_TOKEN": "wrong"}, f"{REPO}: the Hub refuses the token"),
        (REPO, {"HF_TOKEN": "reader"}, f"{REPO}: the Hub refuses the token"),
        (REPO, {"HF_TOKEN": ""}, f"{REPO}: no token for the Hub; log in with `hf auth login`"),
        (REPO, {"HF_ENDPOINT": "http://127.0.0.1:9"}, f"{REPO}: the Hub cannot be reached"),
    ],
    ids=["branch", "token", "reader", "no token", "server"],
)
def test_a_refused_push_is_one_error_and_uploads_nothing(hub, dataset, gsi_bench, *, repo, environment, words):
    assert words in error_of(gsi_bench("push", dataset(), repo, **environment))
    assert not hub.blobs and not hub.seen("/commit/") and not hub.repos


def done(process):
    assert process.returncode == 0, (process.stdout, process.stderr)
    return process.stdout


def test_a_dry_run_lists_everything_and_writes_nothing(hub, dataset, command):
    folder = dataset()
    text = done(command("push", folder, REPO, "--dry-run", "--private"))
    assert f"would make private dataset repository {REPO}" in text
    assert text.count("would add ") == 5 + 2  # shards, card, list of files
    assert f"data/fine-00000-of-00002.parquet  {(folder / 'data/fine-00000-of-00002.parquet').stat().st_size:,} bytes" in text
    assert not hub.repos and not hub.blobs and not hub.seen("^(PUT|POST) ")
    done(command("push", folder, REPO))
    again = done(command("push", folder, REPO, "--dry-run"))
    assert again.count("would keep ") == 7 and again.count("would") == 7


def stalled_push(hub, gsi_bench, folder, puts):
    """A push in a process of its own; its upload of that number hangs."""
    hub.faults.append(Fault("^PUT /blobs/", skip=puts - 1, seconds=30))
    process = gsi_bench.start("push", folder, REPO)
    deadline = time.monotonic() + 60
    while len(hub.seen("^PUT ")) < puts and time.monotonic() < deadline:
        time.sleep(0.05)
    return process


def test_a_killed_push_shows_nothing_and_the_next_goes_on(hub, dataset, gsi_bench):
    folder = dataset()
    process = stalled_push(hub, gsi_bench, folder, puts=3)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert len(hub.seen("^PUT ")) == 3 and set(hub.repos[REPO].head()) == {".gitattributes"}
    hub.faults.clear()
    hub.requests.clear()
    done(gsi_bench("push", folder, REPO))
    assert len(hub.seen("^PUT ")) == 3  # of five
    shards = {f"data/{p.name}": p.read_bytes() for p in (folder / "data").iterdir()}
    assert {name: content for name, content in hub.repos[REPO].head().items() if name in shards} == shards


@pytest.mark.parametrize(
    "route", ["^POST .*/commit/", "^POST .*/preupload/", "^GET /api/datasets"], ids=["commit", "upload", "look"]
)
def test_a_failing_hub_is_one_error_and_a_retry_completes(hub, dataset, command, route):
    folder = dataset()
    done(command("push", folder, REPO))
    dataset(prompt="Move the mug 30 centimeters to the right.")
    before = hub.repos[REPO].refs["main"]
    hub.faults.append(Fault(route, status=503, times=99))
    failed = command("push", folder, REPO)
    assert f"{REPO}: the Hub is in trouble (HTTP 503" in error_of(failed)
    assert hub.repos[REPO].refs["main"] == before
    hub.faults.clear()
    done(command("push", folder, REPO))
    assert hub.repos[REPO].refs["main"] != before


def test_what_somebody_else_commits_meanwhile_is_not_overrun(hub, dataset, command):
    hub.faults.append(Fault("^POST .*/commit/", status=412))
    assert "the repository was changed by others meanwhile" in error_of(command("push", dataset(), REPO))
    assert set(hub.repos[REPO].head()) == {".gitattributes"}


def test_an_interrupted_push_says_how_to_go_on(hub, dataset, gsi_bench):
    process = stalled_push(hub, gsi_bench, dataset(), puts=2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "the same command goes on from there" in out, err
    assert set(hub.repos[REPO].head()) == {".gitattributes"}


def test_one_failed_answer_of_the_store_is_silently_retried(hub, dataset, command):
    hub.faults.append(Fault("^PUT /blobs/", status=500))
    done(command("push", dataset(), REPO))
    assert len(hub.seen("^PUT ")) == 6


def test_a_push_deletes_only_files_that_a_push_put_there(hub, dataset, command):
    folder = dataset()
    done(command("push", folder, REPO))
    repository = hub.repos[REPO]
    repository.commit(repository.head() | {"notes.txt": b"mine", "data/extra.csv": b"mine too"})
    (folder / "LICENSE").write_text("MIT")
    (sample,) = list(read_dataset(folder, "fine"))[:1]
    write_dataset({"fine": [sample]}, folder)  # one shard instead of two
    text = done(command("push", folder, REPO, "--dry-run"))
    assert "would delete data/fine-00000-of-00002.parquet" in text and "would delete data/fine-00001-of-00002.parquet" in text
    done(command("push", folder, REPO))
    head = repository.head()
    assert head["notes.txt"] == b"mine" and head["data/extra.csv"] == b"mine too" and head["LICENSE"] == b"MIT"
    assert [name for name in head if name.startswith("data/fine")] == ["data/fine-00000-of-00001.parquet"]


def test_files_of_others_are_in_the_way_until_users_decide(hub, dataset, command):
    folder = dataset()
    repository = hub.repos[REPO] = Repository()
    start = repository.commit({"README.md": b"# theirs\n", "data/fine-00007-of-00008.parquet": b"PAR1"})
    text = error_of(command("push", folder, REPO))
    assert "README.md: another file was put there" in text
    assert "data/fine-00007-of-00008.parquet: not put there by gsi-bench push" in text
    assert "data/fine-00007" in error_of(command("push", folder, REPO, "--overwrite"))  # it is never deleted
    assert repository.refs["main"] == start
    repository.commit({"README.md": b"# theirs\n"})
    done(command("push", folder, REPO, "--overwrite"))
    assert repository.head()["README.md"] == (folder / "README.md").read_bytes()


def test_private_is_not_silently_public_and_a_tag_is_not_moved(hub, dataset, command, load):
    folder = dataset()
    done(command("push", folder, REPO, "--private", "--tag", "v1.0"))
    repository = hub.repos[REPO]
    assert repository.private and repository.tags == {"v1.0": repository.refs["main"]}
    before = published(folder)
    done(command("push", folder, REPO, "--private", "--tag", "v1.0"))  # nothing to do: the tag is right
    dataset(prompt="Move the mug 30 centimeters to the right.")
    repository.private = False
    text = error_of(command("push", folder, REPO, "--private", "--tag", "v1.0"))
    assert "the repository exists and is public" in text and "tag v1.0 exists" in text
    done(command("push", folder, REPO, "--tag", "v1.1"))
    assert load(revision="v1.0") == [before] * 2


def test_a_push_goes_to_the_branch_that_is_named(hub, dataset, command):
    repository = hub.repos[REPO] = Repository()
    repository.refs["drafts"] = main = repository.commit({})
    done(command("push", dataset(), REPO, "--revision", "drafts"))
    assert repository.refs["main"] == main != repository.refs["drafts"]
    assert "no such branch" in error_of(command("push", dataset(), REPO, "--revision", "typo"))


def some_closed(split, number):
    """Rights: the first of `fine` says no, robothor does not say, the rest is free."""
    return None if split == "robothor" else not (split == "fine" and number == 0)


def test_restricted_samples_are_listed_and_not_published(hub, dataset, command):
    folder = dataset(some_closed)
    text = error_of(command("push", folder, REPO))
    assert "fine fine0_edit_0: is not redistributable" in text and "robothor robothor0_edit_0: does not say" in text
    assert "--drop-restricted" in text and "--annotations-only" in text and not hub.requests
    text = error_of(command("push", folder, REPO, "--rights-confirmed"))  # who says no is not overruled
    assert "fine0_edit_0" in text and "robothor0_edit_0" not in text


def test_restricted_samples_can_be_left_out(hub, dataset, command, tmp_path):
    folder = dataset(some_closed)
    before = {path.name: path.read_bytes() for path in (folder / "data").iterdir()}
    text = done(command("push", folder, REPO, "--drop-restricted"))
    assert "2 samples left out" in text
    done(command("pull", REPO, tmp_path / "pulled"))
    assert {split: [row[0] for row in rows] for split, rows in published(tmp_path / "pulled").items()} == {
        "fine": ["fine1_edit_0"], "mesatask": ["mesatask0_edit_0"], "bathroom": ["bathroom0_edit_0"],
    }  # fmt: skip
    assert {path.name: path.read_bytes() for path in (folder / "data").iterdir()} == before


def test_annotations_of_restricted_samples_can_be_published(hub, dataset, command, client, tmp_path):
    folder = dataset(some_closed)
    assert "2 samples published without their images" in done(command("push", folder, REPO, "--annotations-only"))
    code = (
        "import json; from datasets import load_dataset; d = load_dataset('GSI-Bench/GSI-Bench'); "
        "print(json.dumps([[s, r['id'], r['image'] is None, r['edited_image'] is None, r['prompt']] for s in d for r in d[s]]))"
    )
    rows = json.loads(done(client("-c", code)))
    assert [(row[1], row[2]) for row in rows] == [
        ("fine0_edit_0", True), ("fine1_edit_0", False), ("mesatask0_edit_0", False), ("bathroom0_edit_0", False),
        ("robothor0_edit_0", True),
    ]  # fmt: skip
    assert all(row[4] for row in rows) and rows[0][3]
    raw = b"".join(hub.repos[REPO].head().values())
    closed, free = list(read_dataset(folder, "fine"))
    assert closed.image.bytes not in raw and free.image.bytes in raw
    assert b"come without their images" in hub.repos[REPO].head()["README.md"]
    done(command("pull", REPO, tmp_path / "pulled"))
    with pytest.raises(ValueError, match="fine0_edit_0 comes without its images"):
        list(read_dataset(tmp_path / "pulled", "fine"))
    done(command("push", tmp_path / "pulled", "someone/mirror"))  # nothing in it is restricted any more
    assert hub.repos["someone/mirror"].head() == hub.repos[REPO].head()


def test_pull_gives_the_folder_at_the_named_revision(hub, dataset, command, tmp_path):
    folder = dataset()
    done(command("push", folder, REPO, "--tag", "v1.0"))
    first = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    commit = hub.repos[REPO].refs["main"]
    dataset(prompt="Move the mug 30 centimeters to the right.")
    done(command("push", folder, REPO))
    out = tmp_path / "pulled"
    text = done(command("pull", f"{REPO}@v1.0", out))
    assert text == f"{out}: {REPO}@{commit}, 7 files, 6 checked\n"
    found = {p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*") if p.is_file()}
    assert {name: content for name, content in found.items() if name != MANIFEST} == first
    assert "is already this" in done(command("pull", f"{REPO}@v1.0", out))
    assert "holds another dataset" in error_of(command("pull", REPO, out))
    done(command("pull", REPO, out, "--overwrite"))
    assert published(out) == published(folder)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["hf", "pulled", "source"]  # nothing is left beside it


def test_a_cut_off_pull_goes_on_and_finds_a_damaged_file(hub, dataset, command, tmp_path):
    folder, out = dataset(), tmp_path / "pulled"
    done(command("push", folder, REPO))
    hub.faults.append(Fault("^GET /blobs/", skip=2, status=404, times=99))
    assert error_of(command("pull", REPO, out)).startswith(f"error: {REPO}") and not out.exists()
    hub.faults.clear()
    arrived = len(hub.seen("^GET /blobs/"))
    done(command("pull", REPO, out))
    assert len(hub.seen("^GET /blobs/")) < arrived + 5 and published(out) == published(folder)

    repository = hub.repos[REPO]
    repository.commit(repository.head() | {"data/fine-00000-of-00002.parquet": b"PAR1 something else PAR1"})
    text = error_of(command("pull", REPO, tmp_path / "other"))
    assert "data/fine-00000-of-00002.parquet: expected" in text and not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("nobody/nothing", "no such dataset repository"),
        (f"{REPO}@v9", "no such branch, tag or commit"),
        ("no repo", "expected"),
    ],
)
def test_what_cannot_be_pulled_is_one_error(hub, command, tmp_path, asked, words):
    hub.repos[REPO] = Repository()
    hub.repos[REPO].commit({"README.md": b""})
    assert words in error_of(command("pull", asked, tmp_path / "out"))
    assert "holds no data/*.parquet" in error_of(command("pull", REPO, tmp_path / "out"))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.tex").write_text("")
    assert "found other files" in error_of(command("pull", REPO, tmp_path / "mine"))


def test_push_refuses_what_is_no_dataset(command, tmp_path):
    assert "expected a dataset folder" in error_of(command("push", tmp_path, REPO))
    assert "no such dataset folder" in error_of(command("push", tmp_path / "x", REPO))
    assert "expected a dataset folder and a repository" in error_of(command("push", tmp_path))


METRIC = "someone/gsi_bench"
COMPUTE = f"""
import evaluate
metric = evaluate.load("{METRIC}")
print(type(metric).__name__, type(metric).__module__, metric.compute.__doc__ is not None)
"""
# As on a machine without this package: a finder that hides it.
HIDDEN = """
import sys
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "gsi_bench_metric":
            raise ModuleNotFoundError(f"No module named {name!r}")
sys.meta_path.insert(0, Hide())
"""


def test_the_published_metric_loads_by_name(hub, command, client):
    text = done(command("push", "--metric", METRIC))
    assert f'evaluate.load("{METRIC}") now loads it' in text
    space = hub.repos[f"spaces/{METRIC}"]
    assert space.sdk == "gradio"
    assert set(space.head()) >= {"gsi_bench.py", "README.md", "requirements.txt", "app.py"}
    assert space.head()["requirements.txt"].startswith(b"gsi-bench==") and b"{{" not in b"".join(space.head().values())
    assert done(client("-c", COMPUTE)).split()[0] == "GsiBench"
    elsewhere = client("-c", HIDDEN + COMPUTE)
    assert elsewhere.returncode != 0
    assert "this metric needs the package gsi-bench" in elsewhere.stderr and "pip install 'gsi-bench==" in elsewhere.stderr


def test_a_misnamed_metric_or_a_space_without_app_is_refused(hub, command, tmp_path):
    assert "name the repository o/gsi_bench" in error_of(command("push", "--metric", "o/metric"))
    (tmp_path / "app").mkdir()
    (tmp_path / "app/README.md").write_text("")
    assert "app.py, requirements.txt not there" in error_of(command("push", tmp_path / "app", "--space", "o/demo"))
    assert not hub.repos


def test_a_space_is_published_file_by_file_without_caches(hub, command, tmp_path):
    app = tmp_path / "app"
    (app / "gsi_bench_space/__pycache__").mkdir(parents=True)
    for name in (
        "app.py",
        "README.md",
        "requirements.txt",
        "gsi_bench_space/view.py",
        "gsi_bench_space/__pycache__/x.pyc",
        ".env",
    ):
        (app / name).write_text("gsi-bench==0.1.0" if name == "requirements.txt" else name)
    done(command("push", app, "--space", "o/demo", "--private"))
    space = hub.repos["spaces/o/demo"]
    assert space.private and set(space.head()) == {
        ".gitattributes", MANIFEST, "app.py", "README.md", "requirements.txt", "gsi_bench_space/view.py",
    }  # fmt: skip
    (app / "gsi_bench_space/view.py").rename(app / "gsi_bench_space/overlay.py")
    done(command("push", app, "--space", "o/demo"))
    assert "gsi_bench_space/view.py" not in space.head() and "gsi_bench_space/overlay.py" in space.head()
