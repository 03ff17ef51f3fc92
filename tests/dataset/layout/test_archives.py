import stat
import zipfile

import pytest

from gsi_bench_dataset.layout import archives
from gsi_bench_dataset.layout.archives import ArchiveError, open_tree


def make_zip(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def test_zip_and_folder_show_the_same_files(tmp_path):
    folder = tmp_path / "tree/fine_dataset"
    folder.mkdir(parents=True)
    (folder / "a.json").write_bytes(b"{}")
    (folder / ".DS_Store").write_bytes(b"x")
    packed = make_zip(
        tmp_path / "t.zip", [("fine_dataset/a.json", b"{}"), ("__MACOSX/._a.json", b"x"), ("fine_dataset/.x", b"y")]
    )
    for path in (tmp_path / "tree", packed):
        with open_tree(path) as tree:
            assert (tree.names(), tree.read("a.json"), tree.size("a.json")) == (["a.json"], b"{}", 2)


@pytest.mark.parametrize("name", ["../a.json", "x/../../a.json", "/etc/a.json", "..\\a.json", "C:/a.json"])
def test_members_outside_the_archive_are_refused(tmp_path, name):
    with pytest.raises(ArchiveError, match="outside the archive"):
        open_tree(make_zip(tmp_path / "t.zip", [(name, b"{}"), ("b.json", b"{}")]))


def test_link_members_are_refused(tmp_path):
    info = zipfile.ZipInfo("a.json")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(ArchiveError, match=r"a\.json.*symbolic link"):
        open_tree(make_zip(tmp_path / "t.zip", [(info, b"/etc/passwd")]))


def test_bombs_are_refused_before_anything_is_read(tmp_path, monkeypatch):
    bomb = make_zip(tmp_path / "t.zip", [("a.json", bytes(3 * 2**20))])
    with pytest.raises(ArchiveError, match="compressed 1:"):
        open_tree(bomb)
    monkeypatch.setattr(archives, "MAX_RATIO", 10**9)
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", 2**20)
    with pytest.raises(ArchiveError, match="unpacks to 3145728"):
        open_tree(bomb)
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", 2**30)
    monkeypatch.setattr(archives, "MAX_TOTAL_BYTES", 2**20)
    with pytest.raises(ArchiveError, match="unpacks to"):
        open_tree(bomb)
    monkeypatch.setattr(archives, "MAX_MEMBERS", 0)
    with pytest.raises(ArchiveError, match="members"):
        open_tree(bomb)


def test_a_name_found_twice_names_both_places(tmp_path):
    with pytest.raises(ArchiveError, match=r"'x/a\.json' and 'y/a\.json'"):
        open_tree(make_zip(tmp_path / "t.zip", [("x/a.json", b"1"), ("y/a.json", b"2")]))
    for part in "xy":
        (tmp_path / "f" / part).mkdir(parents=True)
        (tmp_path / "f" / part / "a.json").write_bytes(b"1")
    with pytest.raises(ArchiveError, match="found twice"):
        open_tree(tmp_path / "f")


def test_corrupt_zips_say_so(tmp_path):
    (tmp_path / "t.zip").write_bytes(b"PK nothing")
    with pytest.raises(ArchiveError, match="expected a zip file"):
        open_tree(tmp_path / "t.zip")
    path = tmp_path / "u.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.json", b"hello world")
    path.write_bytes(path.read_bytes().replace(b"hello", b"hellO"))
    with open_tree(path) as tree, pytest.raises(ArchiveError, match=r"a\.json: damaged"):
        tree.read("a.json")


def test_long_lists_of_problems_are_cut(tmp_path):
    with pytest.raises(ArchiveError) as caught:
        open_tree(make_zip(tmp_path / "t.zip", [(f"../{i}", b"") for i in range(50)]))
    assert len(caught.value.problems) == 50
    assert "and 30 more" in str(caught.value)


def test_nothing_there_is_a_file_not_found(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file"):
        open_tree(tmp_path / "none.zip")
