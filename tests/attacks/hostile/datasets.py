"""Attacks on what is imported: archives of the reference's layout, the edits in them, and predictions."""

from __future__ import annotations

import functools
import io
import json
import random
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gsi_bench_dataset.layout.archives import open_tree
from gsi_bench_dataset.layout.official import OfficialDataset
from gsi_bench_dataset.storage.predictions import find_eval_tree, read_predictions
from gsi_bench_metric.imaging.images import ImageError
from gsi_bench_metric.imaging.pictures import Picture
from hostile.harness import ANYTHING, Attack, Outcome
from hostile.images import bases
from hostile.makers import ODD_NAMES, damaged, hostile_json, mutated, odd_files, special_files
from hostile.records import kept_as_given

__all__ = ["archive_attacks", "edit_attacks", "folder_attacks", "prediction_attacks", "sound_archive", "sound_edit"]

# What says itself what is wrong with a path; the command line puts it into words.
OF_THE_SYSTEM = (FileNotFoundError, PermissionError)
WORDS = ("Move the mug 20 centimeters to the right.", "Remove the mug.")


def sound_edit(words: str = WORDS[0]) -> dict[str, Any]:
    """The fields of a sound edit JSON."""
    box = [0.1, 0.2, 2.0, 0.4, 0.3, 0.2, 0.0]
    one = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    camera = [[60.0, 0.0, 32.0], [0.0, 60.0, 24.0], [0.0, 0.0, 1.0]]
    fields = {"prompt": words, "target": "mug", "original_bbox_3d": box, "camera_intrinsics": camera, "rotation_matrix": one}
    return fields | {"new_bbox_3d": [0.3, *box[1:]]}


def members() -> dict[str, bytes]:
    """The files of a small sound archive: an image and two edits, one with its ground truth."""
    picture = bases()["PNG rgb"][1]
    edits = {f"a_edit_{i}.json": json.dumps(sound_edit(words), indent=4).encode() for i, words in enumerate(WORDS)}
    return {"a.png": picture, **edits, "a_gtedit_1.png": picture}


@functools.cache
def sound_archive(compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The bytes of a small sound zip."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, data in members().items():
            archive.writestr(zipfile.ZipInfo(f"fine_dataset/{name}", (1980, 1, 1, 0, 0, 0)), data, compression)
    return stream.getvalue()


def _imported(path: Path) -> Any:
    """Everything that an import takes from an archive."""
    return [sample.to_json() for sample in OfficialDataset(path, "fine").samples()]


def archive_attacks(seed: int, count: int, folder: Path) -> Iterator[Attack]:
    """Damaged zips, each the same samples or an error; with seed 0 also zips that were made to be hostile."""
    chance = random.Random(f"archives {seed}")
    sound = folder / f"sound-{seed}.zip"
    sound.write_bytes(sound_archive())
    truth = _imported(sound)
    if seed == 0:
        for name, data in hostile_archives().items():
            run = functools.partial(_import_bytes, folder / f"hostile-{len(name)}.zip", data, refused=True)
            yield Attack(f"archive: {name}", run, payload=data)
    for number in range(count):
        kind = (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED)[number % 2]
        how, data = damaged(sound_archive(kind), chance)
        run = functools.partial(_import_bytes, folder / f"damaged-{seed}.zip", data)
        yield Attack(f"archive: {how} (seed {seed}, {number})", run, truth, payload=data)


def _import_bytes(path: Path, data: bytes, *, refused: bool = False) -> Any:
    path.write_bytes(data)
    found = _imported(path)
    return Outcome("", "altered", "was imported") if refused else found


def hostile_archives() -> dict[str, bytes]:
    """Zips that no import may take: names that lead out, links, bombs, doubles, encryption, other files."""

    def made(*more: tuple[Any, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", compression) as archive:
            for name, data in [*((f"d/{n}", d) for n, d in members().items()), *more]:
                archive.writestr(name, data)
        return stream.getvalue()

    def info(name: str, mode: int = 0o644) -> zipfile.ZipInfo:
        made_info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        made_info.create_system, made_info.external_attr = 3, mode << 16
        return made_info

    leading = {
        f"a member {name!r:.40}": made((name, b"x")) for name in ("../up.png", "/etc/up.png", "a/../../up.png", "C:/x.png")
    }
    odd = {f"a stranger {name!r:.40}": made((info(f"d/{name}.png"), b"x")) for name in ODD_NAMES if _zippable(name)}
    return leading | odd | {
        "a link": made((info("d/b.png", stat.S_IFLNK | 0o777), b"/etc/passwd")),
        "a pipe": made((info("d/b.png", stat.S_IFIFO | 0o644), b"")),
        "a bomb": made(("d/b.json", bytes(2**25)), compression=zipfile.ZIP_DEFLATED),
        "a double": made(("e/a.png", bases()["PNG rgb"][1])),
        "a zip in a zip": made(("d/b.zip", sound_archive())),
        "no zip": b"no zip at all" * 9,
        "nothing": b"",
        "an empty zip": b"PK\x05\x06" + bytes(18),
        "a member of the size −1": sound_archive().replace(b"PK\x01\x02", b"PK\x01\x02", 1)[:-22] + bytes(22),
        "an encrypted flag": _with_flag(sound_archive(), 0x1),
    }  # fmt: skip


def _zippable(name: str) -> bool:
    # Python's own writer takes no lone surrogates and cuts a name at NUL.
    whole = not any("\ud800" <= mark <= "\udfff" or mark == "\x00" for mark in name)
    return whole and 0 < len(name) < 2000 and "/" not in name and not name.startswith(".")


def _with_flag(data: bytes, flag: int) -> bytes:
    at = data.index(b"PK\x01\x02") + 8
    return data[:at] + bytes([data[at] | flag]) + data[at + 1 :]


def edit_attacks(seed: int, count: int, folder: Path) -> Iterator[Attack]:
    """Folders with one edit JSON changed: an error that names the file, or the sample as the file says."""
    chance = random.Random(f"edits {seed}")
    for number in range(count):
        if chance.random() < 0.15:
            how, data = hostile_json(chance)
        elif chance.random() < 0.2:
            how, data = damaged(json.dumps(sound_edit()).encode(), chance)
        else:
            how, document = mutated(sound_edit(chance.choice(WORDS)), chance)
            data = json.dumps(document).encode()
        run = functools.partial(_import_edit, folder / f"edit-{seed}-{number}", data)
        yield Attack(f"edit: {how} (seed {seed}, {number})", run, payload=data)


def _import_edit(folder: Path, data: bytes) -> Any:
    folder.mkdir()
    (folder / "a.png").write_bytes(bases()["PNG rgb"][1])
    (folder / "a_edit_0.json").write_bytes(data)
    (sample,) = OfficialDataset(folder, "fine").samples()
    given, row = json.loads(data), sample.to_row()
    kept = {name: row[name] for name in ("prompt", "target", "original_bbox_3d", "new_bbox_3d", "rotation_matrix")}
    wrong = [name for name, value in kept.items() if not kept_as_given(given.get(name), value)]
    if wrong:
        return Outcome("", "altered", f"{wrong[0]}: given {given.get(wrong[0])!r:.100}, kept {kept[wrong[0]]!r:.100}")
    return None if sample.official_json == data.decode() else Outcome("", "altered", "the text was not kept as it was")


def folder_attacks(folder: Path) -> Iterator[Attack]:
    """Folders of the reference's layout with everything in them that is no regular file, or has an odd name."""
    specials = special_files(folder / "special")
    for kind, path in specials.items():
        run = functools.partial(_import_with, folder / f"with {kind}", path)
        yield Attack(f"official: an image is a {kind}", run, ANYTHING if kind == "unreadable" else None, OF_THE_SYSTEM)
        yield Attack(f"official: {kind}", functools.partial(_imported, path), None, OF_THE_SYSTEM)
        yield Attack(f"open_tree: {kind}", functools.partial(_tree, path), ANYTHING, OF_THE_SYSTEM)
    for name, path in odd_files(folder / "odd", b"x").items():
        place = folder / f"odd {len(name)} {zlib.crc32(name.encode('utf-8', 'surrogatepass'))}"
        yield Attack(f"official: a stranger named {name!r:.40}", functools.partial(_import_with, place, path, path.name))


def _import_with(folder: Path, path: Path, name: str = "a.png") -> Any:
    folder.mkdir()
    for member, data in members().items():
        (folder / member).write_bytes(data)
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(path)
    return _imported(folder)


def _tree(path: Path) -> None:
    with open_tree(path) as tree:
        for name in tree.names():
            tree.read(name)


def prediction_attacks(seed: int, count: int, folder: Path) -> Iterator[Attack]:
    """Predictions as folders with special files and odd names, and as JSON maps."""
    chance = random.Random(f"predictions {seed}")
    if seed == 0:
        for kind, path in special_files(folder / "special").items():
            yield Attack(f"predictions: {kind}", functools.partial(_read, path), ANYTHING, OF_THE_SYSTEM)
            yield Attack(f"predictions: eval tree {kind}", functools.partial(_tree_of, path), ANYTHING, OF_THE_SYSTEM)
            place = folder / f"with {kind}"
            place.mkdir()
            (place / "a_edit_0.png").symlink_to(path)
            yield Attack(f"predictions: one is a {kind}", functools.partial(_read, place), ANYTHING, OF_THE_SYSTEM)
            for suffix in (".json", ".parquet"):
                link = folder / f"link-{kind}{suffix}"
                link.symlink_to(path)
                yield Attack(f"predictions: {kind} named {suffix}", functools.partial(_read, link), ANYTHING, OF_THE_SYSTEM)
        odd_files(folder / "odd", bases()["PNG rgb"][1], ".png")
        yield Attack("predictions: odd names", functools.partial(_read, folder / "odd"))
        for name in ODD_NAMES:
            # Links and `..` lead where the user's own map says; what no file can be named is an error.
            yield Attack(f"predictions: path {name!r:.40}", functools.partial(_read_map, folder, {"a_edit_0": name}))
            yield Attack(f"predictions: id {name!r:.40}", functools.partial(_read_map, folder, {name: "a.png"}))
    for number in range(count):
        if chance.random() < 0.2:
            how, data = hostile_json(chance)
        else:
            how, document = mutated({"a_edit_0": "a.png", "b_edit_0": "b.png"}, chance)
            data = json.dumps(document).encode()
        path = folder / f"map-{seed}-{number}.json"
        yield Attack(
            f"predictions: map, {how} (seed {seed}, {number})", functools.partial(_read_text, path, data), payload=data
        )


def _read_map(folder: Path, mapping: dict[str, str]) -> None:
    _read_text(folder / "map.json", json.dumps(mapping).encode())


def _read_text(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    _read(path)


def _read(path: Path) -> None:
    """Reads predictions and looks at each image as scoring does."""
    for prediction in read_predictions(path).predictions.values():
        try:
            Picture(prediction.image or Path(str(prediction.path))).rgb()
        except ImageError:  # a score names it
            continue


def _tree_of(path: Path) -> None:
    find_eval_tree(path)
