"""The numbers that photographs are taken by: what a sensor's noise and a hand-marked box allow."""

from __future__ import annotations

import dataclasses

__all__ = ["FAR", "LIMITS", "PhotoLimits"]

FAR = 1e6  # metres, pixels, seconds: no room has such numbers


@dataclasses.dataclass(frozen=True)
class PhotoLimits:
    """Limits of the photographs' part, metres and shares.

    Attributes:
        noise_m, noise_share: a measured depth may be off by this much and this share of itself: phones' sensors are by 1 to 2
            cm indoors, and hand-marked boxes by as much again.
        contact_m: how far a base may be off the surface that carries it; boxes of scans end within a few centimetres of it.
        edge_share: a depth whose neighbours differ by this share of it lies on an edge, where sensors invent points between.
        flesh_m: a box is this much larger than what it must not meet: its faces touch walls and tables.
        lift_m: as much of a box's foot is left out of that, for it stands in its surface's noise.
        least_points: fewer depth points in a box are noise.
        shown_share: of the image of a box, the least part that must show depth within it.
        behind_share: of the image of a box, the part from which on depth behind it says that nothing stands there.
        reach_m: how far a surface is taken to go on beyond what stands on it, where neither depth nor an outline tells.
        surface_reach_m: how far around an object its surface is looked for.
        cell_m: of the map of a surface.
        filled_share: part of a strip of that map that must be seen for the surface to go on there.
        least_inside: share of its own points that a box must hold for its axes to be believed.
        upright_deg: between a box's vertical and the world's, up to which it counts as standing.
        turned_share: length of the vertical in the image plane from which on a photograph can be turned upright.
        shape_share: by which the shapes of a photograph and of its depth may differ.
        unit_share: of the median depth at boxes to these boxes, by which it may be off before its unit is doubted.
        farthest_m: a depth beyond it is none: no sensor of a room reaches so far.
        mask_slack_m: a place so far outside of a box counts as its own, where pixels are numbered by depth.
        mask_foot_m: as much of a box's foot, or a fifth of its height, is left to what carries it there.
        cells: samples along the longer side of a box's image, when is asked how much of it is seen.
        points: depth points at most that collisions are looked for among.
    """

    noise_m: float = 0.03
    noise_share: float = 0.015
    contact_m: float = 0.04
    edge_share: float = 0.04
    flesh_m: float = 0.015
    lift_m: float = 0.04
    least_points: int = 12
    shown_share: float = 0.2
    behind_share: float = 0.6
    reach_m: float = 0.2
    surface_reach_m: float = 1.4
    cell_m: float = 0.03
    filled_share: float = 0.9
    least_inside: float = 0.8
    upright_deg: float = 12.0
    turned_share: float = 0.3
    shape_share: float = 0.02
    unit_share: float = 0.5
    farthest_m: float = 100.0
    mask_slack_m: float = 0.005
    mask_foot_m: float = 0.01
    cells: int = 40
    points: int = 60_000

    def noise(self, depth_m: float) -> float:
        """What a depth may be off by, metres."""
        return self.noise_m + self.noise_share * depth_m


LIMITS = PhotoLimits()
