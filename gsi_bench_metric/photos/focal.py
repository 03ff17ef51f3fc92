"""The focal length that a photograph was taken with, as far as its metadata says; and what it means in pixels. Pure."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from PIL import ExifTags

from gsi_bench_dataset.safety.images import DAMAGED, FORMATS, open_image

__all__ = ["ASSUMED_MM", "FOCAL_MM", "Focal", "exif_of", "field_of_view", "focal_from_exif", "focal_pixels"]

ASSUMED_MM = 26.0  # the main camera of most phones
FOCAL_MM = (8.0, 400.0)  # from the widest phone lens to a long tele lens; what lies outside is a mistake
_FILM_DIAGONAL_MM = math.hypot(36, 24)  # "35 mm equivalent" means the same angle over the diagonal (CIPA DCG-001)
_UNIT_MM = {2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}  # of FocalPlaneResolutionUnit: inch, cm, mm, µm
_SAME_ASPECT = 0.02


@dataclasses.dataclass(frozen=True)
class Focal:
    """A focal length as the 35-mm equivalent, and where it comes from.

    Attributes:
        source: exif_35mm | exif_sensor | cropped | none. The last two are assumed: the file says another shape than the
            image's, so what it says no longer holds; or it says nothing that a lens can have. A sensor's pixels count only
            where the image still has as many as the file notes; the 35-mm equivalent is an angle, which resizing keeps.
    """

    mm: float
    source: str


def exif_of(data: bytes, formats: tuple[str, ...] = FORMATS) -> dict[int, Any]:
    """EXIF tags of a file that was read before; none where they are damaged, as if the camera had written none."""
    with open_image(data, formats) as image:
        try:
            return dict(image.getexif().get_ifd(ExifTags.IFD.Exif))
        except DAMAGED:
            return {}


def focal_pixels(mm: float, size: tuple[int, int]) -> float:
    """The focal length in pixels of an image of (width, height), from the 35-mm equivalent.

    >>> round(focal_pixels(43.2666, (3000, 4000)))
    5000
    """
    return mm * math.hypot(*size) / _FILM_DIAGONAL_MM


def field_of_view(mm: float, size: tuple[int, int]) -> float:
    """Degrees that the longer side shows.

    >>> round(field_of_view(18, (3600, 2400)))
    90
    """
    return math.degrees(2 * math.atan(max(size) / 2 / focal_pixels(mm, size)))


def focal_from_exif(tags: Mapping[int, Any], size: tuple[int, int]) -> Focal:
    """The focal length in a photo's own metadata.

    Args:
        tags: EXIF tags by number.
        size: (width, height) of the image as it is, pixels, either way up.
    """
    noted = [_number(tags, tag) for tag in (ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight)]
    if all(noted) and abs(_aspect(noted) / _aspect(size) - 1) > _SAME_ASPECT:
        return Focal(ASSUMED_MM, "cropped")
    for source, mm in (
        ("exif_35mm", _number(tags, ExifTags.Base.FocalLengthIn35mmFilm)),
        ("exif_sensor", _from_sensor(tags, noted) if sorted(noted) == sorted(size) else 0.0),
    ):
        if FOCAL_MM[0] <= mm <= FOCAL_MM[1]:
            return Focal(mm, source)
    return Focal(ASSUMED_MM, "none")


def _from_sensor(tags: Mapping[int, Any], size: list[float] | list[int]) -> float:
    """35-mm equivalent from the lens's focal length and the sensor's pixels a length; 0 where a number is lacking."""
    unit = _UNIT_MM.get(round(_number(tags, ExifTags.Base.FocalPlaneResolutionUnit) or 2), 0.0)
    across, down = (_number(tags, tag) for tag in (ExifTags.Base.FocalPlaneXResolution, ExifTags.Base.FocalPlaneYResolution))
    if not (unit and across and down):
        return 0.0
    sensor_mm = math.hypot(size[0] / across * unit, size[1] / down * unit)
    return _number(tags, ExifTags.Base.FocalLength) * _FILM_DIAGONAL_MM / sensor_mm if sensor_mm else 0.0


def _number(tags: Mapping[int, Any], tag: int) -> float:
    """A positive number; 0 for what is none, such as 0/0."""
    try:
        value = float(tags.get(tag, 0))
    except (TypeError, ValueError, ArithmeticError):
        return 0.0
    return value if math.isfinite(value) and value > 0 else 0.0


def _aspect(size: Any) -> float:
    """Longer by shorter side: EXIF counts before the image is turned upright."""
    return float(max(size) / min(size))
