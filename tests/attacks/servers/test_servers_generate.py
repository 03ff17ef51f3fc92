"""`generate` and `baseline` with hostile ids, names, places, options, functions: named at once, nothing outside touched."""

import os
import signal

import pytest

from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.records import EncodedImage
from gsi_bench_dataset.storage.shards import read_dataset, write_dataset
from gsi_bench_metric.editors import EditorOptions, make_editor
from gsi_bench_metric.editors.generating import GenerateError, Wanted, generate
from gsi_bench_metric.judges import JudgeError, JudgeOptions, make_judge

IDENTITY = "def edit(image): return image\n"


@pytest.fixture
def data(make_sample, make_image, tmp_path, monkeypatch):
    """Three sound samples; the test's folder is the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    samples = [make_sample(letter, image=EncodedImage(make_image(seed=i), "a.png")) for i, letter in enumerate("abc")]
    write_dataset({"fine": samples}, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def module(tmp_path, request):
    """`module(source) -> name` of a module."""
    made = []

    def make(source=IDENTITY):
        name = f"attack_{abs(hash(request.node.nodeid)) % 10**9}_{len(made)}"
        (tmp_path / f"{name}.py").write_text(source)
        made.append(name)
        return name

    return make


@pytest.fixture
def run(data, capsys):
    """`run(editor, *options) -> (status, err)`; --out is `eval` unless it is given."""

    def call(editor, *options):
        words = ["generate", "--editor", editor, "--data", str(data), "--split", "fine", "--quiet"]
        out = () if "--out" in options else ("--out", "eval")
        try:
            status = main([*words, *out, *map(str, options)])
        except SystemExit as error:  # argparse's
            status = error.code
        return status, capsys.readouterr().err

    return call


class Sampleish:
    """A sample with an id that no check has seen."""

    def __init__(self, sample, index):
        self._sample, self.id = sample, index

    def __getattr__(self, name):
        return getattr(self._sample, name)


@pytest.mark.parametrize(
    "index", ["../victim", "/victim", "a/../../victim", "..", ".hidden", "a\\b", "C:x", "", "a\nb", "x" * 300, "a\0b"]
)
def test_a_sample_id_that_is_a_path_writes_and_deletes_nothing(data, tmp_path, index, monkeypatch):
    victim = tmp_path / "victim.png"
    victim.write_bytes(b"mine")
    index = str(tmp_path / "victim") if index == "/victim" else index
    samples = [Sampleish(next(iter(read_dataset(data, "fine"))), index)]
    (tmp_path / "hook_id.py").write_text(IDENTITY)
    with pytest.raises(GenerateError, match="sample id"):
        generate(make_editor("hook_id:edit", EditorOptions()), samples, tmp_path / "eval", Wanted("fine", "e"), progress=False)
    from gsi_bench_dataset.storage import shards  # noqa: PLC0415

    monkeypatch.setattr(shards, "read_dataset", lambda *_: iter(samples))
    assert main(["baseline", "copy", "--data", str(data), "--split", "fine", "--out", str(tmp_path / "eval")]) == 2
    assert victim.read_bytes() == b"mine"
    assert not [p for p in tmp_path.rglob("*.png") if p != victim]


@pytest.mark.parametrize("name", ["..", "/x", "a/b", "", ".", " ", "../x", ".x", "a\\b", "a\nb", "x" * 300])
def test_a_name_that_is_no_folders_name_is_refused_before_work(run, module, tmp_path, name):
    editor = module(f"open('ran', 'w').close()\n{IDENTITY}")
    status, err = run(f"{editor}:edit", "--name", name)
    assert status == 2 and "--name" in err and "expected the name of one folder" in err
    assert not (tmp_path / "ran").exists() and not (tmp_path / "eval").exists()


@pytest.mark.parametrize("place", ["file", "file/below", "pipe", "dangling", "loop"])
def test_a_place_that_cannot_be_written_is_named_before_work(  # noqa: PLR0917 - fixtures
    run, module, tmp_path, place, capsys, data
):
    (tmp_path / "file").write_text("x")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    editor = module("def edit(image): open('ran', 'w'); return image")
    status, err = run(f"{editor}:edit", "--out", place)
    assert status == 2 and "--out" in err and place.partition("/")[0] in err and not (tmp_path / "ran").exists()
    assert main(["baseline", "copy", "--data", str(data), "--split", "fine", "--out", place]) == 2
    assert "--out" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        ("--concurrency", "0"),
        ("--concurrency", "-1"),
        ("--concurrency", "100000"),
        ("--concurrency", "x"),
        ("--limit", "0"),
        ("--limit", "-1"),
        ("--limit", "9" * 30),
        ("--timeout", "0"),
        ("--timeout", "-1"),
        ("--timeout", "nan"),
        ("--timeout", "inf"),
        ("--timeout", "1e9"),
        ("--seed", "9" * 40),
        ("--seed", "1.5"),
        ("--dtype", "int8"),
        ("--dtype", ""),
        ("--set", "x"),
        ("--set", "=1"),
        ("--set", "a b=1"),
        ("--set", "x=NaN"),
        ("--set", "x=[1, -Infinity]"),
        ("--set", "x=" + "[" * 90_000),
        ("--set", "x=1", "x=2"),
        ("--set", "image=1"),
    ],
    ids=lambda options: " ".join(options)[:20],
)
def test_an_option_out_of_range_is_one_line_before_work(run, module, tmp_path, options):
    status, err = run(f"{module('def edit(image, x=0): return image')}:edit", *options)
    assert status == 2 and options[0] in err and "Traceback" not in err and not (tmp_path / "eval").exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"timeout": float("nan")},
        {"timeout": float("inf")},
        {"timeout": 0},
        {"temperature": float("nan")},
        {"concurrency": 10**6},
        {"samples": 10**6},
        {"seed": 2**70},
        {"retries": 10**6},
        {"max_tokens": 10**9},
        {"price": (float("nan"), 1.0)},
        {"price": (-1.0, 1.0)},
        {"batch_size": 0},
        {"max_side": 10**9},
    ],
    ids=str,
)
def test_a_judges_option_out_of_range_is_named(fields):
    with pytest.raises(JudgeError, match=f"--judge-{next(iter(fields)).replace('_', '-')}"):
        make_judge("openai", options=JudgeOptions(model="m", url="http://127.0.0.1:9/v1", **fields))


@pytest.mark.parametrize(
    "editor",
    [
        ":edit",
        "module:",
        ":",
        "builtins:max",
        "builtins:getattr",
        "os:system",
        "os:path",
        "sys:exit",
        ".x:edit",
        "..:edit",
        "a..b:edit",
        "/etc/passwd:edit",
        "../x:edit",
        "os:no.name",
        "os:__name__",
        "a\nb:edit",
        "asyncio:sleep",
        "magic",
        "",
    ],
)
def test_an_editor_that_is_no_function_is_named_before_work(run, editor, tmp_path):
    status, err = run(editor)
    assert status == 2 and "error: " in err and "Traceback" not in err
    assert not list(tmp_path.rglob("eval/**/*.png"))
    assert editor == "sys:exit" or not (tmp_path / "eval").exists()


@pytest.mark.parametrize(
    "source",
    [
        "async def edit(image): return image",
        "def edit(image): yield image",
        "async def edit(image): yield image",
        "def edit(image, /): return image",
        "def edit(image, colour): return image",
        "edit = 5",
        "raise SystemExit(0)",
        "raise KeyboardInterrupt",
        "1 / 0",
        "def edit(image) return",
        "import no_such_module_y",
        "import sys; sys.exit('bye')",
    ],
)
def test_a_module_that_cannot_edit_is_named_before_work(run, module, source, tmp_path):
    status, err = run(f"{module(source)}:edit")
    assert status == 2 and "error: " in err and "Traceback" not in err and not (tmp_path / "eval").exists()


GARBAGE = [
    "raise SystemExit(0)",
    "raise KeyboardInterrupt",
    "raise GeneratorExit",
    "raise MemoryError",
    "return edit(image, sample, 1)",
    "return None",
    "return b'GIF89a'",
    "return b''",
    "return 'x'",
    "return [image]",
    "return Image.new('RGB', (0, 5))",
    "return np.zeros((0, 5, 3), np.uint8)",
    "return np.zeros((5, 5, 4), np.uint8)",
    "return np.zeros((5, 5, 3))",
    "return np.zeros((1, 64_000_001, 3), np.uint8)",
    "raise Odd",
    "return b'%!PS-Adobe-3.0 EPSF-3.0'",
]


@pytest.mark.parametrize("what", GARBAGE)
def test_a_function_that_gives_or_raises_garbage_costs_one_edit(run, module, what, tmp_path):
    source = "import numpy as np\nfrom PIL import Image\nclass Odd(Exception):\n    def __str__(self): raise ValueError\n"
    source += f"def edit(image, sample, deep=0):\n    if deep or sample.id == 'b_edit_0':\n        {what}\n    return image\n"
    if "sample, 1" in what:
        source = source.replace(", 1)", ", deep + 1)")
    status, err = run(f"{module(source)}:edit")
    assert status == 2 and "2 images are there, 1 could not be made" in err and "b_edit_0: " in err
    assert len(list(tmp_path.rglob("eval/**/*.png"))) == 2


def test_ctrl_c_still_stops_a_function(run, module, tmp_path):
    source = "import os, signal, time\ndef edit(image, sample):\n    if sample.id == 'b_edit_0':\n"
    source += "        os.kill(os.getpid(), signal.SIGINT)\n        time.sleep(20)\n    return image\n"
    status, err = run(f"{module(source)}:edit")
    assert status == 130 and "interrupted" in err
    assert len(list(tmp_path.rglob("eval/**/*.png"))) == 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("content", [b"[]", b"5", b"null", b"\xff", b"[" * 90_000, b""])
def test_damaged_settings_of_a_former_run_are_no_crash(run, module, content, tmp_path):
    name = module()
    run(f"{name}:edit")
    (tmp_path / f"eval/{name}-edit/generation_fine/settings.json").write_bytes(content)
    status, err = run(f"{name}:edit")
    assert status == 2 and "that generate did not make" in err


@pytest.mark.parametrize(
    "words",
    [
        ("--port", "0"),
        ("--port", "99999"),
        ("--gpus", "0"),
        ("--host", "a b"),
        ("--host", "-x"),
        ("--model", "--x"),
        ("--model", " "),
    ],
)
def test_a_server_command_takes_no_odd_values(words, capsys):
    try:
        status = main(["serve-judge", "--print", f"{words[0]}={words[1]}"])
    except SystemExit as stopped:  # argparse ends by itself
        status = int(str(stopped.code))
    assert status == 2
    assert words[0] in capsys.readouterr().err
