"""An image's encoding: SAM, DINOv2 and the adapter together, then the camera and depth head."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gsi_bench_metric.detectors.detany3d.config import Config
from gsi_bench_metric.detectors.detany3d.network.adapter import Interaction, Pyramid, SpatialPrior
from gsi_bench_metric.detectors.detany3d.network.depth_head import DepthHead
from gsi_bench_metric.detectors.detany3d.network.dino import Dino
from gsi_bench_metric.detectors.detany3d.network.features import Features
from gsi_bench_metric.detectors.detany3d.network.layers import LayerNorm2d, PatchEmbed, resize, resize_grid
from gsi_bench_metric.detectors.detany3d.network.sam_vit import Block

__all__ = ["ImageEncoder"]


class ImageEncoder(nn.Module):
    """SAM ViT, DINOv2 and the adapter; owns the depth head too, as the checkpoint does."""

    def __init__(self, config: Config):
        super().__init__()
        sam, width = config.sam, config.sam.embed_dim
        table = sam.img_size // sam.patch_size
        self.groups = sam.groups
        self.pos_embed = nn.Parameter(torch.zeros(1, table, table, width))
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.level_embed = nn.Parameter(torch.zeros(3, width))
        self.patch_embed = PatchEmbed(sam.patch_size, width)
        self.blocks = nn.ModuleList(Block(sam, is_global=i in sam.global_attn_indexes) for i in range(sam.depth))
        self.spm = SpatialPrior(config.adapter.prior_inplanes, width)
        self.interactions = nn.ModuleList(Interaction(config) for _ in sam.groups)
        self.up = nn.ModuleList(nn.ConvTranspose2d(width, width, 2, 2) for _ in sam.groups)
        # Every group goes through norm3; the others are in the checkpoint and never read.
        self.norm1, self.norm2, self.norm3, self.norm4 = (nn.BatchNorm2d(width) for _ in range(4))
        self.dino = Dino(config.dino)
        self.neck = nn.Sequential(
            nn.Conv2d(width, sam.out_chans, 1, bias=False),
            LayerNorm2d(sam.out_chans),
            nn.Conv2d(sam.out_chans, sam.out_chans, 3, padding=1, bias=False),
            LayerNorm2d(sam.out_chans),
        )
        self.depth_head = DepthHead(config)

    def forward(self, sam_pictures: Tensor, dino_pictures: Tensor, valid: tuple[int, int]) -> Features:
        """Both forms of the images, (B, 3, P, P) and (B, 3, h', w'), and the token grid that they fill."""
        maps, dino_cls = self.dino(dino_pictures)
        x = self.patch_embed(sam_pictures)
        x = x + resize_grid(self.pos_embed, (x.shape[1], x.shape[2]), "bicubic")
        c1, pyramid = self._start(sam_pictures, x.shape[1])
        fused, cls = [], []
        for (first, last), interaction, up, dino in zip(self.groups, self.interactions, self.up, maps, strict=True):
            for block in self.blocks[first : last + 1]:
                x = block(x)
            x, pyramid = interaction(x, pyramid, dino)
            fused.append(self._fuse(x, pyramid, c1, up)[:, :, : valid[0], : valid[1]])
            cls.append(pyramid.cls)
        return Features(self.neck(x.permute(0, 3, 1, 2)), fused, cls, maps, dino_cls)

    def _start(self, pictures: Tensor, side: int) -> tuple[Tensor, Pyramid]:
        """The pyramid before the first group, and its finest map c1 (B, D, 4T, 4T)."""
        c1, *levels = self.spm(pictures)
        tokens = torch.cat([level + code for level, code in zip(levels, self.level_embed, strict=True)], dim=1)
        return c1, Pyramid(tokens, self.cls_token.expand(len(pictures), -1, -1), side)

    def _fuse(self, x: Tensor, pyramid: Pyramid, c1: Tensor, up: nn.Module) -> Tensor:
        """All scales summed at SAM's: (B, D, T, T)."""
        fine, middle, coarse = pyramid.maps()
        finest = up(fine) + c1
        size = (pyramid.side, pyramid.side)
        total = resize(finest, size) + resize(fine, size) + middle + resize(coarse, size) + x.permute(0, 3, 1, 2)
        out: Tensor = self.norm3(total)
        return out
