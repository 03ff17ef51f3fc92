"""Perceptual hashes of images, and the search for near ones.

A difference hash (dHash) of 16×16 bits finds candidates: a bit says whether the image gets brighter from one cell to the next
on its right. In plain parts noise decides that, so that only steady bits count, where cells differ by some grey levels.
Correlation of 32×32 grey cells decides. All of it is indifferent to size, file format and brightness.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gsi_bench_dataset.safety.images import open_image, upright

__all__ = ["BITS", "CORRELATION", "MOST_DIFFERING", "STEADY", "Look", "NearImages", "difference_hash", "look_at"]

SIDE = 16
BITS = SIDE * SIDE
_CELLS = 32
# Grey levels, of 255, by which neighbours differ where a bit is steady: saving at low quality moves the mean of a cell by one.
STEADY = 2.0
# Candidates: the share of an image's steady bits that differ. Of copies saved anew, of another size or contrast it is 0.05, of
# those brightened until much of them is white 0.2; of images of two scenes 0.2 and more, mostly half.
MOST_DIFFERING = 0.25
# An image with fewer steady bits is plain: correlation alone decides.
_FEWEST = 16
# Decides: correlation of grey cells. Such copies reach 0.99, those brightened until much of them is white 0.95; images of
# two scenes 0.75, and bits that agree as well are not among them.
CORRELATION = 0.93
_BLOCK = 4096  # images that are compared with in one product


class Look:
    """What is kept of an image.

    Attributes:
        bits: its dHash, 256 values of 0 or 1.
        steady: which of them are, 256 values of 0 or 1.
        mirrored, mirrored_steady: those of its mirror image.
        cells: 32×32 grey values, 0–255.
    """

    def __init__(self, levels: NDArray[np.float32], cells: NDArray[np.uint8]):
        self.bits, self.steady = difference_hash(levels), _steady(levels)
        self.mirrored, self.mirrored_steady = difference_hash(levels[:, ::-1]), _steady(levels[:, ::-1])
        self.cells = cells


def look_at(data: bytes) -> Look:
    """The hash and the cells of an encoded image.

    Raises:
        DAMAGED: it is no image, or a damaged one.
    """
    with open_image(data) as image:
        grey = upright(image).convert("L")
    cells = np.asarray(grey.resize((_CELLS, _CELLS), Image.Resampling.BOX), dtype=np.uint8)
    fine = grey.convert("F").resize((SIDE + 1, SIDE), Image.Resampling.BOX)
    return Look(np.asarray(fine, dtype=np.float32), cells)


def difference_hash(levels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Of n×(n+1) grey values: whether each is less than the next on its right, row by row, n·n values of 0 or 1.

    >>> difference_hash(np.array([[1, 2, 1], [5, 5, 9]], dtype=np.float32)).tolist()
    [1, 0, 0, 1]
    """
    return (levels[:, 1:] > levels[:, :-1]).astype(np.uint8).ravel()


def _steady(levels: NDArray[np.float32]) -> NDArray[np.uint8]:
    return (np.abs(levels[:, 1:] - levels[:, :-1]) > STEADY).astype(np.uint8).ravel()


class NearImages:
    """Images that others are compared with. Takes 3 KB an image; a comparison costs two products of matrices for a block.

    Args:
        names: of the images.
        looks: of the images, in the same order.
    """

    def __init__(self, names: list[str], looks: list[Look]):
        self.names = names
        # ±1, and 0 where a bit is not steady: the product with ±1 is the number of steady bits less twice those that differ.
        self._signs = _signs([look.bits for look in looks]) * _stacked([look.steady for look in looks])
        self._mirrored = _signs([look.mirrored for look in looks]) * _stacked([look.mirrored_steady for look in looks])
        self._cells = np.stack([look.cells for look in looks]) if looks else np.zeros((0, _CELLS, _CELLS), np.uint8)

    def near(self, looks: list[Look]) -> Iterator[tuple[int, str, str, bool]]:
        """(position in `looks`, name, how near in words, whether mirrored) of each that is near to one of them."""
        if not self.names or not looks:
            return
        asked = _signs([look.bits for look in looks])
        for start in range(0, len(self.names), _BLOCK):
            rows = slice(start, start + _BLOCK)
            for signs, mirrored in ((self._signs[rows], False), (self._mirrored[rows], True)):
                steady = np.abs(signs).sum(axis=1)
                differing = (steady - asked @ signs.T) / 2
                for i, j in np.argwhere((differing <= MOST_DIFFERING * steady) | (steady < _FEWEST)).tolist():
                    cells = self._cells[start + j]
                    found = _correlation(looks[i].cells, cells[:, ::-1] if mirrored else cells)
                    if found >= CORRELATION:
                        words = f"{differing[i, j]:.0f} of {steady[j]:.0f} bits differ, correlation {found:.3f}"
                        yield i, self.names[start + j], words, mirrored


def _signs(bits: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
    return _stacked(bits) * 2 - 1


def _stacked(bits: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
    return np.stack(bits).astype(np.float32) if bits else np.zeros((0, BITS), np.float32)


def _correlation(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Of grey values, -1 … 1; of two plain images 1 where both are plain, else 0."""
    a, b = (cells.astype(np.float64) - cells.mean() for cells in (one, other))
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    if size < 1e-9:
        return float(not a.any() and not b.any())
    return float((a * b).sum() / size)
