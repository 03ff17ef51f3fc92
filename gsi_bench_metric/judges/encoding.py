"""Images as judges see them: JPEG files of a stated quality and size, as the reference sends them."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from gsi_bench_metric.imaging.images import load_rgb
from gsi_bench_metric.imaging.pictures import Picture
from gsi_bench_metric.recent import Recent

__all__ = ["QUALITY", "Encoder"]

QUALITY = 95  # the reference's is not known; at 95 the loss cannot be seen
_KEPT = 64  # sources are shown with each of their edits


class Encoder:
    """Makes the JPEG files. May be used by several threads.

    Args:
        max_side: images are shrunk until their longer side has this many pixels; None: as they are.
    """

    def __init__(self, max_side: int | None):
        self._max_side = max_side
        self._made: Recent[str, bytes] = Recent(_KEPT)

    def describe(self) -> dict[str, Any]:
        """Format, quality and size, for a key."""
        return {"format": "JPEG", "quality": QUALITY, "subsampling": "4:4:4", "max_side": self._max_side}

    def jpeg(self, picture: Picture) -> bytes:
        """The file that is shown.

        Raises:
            ImageError: the image cannot be read.
        """
        return self._made.get(picture.sha256(), lambda: self._encode(picture))

    def _encode(self, picture: Picture) -> bytes:
        image = Image.fromarray(load_rgb(picture.encoded()))  # not picture.rgb(): many wait for their turn, undecoded
        if self._max_side is not None and max(image.size) > self._max_side:
            image.thumbnail((self._max_side, self._max_side), Image.Resampling.LANCZOS)
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=QUALITY, subsampling=0)
        return stream.getvalue()
