"""From features to depth: latents for the decoder of boxes and, where wanted, a metric depth map."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor, nn
from torch.nn import functional

from gsi_bench_metric.detectors.detany3d.config import DepthConfig
from gsi_bench_metric.detectors.detany3d.network.layers import resize
from gsi_bench_metric.detectors.detany3d.network.pixel_rays import ray_code
from gsi_bench_metric.detectors.detany3d.network.transformer import AttentionBlock, Mlp

__all__ = ["DepthMap", "DepthMapDecoder"]

_STAGES = 3  # each doubles the resolution
_OUTPUTS = 16  # numbers of a stage for the last convolution


@dataclasses.dataclass(frozen=True)
class DepthMap:
    """Metric depth of B images."""

    depth: Tensor  # (B, h', w'), metres
    confidence: Tensor  # (B, 1, h', w'), 0..1
    log_depth: Tensor  # (B, 1, h', w'), before normalisation
    scale: Tensor  # (B, 1, 1, 1)
    shift: Tensor  # (B, 1, 1, 1)

    def of(self, i: int) -> DepthMap:
        """That of one image; the batch axis stays."""
        return DepthMap(*(getattr(self, field.name)[i : i + 1] for field in dataclasses.fields(self)))


class ConvNextBlock(nn.Module):
    """A ConvNeXt block: 7x7 depth-wise convolution, then an MLP at each pixel."""

    def __init__(self, width: int, expansion: int):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))
        self.dwconv = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width)
        self.pwconv1 = nn.Linear(width, expansion * width)
        self.pwconv2 = nn.Linear(expansion * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> the same."""
        y = self.norm(self.dwconv(x).permute(0, 2, 3, 1))
        y = self.gamma * self.pwconv2(functional.gelu(self.pwconv1(y)))
        return x + y.permute(0, 3, 1, 2)


class Upsampling(nn.Module):
    """Twice the resolution at half the width."""

    def __init__(self, width: int, expansion: int):
        super().__init__()
        self.convs = nn.ModuleList(ConvNextBlock(width, expansion) for _ in range(2))
        quarter = width // 4
        self.up = nn.Sequential(
            nn.PixelShuffle(2),
            nn.Conv2d(quarter, quarter, 7, padding=3, groups=quarter),
            nn.ReLU(),
            nn.Conv2d(quarter, width // 2, 3, padding=1),
        )
        # The only resize of the network whose corners are aligned.
        self.residual = nn.Sequential(
            nn.Conv2d(width, width // 2, 1), nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C/2, 2H, 2W)."""
        for block in self.convs:
            x = block(x)
        out: Tensor = self.up(x) + self.residual(x)
        return out


class DepthMapDecoder(nn.Module):
    """Depth latents; with `with_map` the layers of the map too."""

    def __init__(self, config: DepthConfig, *, with_map: bool):
        super().__init__()
        width, expansion = config.hidden_dim, config.expansion
        self.camera_dim = config.camera_dim
        self.to_latents = Mlp(width, expansion=2)
        self.features_channel_cat = nn.Linear(4 * width, width)
        self.aggregate_16 = AttentionBlock(width, expansion)
        self.prompt_camera = AttentionBlock(width, expansion)
        widths = [width // 2**i for i in range(_STAGES)]
        rays = config.camera_dim + 3
        self.rays_layers = nn.ModuleList(nn.Linear(rays, w) for w in (widths if with_map else widths[:1]))
        if with_map:
            self.ups = nn.ModuleList(Upsampling(w, expansion) for w in widths)
            self.process_layers = nn.ModuleList(
                nn.ModuleList(AttentionBlock(w, expansion, heads_within=config.num_heads) for _ in range(count))
                for w, count in zip(widths, config.depths, strict=True)
            )
            self.depth_mlp = nn.ModuleList(Mlp(w // 2, expansion=1, out=_OUTPUTS) for w in widths)
            self.confidence_mlp = nn.ModuleList(Mlp(w // 2, expansion=1, out=_OUTPUTS) for w in widths)
            self.to_depth = nn.Conv2d(_STAGES * _OUTPUTS, 1, 7, padding=3, padding_mode="reflect")
            self.to_confidence = nn.Conv2d(_STAGES * _OUTPUTS, 1, 7, padding=3, padding_mode="reflect")

    def forward(self, features: list[Tensor], stack: Tensor, positions: Tensor, rays: Tensor) -> Tensor:
        """Four levels of features (B, N, M), all stacked (B, 4N, M), positions, ray code (B, N, 99) -> latents (B, N, M)."""
        z = self.features_channel_cat(torch.cat(features, dim=-1))
        z = z + self.to_latents(z)
        z = self.aggregate_16(z, stack, pos_k=positions)
        out: Tensor = self.prompt_camera(z, self.rays_layers[0](rays))
        return out

    def depth_map(self, latents: Tensor, rays: Tensor, grid: tuple[int, int], scale_and_shift: Tensor) -> DepthMap:
        """The map from latents (B, N, M) over `grid`, rays (B, 3, h', w') and the global layer's two numbers (B, 2)."""
        z, maps = latents, []
        for i, (up, blocks, project) in enumerate(zip(self.ups, self.process_layers, self.rays_layers, strict=True)):
            size = (grid[0] * 2**i, grid[1] * 2**i)
            code = project(ray_code(rays, size, self.camera_dim))
            for block in blocks:  # type: ignore[attr-defined]
                z = block(z, pos_q=code)
            maps.append(up((z + code).transpose(1, 2).unflatten(2, size)))
            z = maps[-1].flatten(2).transpose(1, 2)
        size = (rays.shape[-2], rays.shape[-1])
        log_depth = self.to_depth(_gather(maps, self.depth_mlp, size))
        confidence = self.to_confidence(_gather(maps, self.confidence_mlp, size)).sigmoid()
        scale, shift = scale_and_shift[:, 0].exp().view(-1, 1, 1, 1), scale_and_shift[:, 1].view(-1, 1, 1, 1)
        normed = functional.layer_norm(log_depth, log_depth.shape[1:])
        depth = functional.softplus((normed.exp() + shift) * scale, beta=10)
        return DepthMap(depth[:, 0], confidence, log_depth, scale, shift)


def _gather(maps: list[Tensor], mlps: nn.ModuleList, size: tuple[int, int]) -> Tensor:
    """All stages at the image's size, the finest first: (B, 48, h', w')."""
    outputs = [mlp(m.permute(0, 2, 3, 1)).permute(0, 3, 1, 2) for m, mlp in zip(maps, mlps, strict=True)]
    return torch.cat([resize(out, size) for out in reversed(outputs)], dim=1)
