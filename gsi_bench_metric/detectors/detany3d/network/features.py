"""What the encoder hands to the heads."""

from __future__ import annotations

import dataclasses

from torch import Tensor

__all__ = ["Features"]


@dataclasses.dataclass(frozen=True)
class Features:
    """What the two transformers saw in B images of one shape. Four of everything but the embedding, one a group of blocks."""

    embedding: Tensor  # (B, E, T, T), for the decoder
    fused: list[Tensor]  # (B, D, h_t, w_t), SAM and pyramid, for the depth head
    cls: list[Tensor]  # (B, 1, D), the adapter's class token
    dino: list[Tensor]  # (B, h, w, C)
    dino_cls: list[Tensor]  # (B, 1, C)

    def float(self) -> Features:
        """The same in float32."""
        lists = ([t.float() for t in part] for part in (self.fused, self.cls, self.dino, self.dino_cls))
        return Features(self.embedding.float(), *lists)
