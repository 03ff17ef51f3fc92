"""Every number of the reward, in one object."""

from __future__ import annotations

import dataclasses

from gsi_bench_metric.configuration import Numbers, tuned

__all__ = ["REWARD", "SERVING", "RewardConfig", "ServingConfig"]


@dataclasses.dataclass(frozen=True)
class RewardConfig(Numbers):
    """Numbers of the reward. `describe` gives each with unit and reason."""

    nothing: float = tuned(
        0.1,
        "share of the asked change",
        "progress up to here counts as none: an untouched object drawn anew is found so far off",
    )
    side_fault: float = tuned(
        0.3,
        "factor",
        "of each unasked change of the target itself (turned, scaled, tilted, distorted): a policy must see "
        "that the asked part was right, and gain by undoing the rest",
    )
    unlike: float = tuned(0.5, "LPIPS", "from here on the rest of the image is another image, and locality is 0")
    sure: tuple[float, float] = tuned(
        (0.5, 0.7),
        "confidence 0–1",
        "of the detector in the target: presence rises from 0 to 1; the tracker says 0.5 of what has the target's shape alone",
    )
    rest: tuple[float, float] = tuned(
        (0.15, 0.4),
        "share of the target's contrast",
        "what is left of the target at its old place: presence falls from 1 to 0; a background painted well leaves 0.1, "
        "half of the target 0.5",
    )
    newcomer: tuple[float, float] = tuned(
        (0.05, 0.1),
        "0–1",
        "difference of a window elsewhere: locality falls from 1 to 0; right edits stay below, copies do not",
    )
    soften: float = tuned(
        2 / 256, "sigma, share of the width", "a guessed background has another grain than a rendered or painted one"
    )
    margin: float = tuned(2 / 256, "share of the width", "soft edges of an object belong to it")
    least_free: float = tuned(0.1, "share of the target", "with less of its old place free nothing can be told of it")
    least_levels: float = tuned(12.0, "levels of 255", "a target that differs less from its background is hardly seen itself")
    shadow: tuple[float, float] = tuned((0.4, 2.0), "brightness after / before", "what a shadow that comes or goes does")
    window: float = tuned(0.3, "share of the target's area", "of what is looked at together when something new is looked for")
    no_op: float = tuned(
        0.05, "reward", "a sample whose untouched source is worth more is not scored: it would pay for doing nothing"
    )
    least_right: float = tuned(
        0.5, "reward", "a sample whose own right edit is worth less is not scored: it is measured too badly to teach anything"
    )
    unscored: float = tuned(
        0.0,
        "reward",
        "of what cannot be measured: a constant adds nothing within the group of a prompt; NaN would end a training",
    )
    kept: int = tuned(64, "samples", "whose source-side work is kept: at 512 px each takes about 30 MB")


REWARD = RewardConfig()


@dataclasses.dataclass(frozen=True)
class ServingConfig(Numbers):
    """Limits of the server. `describe` gives each with unit and reason."""

    images: int = tuned(64, "images a request", "what trainers send at once at most")
    image_bytes: int = tuned(16 * 2**20, "bytes", "an uncompressed image of 2048 × 2048 fits")
    pixels: int = tuned(4096 * 4096, "pixels", "editors give up to 4 megapixels; decoded RGB takes 3 bytes each")
    body_bytes: int = tuned(256 * 2**20, "bytes", "64 PNGs of 1024 × 1024 with their sources, as base64 text")
    waiting: int = tuned(4096, "images", "16 ranks of 64 images, four times over; more is told to come later")
    batch: int = tuned(64, "images", "taken from the queue together, so that those of one sample follow each other")
    seconds: float = tuned(110.0, "seconds", "until a request is given up: trainers wait for 120")


SERVING = ServingConfig()
