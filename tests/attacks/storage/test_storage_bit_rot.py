"""One flipped bit or a cut in a shard, a scene's file or a card: an error that names it, or the very same rows."""

import dataclasses
import os
import random
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from gsi_bench_dataset import EncodedImage
from gsi_bench_dataset.cli.main import main
from gsi_bench_dataset.safety.files import FileProblemError
from gsi_bench_dataset.safety.parquet import check_contents
from gsi_bench_dataset.storage import sample_files
from gsi_bench_dataset.storage.card import read_content_hash
from gsi_bench_dataset.storage.sample_files import facts_of, read_samples, write_samples
from gsi_bench_dataset.storage.shards import DatasetError, read_dataset, sample_ids, split_sizes, verify_dataset, write_dataset


@pytest.fixture
def samples(make_sample, make_image):
    return [make_sample(f"{i}", image=EncodedImage(make_image(seed=i), f"{i}.png"), prompt_zh="把杯子移走") for i in range(4)]


@pytest.fixture
def folder(samples, tmp_path):
    others = [dataclasses.replace(s, split="robothor") for s in samples[:2]]
    write_dataset({"fine": samples, "robothor": others}, tmp_path / "d")
    return tmp_path / "d"


def shard(folder, split="fine"):
    return folder / f"data/{split}-00000-of-00001.parquet"


def footer_at(raw):
    return len(raw) - 8 - int.from_bytes(raw[-8:-4], "little")


def flips(raw, many, seed=7):
    """Random positions: a third anywhere, a third in the indexes and footer, a third in the last bytes and checksums."""
    rng = random.Random(seed)
    starts = (0, footer_at(raw) - 6000, footer_at(raw) - 120)
    for i in range(many):
        last = len(raw) if i % 3 < 2 else footer_at(raw) + 200
        at = rng.randrange(max(0, starts[i % 3]), last)
        yield at, raw[:at] + bytes([raw[at] ^ (1 << rng.randrange(8))]) + raw[at + 1 :]


def without_checksums(raw):
    """As an older release wrote it."""
    start = raw.rindex(b"GSI-Bench SHA256", 0, footer_at(raw))
    return raw[:start] + raw[footer_at(raw) :]


READERS = {
    "samples": lambda folder: list(read_dataset(folder, "fine")),
    "ids": lambda folder: sample_ids(folder, "fine"),
    "sizes": split_sizes,
    "facts": lambda folder: facts_of(shard(folder)),
}


@pytest.mark.parametrize("name", READERS)
def test_every_flip_is_an_error_or_changes_nothing(folder, name):
    read, file = READERS[name], shard(folder)
    expected, raw, refused = read(folder), file.read_bytes(), 0
    for at, damaged in flips(raw, 90 if name == "samples" else 45):
        file.write_bytes(damaged)
        try:
            assert read(folder) == expected, at
        except DatasetError as error:
            refused += 1
            assert "fine-00000-of-00001.parquet" in str(error) and "again" in str(error)
    assert refused == 90 or (name in ("sizes", "facts") and refused > 10) or (name == "ids" and refused == 45)


def test_every_cut_is_an_error(folder):
    file = shard(folder)
    raw = file.read_bytes()
    for length in (0, 3, 8, 11, 12, 100, len(raw) // 2, footer_at(raw), len(raw) - 9, len(raw) - 8, len(raw) - 1):
        file.write_bytes(raw[:length])
        for read in READERS.values():
            with pytest.raises(DatasetError, match=r"fine-00000-of-00001\.parquet"):
                read(folder)
    file.write_bytes(raw + b"\0")
    with pytest.raises(DatasetError, match=r"fine-00000-of-00001\.parquet"):
        list(read_dataset(folder, "fine"))


def test_rows_read_by_position_have_checked_pages(folder, samples):
    raw, rng = shard(folder).read_bytes(), random.Random(3)
    inside = raw.index(samples[1].image.bytes[100:200]) - 100
    for _ in range(20):
        at = inside + rng.randrange(len(samples[1].image.bytes))
        shard(folder).write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        with pytest.raises(DatasetError, match="damaged"):
            list(read_dataset(folder, "fine", rows=range(1, 2)))


def test_every_flip_in_a_scene_file_is_an_error(samples, tmp_path):
    file = tmp_path / "scene-00001.parquet"
    assert write_samples(file, samples, {"scene": {"number": 1}}) == 4
    assert list(read_samples(file)) == samples
    raw = file.read_bytes()
    for _, damaged in flips(raw, 50):
        file.write_bytes(damaged)
        with pytest.raises(DatasetError, match=r"scene-00001\.parquet: damaged"):
            list(read_samples(file))


# Against the card


def test_a_sound_dataset_is_read_once_in_a_process(folder, monkeypatch):
    verify_dataset(folder)
    verify_dataset(folder, ["fine"])

    def fail(*_):
        raise AssertionError("read again")

    monkeypatch.setattr("gsi_bench_dataset.storage.shards.summarise", fail)
    verify_dataset(folder)
    os.utime(shard(folder))
    with pytest.raises(AssertionError):
        verify_dataset(folder)


def test_another_row_than_the_card_states_is_told_with_its_split(folder, samples, tmp_path):
    changed = [dataclasses.replace(samples[0], prompt="Move the mug 21 centimeters to the right."), *samples[1:]]
    write_dataset({"fine": changed}, tmp_path / "other")
    shard(tmp_path / "other").replace(shard(folder))  # sound by itself
    with pytest.raises(DatasetError, match=r"split fine .* expected content hash [0-9a-f]{64}, found [0-9a-f]{64}; import"):
        verify_dataset(folder)
    verify_dataset(folder, ["robothor"])
    others = [dataclasses.replace(s, split="robothor") for s in samples]
    with pytest.raises(DatasetError, match="split fine is not what the card states"):  # a new card would state the damage
        write_dataset({"robothor": others}, folder)
    write_dataset({"fine": samples}, folder)
    verify_dataset(folder)


def test_every_flip_in_the_hashes_of_the_card_is_an_error(folder):
    card, digest, rng = folder / "README.md", read_content_hash(folder), random.Random(5)
    raw = card.read_bytes()
    places = list(range(raw.index(b"gsi_bench:"), raw.index(b"\n---\n")))
    places += list(range(raw.rindex(digest.encode()), raw.rindex(digest.encode()) + 64))
    for at in rng.sample(places, 40):
        card.write_bytes(raw[:at] + bytes([raw[at] ^ (1 << rng.randrange(8))]) + raw[at + 1 :])
        try:
            assert read_content_hash(folder) == digest
        except FileProblemError:
            with pytest.raises(DatasetError, match=r"README\.md"):
                verify_dataset(folder)


def test_rows_without_their_pictures_are_compared_too(samples, tmp_path):
    def write(name, written):
        write_dataset({"fine": written}, tmp_path / name, withhold=lambda sample: sample.id == samples[1].id)

    write("d", samples)
    verify_dataset(tmp_path / "d")
    changed = dataclasses.replace(samples[1], prompt_zh="把碗移走")
    write("other", [samples[0], changed, *samples[2:]])
    shard(tmp_path / "d").write_bytes(shard(tmp_path / "other").read_bytes())
    with pytest.raises(DatasetError, match="fine"):
        verify_dataset(tmp_path / "d")


# Of older releases


def test_files_and_cards_without_checksums_still_read(folder, samples):
    digest = read_content_hash(folder)
    for split in ("fine", "robothor"):
        shard(folder, split).write_bytes(without_checksums(shard(folder, split).read_bytes()))
    assert not check_contents(shard(folder))
    card = folder / "README.md"
    start, end = card.read_text().index("  splits:\n    fine:"), card.read_text().index("\n---\n\n#")
    card.write_text(card.read_text()[: start - 1] + card.read_text()[end:])
    assert read_content_hash(folder) == digest
    verify_dataset(folder)
    assert list(read_dataset(folder, "fine")) == samples
    card.write_text(card.read_text().replace(digest, digest[::-1]))
    with pytest.raises(DatasetError, match="expected content hash"):
        verify_dataset(folder)
    card.write_text("# A card of somebody else\n")
    verify_dataset(folder)
    card.unlink()
    verify_dataset(folder)


def test_files_rewritten_by_another_tool_lose_the_checksums(folder, samples):
    pq.write_table(pq.read_table(shard(folder)), shard(folder))
    assert not check_contents(shard(folder))
    assert list(read_dataset(folder, "fine")) == samples
    verify_dataset(folder)


DAMAGE = """
import json, random, resource, sys
from pathlib import Path
from gsi_bench_dataset.storage.sample_files import DatasetError, facts_of, read_samples, rows_in
from gsi_bench_dataset.schema import RecordError
resource.setrlimit(resource.RLIMIT_AS, (6 * 2**30, 6 * 2**30))
file, rng = Path(sys.argv[1]), random.Random(11)
raw = file.read_bytes()
footer = len(raw) - 8 - int.from_bytes(raw[-8:-4], "little")
for i in range(100):
    damaged = bytearray(raw)
    for _ in range(rng.choice([1, 1, 1, 3, 20])):
        damaged[rng.randrange(rng.choice([0, footer - 500, footer]), len(raw))] = rng.randrange(256)
    file.write_bytes(damaged if i % 9 else damaged[: rng.randrange(len(raw))] + raw[footer:])
    for read in (lambda f: list(read_samples(f)), facts_of, rows_in):
        try:
            read(file)
        except (DatasetError, RecordError):
            pass
print("alive")
"""


def test_damaged_files_without_checksums_end_no_process(samples, tmp_path):
    file = tmp_path / "s.parquet"
    write_samples(file, samples)
    file.write_bytes(without_checksums(file.read_bytes()))
    done = subprocess.run([sys.executable, "-c", DAMAGE, str(file)], capture_output=True, text=True, timeout=100, check=False)
    assert done.stdout == "alive\n", (done.returncode, done.stderr)


# What a footer and a shard's name may hold


@pytest.mark.parametrize("note", [b"\xff\xfe", b"[" * 100_000, b"{", b'{"format_version": "new"}', b'{"format_version": null}'])
def test_odd_notes_in_a_footer_are_named(folder, note):
    table = pq.read_table(shard(folder))
    pq.write_table(table.replace_schema_metadata({b"gsi_bench": note}), shard(folder))
    with pytest.raises(DatasetError, match=r"fine-00000-of-00001\.parquet"):
        list(read_dataset(folder, "fine"))


@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "link to itself"])
def test_a_shard_that_is_no_file_is_named(folder, kind, capsys):
    file = shard(folder)
    file.unlink()
    {
        "folder": file.mkdir,
        "pipe": lambda: os.mkfifo(file),
        "device": lambda: file.symlink_to("/dev/zero"),
        "link to itself": lambda: file.symlink_to(file.name),
    }[kind]()
    for command in (["info"], ["export", "--split", "fine", "--out", str(folder.parent / "x")]):
        assert main([command[0], str(folder), *command[1:]]) == 2
        assert f"{file}: " in capsys.readouterr().err


def test_what_rows_say_is_printed_on_one_line(folder, capsys):
    table = pq.read_table(shard(folder))
    rows = table.to_pylist()
    rows[0] |= {"goal_suspect": "\x1b[2Jgone\nerror: no", "image_licence": "a\x07b"}
    sample_files.pq.write_table(sample_files.pa.Table.from_pylist(rows, schema=table.schema), shard(folder))
    assert main(["info", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out and "\x07" not in out and "\\x1b[2Jgone\\nerror" in out
