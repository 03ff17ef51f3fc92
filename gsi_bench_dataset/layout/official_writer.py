"""Samples -> the reference's layout, as a folder or a zip with reproducible bytes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.records import EncodedImage, Sample
from gsi_bench_dataset.safety.names import inside, name_problem, printable
from gsi_bench_dataset.storage.folders import NEW, OLD, full_disk_named, scratch_beside, swap_in, sweep

__all__ = ["ExportError", "write_official"]

# The fields of the reference's edit JSON, in its order.
JSON_FIELDS = (
    "prompt",
    "target",
    "original_bbox_3d",
    "camera_intrinsics",
    "rotation_matrix",
    "new_bbox_3d",
    "new_rotation_matrix",
)
# The earliest date that a zip can hold: equal samples give equal archives, whenever they are written.
ZIP_DATE = (1980, 1, 1, 0, 0, 0)

Write = Callable[[str, bytes], None]


class ExportError(ValueError):
    """Samples that cannot be written side by side in the reference's layout."""


def write_official(samples: Iterable[Sample], out: Path, *, overwrite: bool = False) -> int:
    """Writes samples in the reference's layout and returns their number.

    JSON, source and ground-truth files of official samples come back byte for byte; for others a JSON is written from the
    record. The result appears complete or not at all.

    Args:
        samples: any number, read one at a time.
        out: a folder to make, or a zip file if the name ends in `.zip` (then below one folder of that name).
        overwrite: replace an earlier export at `out`. A folder that holds anything else is never replaced.

    Raises:
        FileExistsError: `out` exists (a folder: with something in it) and `overwrite` is not set.
        ExportError: two samples claim one file name with different contents, or a name that is no plain file name.
        OSError: the disk is full, or does not take it.
    """
    # Resolved: renaming needs the folder itself, not "." or a link to it.
    out = Path(out).resolve()
    sweep(out)
    if out.exists() and not (out.is_file() or out.is_dir()):
        raise FileExistsError(f"{out}: a device or pipe; expected a folder or a zip file, choose another place")
    occupied = out.is_file() or (out.is_dir() and any(out.iterdir()))
    if occupied and not overwrite:
        raise FileExistsError(f"{out}: exists already; choose another place or allow overwriting")
    if occupied and not _is_export(out):
        raise FileExistsError(f"{out}: holds more than an export of this layout and is not replaced; choose another place")
    with full_disk_named(out), scratch_beside(out) as scratch:
        with _sink(scratch / NEW, out) as write:
            count = _write_all(samples, write)
        swap_in(scratch / NEW, out, scratch / OLD)
    return count


def official_json(sample: Sample) -> str:
    """The text of a sample's edit JSON: verbatim where it has one, else from its fields."""
    if sample.official_json is not None:
        return sample.official_json
    row = sample.to_row()
    return json.dumps({name: row[name] for name in JSON_FIELDS if row[name] is not None}, indent=4, ensure_ascii=False)


def _is_export(out: Path) -> bool:
    """True where replacing destroys nothing but edits and images: no sub-folders, no other kinds of file."""
    if out.is_file():
        return out.suffix == ".zip"
    return all(p.is_file() and p.suffix in (".json", ".jpg", ".jpeg", ".png") for p in out.iterdir())


def _write_all(samples: Iterable[Sample], write: Write) -> int:
    written: dict[str, str] = {}
    problems: list[str] = []
    count = 0
    for count, sample in enumerate(samples, 1):  # noqa: B007 - the last number is the count
        for name, content in _files(sample):
            digest = hashlib.sha256(content).hexdigest()
            if (problem := _name_problem(name)) is not None:
                problems.append(f"{sample.id}: {printable(name)} is no plain file name: it {problem}; correct the sample")
            elif name not in written:
                written[name] = digest
                write(name, content)
            elif written[name] != digest:
                problems.append(f"{sample.id}: {name} was written before with other contents; give images distinct names")
    if problems:
        raise ExportError(summary_of("samples do not fit into one folder", problems))
    return count


def _files(sample: Sample) -> Iterator[tuple[str, bytes]]:
    yield sample.official_json_name or f"{sample.id}.json", official_json(sample).encode("utf-8")
    yield _image_name(sample.image, sample.img_id, exact=True), sample.image.bytes
    if sample.edited_image is not None:
        yield _truth_name(sample), sample.edited_image.bytes


def _truth_name(sample: Sample) -> str:
    path = (sample.edited_image.path if sample.edited_image else None) or ""
    fits = path.startswith(f"{sample.img_id}_") and path.rpartition(".")[0].endswith(f"gtedit_{sample.query_id}")
    assert sample.edited_image is not None
    return path if fits else _image_name(sample.edited_image, f"{sample.img_id}_gtedit_{sample.query_id}", exact=False)


def _image_name(image: EncodedImage, stem: str, *, exact: bool) -> str:
    """The image's own name where the layout allows it, else `stem` with the extension of its contents."""
    if exact and image.path in {f"{stem}.{ext}" for ext in ("jpg", "jpeg", "png")}:
        return str(image.path)
    if image.bytes.startswith(b"\x89PNG"):
        return f"{stem}.png"
    if image.bytes.startswith(b"\xff\xd8"):
        return f"{stem}.jpg"
    raise ExportError(f"{stem}: the layout takes JPEG and PNG images, found other bytes (path {printable(image.path)})")


def _name_problem(name: str) -> str | None:
    return name_problem(name) or ("holds ':', which Windows reads as a drive or stream" if ":" in name else None)


@contextlib.contextmanager
def _sink(target: Path, out: Path) -> Iterator[Write]:
    """Writes to a folder or zip at `target` that will be moved to `out`; of a zip, below a folder of its name."""
    if out.suffix != ".zip":
        target.mkdir()
        yield lambda name, content: _write_file(inside(target, name), content)
        return
    with target.open("xb") as stream, zipfile.ZipFile(stream, "w") as archive:
        yield lambda name, content: _write_member(archive, f"{out.stem}/{name}", content)
        archive.close()
        stream.flush()
        os.fsync(stream.fileno())


def _write_file(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _write_member(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, ZIP_DATE)
    info.external_attr = 0o644 << 16
    info.create_system = 3  # Unix, also when written on Windows
    # Images are compressed already.
    info.compress_type = zipfile.ZIP_DEFLATED if name.endswith(".json") else zipfile.ZIP_STORED
    archive.writestr(info, content)
