"""DINOv2, a plain vision transformer whose last four blocks are read.

Not the model of `transformers`: there queries, keys and values have a matrix each and other names, and a checkpoint that is
loaded strictly, name by name, would have to be taken apart for it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from gsi_bench_metric.detectors.detany3d.config import DinoConfig
from gsi_bench_metric.detectors.detany3d.network.layers import VIT_EPS, LayerScale, PatchEmbed, attend, resize_grid

__all__ = ["Dino"]


class Attention(nn.Module):
    """Self-attention with one matrix for queries, keys and values."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, C) -> the same."""
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        out: Tensor = self.proj(attend(q, k, v, self.heads))
        return out


class Mlp(nn.Module):
    """Two linear layers with the exact GELU between them."""

    def __init__(self, width: int, hidden: int):
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) -> the same."""
        out: Tensor = self.fc2(functional.gelu(self.fc1(x)))
        return out


class Block(nn.Module):
    """Attention and MLP, normed before, scaled after."""

    def __init__(self, config: DinoConfig):
        super().__init__()
        width = config.embed_dim
        self.norm1 = nn.LayerNorm(width, eps=VIT_EPS)
        self.attn = Attention(width, config.num_heads)
        self.ls1 = LayerScale(width)
        self.norm2 = nn.LayerNorm(width, eps=VIT_EPS)
        self.mlp = Mlp(width, width * config.mlp_ratio)
        self.ls2 = LayerScale(width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, C) -> the same."""
        x = x + self.ls1(self.attn(self.norm1(x)))
        out: Tensor = x + self.ls2(self.mlp(self.norm2(x)))
        return out


class Dino(nn.Module):
    """Images to four maps and four class tokens."""

    def __init__(self, config: DinoConfig):
        super().__init__()
        width, self.table = config.embed_dim, config.img_size // config.patch_size
        self.outputs = config.output_after_blocks
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + self.table**2, width))
        self.register_tokens = nn.Parameter(torch.zeros(1, 1, width))  # in the checkpoint, never read
        self.mask_token = nn.Parameter(torch.zeros(1, width))  # likewise
        self.patch_embed = PatchEmbed(config.patch_size, width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(width, eps=VIT_EPS)

    def forward(self, pictures: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """(B, 3, H, W), H and W multiples of the patch -> maps (B, H/14, W/14, C) and class tokens (B, 1, C), four of each."""
        patches = self.patch_embed(pictures)
        grid = (patches.shape[1], patches.shape[2])
        x = torch.cat([self.cls_token.expand(len(patches), -1, -1), patches.flatten(1, 2)], dim=1) + self._positions(grid)
        maps, tokens = [], []
        for number, block in enumerate(self.blocks, 1):
            x = block(x)
            if number in self.outputs:
                normed = self.norm(x)
                tokens.append(normed[:, :1])
                maps.append(normed[:, 1:].unflatten(1, grid))
        return maps, tokens

    def _positions(self, grid: tuple[int, int]) -> Tensor:
        """The table (1, 1 + H*W, C) at the size of the grid; the class token's entry stays."""
        table = self.pos_embed[:, 1:].unflatten(1, (self.table, self.table))
        return torch.cat([self.pos_embed[:, :1], resize_grid(table, grid, "bicubic").flatten(1, 2)], dim=1)
