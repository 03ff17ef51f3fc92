"""A visitor's photo: brought to a working size, and the focal length that it was taken with, as far as the file says."""

from __future__ import annotations

import dataclasses
from typing import Any

from gsi_bench_dataset.records import EncodedImage
from gsi_bench_metric.imaging.images import load_rgb
from gsi_bench_metric.pages.images import fit, shrink
from gsi_bench_metric.photos.focal import Focal, exif_of, focal_from_exif
from gsi_bench_space.intake.uploads import FORMATS, read_upload
from gsi_bench_space.shelf import png

__all__ = ["LONGEST", "Photo", "read_photo"]

LONGEST = 1024  # pixels of the longer side: what editors give back, and what a free machine compares in seconds


@dataclasses.dataclass(frozen=True)
class Photo:
    """An upright photo at its working size, as PNG.

    Attributes:
        size: (width, height), pixels.
        uploaded: (width, height) of the upload, upright.
        notes: what was done to the upload: (name of a text, facts).
    """

    picture: EncodedImage
    size: tuple[int, int]
    focal: Focal
    uploaded: tuple[int, int]
    notes: tuple[tuple[str, dict[str, Any]], ...] = ()


def read_photo(data: bytes) -> Photo:
    """A file's bytes as a photo to work on.

    Raises:
        UploadError: refused, see `read_upload`.
    """
    upload = read_upload(data)
    size = fit(upload.size, LONGEST)
    focal = focal_from_exif(exif_of(data, FORMATS), upload.size)
    if size == upload.size:
        return Photo(upload.picture, size, focal, upload.size, upload.notes)
    small = png(shrink(load_rgb(upload.picture), size), "photo.png")
    was, now = (f"{w}×{h}" for w, h in (upload.size, size))
    return Photo(small, size, focal, upload.size, (*upload.notes, ("own_shrunk", {"was": was, "now": now})))
