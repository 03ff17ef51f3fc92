"""Damaged and hostile zip files: every finding is named, nothing else escapes, the other members are checked too."""

import io
import re
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from gsi_bench_dataset.layout import archives
from gsi_bench_dataset.layout.archives import ArchiveError, open_tree
from gsi_bench_dataset.layout.official import OfficialDataset, OfficialError

KNOWN = (ArchiveError, OfficialError)


@pytest.fixture
def packed(official_folder, tmp_path):
    """A zip of three edits of one image each."""
    folder = official_folder({f"{i}_edit_0": {} for i in "abc"}, ("a.png", "b.jpg", "c.png"))
    path = tmp_path / "fine.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    return path


def places(path: Path, name: str) -> tuple[int, int]:
    """Where a member's local header and its line of the list begin."""
    with zipfile.ZipFile(path) as archive:
        local = archive.getinfo(name).header_offset
    return local, path.read_bytes().index(name.encode(), local + 100) - 46


def spoil(path: Path, place: int, data: bytes) -> None:
    content = bytearray(path.read_bytes())
    content[place : place + len(data)] = data
    path.write_bytes(content)


def read_all(path: Path) -> None:
    for sample in OfficialDataset(path, "fine").samples():
        assert sample.image.bytes


def test_any_flipped_bytes_are_read_or_refused_by_our_own_errors(packed):
    data, chance = packed.read_bytes(), np.random.default_rng(7)
    list_at = data.index(b"PK\x01\x02")
    refused = 0
    for turn in range(264):
        spoiled = bytearray(data)
        low = 0 if turn % 2 else list_at
        for _ in range(1 + turn % 3):
            spoiled[int(chance.integers(low, len(data)))] ^= 1 << int(chance.integers(0, 8))
        if turn % 5 == 0:
            del spoiled[int(chance.integers(0, len(data))) :]
        packed.write_bytes(spoiled)
        try:
            read_all(packed)
        except KNOWN as error:
            assert str(packed) in str(error)
            refused += 1
    assert refused > 100


DAMAGE = {
    "an unknown compression": (8, 10, b"\x63\x00"),
    "LZMA of no LZMA": (8, 10, b"\x0e\x00"),
    "bzip2 of no bzip2": (8, 10, b"\x0c\x00"),
    "a wrong checksum": (14, 16, b"\0\0\0\0"),
    "another name in the header": (30, None, b"\xff"),
    "no header": (0, None, b"\0\0\0\0"),
    "an offset elsewhere": (None, 42, b"\x07\0\0\0"),
    "strong encryption": (None, 8, b"\x40\0"),
    "patched data": (None, 8, b"\x20\0"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_member_is_named_beside_the_others_problems(kind, packed):
    local, central, data = DAMAGE[kind]
    at = places(packed, "b.jpg")
    for start, offset in zip(at, (local, central), strict=True):
        if offset is not None:
            spoil(packed, start + offset, data)
    local, _ = places(packed, "c.png")
    spoil(packed, local + 30 + 5 + 200, bytes(40))
    with pytest.raises(KNOWN) as caught:
        read_all(packed)
    said = "\n".join(caught.value.problems)
    assert "b.jpg" in said and "c.png" in said and "a.png" not in said


@pytest.mark.parametrize("cut", [0, 1, 21, 22, 100, 3000, -1, -10, -22, -200])
def test_a_zip_that_was_cut_is_refused_by_name(cut, packed):
    packed.write_bytes(packed.read_bytes()[:cut])
    with pytest.raises(ArchiveError, match=re.escape(packed.name)):
        open_tree(packed)


@pytest.mark.parametrize(
    "error", [zlib.error, NotImplementedError, RuntimeError, EOFError, struct.error, OSError, UnicodeError]
)
def test_whatever_reading_a_member_raises_names_it(error, packed, monkeypatch):
    def fail(*_):
        raise error("spoiled")

    with open_tree(packed) as tree:
        monkeypatch.setattr(zipfile.ZipExtFile, "read", fail)
        for read in (tree.read, tree.open):
            with pytest.raises(ArchiveError, match=r"a\.png: damaged"):
                read("a.png")
        with pytest.raises(KeyError):
            tree.read("none.png")


def test_a_huge_list_is_refused_before_it_is_read(tmp_path, monkeypatch):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for i in range(300):
            archive.writestr(f"{i}.json", b"{}")
    path = tmp_path / "t.zip"
    path.write_bytes(stream.getvalue())
    monkeypatch.setattr(archives, "MAX_LIST_BYTES", 1000)

    def read(*_, **__):
        raise KeyboardInterrupt("the list was read")

    monkeypatch.setattr(archives.zipfile, "ZipFile", read)
    with pytest.raises(ArchiveError, match=r"a list of \d+ bytes"):
        open_tree(path)


@pytest.mark.parametrize("name", ["a\nb.json", "a\x1b[2Jb.json", "../\x07.json", "x/\u2028.json"])
def test_odd_names_never_reach_a_message_as_they_are(name, tmp_path):
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr(name, b"1")
        archive.writestr("deeper/" + name, b"2")
        archive.writestr("../x.json", b"3")
    with pytest.raises(ArchiveError) as caught:
        open_tree(tmp_path / "t.zip")
    assert all(mark.isprintable() or mark == "\n" for mark in str(caught.value))


def test_names_in_an_old_code_page_are_read(tmp_path):
    info = zipfile.ZipInfo("xxx.json")
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr(info, b"1")
    data = (tmp_path / "t.zip").read_bytes().replace(b"xxx.json", b"\x81\xff\xfe.json")
    (tmp_path / "t.zip").write_bytes(data)
    with open_tree(tmp_path / "t.zip") as tree:
        (name,) = tree.names()
        assert name.encode() and tree.read(name) == b"1"


def test_a_bomb_in_a_text_chunk_of_an_image_is_named(official_folder):
    folder = official_folder()
    image = (folder / "a.png").read_bytes()
    text = b"zTXta\0\0" + zlib.compress(bytes(9 << 20))
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    (folder / "a.png").write_bytes(image[:33] + chunk + image[33:])
    with pytest.raises(OfficialError, match=r"a\.png: expected a complete image"):
        OfficialDataset(folder, "fine")
