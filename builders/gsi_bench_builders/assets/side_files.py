"""Files that a mesh file names: materials, buffers, images. Only regular ones below its folder, only images that are images."""

from __future__ import annotations

from pathlib import Path

from gsi_bench_dataset.safety.files import MAX_FILE_BYTES, FileProblemError, printable_path, read_regular
from gsi_bench_dataset.safety.images import DAMAGED, MAX_PIXELS, open_image
from gsi_bench_dataset.safety.names import UnsafeNameError, inside, printable

__all__ = ["ModelFileError", "check_image", "side_file"]

# Those of glTF and of MTL files. Blender reads more, among them some that are programs rather than pixels.
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "TGA")


class ModelFileError(ValueError):
    """A file with a mesh cannot be used; the message names it, says why and what to do."""


def side_file(model: Path, name: str, what: str, most: int = MAX_FILE_BYTES) -> bytes:
    """The bytes of a file that a mesh file names.

    Raises:
        ModelFileError: the name leads out of the mesh file's folder, or what is there is no file.
        OSError: there is no such file, or it may not be read.
    """
    shown = printable_path(model)
    if ":" in name.partition("/")[0]:  # file:, http:, C:
        raise ModelFileError(f"{shown}: {what} {printable(name, 80)}: expected a file beside it; export it with its files")
    try:
        return read_regular(inside(model.parent, name, what), most)
    except UnsafeNameError as error:
        raise ModelFileError(f"{shown}: {error}; export it with its files beside it") from error
    except FileProblemError as error:
        raise ModelFileError(f"{shown}: {what}: {error}") from error


def check_image(data: bytes, what: str) -> None:
    """Makes sure that bytes are an image of a usual format and size, before Blender decodes it.

    Raises:
        ModelFileError: they are not.
    """
    try:
        with open_image(data, _FORMATS) as image:
            width, height = image.size
    except DAMAGED as error:
        raise ModelFileError(f"{what}: expected an image ({', '.join(_FORMATS)}), found {printable(data[:8])}") from error
    if width * height > MAX_PIXELS:
        raise ModelFileError(f"{what}: {width} × {height} pixels; at most {MAX_PIXELS} are read")
