"""The adapter beside SAM: a convolution pyramid whose tokens read SAM's by deformable attention."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor, nn
from torch.nn import functional

from gsi_bench_metric.detectors.detany3d.config import AdapterConfig, Config
from gsi_bench_metric.detectors.detany3d.network.layers import VIT_EPS, resize

__all__ = ["Interaction", "Pyramid", "SpatialPrior"]


@dataclasses.dataclass(frozen=True)
class Pyramid:
    """The adapter's state.

    `tokens` (B, 21 * (T/2)**2, D) are three grids of 2T, T and T/2 a side, one after another; `cls` (B, 1, D) a class token.
    """

    tokens: Tensor
    cls: Tensor
    side: int  # T

    def maps(self) -> list[Tensor]:
        """The three grids as (B, D, side, side): 2T, T, T/2."""
        return to_maps(self.tokens, self.side)


def to_maps(tokens: Tensor, side: int) -> list[Tensor]:
    """Tokens (B, N, C) of the three grids -> (B, C, 2T, 2T), (B, C, T, T), (B, C, T/2, T/2)."""
    sides = (2 * side, side, side // 2)
    parts = tokens.split([s * s for s in sides], dim=1)
    return [part.transpose(1, 2).unflatten(2, (s, s)) for part, s in zip(parts, sides, strict=True)]


def reference_points(side: int, device: torch.device) -> Tensor:
    """Where each token looks (N + 1, 2), x and y in 0..1: its pixel's centre; the class token, last, at the middle."""
    points = []
    for s in (2 * side, side, side // 2):
        centres = (torch.arange(s, device=device, dtype=torch.float32) + 0.5) / s
        y, x = torch.meshgrid(centres, centres, indexing="ij")
        points.append(torch.stack([x, y], dim=-1).flatten(0, 1))
    return torch.cat([*points, torch.full((1, 2), 0.5, device=device)])


class SpatialPrior(nn.Module):
    """The pyramid at its start: convolutions on the padded image."""

    def __init__(self, base: int, width: int):
        super().__init__()
        self.stem = nn.Sequential(
            *conv(3, base, stride=2), *conv(base, base), *conv(base, base), nn.MaxPool2d(3, stride=2, padding=1)
        )
        self.conv2 = nn.Sequential(*conv(base, 2 * base, stride=2))
        self.conv3 = nn.Sequential(*conv(2 * base, 4 * base, stride=2))
        self.conv4 = nn.Sequential(*conv(4 * base, 4 * base, stride=2))
        self.fc1 = nn.Conv2d(base, width, 1)
        self.fc2 = nn.Conv2d(2 * base, width, 1)
        self.fc3 = nn.Conv2d(4 * base, width, 1)
        self.fc4 = nn.Conv2d(4 * base, width, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(B, 3, P, P) -> a map (B, D, P/4, P/4) and tokens (B, n*n, D) at n = P/8, P/16, P/32."""
        c1 = self.stem(x)
        c2 = self.conv2(c1)
        c3 = self.conv3(c2)
        c4 = self.conv4(c3)
        tokens = (fc(c).flatten(2).transpose(1, 2) for fc, c in ((self.fc2, c2), (self.fc3, c3), (self.fc4, c4)))
        return (self.fc1(c1), *tokens)


def conv(inputs: int, outputs: int, stride: int = 1) -> tuple[nn.Module, nn.Module, nn.Module]:
    """3x3 convolution without bias, batch norm, ReLU."""
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()


class DeformableAttention(nn.Module):
    """Each query reads a few places of one map, at offsets and with weights that it decides on itself."""

    def __init__(self, width: int, config: AdapterConfig):
        super().__init__()
        self.heads, self.points = config.num_heads, config.n_points
        inner = int(width * config.deform_ratio)
        self.sampling_offsets = nn.Linear(width, self.heads * self.points * 2)
        self.attention_weights = nn.Linear(width, self.heads * self.points)
        self.value_proj = nn.Linear(width, inner)
        self.output_proj = nn.Linear(inner, width)

    def forward(self, query: Tensor, places: Tensor, values: Tensor) -> Tensor:
        """Queries (B, N, D) at `places` (N, 2) read `values` (B, T, T, D) -> (B, N, D)."""
        batch, count, _ = query.shape
        side = values.shape[1]
        maps = self.value_proj(values).unflatten(-1, (self.heads, -1)).permute(0, 3, 4, 1, 2).flatten(0, 1)
        offsets = self.sampling_offsets(query).float().unflatten(-1, (self.heads, self.points, 2))
        where = (places[None, :, None, None] + offsets / side) * 2 - 1  # B N heads points 2, as grid_sample counts
        grid = where.transpose(1, 2).flatten(0, 1).to(maps.dtype if maps.dtype == torch.float64 else torch.float32)
        read = functional.grid_sample(maps.to(grid.dtype), grid, mode="bilinear", padding_mode="zeros", align_corners=False)
        weights = self.attention_weights(query).unflatten(-1, (self.heads, self.points)).softmax(-1)
        mixed = (read * weights.transpose(1, 2).flatten(0, 1)[:, None]).sum(-1)  # B*heads, d, N
        out: Tensor = self.output_proj(mixed.unflatten(0, (batch, self.heads)).permute(0, 3, 1, 2).reshape(batch, count, -1))
        return out


class DepthwiseConv(nn.Module):
    """One 3x3 depth-wise convolution for all three grids; the class token passes by."""

    def __init__(self, channels: int):
        super().__init__()
        self.dwconv = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)

    def forward(self, x: Tensor, side: int) -> Tensor:
        """(B, N + 1, C) -> the same."""
        convolved = [self.dwconv(m).flatten(2).transpose(1, 2) for m in to_maps(x[:, :-1], side)]
        return torch.cat([*convolved, x[:, -1:]], dim=1)


class ConvFfn(nn.Module):
    """A narrow MLP with the depth-wise convolution inside."""

    def __init__(self, width: int, hidden: int):
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.dwconv = DepthwiseConv(hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor, side: int) -> Tensor:
        """(B, N + 1, D) -> the same."""
        out: Tensor = self.fc2(functional.gelu(self.dwconv(self.fc1(x), side)))
        return out


class Extractor(nn.Module):
    """The pyramid reads SAM's tokens."""

    def __init__(self, width: int, config: AdapterConfig):
        super().__init__()
        self.query_norm = nn.LayerNorm(width, eps=VIT_EPS)
        self.feat_norm = nn.LayerNorm(width, eps=VIT_EPS)
        self.attn = DeformableAttention(width, config)
        self.ffn = ConvFfn(width, int(width * config.cffn_ratio))
        self.ffn_norm = nn.LayerNorm(width, eps=VIT_EPS)

    def forward(self, query: Tensor, x: Tensor) -> Tensor:
        """Query (B, N + 1, D), class token last, and SAM's tokens (B, T, T, D) -> (B, N + 1, D)."""
        places = reference_points(x.shape[1], x.device)
        query = query + self.attn(self.query_norm(query), places, self.feat_norm(x))
        out: Tensor = query + self.ffn(self.ffn_norm(query), x.shape[1])
        return out


class Interaction(nn.Module):
    """What follows a group of SAM blocks: DINO's map joins SAM's tokens, then the pyramid reads them three times."""

    def __init__(self, config: Config):
        super().__init__()
        width = config.sam.embed_dim
        self.alpha = nn.Parameter(torch.ones(1, 1))
        self.extractor = Extractor(width, config.adapter)
        self.extra_extractors = nn.ModuleList(Extractor(width, config.adapter) for _ in range(2))
        self.dino_conv = nn.Conv2d(config.dino.embed_dim, width, 1)

    def forward(self, x: Tensor, pyramid: Pyramid, dino: Tensor) -> tuple[Tensor, Pyramid]:
        """SAM's tokens (B, T, T, D), the pyramid and DINO's map (B, h, w, C) -> both after the exchange."""
        fitted = self.dino_conv(fit_centred(dino.permute(0, 3, 1, 2), pyramid.side)).permute(0, 2, 3, 1)
        x = self.alpha * x + (1 - self.alpha) * fitted
        query = torch.cat([pyramid.tokens, pyramid.cls], dim=1)
        for extractor in (self.extractor, *self.extra_extractors):
            query = extractor(query, x)
        return x, Pyramid(query[:, :-1], query[:, -1:], pyramid.side)


def fit_centred(x: Tensor, side: int) -> Tensor:
    """Maps (B, C, h, w) with their long side brought to `side`, zero-padded around to a square."""
    height, width = x.shape[-2:]
    scale = side / max(height, width)
    x = resize(x, (round(height * scale), round(width * scale)))
    slack_y, slack_x = side - x.shape[-2], side - x.shape[-1]
    top, left = slack_y // 2, slack_x // 2
    return functional.pad(x, (left, slack_x - left, top, slack_y - top))
