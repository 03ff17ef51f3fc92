"""The reference's layout (a folder or zip of images and edit JSON files) <-> samples, without loss.

    <img_id>.jpg|jpeg|png                     source image
    <img_id>_edit_<query_id>.json             one edit
    <img_id>_…gtedit_<query_id>.jpg|jpeg|png  ground-truth image of that edit

Reading checks the whole archive first and raises one `OfficialError` with every problem, so that an import either gives
all samples or says all that is in the way. JSON text and image bytes are carried verbatim; `write_official` gives them back.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from gsi_bench_dataset.language.reading import NotUnderstood
from gsi_bench_dataset.layout.archives import open_tree
from gsi_bench_dataset.layout.official_writer import write_official
from gsi_bench_dataset.layout.preflight import Preflight, Rights, stored_image, with_pixel_frames
from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.records import EncodedImage, Sample
from gsi_bench_dataset.safety.files import printable_path

__all__ = ["OfficialDataset", "OfficialError", "Rights", "read_official", "write_official"]


class OfficialError(ValueError):
    """An archive that cannot be imported as a whole; `problems` holds every finding."""

    def __init__(self, path: Path, problems: Sequence[str]):
        self.path = path
        self.problems = list(problems)
        super().__init__(summary_of(f"{printable_path(path)}: cannot be imported", self.problems))


class OfficialDataset:
    """A checked archive of the reference's layout. Creating it runs the checks; `samples()` then reads the images.

    Args:
        root: folder or zip file.
        split: fine, mesatask, bathroom or robothor.
        origin: official, rebuilt or demo.
        rights: licence, redistributability and attribution of the images, as far as known.
        skip_unexpected: leave files out that the layout does not know, instead of refusing the archive. They are listed
            in `unexpected` and will be missing from an export.

    Attributes:
        not_understood: sample id -> why its instruction was not read, which leaves its `operation` None.
        box_sources: who made the boxes -> of how many edits; those that do not say it are not counted.
        unexpected: files that the layout does not know.
        turned: EXIF orientation of the images that are stored turned. They stay so, byte for byte; cameras and boxes are held
            against the upright image, as which they are read.

    Raises:
        FileNotFoundError: nothing at `root`.
        ArchiveError: `root` cannot be read safely.
        OfficialError: with every problem of the archive.
    """

    def __init__(
        self,
        root: Path,
        split: str,
        *,
        origin: str = "official",
        rights: Rights | None = None,
        skip_unexpected: bool = False,
    ):
        self.root = Path(root)
        self.split = split
        with open_tree(self.root) as tree:
            preflight = Preflight(tree, split, origin, rights or Rights())
            problems = preflight.run()
        self.unexpected: list[str] = preflight.unexpected
        self.box_sources: Counter[str] = preflight.box_sources
        self.not_understood: dict[str, NotUnderstood] = preflight.not_understood
        if not skip_unexpected:
            problems += [
                f"{printable_path(name)}: expected only <img_id>.jpg|jpeg|png, <img_id>_edit_<query_id>.json and ground-truth"
                f" images <img_id>_gtedit_<query_id> of edits that exist, found this; remove it, or skip unexpected files"
                for name in self.unexpected
            ]
        if problems:
            raise OfficialError(self.root, problems)
        self.turned: dict[str, int] = preflight.turned
        self._entries = with_pixel_frames(preflight.entries, preflight.sizes, preflight.turned)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def ids(self) -> list[str]:
        """Sample ids in the order of `samples()`."""
        return [entry.sample.id for entry in self._entries]

    def samples(self) -> Iterator[Sample]:
        """Samples in id order; one image at a time is in memory.

        Raises:
            ArchiveError: an image turns out damaged or gone since the check.
        """
        with open_tree(self.root) as tree:
            last: tuple[str, EncodedImage] | None = None
            for entry in self._entries:
                # Edits of one image mostly follow each other.
                if last is None or last[0] != entry.source:
                    last = entry.source, stored_image(tree, entry.source)
                edited = stored_image(tree, entry.edited) if entry.edited else None
                yield dataclasses.replace(entry.sample, image=last[1], edited_image=edited)


def read_official(root: Path, split: str, *, origin: str = "official", rights: Rights | None = None) -> Iterator[Sample]:
    """Samples of an archive in id order. All checks run before the first one; see `OfficialDataset`."""
    return OfficialDataset(root, split, origin=origin, rights=rights).samples()
