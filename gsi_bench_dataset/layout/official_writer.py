"""Samples -> the reference's layout, as a folder or a zip with reproducible bytes."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from gsi_bench_dataset.layout.holding import AfterImages, image_name, lost_columns, official_json, query_width, why_not, widened
from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.records import EncodedImage, Sample
from gsi_bench_dataset.safety.names import inside, name_problem, printable
from gsi_bench_dataset.storage.folders import NEW, OLD, full_disk_named, scratch_beside, swap_in, sweep

__all__ = ["ExportError", "Exported", "export_official", "write_official"]

# The earliest date that a zip can hold: equal samples give equal archives, whenever they are written.
ZIP_DATE = (1980, 1, 1, 0, 0, 0)

Write = Callable[[str, bytes], None]


class ExportError(ValueError):
    """Samples that cannot be written side by side in the reference's layout."""


@dataclasses.dataclass
class Exported:
    """What became of samples that were to be written.

    Attributes:
        count: samples written.
        left_out: id -> why a sample is not among them.
        widened: samples whose query id was filled with zeros.
        lost: column -> how many of the written samples say something there that the layout has no place for.
    """

    count: int = 0
    left_out: dict[str, str] = dataclasses.field(default_factory=dict)
    widened: int = 0
    lost: Counter[str] = dataclasses.field(default_factory=Counter)

    def reasons(self) -> dict[str, list[str]]:
        """Why samples are left out, and their ids."""
        found: dict[str, list[str]] = {}
        for sample_id, reason in self.left_out.items():
            found.setdefault(reason, []).append(sample_id)
        return found


def write_official(samples: Iterable[Sample], out: Path, *, overwrite: bool = False) -> int:
    """Writes samples in the reference's layout and returns their number; all of them or none, see `export_official`.

    JSON, source and ground-truth files of official samples come back byte for byte; for others a JSON is written from the
    record. The result appears complete or not at all. Of a list, query ids of other samples that are numbers of different
    lengths are filled with zeros.

    Args:
        samples: any number, read one at a time.
        out: a folder to make, or a zip file if the name ends in `.zip` (then below one folder of that name).
        overwrite: replace an earlier export at `out`. A folder that holds anything else is never replaced.

    Raises:
        FileExistsError: `out` exists (a folder: with something in it) and `overwrite` is not set.
        ExportError: a sample that the layout cannot hold, two that claim one file name with different contents, or a name that
            is no plain file name.
        OSError: the disk is full, or does not take it.
    """
    width = query_width(s.query_id for s in samples if s.official_json is None) if isinstance(samples, (list, tuple)) else 0
    return _export(samples, out, overwrite=overwrite, width=width, whole=True).count


def export_official(samples: Iterable[Sample], out: Path, *, overwrite: bool = False, query_width: int = 0) -> Exported:
    """Writes what the layout can hold of the samples, and says what it cannot; else as `write_official`.

    Args:
        samples, out, overwrite: see `write_official`.
        query_width: digits that numbers of queries get at least, see `holding.query_width`.

    Raises:
        FileExistsError, OSError: see `write_official`.
        ExportError: the layout can hold none of the samples.
    """
    return _export(samples, out, overwrite=overwrite, width=query_width, whole=False)


def _export(samples: Iterable[Sample], out: Path, *, overwrite: bool, width: int, whole: bool) -> Exported:
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
            exported = _Writing(write, width).all(samples)
        if exported.left_out and (whole or not exported.count):
            problems = [f"{sample_id}: {reason}" for sample_id, reason in exported.left_out.items()]
            raise ExportError(summary_of("samples do not fit into one folder of the reference's layout", problems))
        swap_in(scratch / NEW, out, scratch / OLD)
    return exported


def _is_export(out: Path) -> bool:
    """True where replacing destroys nothing but edits and images: no sub-folders, no other kinds of file."""
    if out.is_file():
        return out.suffix == ".zip"
    return all(p.is_file() and p.suffix in (".json", ".jpg", ".jpeg", ".png") for p in out.iterdir())


class _Writing:
    """Samples on their way to one folder."""

    def __init__(self, write: Write, width: int):
        self.write, self.width = write, width
        self.exported = Exported()
        self._written: dict[str, str] = {}  # file name -> digest
        self._truths = AfterImages()

    def all(self, samples: Iterable[Sample]) -> Exported:
        for sample in samples:
            named = widened(sample, self.width)
            problem = why_not(named) or self._truths.mistaken(named) or self._put(named)
            if problem:
                self.exported.left_out[sample.id] = problem
                continue
            self.exported.count += 1
            self.exported.widened += named is not sample
            self.exported.lost.update(lost_columns(named))
            self._truths.add(named)
        return self.exported

    def _put(self, sample: Sample) -> str | None:
        """Writes the files of a sample, or none of them and says why."""
        try:
            files = [(name, content, hashlib.sha256(content).hexdigest()) for name, content in _files(sample)]
        except ValueError as error:
            return str(error)
        for name, _, digest in files:
            if (problem := _name_problem(name)) is not None:
                return f"{printable(name)} is no plain file name: it {problem}; correct the sample"
            if self._written.get(name, digest) != digest:
                return f"{name} was written before with other contents; give images distinct names"
        for name, content, digest in files:
            if name not in self._written:
                self._written[name] = digest
                self.write(name, content)
        return None


def _files(sample: Sample) -> Iterator[tuple[str, bytes]]:
    yield sample.official_json_name or f"{sample.id}.json", official_json(sample).encode("utf-8")
    yield image_name(sample.image, sample.img_id, exact=True), sample.image.bytes
    if sample.edited_image is not None:
        yield _truth_name(sample, sample.edited_image), sample.edited_image.bytes


def _truth_name(sample: Sample, image: EncodedImage) -> str:
    path = image.path or ""
    fits = path.startswith(f"{sample.img_id}_") and path.rpartition(".")[0].endswith(f"gtedit_{sample.query_id}")
    return path if fits else image_name(image, f"{sample.img_id}_gtedit_{sample.query_id}", exact=False)


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
