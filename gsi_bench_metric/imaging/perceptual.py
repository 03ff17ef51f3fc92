"""LPIPS v0.1 with AlexNet (Zhang et al. 2018, arXiv 1801.03924): the perceptual distance map, batched.

The network is built once and kept; its weights come from `gsi_bench_metric.imaging.weights`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from gsi_bench_metric.imaging.weights import lpips_heads, lpips_trunk

__all__ = ["MIN_SIDE", "LpipsAlex", "content_scaled", "masked_lpips"]

MIN_SIDE = 31  # below, AlexNet's second pooling has nothing left


class LpipsAlex(nn.Module):
    """Five AlexNet stages; distance = sum over stages of the weighted squared difference of unit-length features."""

    shift: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList(
            [
                nn.Sequential(nn.Conv2d(3, 64, 11, stride=4, padding=2), nn.ReLU()),
                nn.Sequential(nn.MaxPool2d(3, 2), nn.Conv2d(64, 192, 5, padding=2), nn.ReLU()),
                nn.Sequential(nn.MaxPool2d(3, 2), nn.Conv2d(192, 384, 3, padding=1), nn.ReLU()),
                nn.Sequential(nn.Conv2d(384, 256, 3, padding=1), nn.ReLU()),
                nn.Sequential(nn.Conv2d(256, 256, 3, padding=1), nn.ReLU()),
            ]
        )
        self.heads = nn.ParameterList([nn.Parameter(torch.zeros(c)) for c in (64, 192, 384, 256, 256)])
        self.register_buffer("shift", torch.tensor([-0.030, -0.088, -0.188]).view(3, 1, 1))
        self.register_buffer("scale", torch.tensor([0.458, 0.448, 0.450]).view(3, 1, 1))

    @classmethod
    def pretrained(cls, device: torch.device | str = "cpu") -> LpipsAlex:
        """The network with its published weights, ready to score.

        Raises:
            WeightsError: when the weights cannot be found; the message says what to do.
        """
        trunk, network = lpips_trunk(), cls()
        convolutions = [m for m in network.stages.modules() if isinstance(m, nn.Conv2d)]
        names = sorted({name.rsplit(".", 1)[0] for name in trunk}, key=lambda name: int(name.split(".")[1]))
        with torch.no_grad():
            for convolution, name in zip(convolutions, names, strict=True):
                convolution.weight.copy_(trunk[f"{name}.weight"])
                convolution.bias.copy_(trunk[f"{name}.bias"])  # type: ignore[union-attr]
            for parameter, head in zip(network.heads, lpips_heads(), strict=True):
                parameter.copy_(head)
        # Channels last: a third faster on CPUs and no slower on GPUs.
        return network.eval().requires_grad_(False).to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def features(self, pictures: Tensor) -> list[Tensor]:
        """Unit-length features of the five stages of images (N, 3, H, W) on 0–1.

        Raises:
            ValueError: for a side under 31 pixels.
        """
        if min(pictures.shape[-2:]) < MIN_SIDE:
            raise ValueError(f"LPIPS needs both sides >= {MIN_SIDE} px, found {tuple(pictures.shape[-2:])}")
        x = ((2 * pictures - 1 - self.shift) / self.scale).to(memory_format=torch.channels_last)
        features = []
        # TF32 convolutions, cuDNN's default, differ from the CPU by more than the 1e-4 that scores are promised to.
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            for stage in self.stages:
                x = stage(x)
                features.append(x / (x.square().sum(1, keepdim=True).sqrt() + 1e-10))
        return features

    def distance_map(self, a: list[Tensor], b: list[Tensor], size: tuple[int, int]) -> Tensor:
        """Perceptual distance at every pixel (N, H, W) between two lists of features, up-sampled to `size`."""
        by_size: dict[torch.Size, Tensor] = {}
        for head, stage_a, stage_b in zip(self.heads, a, b, strict=True):
            distance = torch.einsum("nchw,c->nhw", (stage_a - stage_b).square(), head)[:, None]
            # Up-sampling is linear: stages of one size are added before it.
            other = by_size.get(distance.shape)
            by_size[distance.shape] = distance if other is None else other + distance
        stages = [functional.interpolate(d, size=size, mode="bilinear", align_corners=False) for d in by_size.values()]
        return torch.stack(stages).sum(0)[:, 0]

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Distance map (N, H, W) of two batches of images (N, 3, H, W) on 0–1."""
        return self.distance_map(self.features(a), self.features(b), (a.shape[-2], a.shape[-1]))


def content_scaled(pictures: Tensor) -> Tensor:
    """Images on 0–255 -> 0–1, as the reference does it: one with a largest value of at most 1 stays as it is (quirk 63)."""
    bright = pictures.amax((1, 2, 3), keepdim=True) > 1.0
    return torch.where(bright, pictures / 255, pictures).to(torch.float32)


def masked_lpips(distance: Tensor, mask: Tensor) -> Tensor:
    """Mean (N,) of distance maps (N, H, W) over the pixels that mask (N, H, W) keeps; 0 where it keeps nothing."""
    kept = mask.to(distance.dtype)
    return (distance * kept).sum((1, 2)) / kept.sum((1, 2)).clamp(min=1e-6)
