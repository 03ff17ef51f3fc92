"""A build: places looked at first, a work folder that is not believed, workers that hang, disks that are full, kills."""

import dataclasses
import errno
import importlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gsi_bench_builders import scratch
from gsi_bench_builders.production import finished, runner
from gsi_bench_builders.production.preview import contact_sheet
from gsi_bench_builders.production.runner import BuildError, build, variants_folder, work_folder
from gsi_bench_builders.production.scene_work import SceneJob
from gsi_bench_dataset.cli import main as cli
from gsi_bench_dataset.execution.workers import run_tasks
from gsi_bench_dataset.storage.card import read_content_hash
from gsi_bench_dataset.storage.sample_files import DatasetError
from gsi_bench_dataset.storage.shards import read_dataset, write_dataset

JOB = SceneJob("mesatask", "test", edits=1)

# What a worker imports: an engine that draws nothing, and scenes that behave badly.
SOURCE = """
import dataclasses, multiprocessing, os, sys, time, types
from pathlib import Path
from gsi_bench_builders.production import runner
from gsi_bench_builders.production.scene_work import SceneReport, SceneResult
from gsi_bench_dataset.records import sample_features

@dataclasses.dataclass(frozen=True)
class Odd:
    sample: object
    hangs: tuple = ()
    hangs_once: int = -1
    note: str = ""

    def describe(self):
        return {"assets": "odd"}

def made(engine, source, job, number):
    if number == source.hangs_once and not Path(source.note).exists():
        Path(source.note).write_text(str(os.getpid()))
        time.sleep(600)
    if number in source.hangs:
        time.sleep(600)
    name = f"s{number:05d}"
    sample = dataclasses.replace(source.sample, id=f"{name}_edit_0", img_id=name, scene_id=name)
    return SceneResult(SceneReport(number, samples=1), [sample])

if multiprocessing.current_process().name != "MainProcess":
    sample_features()  # so that what it imports does not count as a scene's time
    runner.make_scene = made
    for name, there in (("engine", {"BlenderEngine": lambda device: None}), ("session", {"quiet": lambda log: None})):
        module = types.ModuleType(name)
        vars(module).update(there)
        sys.modules["gsi_bench_builders.engines.blender." + name] = module
"""


@pytest.fixture(scope="module")
def source_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("source")
    (folder / "odd_source.py").write_text(SOURCE, encoding="utf-8")
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture
def odd(source_folder, make_sample):
    return importlib.import_module("odd_source").Odd(make_sample(split="mesatask", pixel_frame="source"))


@pytest.fixture
def here(monkeypatch, odd):
    """`here(out, scenes, job=JOB, **options)`: a build with scenes made in this process; `.made`: which."""
    module = importlib.import_module("odd_source")

    def start(source, job, work, device, *, engine, settings, scratch, marks, limit_s):
        def make(number):
            run.made.append(number)
            result = module.made(None, source, job, number)
            if job.variants:
                result.variants = [dataclasses.replace(s, id=f"{s.img_id}_edit_1", query_id="1") for s in result.samples]
                result.report.variants = 1
            return [runner._keep(result, work, settings)]

        return make

    def run(out, scenes, job=JOB, **options):
        run.made = []
        return build(odd, job, out, scenes, quiet=True, **options)

    monkeypatch.setattr(runner, "_start_worker", start)
    monkeypatch.setattr(runner, "run_tasks", lambda tasks, begin, **_: run_tasks(tasks, begin))
    return run


def scene(out, number):
    return work_folder(out, "mesatask") / f"scene-{number:05d}.parquet"


def everything(folder):
    return sorted((str(p.relative_to(folder)), p.is_file() and p.stat().st_size) for p in folder.rglob("*"))


class TestPlaces:
    def prepared(self, tmp_path, kind):  # noqa: PLR0912 - one branch a kind
        place = tmp_path / "place"
        if kind == "file":
            place.write_text("mine")
        elif kind == "pipe":
            os.mkfifo(place)
        elif kind == "device":
            place.symlink_to("/dev/full")
        elif kind == "loop":
            place.symlink_to(place)
        elif kind == "other files":
            place.mkdir()
            (place / "thesis.txt").write_text("mine")
        elif kind == "below a file":
            (tmp_path / "a").write_text("mine")
            place = tmp_path / "a" / "b" / "c"
        elif kind == "too long":
            place = tmp_path / ("x" * 250)
        elif kind == "NUL":
            place = tmp_path / "a\0b"
        elif kind == "root":
            place = Path("/")
        elif kind == "not creatable":
            place = Path("/proc/none/x")
        elif kind == "work folder is a file":
            (tmp_path / ".place.work").write_text("mine")
        elif kind == "half a dataset":
            (place / "data").mkdir(parents=True)
            (place / "data" / "fine-00000-of-00002.parquet").write_bytes(b"")
        elif kind == "another split is damaged":
            (place / "data").mkdir(parents=True)
            (place / "data" / "fine-00000-of-00001.parquet").write_bytes(b"PAR1")
        return place

    @pytest.mark.parametrize(
        "kind",
        ["file", "pipe", "device", "loop", "other files", "below a file", "too long", "NUL", "root", "not creatable",
         "work folder is a file", "half a dataset", "another split is damaged"],
    )  # fmt: skip
    def test_an_out_that_cannot_be_written_is_noticed_first(self, here, tmp_path, kind):
        out = self.prepared(tmp_path, kind)
        before = everything(tmp_path)
        with pytest.raises((BuildError, OSError)) as caught:
            here(out, 1)
        message = cli.explained(caught.value)
        assert message and "\n" not in message and "\0" not in message
        assert here.made == []
        assert everything(tmp_path) == before

    @pytest.mark.parametrize(
        "kind", ["pipe", "device", "loop", "other files", "below a file", "too long", "NUL", "not creatable"]
    )
    def test_a_preview_that_cannot_be_written_is_noticed_first(self, here, tmp_path, kind):
        place = self.prepared(tmp_path, kind)
        place = place.rename(tmp_path / "p.png") if kind in {"pipe", "other files"} else place
        if kind in {"device", "loop"}:
            place.unlink()
            place = tmp_path / "p.png"
            place.symlink_to("/dev/full" if kind == "device" else place)
        place = place if place.suffix else place.with_name(place.name + ".png")
        with pytest.raises(BuildError, match=r"(?s)preview|\.png: cannot be written"):
            here(tmp_path / "out", 1, preview=place)
        assert here.made == [] and not (tmp_path / "out").exists()

    @pytest.mark.parametrize("name", ["sheet", "sheet.txt", "sheet.eps", ".png", "out", "out/.."])
    def test_a_preview_with_another_kind_of_name_is_refused(self, here, tmp_path, name):
        with pytest.raises(BuildError):
            here(tmp_path / "out", 1, preview=tmp_path / name)
        assert here.made == []

    def test_the_folder_of_variants_is_looked_at_too(self, here, tmp_path):
        (tmp_path / "out-variants").write_text("mine")
        with pytest.raises(BuildError, match="out-variants: expected a folder, found a file"):
            here(tmp_path / "out", 1, dataclasses.replace(JOB, variants=1))
        assert here.made == []

    def test_a_full_disk_is_noticed_first_and_leaves_nothing(self, here, tmp_path, monkeypatch):
        def full(number):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(BuildError, match="the disk is full"):
            here(tmp_path / "a" / "b" / "out", 1, preview=tmp_path / "c" / "p.png")
        assert here.made == [] and everything(tmp_path) == []

    def test_a_sound_place_below_missing_folders_is_used(self, here, tmp_path):
        out = tmp_path / "a" / "b" / "out"
        assert here(out, 2, preview=out / "sheet.png").samples == 2
        assert here.made == [0, 1]
        contact_sheet(list(read_dataset(out, "mesatask")), out / "sheet.png")
        assert sorted(p.name for p in out.iterdir()) == ["README.md", "data", "sheet.png"]


class TestWorkFolder:
    @pytest.mark.parametrize("damage", ["cut", "empty", "text", "flip in the footer", "other scene", "no report", "pipe"])
    def test_a_damaged_scene_is_made_anew_and_said(self, here, tmp_path, capsys, damage):
        out = tmp_path / "out"
        here(out, 3)
        whole = read_content_hash(out)
        file = scene(out, 1)
        data = bytearray(file.read_bytes())
        if damage == "cut":
            del data[len(data) // 2 :]
        elif damage == "empty":
            data = b""
        elif damage == "text":
            data = b"hello"
        elif damage == "flip in the footer":
            data[-40] ^= 1 << 6
            data[-6] ^= 1
        elif damage == "other scene":
            data = scene(out, 2).read_bytes()
        elif damage == "no report":
            runner.write_samples(file, runner.read_samples(scene(out, 1)), {"settings": json.loads("{}")})
            data = file.read_bytes()
        file.unlink()
        if damage == "pipe":
            os.mkfifo(file)
        else:
            file.write_bytes(data)
        summary = here(out, 3)
        assert (here.made, summary.resumed) == ([1], 2)
        assert "scene 1: " in capsys.readouterr().err
        assert read_content_hash(out) == whole

    def test_a_damaged_file_of_variants_costs_its_scene_only(self, here, tmp_path):
        out, job = tmp_path / "out", dataclasses.replace(JOB, variants=1)
        here(out, 2, job)
        finished.variants_file(work_folder(out, "mesatask"), 0).write_bytes(b"PAR1")
        finished.variants_file(work_folder(out, "mesatask"), 1).unlink()
        assert here(out, 2, job).variants == 2
        assert here.made == [0, 1]
        assert len(list(read_dataset(variants_folder(out), "mesatask"))) == 2

    def test_a_scene_damaged_before_publishing_is_made_anew(self, here, tmp_path, monkeypatch, capsys):
        broken = []

        def read(path):
            if path.name == "scene-00001.parquet" and not broken:
                broken.append(path)
                raise DatasetError("a checksum differs")
            return finished.read_samples(path)

        monkeypatch.setattr(runner, "read_samples", read)
        assert here(tmp_path / "out", 2).samples == 2
        assert here.made == [0, 1, 1]
        assert "a checksum differs" in capsys.readouterr().err

    def test_scenes_that_stay_damaged_end_the_run(self, here, tmp_path, monkeypatch):
        def read(path):
            raise DatasetError("a checksum differs")

        monkeypatch.setattr(runner, "read_samples", read)
        with pytest.raises(BuildError, match="check the disk"):
            here(tmp_path / "out", 1)
        assert not (tmp_path / "out").exists()

    def test_a_scene_that_may_not_be_read_is_not_thrown_away(self, here, tmp_path, monkeypatch):
        out = tmp_path / "out"
        here(out, 1)

        def read(path):
            raise DatasetError("damaged") from PermissionError(errno.EACCES, "denied")

        monkeypatch.setattr(finished, "read_samples", read)
        with pytest.raises(DatasetError):
            here(out, 1)
        assert scene(out, 0).is_file()

    @pytest.mark.parametrize(
        "text",
        ["", "{", "not JSON", "[]", "null", "7", "[" * 100_000, "{}", '{"format": 1}', "\udcff",
         '{"format": "1", "version": 2}',
         '{"format": 1, "version": "0", "source": {}, "job": {}}'],
    )  # fmt: skip
    def test_damaged_settings_are_written_anew_and_said(self, here, tmp_path, capsys, text):
        out = tmp_path / "out"
        here(out, 2)
        file = work_folder(out, "mesatask") / "settings.json"
        before = file.read_bytes()
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
        assert here(out, 2).resumed == 2
        assert here.made == [] and file.read_bytes() == before
        assert "settings.json" in capsys.readouterr().err

    def test_lost_settings_do_not_mix_scenes_of_two_kinds(self, here, tmp_path):
        out = tmp_path / "out"
        here(out, 1)
        (work_folder(out, "mesatask") / "settings.json").unlink()
        with pytest.raises(BuildError, match=r"--fresh[\s\S]*job\.seed: 0 then, 5 now"):
            here(out, 1, dataclasses.replace(JOB, seed=5))
        assert here(out, 1, dataclasses.replace(JOB, seed=5), fresh=True).resumed == 0

    def test_a_scene_of_other_settings_is_not_taken_for_one_of_these(self, here, tmp_path):
        here(tmp_path / "a", 2)
        here(tmp_path / "b", 2, dataclasses.replace(JOB, seed=5))
        scene(tmp_path / "a", 1).write_bytes(scene(tmp_path / "b", 1).read_bytes())
        here(tmp_path / "a", 2)
        assert here.made == [1]

    def test_half_written_files_of_a_kill_are_cleared_away(self, here, tmp_path):
        out = tmp_path / "out"
        here(out, 1)
        left = work_folder(out, "mesatask") / ".scene-00001.parquet.0123456789ab.tmp"
        left.write_bytes(b"PAR1")
        here(out, 2)
        assert not left.exists()

    def test_two_builds_at_once_do_not_share_a_work_folder(self, here, tmp_path):
        out = tmp_path / "out"
        here(out, 1)
        with finished.claimed(work_folder(out, "mesatask")), pytest.raises(BuildError, match="another build is at work"):
            here(out, 1)


class TestFullDisk:
    def test_a_disk_that_fills_up_keeps_what_is_there(self, here, tmp_path, monkeypatch, make_sample):
        out = tmp_path / "out"
        write_dataset({"fine": [make_sample()]}, out)
        before = everything(out)
        write, count = runner.write_samples, []

        def full(path, *rest):
            count.append(path)
            if len(count) == 3:
                raise OSError(errno.ENOSPC, "No space left on device")
            return write(path, *rest)

        monkeypatch.setattr(runner, "write_samples", full)
        with pytest.raises(BuildError, match="free space on the disk"):
            here(out, 4)
        assert everything(out) == before
        assert here(out, 4).resumed == 2
        assert here.made == [2, 3]

    def test_a_disk_that_fills_up_while_publishing(self, here, tmp_path, monkeypatch):
        def full(*_, **__):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(runner, "write_dataset", full)
        with pytest.raises(BuildError, match="free space on the disk"):
            here(tmp_path / "out", 2)
        monkeypatch.undo()
        assert scene(tmp_path / "out", 1).is_file()


class TestInterrupts:
    def test_ctrl_c_says_how_to_go_on_and_a_second_one_too(self, here, tmp_path, monkeypatch, capsys):
        def keys(tasks, begin, **_):
            yield from run_tasks(tasks[:1], begin)
            raise KeyboardInterrupt

        monkeypatch.setattr(runner, "run_tasks", keys)
        with pytest.raises(KeyboardInterrupt):
            here(tmp_path / "one", 3)
        assert "1 of 3 scenes are finished and kept" in capsys.readouterr().err
        assert len(list(read_dataset(tmp_path / "one", "mesatask"))) == 1

        def again(*_, **__):
            raise KeyboardInterrupt

        monkeypatch.setattr(runner, "write_dataset", again)
        with pytest.raises(KeyboardInterrupt):
            here(tmp_path / "two", 3)
        assert "1 of 3 scenes are finished and kept" in capsys.readouterr().err
        assert list(Path(scratch.tempfile.gettempdir()).glob(f"{scratch.PREFIX}{os.getpid()}-*")) == []


class TestWorkers:
    def test_a_scene_that_hangs_is_tried_again_and_given_up_by_name(self, odd, tmp_path, monkeypatch):
        monkeypatch.setattr(scratch.tempfile, "tempdir", str(tmp_path))
        source = dataclasses.replace(odd, hangs=(0,), hangs_once=1, note=str(tmp_path / "hung"))
        summary = build(source, JOB, tmp_path / "out", 2, workers=2, quiet=True, scene_timeout=1)
        assert (tmp_path / "hung").exists()
        assert list(summary.failures) == [0]
        assert "not done within 1 s" in summary.failures[0] and "--scene-timeout" in summary.failures[0]
        assert summary.samples == 1
        assert list(tmp_path.glob(f"{scratch.PREFIX}*")) == []

    def test_a_killed_build_leaves_no_worker_and_no_folder_for_long(self, odd, source_folder, tmp_path, monkeypatch):
        note = tmp_path / "hung"
        script = (
            "import sys, pickle\nfrom pathlib import Path\nfrom gsi_bench_builders.production.runner import build\n"
            "from gsi_bench_builders.production.scene_work import SceneJob\n"
            "if __name__ == '__main__':\n"
            "    build(pickle.load(sys.stdin.buffer), SceneJob('mesatask', 'test', edits=1), Path('out'), 1, quiet=True)\n"
        )
        (tmp_path / "run.py").write_text(script)
        (tmp_path / "tmp").mkdir()
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(source_folder), *sys.path]),
            "TMPDIR": str(tmp_path / "tmp"),
        }
        run = subprocess.Popen([sys.executable, "run.py"], cwd=tmp_path, stdin=subprocess.PIPE, env=environment)
        run.stdin.write(pickled(dataclasses.replace(odd, hangs_once=0, note=str(note))))
        run.stdin.close()
        worker = int(waited_for(lambda: note.exists() and note.read_text()))
        run.send_signal(signal.SIGKILL)
        run.wait()
        waited_for(lambda: not runs(worker))
        assert len(list((tmp_path / "tmp").glob(f"{scratch.PREFIX}*"))) == 1
        monkeypatch.setattr(scratch.tempfile, "tempdir", str(tmp_path / "tmp"))
        with scratch.scratch_folder() as mine:
            assert list((tmp_path / "tmp").iterdir()) == [mine]
            scratch.sweep()
            assert mine.is_dir()
        assert list((tmp_path / "tmp").iterdir()) == []

    def test_only_own_folders_of_the_dead_are_swept(self, tmp_path, monkeypatch):
        monkeypatch.setattr(scratch.tempfile, "tempdir", str(tmp_path))
        (tmp_path / "mine").mkdir()
        (tmp_path / f"{scratch.PREFIX}link").symlink_to(tmp_path / "mine")
        (tmp_path / f"{scratch.PREFIX}file").touch()
        (tmp_path / f"{scratch.PREFIX}new").mkdir()
        (tmp_path / f"{scratch.PREFIX}old").mkdir()
        os.utime(tmp_path / f"{scratch.PREFIX}old", (1, 1))
        scratch.sweep()
        assert sorted(p.name.removeprefix(scratch.PREFIX) for p in tmp_path.iterdir()) == ["file", "link", "mine", "new"]


class TestOptions:
    @pytest.mark.parametrize(
        "options",
        [
            ["--num-scenes", "1000000000"], ["--num-scenes", "0"], ["--num-scenes", "-1"], ["--num-scenes", "1e3"],
            ["--num-scenes", "9" * 5000], ["--num-scenes", ""], ["--edits-per-scene", "0"], ["--edits-per-scene", "1000000"],
            ["--variants", "-1"], ["--variants", "11"], ["--seed", "-1"], ["--seed", str(2**63)], ["--workers", "0"],
            ["--workers", "100000"], ["--scene-timeout", "0"], ["--scene-timeout", "nan"], ["--device", "TPU"],
            ["--operations", "fly"], ["--operations", "move", "move"], ["--themes", "kitchen", "kitchen"], ["--themes", "../x"],
            ["--table-types", "dining_table"], ["--enlarge"], ["--reference-view"], ["--preset", "huge"], ["--preview", ""],
            ["--mesatask-10k", "a\0b"], ["--mesatask-10k", "/dev/null"], ["--mesatask-10k", "/x", "--themes", "kitchen"],
        ],
    )  # fmt: skip
    def test_options_without_sense_or_effect_are_one_error(self, tmp_path, capsys, monkeypatch, options):
        monkeypatch.setattr(runner, "run_tasks", None)
        with pytest.raises(SystemExit) as caught:
            raise SystemExit(cli.main(["build", "mesatask", "--out", str(tmp_path / "out"), *options]))
        said = capsys.readouterr().err
        assert caught.value.code == 2
        assert "error: " in said and "Traceback" not in said and len(said) < 3000
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        "numbers",
        [{"num_scenes": 0}, {"num_scenes": 10**9}, {"workers": 0}, {"workers": 10**6}, {"scene_timeout": float("nan")}],
    )
    def test_absurd_numbers_are_refused_before_any_work(self, odd, tmp_path, numbers):
        with pytest.raises(BuildError, match="expected"):
            build(odd, JOB, tmp_path / "out", **({"num_scenes": 1} | numbers))
        with pytest.raises(BuildError, match="edits of a scene"):
            build(odd, dataclasses.replace(JOB, edits=10**9), tmp_path / "out", 1)
        assert list(tmp_path.iterdir()) == []


def test_a_contact_sheet_is_whole_or_not_there(tmp_path, make_sample, monkeypatch):
    target = tmp_path / "sheet.png"
    target.write_bytes(b"former")

    def full(self, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(OSError, match="space"):
            contact_sheet([make_sample(pixel_frame="source")], target)
    assert [p.name for p in tmp_path.iterdir()] == ["sheet.png"] and target.read_bytes() == b"former"


def test_a_scene_id_that_is_no_name_costs_its_scene():
    from gsi_bench_builders.production.scene_work import make_scene  # noqa: PLC0415

    class Climbing:
        def scene(self, number, rng, size):
            return dataclasses.replace(empty_scene(), id="../../x"), {}

    assert "scene id '../../x'" in make_scene(None, Climbing(), JOB, 0).report.failure


def empty_scene():
    from gsi_bench_builders.scene import Camera, Light, Room, Scene, Support  # noqa: PLC0415

    camera = Camera.look_at((0, -1, 1), (0, 0, 0), 45, 64, 64)
    return Scene("s", (), Support("table", "桌子", (-1, 1), (-1, 1), 0.75), Room("dining", 1), Light(), camera)


def pickled(value):
    import pickle  # noqa: PLC0415

    stream = io.BytesIO()
    pickle.dump(value, stream)
    return stream.getvalue()


def waited_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
