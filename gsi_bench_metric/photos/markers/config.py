"""Every chosen number of printing boards and cards and of reading them, in one object."""

from __future__ import annotations

import dataclasses

from gsi_bench_metric.configuration import Numbers, tuned

__all__ = ["MARKERS", "MarkersConfig"]


@dataclasses.dataclass(frozen=True)
class MarkersConfig(Numbers):
    """Of `photos board` and `photos from-markers`. Lengths are those of a print at true scale."""

    # --- what is printed
    columns: int = tuned(7, "squares", "of the board; with rows × square_m it fills a sheet of A4 or letter")
    rows: int = tuned(5, "squares", "of the board; another number than of columns, so that it has one way up")
    square_m: float = tuned(0.036, "metres", "of the board; a phone at 1 m sees it 40 pixels wide in a photograph of 1600")
    marker_m: float = tuned(0.027, "metres", "of the board's markers; what a user measures is held against it")
    card_marker_m: float = tuned(0.0405, "metres", "of a card's marker: half as large again, a turn is read off one card alone")
    card_stand_m: float = tuned(0.085, "metres", "from the middle of a card's marker to the cross where the object stands")
    first_card: int = tuned(100, "id", "of the cards; below are the board's")
    most_cards: int = tuned(50, "cards", "ids there are in the dictionary beside the board's")
    # --- what must be seen
    least_corners: int = tuned(8, "corners of the board", "of 24; fewer leave the plane's tilt unsure")
    most_error_px: float = tuned(1.0, "pixels of an image 1600 wide", "of the board's corners; more is blur, or a bent board")
    most_card_error_m: float = tuned(0.003, "metres", "of a card's corners on the table; more is a card that lies on no table")
    least_views: int = tuned(4, "photographs", "with a board that together tell a focal length")
    least_tilt_deg: float = tuned(15.0, "degrees", "between two of them at least, or focal length and distance mix")
    same_focal: float = tuned(0.01, "share", "by which the focal lengths in the metadata of one camera may differ")
    blur_px: float = tuned(1.5, "pixels of 1000", "standard deviation of the blur that a photograph is tried with")
    blurred: float = tuned(0.6, "of the gradient", "kept by such a blur: from here on a photograph is called blurred")
    # --- what was done
    moved_m: float = tuned(0.005, "metres", "a smaller way counts as none: twice the error of a careful photograph")
    turned_deg: float = tuned(2.0, "degrees", "a smaller turn counts as none")
    camera_m: float = tuned(0.005, "metres", "a camera that went further was in a hand")
    camera_deg: float = tuned(0.3, "degrees", "a camera that turned further was in a hand")
    longest: int = tuned(1024, "pixels", "of a pair's images: what editors give back")
    quality: int = tuned(92, "JPEG quality", "of a pair's images")


MARKERS = MarkersConfig()
