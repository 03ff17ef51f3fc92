"""The sizes of the network. The defaults are the released checkpoint's; tests build a small one."""

from __future__ import annotations

import dataclasses

__all__ = ["AdapterConfig", "Config", "DecoderConfig", "DepthConfig", "DinoConfig", "SamConfig"]


@dataclasses.dataclass(frozen=True)
class SamConfig:
    """The SAM image encoder (ViT-H)."""

    img_size: int = 1024  # sizes the tables of positions only; the images are `Config.pad` wide
    patch_size: int = 16
    embed_dim: int = 1280
    depth: int = 32
    num_heads: int = 16
    mlp_ratio: int = 4
    out_chans: int = 256
    window_size: int = 14
    global_attn_indexes: tuple[int, ...] = (7, 15, 23, 31)
    groups: tuple[tuple[int, int], ...] = ((0, 7), (8, 15), (16, 23), (24, 31))  # first and last block of each, four of them


@dataclasses.dataclass(frozen=True)
class AdapterConfig:
    """The convolution pyramid beside SAM that reads its tokens by deformable attention."""

    num_heads: int = 16
    n_points: int = 4
    deform_ratio: float = 0.5
    cffn_ratio: float = 0.25
    prior_inplanes: int = 64


@dataclasses.dataclass(frozen=True)
class DinoConfig:
    """DINOv2 (ViT-L/14)."""

    patch_size: int = 14
    img_size: int = 518
    embed_dim: int = 1024
    depth: int = 24
    num_heads: int = 16
    mlp_ratio: int = 4
    output_after_blocks: tuple[int, ...] = (21, 22, 23, 24)  # counted from 1, one for each group of SAM blocks


@dataclasses.dataclass(frozen=True)
class DepthConfig:
    """The camera and depth head."""

    hidden_dim: int = 512
    camera_dim: int = 96  # numbers of a ray's Fourier code, beside the ray itself
    num_heads: int = 8
    expansion: int = 4
    depths: tuple[int, ...] = (6, 0, 0)


@dataclasses.dataclass(frozen=True)
class DecoderConfig:
    """The decoder of prompts. Its width is the SAM neck's."""

    two_way_depth: int = 2
    two_way_heads: int = 8
    two_way_mlp: int = 2048
    head_hidden: int = 256
    mask_tokens: int = 4
    box_tokens: int = 3


@dataclasses.dataclass(frozen=True)
class Config:
    """The whole network.

    `depth_map` and `masks` switch on the two branches that boxes do not need: their weights are then loaded and run.

    Raises:
        ValueError: sizes that do not fit together; lists all of them.
    """

    pad: int = 896  # side of the square that an image is brought to
    max_depth: float = 100.0  # metres
    sam: SamConfig = SamConfig()
    adapter: AdapterConfig = AdapterConfig()
    dino: DinoConfig = DinoConfig()
    depth: DepthConfig = DepthConfig()
    decoder: DecoderConfig = DecoderConfig()
    depth_map: bool = False
    masks: bool = False

    def __post_init__(self) -> None:
        problems = []
        if self.pad % 112 or self.pad % 32:
            problems.append(f"pad must be a multiple of 112 and of 32, found {self.pad}")
        if self.grid % self.sam.window_size:
            problems.append(
                f"windows of {self.sam.window_size} do not tile the {self.grid}×{self.grid} tokens of pad {self.pad}"
            )
        blocks = [i for first, last in self.sam.groups for i in range(first, last + 1)]
        if blocks != list(range(self.sam.depth)):
            problems.append(f"groups {self.sam.groups} do not cover {self.sam.depth} blocks in order")
        if not len(self.sam.groups) == len(self.dino.output_after_blocks) == 4:
            problems.append("SAM's groups and DINO's outputs must be four each")
        if problems:
            raise ValueError("not a DetAny3D network: " + "; ".join(problems))

    @property
    def grid(self) -> int:
        """Tokens on a side of the padded image."""
        return self.pad // self.sam.patch_size
