"""The camera and depth head: what the camera is, and how far each token is, as features for the decoder."""

from __future__ import annotations

import dataclasses
import math

import torch
from torch import Tensor, nn

from gsi_bench_metric.detectors.detany3d.config import Config, DepthConfig
from gsi_bench_metric.detectors.detany3d.network.depth_map import DepthMap, DepthMapDecoder
from gsi_bench_metric.detectors.detany3d.network.features import Features
from gsi_bench_metric.detectors.detany3d.network.layers import resize_grid
from gsi_bench_metric.detectors.detany3d.network.pixel_rays import pixel_rays, ray_code
from gsi_bench_metric.detectors.detany3d.network.transformer import AttentionBlock, Mlp

__all__ = ["DepthHead", "Geometry"]

_CAMERA_LAYERS = (1, 2, 3, 2)  # whose class tokens become the four camera tokens
_METRIC_LAYERS = (2, 3)


@dataclasses.dataclass(frozen=True)
class Geometry:
    """What the head says of B images of one shape."""

    K: Tensor  # (B, 3, 3), pixels of the pre-processed image
    camera: Tensor  # (B, 4, M)
    metric: Tensor  # (B, 2, M)
    depth: Tensor  # (B, h_t, w_t, M)
    depth_map: DepthMap | None = None


class Adapters(nn.Module):
    """One adapter an input, to the head's width."""

    def __init__(self, inputs: int, width: int, count: int):
        super().__init__()
        self.input_adapters = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(inputs), nn.Linear(inputs, width), nn.GELU()) for _ in range(count)
        )

    def forward(self, inputs: list[Tensor]) -> list[Tensor]:
        """(B, N, C) each -> (B, N, M) each."""
        return [adapter(x) for adapter, x in zip(self.input_adapters, inputs, strict=True)]


class CameraLayer(nn.Module):
    """Camera tokens look at the image and say the intrinsics."""

    def __init__(self, config: DepthConfig):
        super().__init__()
        width = config.hidden_dim
        self.latents_pos = nn.Parameter(torch.zeros(1, 4, width))
        self.aggregate1 = AttentionBlock(width, config.expansion)
        self.aggregate2 = AttentionBlock(width, config.expansion)
        self.in_features = Mlp(width, expansion=2)
        self.project_cls = Mlp(width, config.expansion)
        self.out = Mlp(width, expansion=2, out=1)

    def forward(self, tokens: Tensor, stack: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens (B, 4, M), features of all levels (B, 4N, M), positions (1, 4N, M) -> four numbers (B, 4), features (B, 4, M).

        The numbers are log fx and log fy in half long sides, and the logits of cx and cy in widths and heights.
        """
        tokens = self.project_cls(tokens)
        context = torch.cat([self.in_features(stack + positions), tokens], dim=1)
        for block in (self.aggregate1, self.aggregate2):
            tokens = block(tokens, context, pos_q=self.latents_pos)
        return self.out(tokens)[..., 0], tokens


class GlobalLayer(nn.Module):
    """Metric tokens look at the image and its rays; they tell the depth map's scale and shift."""

    def __init__(self, config: DepthConfig, *, with_scale: bool):
        super().__init__()
        width = config.hidden_dim
        self.in_features = nn.Linear(width, width)
        self.project_rays = nn.Linear(config.camera_dim + 3, width)
        self.aggregate1 = AttentionBlock(width, config.expansion)
        self.aggregate2 = AttentionBlock(width, config.expansion)
        self.project_cls = Mlp(width, config.expansion)
        self.out = Mlp(width, expansion=2, out=1) if with_scale else None

    def forward(self, tokens: Tensor, stack: Tensor, rays: Tensor) -> Tensor:
        """Tokens (B, 2, M), features (B, 4N, M), ray code (B, N, 99) -> (B, 2, M)."""
        tokens = self.project_cls(tokens)
        seen = self.project_rays(rays).repeat(1, 4, 1)
        context = torch.cat([self.in_features(stack + seen), tokens], dim=1)
        for block in (self.aggregate1, self.aggregate2):
            tokens = block(tokens, context)
        return tokens


class DepthHead(nn.Module):
    """All of the head. The depth map is made where the configuration asks for it."""

    def __init__(self, config: Config):
        super().__init__()
        width, sam, dino = config.depth.hidden_dim, config.sam.embed_dim, config.dino.embed_dim
        self.width, self.camera_dim = width, config.depth.camera_dim
        self.level_embeds = nn.Parameter(torch.zeros(4, width))
        self.level_embed_layer = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width), nn.LayerNorm(width))
        self.camera_layer = CameraLayer(config.depth)
        self.global_layer = GlobalLayer(config.depth, with_scale=config.depth_map)
        self.depth_layer = DepthMapDecoder(config.depth, with_map=config.depth_map)
        self.input_adapter, self.input_adapter_for_sam = Adapters(dino, width, 4), Adapters(sam, width, 4)
        self.camera_token_adapter, self.camera_token_adapter_for_sam = Adapters(dino, width, 4), Adapters(sam, width, 4)
        self.global_token_adapter, self.global_token_adapter_for_sam = Adapters(dino, width, 2), Adapters(sam, width, 2)

    def forward(self, seen: Features, size: tuple[int, int], given_K: Tensor | None = None) -> Geometry:
        """The encoder's features of images of `size` = (h', w').

        `given_K` (B, 3, 3) takes the predicted intrinsics' place in making rays, and nowhere else.
        """
        grid = (seen.fused[0].shape[-2], seen.fused[0].shape[-1])
        features = self._features(seen, grid)
        stack = torch.cat(features, dim=1)
        positions = self._positions(grid)
        numbers, camera = self.camera_layer(self._tokens(seen, _CAMERA_LAYERS), stack, positions)
        K = intrinsics(numbers, size)
        rays = pixel_rays(K if given_K is None else given_K, size)
        metric = self.global_layer(self._tokens(seen, _METRIC_LAYERS), stack, ray_code(rays, grid, self.camera_dim))
        depth = self.depth_layer(features, stack, positions, ray_code(rays, grid, self.camera_dim))
        found = None
        if self.global_layer.out is not None:
            found = self.depth_layer.depth_map(depth, rays, grid, self.global_layer.out(metric)[..., 0])
        return Geometry(K, camera, metric, depth.unflatten(1, grid), found)

    def _features(self, seen: Features, grid: tuple[int, int]) -> list[Tensor]:
        """Both transformers' maps at SAM's grid, added: four of (B, N, M)."""
        fused = self.input_adapter_for_sam([x.flatten(2).transpose(1, 2) for x in seen.fused])
        dino = self.input_adapter([resize_grid(x, grid).flatten(1, 2) for x in seen.dino])
        return [a + b for a, b in zip(fused, dino, strict=True)]

    def _tokens(self, seen: Features, layers: tuple[int, ...]) -> Tensor:
        """Class tokens of those layers: (B, len(layers), M)."""
        if layers is _CAMERA_LAYERS:
            for_sam, for_dino = self.camera_token_adapter_for_sam, self.camera_token_adapter
        else:
            for_sam, for_dino = self.global_token_adapter_for_sam, self.global_token_adapter
        a, b = for_sam([seen.cls[i] for i in layers]), for_dino([seen.dino_cls[i] for i in layers])
        return torch.cat(a, dim=1) + torch.cat(b, dim=1)

    def _positions(self, grid: tuple[int, int]) -> Tensor:
        """Position and level codes of the stacked features: (1, 4N, M)."""
        levels = self.level_embed_layer(self.level_embeds)
        places = sine_positions(grid, self.width, levels)
        return (levels[:, None] + places).flatten(0, 1)[None]


def intrinsics(numbers: Tensor, size: tuple[int, int]) -> Tensor:
    """The camera layer's four numbers (B, 4) as matrices (B, 3, 3) in pixels of an image of `size` = (h', w')."""
    height, width = size
    K = torch.zeros(len(numbers), 3, 3, dtype=numbers.dtype, device=numbers.device)
    K[:, 0, 0], K[:, 1, 1] = (numbers[:, :2].exp() * (max(size) / 2)).unbind(1)
    K[:, 0, 2], K[:, 1, 2] = numbers[:, 2].sigmoid() * width, numbers[:, 3].sigmoid() * height
    K[:, 2, 2] = 1
    return K


def sine_positions(grid: tuple[int, int], width: int, like: Tensor) -> Tensor:
    """Sine codes (N, M) of a grid's cells, row by row: half of the channels for y, half for x, sine and cosine in turn."""
    half = width // 2
    channel = torch.arange(half, device=like.device, dtype=like.dtype)
    wavelength = 10000 ** (2 * torch.div(channel, 2, rounding_mode="floor") / half)
    codes = []
    for n in grid:
        place = torch.arange(1, n + 1, device=like.device, dtype=like.dtype) / (n + 1e-6) * (2 * math.pi)
        angle = place[:, None] / wavelength
        codes.append(torch.stack([angle[:, 0::2].sin(), angle[:, 1::2].cos()], dim=-1).flatten(1))
    rows, columns = grid
    y = codes[0][:, None].expand(rows, columns, half)
    x = codes[1][None].expand(rows, columns, half)
    return torch.cat([y, x], dim=-1).flatten(0, 1)
