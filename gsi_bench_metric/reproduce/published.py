"""Published results with verified numbers, on 0–100, and what their bundle holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

__all__ = ["AGREES", "NAMES", "PUBLISHED", "Published"]

# Numbers of a row, as the reference's aggregation names what it averages.
NAMES = {"ic": "IC", "sa": "SA", "el_ssim": "EL-SSIM", "el_lpips": "EL-LPIPS", "ac": "AC", "average": "average"}
# The verified numbers have three decimals.
AGREES = 5e-4


@dataclasses.dataclass(frozen=True)
class Published:
    """An editor's results on a split. `numbers`: the verified means of all `edits`, by the keys of `NAMES`."""

    editor: str
    split: str
    sources: int
    edits: int
    numbers: Mapping[str, float]


PUBLISHED = {
    "bagel": Published(
        editor="BAGEL",
        split="fine",
        sources=211,
        edits=441,
        # IC is 141 of 441 edits.
        numbers={"ic": 31.973, "sa": 22.185, "el_ssim": 28.748, "el_lpips": 27.894, "ac": 31.882, "average": 28.484},
    )
}
