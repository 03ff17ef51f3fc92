"""Perceptual hashes of images, and the search for near ones.

A difference hash (dHash) of 16×16 bits finds candidates: a bit says whether the image gets brighter from one cell to the next
on its right. Correlation of 32×32 grey cells decides. Both are indifferent to size, file format and brightness.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gsi_bench_dataset.safety.images import open_image, upright

__all__ = ["BITS", "CORRELATION", "MOST_BITS", "Look", "NearImages", "difference_hash", "look_at"]

SIDE = 16
BITS = SIDE * SIDE
_CELLS = 32
# Candidates: at most so many bits differ. Images of 128 pixels that were saved anew, of another size, brightness, contrast or
# rendered with more paths differ in up to 48, images of two scenes in 100 and more.
MOST_BITS = 64
# Decides: correlation of grey cells. Such copies reach 0.99, images of two scenes 0.5 (twelve scenes of three recipes).
CORRELATION = 0.98
_BLOCK = 4096  # candidates are looked for in blocks of so many images


class Look:
    """What is kept of an image.

    Attributes:
        bits: its dHash, 256 values of 0 or 1.
        mirrored: that of its mirror image.
        cells: 32×32 grey values, 0–255.
    """

    def __init__(self, bits: NDArray[np.uint8], mirrored: NDArray[np.uint8], cells: NDArray[np.uint8]):
        self.bits, self.mirrored, self.cells = bits, mirrored, cells


def look_at(data: bytes) -> Look:
    """The hash and the cells of an encoded image.

    Raises:
        DAMAGED: it is no image, or a damaged one.
    """
    with open_image(data) as image:
        grey = upright(image).convert("L")
    cells = np.asarray(grey.resize((_CELLS, _CELLS), Image.Resampling.BOX), dtype=np.uint8)
    # As floats: in plain parts neighbours differ by less than one of 256 steps.
    fine = grey.convert("F").resize((SIDE + 1, SIDE), Image.Resampling.BOX)
    levels = np.asarray(fine, dtype=np.float32)
    return Look(difference_hash(levels), difference_hash(levels[:, ::-1]), cells)


def difference_hash(levels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Of n×(n+1) grey values: whether each is less than the next on its right, row by row, n·n values of 0 or 1.

    >>> difference_hash(np.array([[1, 2, 1], [5, 5, 9]], dtype=np.float32)).tolist()
    [1, 0, 0, 1]
    """
    return (levels[:, 1:] > levels[:, :-1]).astype(np.uint8).ravel()


class NearImages:
    """Images that others are compared with. Takes 2.3 KB an image; a comparison costs one product of matrices for a block.

    Args:
        names: of the images.
        looks: of the images, in the same order.
    """

    def __init__(self, names: list[str], looks: list[Look]):
        self.names = names
        # ±1: the product of two rows is 256 less twice the number of bits that differ.
        self._signs = _signs([look.bits for look in looks])
        self._mirrored = _signs([look.mirrored for look in looks])
        self._cells = np.stack([look.cells for look in looks]) if looks else np.zeros((0, _CELLS, _CELLS), np.uint8)

    def near(self, looks: list[Look]) -> Iterator[tuple[int, str, int, float, bool]]:
        """(position in `looks`, name, bits that differ, correlation, whether mirrored) of each that is near to one of them."""
        if not self.names or not looks:
            return
        asked = _signs([look.bits for look in looks])
        for start in range(0, len(self.names), _BLOCK):
            rows = slice(start, start + _BLOCK)
            for signs, mirrored in ((self._signs[rows], False), (self._mirrored[rows], True)):
                distance = (BITS - asked @ signs.T) / 2
                for i, j in np.argwhere(distance <= MOST_BITS).tolist():
                    cells = self._cells[start + j]
                    found = _correlation(looks[i].cells, cells[:, ::-1] if mirrored else cells)
                    if found >= CORRELATION:
                        yield i, self.names[start + j], int(distance[i, j]), found, mirrored


def _signs(bits: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
    stacked = np.stack(bits) if bits else np.zeros((0, BITS), np.uint8)
    return stacked.astype(np.float32) * 2 - 1


def _correlation(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Of grey values, -1 … 1; of two plain images 1 where both are plain, else 0."""
    a, b = (cells.astype(np.float64) - cells.mean() for cells in (one, other))
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    if size < 1e-9:
        return float(not a.any() and not b.any())
    return float((a * b).sum() / size)
