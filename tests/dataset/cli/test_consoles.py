"""Consoles of any encoding: every command prints, and what cannot be shown stands there in another way."""

import io
import os
import subprocess
import sys

import pytest

from gsi_bench_dataset.cli.main import build_parser
from gsi_bench_dataset.safety.system import consoles_that_print_anything
from gsi_bench_dataset.storage.shards import write_dataset

ENCODINGS = ("cp1252", "latin-1", "cp936", "ascii", "ascii:strict", "cp437", "utf-8")
NAME = "杯子–5×3 …é"


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_commands_help_is_printed(encoding, monkeypatch):
    parser = build_parser()
    commands = next(action.choices for action in parser._actions if action.choices and "import" in action.choices)
    assert len(commands) > 15
    for name, command in {"": parser, **commands}.items():
        raw = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding.partition(":")[0], errors="strict"))
        consoles_that_print_anything()
        with pytest.raises(SystemExit) as ended:
            command.parse_args(["--help"])
        sys.stdout.flush()
        assert ended.value.code == 0 and raw.getvalue(), name


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_dashes_and_arrows_become_plain_and_letters_escapes(encoding, monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding.partition(":")[0], errors="strict", newline=""))
    consoles_that_print_anything()
    text = "0–10, 5 × 3 ≥ 2 → “it’s” … é 杯 █ ✂"
    sys.stdout.write(text)
    sys.stdout.flush()
    shown = raw.getvalue().decode(encoding.partition(":")[0])
    expected = {
        "ascii": '0-10, 5 x 3 >= 2 -> "it\'s" ... \\xe9 \\u676f # \\u2702',
        "ascii:strict": '0-10, 5 x 3 >= 2 -> "it\'s" ... \\xe9 \\u676f # \\u2702',
        "latin-1": '0-10, 5 × 3 >= 2 -> "it\'s" ... é \\u676f # \\u2702',
        "cp1252": "0–10, 5 × 3 >= 2 -> “it’s” … é \\u676f # \\u2702",
        "cp936": "0–10, 5 × 3 ≥ 2 → “it’s” … é 杯 █ \\u2702",
        "cp437": '0-10, 5 x 3 ≥ 2 -> "it\'s" ... é \\u676f █ \\u2702',
        "utf-8": text,
    }
    assert shown == expected[encoding]


@pytest.fixture
def folder(make_sample, make_image, tmp_path):
    """A dataset with words in Chinese, and an editor of that name with one image of another file."""
    from gsi_bench_dataset.records import EncodedImage  # noqa: PLC0415

    samples = [
        make_sample(
            letter,
            target="马克杯",
            prompt=f"Move the 马克杯 {i + 20} centimeters to the right.",
            image=EncodedImage(make_image(seed=i), "a.png"),
        )
        for i, letter in enumerate("ab")
    ]
    write_dataset({"fine": samples}, tmp_path / f"data {NAME}")
    pictures = tmp_path / f"editor {NAME}"
    pictures.mkdir()
    (pictures / "a_edit_0.png").write_bytes(samples[0].image.bytes)
    (pictures / f"{NAME}.png").write_bytes(b"x")
    return tmp_path


def ran(folder, encoding, *words):
    command = [sys.executable, "-m", "gsi_bench_dataset.cli.main", *words]
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False, timeout=100)


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_a_whole_run_prints_on_any_console(folder, encoding):
    data, editor = f"data {NAME}", f"editor {NAME}"
    chain = [
        (0, "baseline", "copy", "--data", data, "--split", "fine", "--out", "eval"),
        (0, "evaluate", editor, "eval/copy/generated_images_fine", "--data", data, "--split", "fine", "--out", f"run {NAME}"),
        (0, "report", f"run {NAME}"),
        (0, "compare", f"run {NAME}:{editor}", f"run {NAME}:copy"),
        (2, "report", f"nothing {NAME}"),
        (2, "evaluate", f"nothing {NAME}", "--data", data, "--split", "fine", "--out", "x"),
        (2, "import", f"nothing {NAME}.zip", "--split", "fine", "--out", "y"),
        (2, f"no command {NAME}"),
    ]
    for status, *words in chain:
        done = ran(folder, encoding, *words)
        said = (done.stdout + done.stderr).decode(encoding)
        assert done.returncode == status and said and "Traceback" not in said and "UnicodeEncodeError" not in said, (
            words,
            said,
        )
