"""Board and cards as pages to print at true scale, as PNG and PDF; and the same as OpenCV knows them.

Board frame, metres as printed: origin at the board's top-left corner, x right, y down the page, z into the table.
"""

from __future__ import annotations

import functools
import io
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from gsi_bench_dataset.storage.folders import write_atomically
from gsi_bench_metric.photos.markers.config import MARKERS

__all__ = ["PAPERS", "BoardError", "board_image", "board_of", "card_image", "dictionary", "write_prints"]

PAPERS = {"a4": (0.297, 0.210), "letter": (0.2794, 0.2159)}  # landscape (width, height), metres
_INCH_M = 0.0254
_MARGIN_M = 0.006  # printers leave a border
_CARD_M = (0.090, 0.190)  # (width, height); three stand side by side on a sheet
_CARDS_A_SHEET = 3


class BoardError(ValueError):
    """A board or cards that cannot be printed."""


@functools.cache
def dictionary() -> cv2.aruco.Dictionary:
    """The markers of board and cards: 250 of 5 × 5 cells, far enough apart that blur turns none into another."""
    return cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_250)


def board_of(marker_length_m: float) -> cv2.aruco.CharucoBoard:
    """The board whose markers are that long as printed, metres."""
    scale = marker_length_m / MARKERS.marker_m
    size = (MARKERS.columns, MARKERS.rows)
    return cv2.aruco.CharucoBoard(size, MARKERS.square_m * scale, marker_length_m, dictionary())


def board_image(pixels_a_metre: float) -> NDArray[np.uint8]:
    """The board alone, grey, without a margin."""
    size = (round(MARKERS.columns * MARKERS.square_m * pixels_a_metre), round(MARKERS.rows * MARKERS.square_m * pixels_a_metre))
    return np.asarray(board_of(MARKERS.marker_m).generateImage(size, marginSize=0, borderBits=1))


def card_image(number: int, pixels_a_metre: float) -> NDArray[np.uint8]:
    """A card: its marker at the lower end of the page, above it the cross where the object stands. Grey.

    The marker's middle is at half the width, and as far above the lower edge as it is wide.
    """
    width, height = (round(side * pixels_a_metre) for side in _CARD_M)
    page = Image.new("L", (width, height), 255)
    marker, x, y = card_layout(pixels_a_metre)
    drawn = cv2.aruco.generateImageMarker(dictionary(), number, round(marker), borderBits=1)
    page.paste(Image.fromarray(drawn), (round(x - marker / 2), round(y - marker / 2)))
    draw = ImageDraw.Draw(page)
    cross, arm = y - MARKERS.card_stand_m * pixels_a_metre, 0.012 * pixels_a_metre
    line = max(1, round(0.0005 * pixels_a_metre))
    draw.line((x - arm, cross, x + arm, cross), fill=0, width=line)
    draw.line((x, cross - arm, x, cross + arm), fill=0, width=line)
    font = _font(0.005 * pixels_a_metre)
    draw.text((x, y + marker / 2 + 0.003 * pixels_a_metre), f"gsi-bench card {number}", 0, font, "ma")
    return np.asarray(page)


def card_layout(pixels_a_metre: float) -> tuple[float, float, float]:
    """Of a card's image in pixels: the marker's side, and x, y of its middle."""
    side = MARKERS.card_marker_m * pixels_a_metre
    return side, _CARD_M[0] * pixels_a_metre / 2, _CARD_M[1] * pixels_a_metre - side


def write_prints(folder: Path, paper: str = "a4", cards: int = 6, dpi: int = 300) -> list[Path]:
    """Writes `board.png`, `cards-<n>.png` and `print.pdf` with all pages, each at true scale; the paths.

    Raises:
        BoardError: another paper, or more cards than there are ids.
    """
    if paper not in PAPERS:
        raise BoardError(f"--paper {paper}: expected one of {', '.join(PAPERS)}")
    if not 1 <= cards <= MARKERS.most_cards:
        raise BoardError(f"--cards {cards}: expected 1 to {MARKERS.most_cards}")
    pages = [("board", _board_page(paper, dpi))]
    numbers = range(MARKERS.first_card, MARKERS.first_card + cards)
    for first in range(0, cards, _CARDS_A_SHEET):
        shown = numbers[first : first + _CARDS_A_SHEET]
        pages.append((f"cards-{first // _CARDS_A_SHEET + 1}", _cards_page(shown, paper, dpi)))
    written = []
    for name, page in pages:
        written.append(folder / f"{name}.png")
        write_atomically(written[-1], _encoded(page, "PNG", dpi=(dpi, dpi)))
    written.append(folder / "print.pdf")
    rest = [page for _, page in pages[1:]]
    write_atomically(written[-1], _encoded(pages[0][1], "PDF", resolution=float(dpi), save_all=True, append_images=rest))
    return written


def _board_page(paper: str, dpi: int) -> Image.Image:
    scale = dpi / _INCH_M
    page = _page(paper, scale)
    board = Image.fromarray(board_image(scale))
    page.paste(board, ((page.width - board.width) // 2, round(_MARGIN_M * scale)))
    words = (
        "gsi-bench board. Print at 100 %, on stiff flat paper. Measure the outside of one black marker: "
        f"{1000 * MARKERS.marker_m:g} mm as designed; give what you measure as --marker-length-m."
    )
    top = round(_MARGIN_M * scale) + board.height + round(0.004 * scale)
    ImageDraw.Draw(page).text((page.width / 2, top), words, 0, _font(0.0032 * scale), "ma")
    return page


def _cards_page(numbers: range, paper: str, dpi: int) -> Image.Image:
    scale = dpi / _INCH_M
    page = _page(paper, scale)
    draw = ImageDraw.Draw(page)
    for place, number in enumerate(numbers):
        card = Image.fromarray(card_image(number, scale))
        border = (PAPERS[paper][0] - _CARDS_A_SHEET * _CARD_M[0]) / 2
        left, top = round((border + place * _CARD_M[0]) * scale), round(_MARGIN_M * scale)
        page.paste(card, (left, top))
        draw.rectangle((left, top, left + card.width - 1, top + card.height - 1), outline=160)
    return page


def _page(paper: str, scale: float) -> Image.Image:
    width, height = PAPERS[paper]
    return Image.new("L", (round(width * scale), round(height * scale)), 255)


def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(max(8, round(size)))


def _encoded(page: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    page.save(stream, kind, **options)
    return stream.getvalue()
