"""What stands where a file is expected: pipes, devices, sockets, loops, endless files; and names of any bytes."""

import contextlib
import json
import os
import signal
import socket
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from gsi_bench_dataset.layout.archives import ArchiveError, open_tree
from gsi_bench_dataset.layout.official import OfficialDataset, OfficialError
from gsi_bench_dataset.problems import some
from gsi_bench_dataset.safety import files
from gsi_bench_dataset.safety.files import FileProblemError, open_regular, read_json, read_regular
from gsi_bench_dataset.storage.predictions import PredictionError, find_eval_tree, read_predictions
from gsi_bench_metric.detectors.detany3d.errors import DetAny3DError
from gsi_bench_metric.detectors.detany3d.look import read_camera, read_picture
from gsi_bench_metric.detectors.recorded import DetectionFileError, RecordedDetector
from gsi_bench_metric.hf.evaluate_rows import normalised, prediction_row, reference_row, samples_of
from gsi_bench_metric.imaging.images import ImageError, header_size, load_rgb
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.judges.base import JudgeError
from gsi_bench_metric.judges.official_question import OfficialQuestion
from gsi_bench_metric.judges.recorded import JudgementFileError, read_reference_file
from gsi_bench_metric.run.inputs import Request, open_inputs
from gsi_bench_metric.run.planning import make_plan
from gsi_bench_metric.run.scoring import ScoringError

ODD = ("a pipe", "a device", "a socket", "a folder", "a link to a pipe", "a link to /dev/zero", "a loop", "a sparse giant")


@pytest.fixture(autouse=True)
def impatient():
    """Waiting for a pipe or reading without an end is a failure, not a hang."""

    def late(*_):
        raise TimeoutError("waited")

    former = signal.signal(signal.SIGALRM, late)
    signal.alarm(10)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, former)


@pytest.fixture
def odd(tmp_path):
    """`odd(kind, name) -> Path`: that kind of no file under the name."""
    with contextlib.ExitStack() as stack:

        def make(kind: str, name: str = "a_edit_0.png") -> Path:
            path, beside = tmp_path / name, tmp_path / "beside"
            if kind == "a pipe":
                os.mkfifo(path)
            elif kind == "a socket":
                server = stack.enter_context(socket.socket(socket.AF_UNIX))
                here = Path.cwd()
                os.chdir(path.parent)  # the path of a socket is short
                server.bind(path.name)
                os.chdir(here)
            elif kind == "a folder":
                path.mkdir()
            elif kind == "a link to a pipe":
                os.mkfifo(beside)
                path.symlink_to(beside)
            elif kind == "a loop":
                path.symlink_to(path)
            elif kind == "a sparse giant":
                with path.open("wb") as stream:
                    stream.truncate(2**40)
            else:
                path.symlink_to("/dev/zero" if "zero" in kind else "/dev/null")
            return path

        yield make


@pytest.mark.parametrize("kind", ODD)
def test_no_file_is_refused_at_every_place_that_reads_one(kind, odd, tmp_path):
    path = odd(kind)
    readers = {
        ImageError: (header_size, load_rgb, read_picture, lambda p: Picture(p).sha256(), lambda p: Picture(p).rgb()),
        DetAny3DError: (read_camera,),
        DetectionFileError: (RecordedDetector.from_file,),
        JudgementFileError: (read_reference_file,),
        JudgeError: (OfficialQuestion.from_file,),
        FileProblemError: (read_regular, read_json, lambda p: open_regular(p).__enter__()),
    }
    for error, functions in readers.items():
        for read in functions:
            with pytest.raises(error, match=r"a_edit_0\.png") as caught:
                read(path)
            assert type(caught.value).__module__.startswith("gsi_bench")
    links = tmp_path / "b.jsonl"
    links.symlink_to(path)
    with pytest.raises(DetectionFileError, match=r"b\.jsonl"):
        RecordedDetector.from_file(links)


@pytest.mark.parametrize("kind", ODD)
def test_a_prediction_that_is_no_file_is_unreadable(kind, odd, tmp_path, make_sample, make_image):
    path = odd(kind, "odd.png")
    (tmp_path / "fine.png").write_bytes(make_image())
    mapping = {"a_edit_0": "odd.png", "b_edit_0": "fine.png"}
    (tmp_path / "map.json").write_text(json.dumps(mapping))
    pq.write_table(pa.table({"id": list(mapping), "edited_image": list(mapping.values())}), tmp_path / "t.parquet")
    given = (tmp_path / "map.json", tmp_path / "t.parquet", {"a_edit_0": path, "b_edit_0": tmp_path / "fine.png"})
    for source in given:
        plan = make_plan([make_sample("a"), make_sample("b")], read_predictions(source))
        assert plan.ids == ("b_edit_0",)
        assert plan.problems["a_edit_0"].name == "unreadable" and "odd.png" in plan.problems["a_edit_0"].text
    rows = [make_sample("a").to_row() | {"image": str(path)}, make_sample("b").to_row()]
    problems: list[str] = []
    samples = samples_of(normalised(rows, "references", reference_row, problems), problems)
    assert [sample.id for sample in samples] == ["b_edit_0"] and len(problems) == 1 and "odd.png" in problems[0]


@pytest.mark.parametrize("kind", ["a pipe", "a device", "a socket", "a link to a pipe", "a loop"])
@pytest.mark.parametrize("name", ["p.parquet", "p.json", "p", "hub/data/p.parquet"])
def test_predictions_that_are_no_file_are_refused_by_name(kind, name, odd, tmp_path):
    (tmp_path / "hub/data").mkdir(parents=True)
    path = odd(kind, name)
    with pytest.raises(PredictionError, match="/p"):
        read_predictions(tmp_path / "hub" if name.startswith("hub") else path)


@pytest.mark.parametrize("kind", ODD)
def test_an_archive_that_is_no_file_or_holds_one_is_refused(kind, odd, tmp_path, official_folder):
    path = odd(kind, "archive.zip")
    if kind == "a folder":
        assert open_tree(path).names() == []
    else:
        with pytest.raises((ArchiveError, FileNotFoundError), match=r"archive\.zip"):
            open_tree(path)
    folder = official_folder()
    if kind != "a folder":
        path.rename(folder / "b.png")
        with pytest.raises(ArchiveError, match=r"b\.png"):
            OfficialDataset(folder, "fine")


@pytest.mark.parametrize("option", ["detections", "judgements"])
def test_a_pipe_as_detections_or_judgements_is_named_first(option, odd, tmp_path, make_sample, make_image):
    from gsi_bench_dataset.storage.shards import write_dataset  # noqa: PLC0415

    write_dataset({"fine": [make_sample()]}, tmp_path / "data")
    (tmp_path / "editor").mkdir()
    (tmp_path / "editor/a_edit_0.png").write_bytes(make_image())
    pipe = odd("a pipe", "given.json")
    chosen = {"detections": {"detector": "recorded"}, "judgements": {"detector": "tracker", "judge": "recorded"}}[option]
    request = Request((tmp_path / "editor",), str(tmp_path / "data"), "fine", **{option: pipe}, **chosen)
    with pytest.raises(ScoringError, match=r"given\.json: expected a file, found a pipe"):
        open_inputs(request)


def test_a_file_of_the_system_is_read_to_its_limit_only():
    assert read_regular("/proc/self/status")  # of size 0, with something in it
    with pytest.raises(FileProblemError, match="at most"):
        read_regular("/proc/self/status", most=10)
    with pytest.raises(ImageError, match="found text"):
        load_rgb("/proc/self/status")


def test_a_header_is_read_without_the_rest_of_the_file(tmp_path, make_image):
    path = tmp_path / "x.png"
    path.write_bytes(make_image())
    with path.open("r+b") as stream:
        stream.truncate(files.MAX_FILE_BYTES)  # sparse
    assert header_size(path) == (48, 64)


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000, "\ud800", "", "/".join("x" * 300)])
def test_a_path_that_no_file_can_have_is_a_named_error(name, make_sample):
    for read in (header_size, load_rgb, lambda p: Picture(p).rgb()):
        with pytest.raises(ImageError):
            read(name)
    plan = make_plan(
        [make_sample("a"), make_sample("b")], read_predictions({"a_edit_0": name, "b_edit_0": make_sample().image})
    )
    assert plan.problems["a_edit_0"].name == "unreadable"
    plan.problems["a_edit_0"].text.encode()


# Names


NAMES = (
    b"\xff",
    b"a\xfe_edit_0",
    b"a\n_edit_0",
    b"a\x1b[2J_edit_0",
    b"a\xe2\x80\xa8_edit_0",
    b"..a",
    b"a" * 250,
    b"a\x7f",
    b"a'\"",
)


def test_names_of_any_bytes_are_listed_and_can_be_written(tmp_path, make_sample, make_image):
    folder = tmp_path / "editor"
    folder.mkdir()
    for stem in (*NAMES, b"a_edit_0"):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + stem + b".png")).write_bytes(make_image())
        Path(os.fsdecode(os.fsencode(folder) + b"/" + stem + b".txt")).write_bytes(b"x")
    found = read_predictions(folder)
    plan = make_plan([make_sample()], found)
    assert len(plan.extra) == len(NAMES) and len(found.ignored) == len(NAMES) + 1
    names = [*plan.extra, *found.ignored]
    pq.write_table(pa.table({"name": names}), tmp_path / "names.parquet")
    assert json.loads(json.dumps(names, ensure_ascii=False).encode()) == names
    with pytest.raises(ValueError, match="belong to no sample") as caught:
        make_plan([make_sample()], found, on_missing="error")
    assert all(mark.isprintable() or mark == "\n" for mark in str(caught.value)) and "\x1b" not in some(names)


def test_an_editor_s_name_that_is_no_text_is_refused(tmp_path, make_image):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/eval/\xff/generated_images_fine"))
    folder.mkdir(parents=True)
    (folder / "a_edit_0.png").write_bytes(make_image())
    for read in (lambda: read_predictions(folder), lambda: find_eval_tree(tmp_path / "eval")):
        with pytest.raises(PredictionError, match="not a valid Unicode name"):
            read()
    assert read_predictions(folder, "named").editor == "named"


def test_odd_and_doubled_ids_of_a_json_are_listed(tmp_path, make_image):
    (tmp_path / "x.png").write_bytes(make_image())
    odd = ("../../etc/x", "/etc/x", "a/b", "a\\b", "C:x", "..", "", "a\nb", "\ud800", ".hidden", "x" * 300)
    pairs = [*((name, "x.png") for name in odd), ("a_edit_0", "x.png"), ("b_edit_0", "x.png"), ("b_edit_0", "y.png")]
    text = "{" + ", ".join(f"{json.dumps(name)}: {json.dumps(path)}" for name, path in pairs) + "}"
    (tmp_path / "map.json").write_text(text)
    found = read_predictions(tmp_path / "map.json")
    assert list(found.predictions) == ["a_edit_0"] and len(found.ignored) == len(odd)
    assert found.doubled == {"b_edit_0": ("'x.png'", "'y.png'")}
    "\n".join(found.ignored).encode()


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 100_000, "1" * 5000, "\ufeff", "\0", '"'])
def test_json_that_is_none_is_a_named_error_in_every_file(text, tmp_path):
    for name in ("f.json", "f.jsonl"):
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(DetectionFileError, match=name):
            RecordedDetector.from_file(path)
    path = tmp_path / "f.json"
    for read, error in (
        (read_predictions, PredictionError),
        (read_reference_file, JudgementFileError),
        (read_camera, DetAny3DError),
    ):
        with pytest.raises(error, match=r"f\.json"):
            read(path)


@pytest.mark.parametrize("at", ["magic", "footer", "body", "flips"])
def test_a_damaged_table_is_named_and_nothing_else_escapes(at, tmp_path, make_image):
    path = tmp_path / "p.parquet"
    ids, pictures = [f"a_edit_{i}" for i in range(20)], [make_image(seed=i) for i in range(20)]
    pq.write_table(pa.table({"id": ids, "edited_image": pictures}), path, row_group_size=4)
    data = path.read_bytes()
    places = {"magic": [0, len(data) - 1], "footer": [len(data) - 300], "body": [5000, 9000]}.get(at, range(7, len(data), 4001))
    for place in places:
        spoiled = bytearray(data)
        spoiled[place : place + 8] = b"\xff" * len(spoiled[place : place + 8])
        path.write_bytes(spoiled)
        with contextlib.suppress(PredictionError):
            for prediction in read_predictions(path).predictions.values():
                assert prediction.sample_id


def test_rows_without_bytes_are_missing_and_the_others_are_read(tmp_path, make_image):
    values = [b"", None, make_image()]
    pq.write_table(pa.table({"id": list("abc"), "edited_image": pa.array(values, pa.binary())}), tmp_path / "p.parquet")
    assert list(read_predictions(tmp_path / "p.parquet").predictions) == ["c"]
    rows = [{"bytes": b"", "path": None}, {"bytes": None, "path": ""}, {"bytes": make_image(), "path": None}]
    pq.write_table(pa.table({"id": list("abc"), "edited_image": rows}), tmp_path / "q.parquet")
    assert list(read_predictions(tmp_path / "q.parquet").predictions) == ["c"]


def test_ids_and_paths_that_are_no_text_are_refused_by_compute(tmp_path, make_image):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png"))
    path.write_bytes(make_image())
    problems: list[str] = []
    rows = [{"id": "\ud800", "image": make_image()}, {"id": "a", "image": str(path)}, {"id": "a", "image": os.fsencode(path)}]
    found = normalised(rows, "predictions", prediction_row, problems)
    assert found[:2] == [None, None] and len(problems) == 2
    "\n".join(problems).encode()


def test_odd_names_in_an_archive_are_refused_as_ids(official_folder, make_image):
    folder = official_folder()
    edit = (folder / "a_edit_0.json").read_bytes()
    for stem in ("b\n", "b\x1b[2J", "b\u2028", "x" * 210):
        (folder / f"{stem}.png").write_bytes(make_image())
        (folder / f"{stem}_edit_0.json").write_bytes(edit)
    with pytest.raises(OfficialError) as caught:
        OfficialDataset(folder, "fine")
    assert len(caught.value.problems) == 8
    assert all(mark.isprintable() or mark == "\n" for mark in str(caught.value))


def test_a_lazy_image_whose_file_is_cut_is_a_problem_of_its_row(tmp_path, make_image):
    (tmp_path / "x.png").write_bytes(make_image()[:2000])
    problems: list[str] = []
    with Image.open(tmp_path / "x.png") as cut:
        rows = [{"id": "a", "image": cut}, {"id": "b", "image": make_image()}]
        found = normalised(rows, "predictions", prediction_row, problems)
    assert found[0] is None and found[1] is not None and "predictions[0]" in problems[0]


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 300 + ".json"])
def test_predictions_of_an_impossible_name_are_a_named_error(name):
    with pytest.raises(PredictionError):
        read_predictions(name)
