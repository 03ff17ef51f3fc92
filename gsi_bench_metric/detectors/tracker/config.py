"""Every chosen number of the tracker, in one object, by the module that uses it. Fitting them means to give it another object.

A pose is (along, across, height, turn, log size): metres, radians, natural logarithm. "Evidence" is the log likelihood ratio
that speaks for a pose, for each pixel that is seen; "likeness" is how alike colours are, 0–1. Numbers of the whole image are
fractions of the range of values, 0–1, unless they say otherwise.
"""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

from gsi_bench_metric.configuration import Numbers, tuned
from gsi_bench_metric.detectors.tracker.shape_config import (
    ParallaxConfig,
    SilhouetteConfig,
    StanceConfig,
    SurroundingsConfig,
)
from gsi_bench_metric.detectors.tracker.turn_config import BoxTurnConfig, TurnConfig
from gsi_bench_metric.imaging.alignment_config import AlignmentConfig, MappingConfig

__all__ = [
    "TRACKER",
    "CameraConfig",
    "DecisionConfig",
    "EvidenceConfig",
    "FollowConfig",
    "LikelihoodConfig",
    "ParallaxConfig",
    "PresenceConfig",
    "ReprojectionConfig",
    "ResultsConfig",
    "SearchConfig",
    "SilhouetteConfig",
    "StanceConfig",
    "SurfaceConfig",
    "TrackerConfig",
    "ViewsConfig",
]

_ROOMS = "rooms of seed 4100"
_FINE = "rooms and tables of seed 2400 used as photographs"
_POSE = "metres, metres, metres, radians, log size"


@dataclasses.dataclass(frozen=True)
class _TrackerNumbers(Numbers):
    """What the tracker as a whole was developed on; of single numbers no narrower record exists."""

    SEEDS: ClassVar[str] = "developed on seeds 0, 11, 100, 500, 700"


@dataclasses.dataclass(frozen=True)
class CameraConfig(_TrackerNumbers):
    """`camera.py`: how the camera moved, by key points."""

    tries: int = tuned(2000, "draws", "of RANSAC, at most")
    agree_px: float = tuned(2.0, "pixels", "a match within this of a motion agrees with it")
    certainty: float = tuned(0.9999, "probability", "that RANSAC drew only right matches once, before it stops early")
    least_inliers: int = tuned(6, "matches", "fewer fit any motion")
    feature_width: float = tuned(640.0, "pixels", "smaller images are enlarged to it: key points need pixels")
    least_contrast: float = tuned(0.015, "SIFT's contrast", "less than the usual 0.04: plain objects have few key points")
    least_agreement: float = tuned(0.4, "share of both views", "images of other scenes agree less")
    no_guess: float = tuned(0.9, "share of both views", "from this agreement on key points are not needed")
    enough: float = tuned(0.5, "share of both views", "from this on key points of images of evened brightness are not needed")
    farthest: float = tuned(1.0, "of the median depth", "a longer way leads out of the scene: few matches can agree on it")


@dataclasses.dataclass(frozen=True)
class ReprojectionConfig(_TrackerNumbers):
    """`reprojection.py`: how the camera moved, by all pixels."""

    widths: tuple[int, ...] = tuned((64, 128, 256), "pixels", "widths that the motion is refined at, coarse to fine")
    steps: int = tuned(20, "Gauss-Newton steps", "at each width at most")
    settled_px: float = tuned(0.003, "pixels", "a step shorter than this ends a width")
    most_points: int = tuned(12_000, "points", "about this many are enough for six numbers")
    tukey: float = tuned(4.685, "standard deviations", "Tukey's weights: 95 % efficient for normal errors; beyond it none")
    least_residual: float = tuned(0.5, "units of `structure`", "added to the spread of residuals: 0 on equal images")
    least_shown: float = tuned(0.25, "share of the known pixels", "with less in both views no motion is believed")
    damping: float = tuned(1e-3, "of the diagonal", "keeps a step short where one freedom is hardly seen")
    texture: float = tuned(0.02, "of the range, standard deviation", "flatter places are not compared")
    same_structure: float = tuned(0.6, "correlation", "places above it show the same, in whatever light")


@dataclasses.dataclass(frozen=True)
class SurfaceConfig(_TrackerNumbers):
    """`surface.py`: what a view shows of an object."""

    nearest_m: float = tuned(0.01, "metres", "a ray that enters a box nearer than this meets nothing: the camera is in the box")
    margin_px: int = tuned(16, "pixels", "beside an object and its own size again, that its background is spread in from")
    around_px: int = tuned(3, "pixels", "round an object whose depth tells the normals of its edge")
    middle: float = tuned(0.5, "of half the narrower side", "the middle of an object, where others stand on or in it")
    enough: int = tuned(8, "points", "of the middle that must be seen to tell its height; else it is the top")
    level: float = tuned(0.9, "cosine", "of a normal against gravity, of level pieces of a surface", _ROOMS)
    top_m: float = tuned(0.02, "metres", "level pieces within this are one top", _ROOMS)
    top_share: float = tuned(0.03, "of the points", "that a top must have", _ROOMS)
    most_tops: int = tuned(4, "tops", "of one object, the largest", _ROOMS)
    jump: float = tuned(0.06, "of the depth", "over a larger step between neighbours no normal is taken")
    held_m: float = tuned(0.02, "metres", "beside a box that the middle of what stands in it may lie", _FINE)
    beside_box_m: float = tuned(0.02, "metres", "beside a box that depth of its object may lie", _FINE)
    normal_px: int = tuned(3, "pixels", "side of the window that normals are averaged over")


@dataclasses.dataclass(frozen=True)
class EvidenceConfig(_TrackerNumbers):
    """`evidence.py`: what the edited image says at each pixel."""

    # --- common sharpness
    blurs: tuple[float, ...] = tuned((0.0, 0.5, 0.8, 1.2, 1.7, 2.3, 3.0), "pixels", "of the source that are tried")
    detail_px: float = tuned(4.0, "pixels, standard deviation", "what is smaller is detail, which tells sharpness")
    softer: float = tuned(0.95, "of the difference", "blurring must leave less than this, or the edited image is as sharp")
    bulk: float = tuned(80.0, "percentile", "most pixels: something sharp that an edit took away does not make the rest soft")
    least_blur_px: float = tuned(0.3, "pixels", "a weaker blur changes nothing and is left out")
    # --- noise and light
    noisy: float = tuned(0.01, "of the range", "with more grain than this both images are smoothed")
    grain_blur: float = tuned(40.0, "pixels a unit of grain", "how much they are smoothed …")
    most_grain_blur: float = tuned(1.5, "pixels", "… at most")
    grain_px: float = tuned(1.5, "pixels, standard deviation", "differences finer than this are grain")
    light_px: int = tuned(5, "pixels", "side of the window that local light is measured in")
    thinned: int = tuned(2, "rows and columns", "every n-th is enough for a median")
    roughly: float = tuned(2.0, "factor", "what the bulk of the differences of light and tint stands for")
    dark: float = tuned(0.1, "of the range", "colours of darker places are not trusted")
    ratio_floor: float = tuned(0.02, "of the range", "added to both brightnesses of a ratio, so that black has one")
    # --- what differs
    brightness: float = tuned(0.045, "of the range", "what two images of the same object differ by, in brightness …")
    colour: float = tuned(0.06, "of opponent colour", "… and in colour")
    gain_px: int = tuned(3, "pixels", "side of the window that a local change of light is fitted in")
    slope_px: float = tuned(0.35, "pixels", "of misplacement that is forgiven")
    shade: tuple[float, float] = tuned((0.33, 3.0), "factor", "range of local brightening that may be light alone …")
    shade_cost: float = tuned(0.6, "log units", "… and how surely it is")
    shade_light: float = tuned(2.0, "of the unrest of light", "a local change within it is no news in another light")
    doubt: float = tuned(4.0, "squared deviations", "a difference of so much is a change by 1 - 1/e")
    change_blur_px: float = tuned(0.6, "pixels, standard deviation", "of the map of changes: single pixels are noise")
    noise_spread: float = tuned(1.5, "of the noise", "what noise adds to the deviation of brightness and colour")
    light_spread: float = tuned(0.5, "of the unrest of light", "what other light adds to the deviation of brightness")
    settled_spread: float = tuned(2.0, "factor", "an object under one change of light may deviate by more, if it stayed")
    # --- the background behind an object
    fill_trust: float = tuned(4.0, "a known share", "from a quarter known on a coarse pixel is as good as known")
    like_nothing: float = tuned(-9.0, "opponent colour", "of pixels left out of a search: far from all that there are")


@dataclasses.dataclass(frozen=True)
class ViewsConfig(_TrackerNumbers):
    """`views.py`: what poses are judged on, at three sizes, coarse to fine."""

    points: tuple[int, ...] = tuned((128, 256, 400), "points", "of the surface, at each size")
    widths: tuple[int, ...] = tuned((72, 144, 512), "pixels", "of the edited image, at each size")
    sigmas: tuple[tuple[float, float], ...] = tuned(
        ((0.14, 0.20), (0.12, 0.17), (0.09, 0.13)), "brightness, opponent colour", "what colours of one object may differ by"
    )
    palette_width: int = tuned(160, "pixels", "the palette is looked for at this width: finer makes no difference")
    palette: int = tuned(24, "pixels", "drawn of the object, whose colours stand for its own")
    palette_sigma: float = tuned(1.3, "factor", "on the deviation of brightness: light changes more between faces than on one")
    old_place: float = tuned(0.8, "probability", "how sure a change is where the background was never seen")
    noise_floor: float = tuned(0.04, "of the range", "noise that is allowed for there at least")
    reach: float = tuned(0.08, "of the root of the area", "how far round an object pixels may still be mixed with it …")
    least_reach_px: int = tuned(3, "pixels", "… at least")
    edge_px: int = tuned(3, "pixels", "side of the window that an object's mask is widened by, for soft edges")
    new_enough: float = tuned(0.4, "probability", "a surer change is something new, where the light is the same")
    drawn_anew: float = tuned(0.7, "likelihood", "of a changed pixel of any colour, in a search by silhouette")
    least_further: int = tuned(20, "points", "of the after-image's surface; fewer are not used")
    least_cosine: float = tuned(0.15, "cosine", "to the ray: flatter pieces of surface count as this flat")


@dataclasses.dataclass(frozen=True)
class LikelihoodConfig(_TrackerNumbers):
    """`likelihood.py`: how well a pose explains the edited image."""

    nothing: float = tuned(0.12, "likelihood", "of a pixel that no explanation fits")
    silhouette: float = tuned(0.25, "likelihood", "of a changed pixel of the wrong colour: it may have been drawn differently")
    gain: tuple[float, float] = tuned((0.4, 1.8), "factor", "range of the light on a moved object")
    gain_cost: float = tuned(0.8, "log units", "how likely such light is")
    side: float = tuned(0.4, "of the brightness", "light that may fall from one side at most")
    light_prior: tuple[float, float, float] = tuned(
        (0.002, 0.02, 0.02), "squared brightness", "holds the fitted light near none: all over, along, up"
    )
    unseen: float = tuned(0.25, "log likelihood", "what a covered pixel costs outside of the image, or behind something")
    behind: float = tuned(0.02, "of the depth", "a known surface must be nearer by this to hide a point")
    most_facing: float = tuned(2.0, "factor", "a piece of surface that turns to the camera counts so much more at most")
    too_near_m: float = tuned(0.05, "metres", "before the camera: nearer points are not seen")


@dataclasses.dataclass(frozen=True)
class SearchConfig(_TrackerNumbers):
    """`follow.py`: the search for the best pose."""

    # --- the grid over everything, at the coarsest size
    grid_px: float = tuned(2.0, "pixels of the coarsest image", "between positions that are tried")
    near_px: float = tuned(1.5, "pixels of the coarsest image", "between positions about home for turns and sizes in place")
    turns: int = tuned(48, "turns", "in place that are tried")
    sizes: tuple[float, float] = tuned((0.4, 2.5), "factor", "range of sizes in place that are tried …")
    size_steps: int = tuned(19, "sizes", "… and how many, evenly in their logarithm")
    depths: tuple[float, float] = tuned((0.3, 3.0), "of the object's own", "range of distances that is searched")
    apart: tuple[float, ...] = tuned((0.04, 0.05, 0.03, 0.3, 0.15), _POSE, "poses nearer than this are one hypothesis")
    sorted_for_one: int = tuned(40, "poses", "that are looked at, best first, for each distinct one that is wanted")
    first: int = tuned(10, "poses", "of the grid that go on as they are")
    crossed: int = tuned(8, "poses", "of these that are crossed with turns and sizes")
    cross_turns: int = tuned(24, "turns", "that they are crossed with")
    cross_sizes: tuple[float, ...] = tuned((0.7, 0.85, 1.0, 1.2, 1.45), "factor", "sizes that they are crossed with")
    more: int = tuned(12, "poses", "of grid and crosses together that go on")
    asked_sizes: int = tuned(4, "poses", "of sizes in place that go on anyway where a size was asked for")
    # --- the random search
    middle_spread: tuple[float, ...] = tuned((0.03, 0.04, 0.02, 0.15, 0.08), _POSE, "first spread of the search at middle size")
    middle_rounds: int = tuned(3, "rounds", "of it")
    middle_draws: int = tuned(24, "draws a seed", "of each round")
    sifting_spread: tuple[float, ...] = tuned(
        (0.012, 0.016, 0.01, 0.06, 0.03), _POSE, "first spread of the search that sifts candidates"
    )
    sifting_rounds: int = tuned(2, "rounds", "of it: a few tell which candidates are worth the rest")
    sifting_draws: int = tuned(16, "draws a seed", "of each round")
    fine_spread: tuple[float, ...] = tuned(
        (0.012, 0.016, 0.01, 0.0, 0.03), _POSE, "first spread of the last search; turns come after it"
    )
    fine_rounds: int = tuned(5, "rounds", "of it")
    fine_draws: int = tuned(32, "draws a seed", "of each round")
    elite: int = tuned(8, "draws for one", "how many of the best lead on …")
    least_elite: int = tuned(4, "draws", "… but at least this many")
    elite_share: tuple[float, float] = tuned((2.0, 0.5), "weight", "of the best and the last of them in their mean")
    shrink: float = tuned(0.7, "factor", "on the spread, each round at least")
    elite_spread: float = tuned(1.2, "of the elite's deviation", "the next spread where that is less …")
    kept_spread: float = tuned(0.05, "of the old spread", "… and this much of the old one, so that it does not collapse")
    candidate_apart: tuple[float, ...] = tuned(
        (0.015, 0.015, 0.006, 0.15, 0.1), _POSE, "poses nearer than this are one candidate"
    )
    candidates: int = tuned(8, "poses", "that are sifted at full size")
    finalist_apart: tuple[float, float, float] = tuned(
        (0.02, 0.02, 0.006),
        "metres",
        "along, across, height: nearer poses are one finalist, as turn and size are free at the end",
    )
    finalists: int = tuned(3, "poses", "that are searched to the end")
    families: tuple[tuple[int, ...], ...] = tuned(
        ((1, 1, 0, 0, 0), (1, 1, 0, 0, 1), (1, 1, 1, 0, 1)), "freedoms of a pose", "that each finalist is searched with"
    )
    area_cost: float = tuned(0.015, "score a squared log of pixels covered", "what explains nothing must not shrink to nothing")
    # --- the turn
    turn_starts: int = tuned(3, "turns", "that are refined")
    turn_spread: tuple[float, ...] = tuned((0.004, 0.004, 0.0, 0.04, 0.0), _POSE, "first spread of that")
    turn_rounds: int = tuned(4, "rounds", "of it")
    turn_draws: int = tuned(32, "draws a seed", "of each round")
    turn_shrink: float = tuned(0.5, "factor", "on the spread, each round")


@dataclasses.dataclass(frozen=True)
class FollowConfig(_TrackerNumbers):
    """`follow.py`: which pose is believed."""

    costs: tuple[float, ...] = tuned((0.0, 0.0, 0.06, 0.04, 0.08), "score", "what each freedom must explain more to be taken")
    on_something: float = tuned(0.03, "score", "what standing on something else costs")
    in_the_air: float = tuned(0.3, "score", "what standing on nothing, or in something, costs")
    level_m: float = tuned(0.004, "metres", "of height within which an object stands where it stood")
    same_level_m: float = tuned(0.025, "metres", "of height within which an object stands on a support")
    within_m: float = tuned(0.0125, "metres", "an object that carries at more than this cannot be stood in")
    most_unasked_size: float = tuned(0.7, "log", "nothing becomes larger or smaller by more, if not asked")
    # No other size was asked for: from here on its colours must be right, and most of it seen.
    other_size: float = tuned(0.25, "log", "smaller changes of size are measurement")
    size_likeness: float = tuned(0.65, "likeness", "least one of an object of an unasked size")
    size_seen: float = tuned(0.6, "share of the surface", "that must be seen of it")
    turn_cost: float = tuned(0.08, "score", "what an unasked turn must explain more: its colours must tell")
    turn_likeness: float = tuned(0.75, "likeness", "least one of an object that turned unasked")
    turn_seen: float = tuned(0.5, "share of the surface", "that must be seen of it")
    asked_turn_cost: float = tuned(0.02, "score", "what an asked turn must explain more than none")
    rotate_bonus: float = tuned(0.5, "score", "a turn in place is believed so much sooner where a turn was asked for")
    least_side: float = tuned(0.15, "share of the surface", "a turn that shows less of the known sides explains nothing")
    hopeless: float = tuned(10.0, "score", "what such a turn, and a refused size, costs: more than anything can explain")
    least_seen: float = tuned(0.02, "share of the surface", "evidence is a pixel of what is seen, of this at least")
    sigma_steps: tuple[float, ...] = tuned(
        (0.006, 0.006, 0.006, 0.06, 0.03), _POSE, "over which the score's curvature is taken"
    )
    dependent: float = tuned(9.0, "pixels", "that count for one independent one")
    least_sigma: tuple[float, ...] = tuned(
        (5e-4, 5e-4, 5e-4, 0.006, 0.003), _POSE, "half a millimetre and 0.3 degrees: no pose is surer"
    )


@dataclasses.dataclass(frozen=True)
class PresenceConfig(_TrackerNumbers):
    """`presence.py`: whether an object is there, was drawn anew, left something behind, or is only a guess."""

    present: float = tuned(0.12, "evidence", "from which on an object is found")
    least_seen: float = tuned(0.05, "share of the surface", "with less no pose is believed")
    near_seen: float = tuned(3.0, "times the least seen", "that must be seen about the old place, where colours may speak")
    clearly_seen: float = tuned(0.6, "share of the surface", "that suffices together with likeness")
    least_evidence: float = tuned(0.05, "evidence", "for what looks like the object, or its colours at its old place")
    like_itself: float = tuned(0.45, "likeness", "from which on something about the old place may be the object")
    stayed_likeness: float = tuned(0.75, "likeness", "at the old place, from which on something of it is still there")
    left: float = tuned(-0.04, "evidence", "from which on what looks like itself stayed: empty places speak against it")
    double: float = tuned(0.45, "evidence", "from which on a second one is a copy")
    second: float = tuned(0.2, "evidence", "from which on a pose apart from what was found shows a second one, …")
    second_likeness: float = tuned(0.4, "likeness", "… which looks like it …")
    second_seen: float = tuned(0.5, "share of the surface", "… and of which so much is seen")
    # Its very likeness may stand before a background of its colours: then this suffices, where its old place lost as much.
    spitting_image: float = tuned(0.84, "likeness", "of the very image of itself")
    no_evidence: float = tuned(-0.02, "evidence", "which that needs")
    left_home: float = tuned(0.2, "score", "what a pose must explain more than the old place, which then lost the object")
    whole: float = tuned(0.7, "share of the surface", "seen for that")
    in_part: float = tuned(0.3, "share of the surface", "seen for that with the least evidence")
    scaled_likeness: float = tuned(0.7, "likeness", "the same for another size at the old place, where one was asked for …")
    scaled_evidence: float = tuned(-0.15, "evidence", "… and what it needs")
    redrawn: float = tuned(0.0, "evidence", "from which on something of the right shape is the object in new colours")
    redrawn_after_remove: float = tuned(0.16, "evidence", "the same where a removal was asked for")
    moved_away: float = tuned(0.3, "evidence", "from which on what was to be removed stands elsewhere, in whatever colours …")
    moved_away_seen: float = tuned(0.6, "share of the surface", "… and what must be seen of it")
    redrawn_seen: float = tuned(0.4, "share of the surface", "seen for that")
    clearer: float = tuned(0.5, "evidence", "by which something new of its shape is a better story than the object itself")
    other_dress: float = tuned(0.35, "likeness", "below which an object's colours are not its own")
    gone_likeness: float = tuned(0.5, "likeness", "below which the old place does not look like a bystander …")
    gone_evidence: float = tuned(-0.95, "evidence", "… and below which it says that it is gone")
    # What is measured worse than this in the truth's own after-image cannot be judged.
    place_seen_m: float = tuned(0.015, "metres", "of a displacement measured wrong …")
    way_seen: float = tuned(0.25, "share of the way", "… or this much of it")
    size_seen: float = tuned(0.15, "log", "of a size measured wrong")
    turn_seen_deg: float = tuned(12.0, "degrees", "of a turn measured wrong; smaller asked ones need no evidence of their own")
    least_sure: float = tuned(0.3, "confidence 0–1", "of what is found with less nothing is measured")
    # An asked turn is distinguished from another one, which shows other sides, by likeness and by what it explains.
    turn_likeness: float = tuned(0.90, "likeness", "that tells an asked turn, where objects that stayed look as they did")
    gain_likeness: float = tuned(0.15, "likeness a score", "what a turn explains beyond none counts for")
    turn_gain: float = tuned(0.13, "score a unit of other light", "that a turn must explain")
    soft_px: float = tuned(1.5, "pixels of blur", "more softness adds no more likeness")
    softness_gain: float = tuned(0.03, "likeness a pixel of blur", "which softness adds to the likeness of anything")

    @property
    def turn_seen(self) -> float:
        """Radians."""
        return math.radians(self.turn_seen_deg)


@dataclasses.dataclass(frozen=True)
class ResultsConfig(_TrackerNumbers):
    """`results.py`: how sure a detection is."""

    sure: float = tuned(0.25, "evidence", "at which the confidence is a half …")
    unsure: float = tuned(0.12, "evidence", "… and the scale it rises on")
    likeness_zero: float = tuned(0.5, "likeness", "that speaks for nothing")
    likeness_slope: float = tuned(1.2, "evidence a likeness", "what likeness counts for where the background is a guess")
    likeness_seen: float = tuned(0.15, "share of the surface", "from which on its likeness speaks")


@dataclasses.dataclass(frozen=True)
class DecisionConfig(_TrackerNumbers):
    """`tracker.py`: which objects are looked for, and what is said of them."""

    same_story: float = tuned(
        0.12, "of the way", "within which all that a box covers tells the same move as the object cut out of it", _FINE
    )
    as_large: float = tuned(0.05, "log size", "… and about the same size", _FINE)
    still: float = tuned(0.06, "mean change", "over an object's pixels up to which it stayed without a search")
    surely_changed: float = tuned(0.7, "probability", "from which on a pixel surely changed")
    # Small spots that changed surely: the knob of a white pot on a white table.
    spot: float = tuned(0.005, "share of the object", "that must have changed surely, in spots and not along edges …")
    restless: float = tuned(2.0, "times the share of other objects", "… beside so much of what changed everywhere")
    spot_px: int = tuned(3, "pixels", "side of the smallest spot")
    redrawn_sure: float = tuned(0.5, "confidence 0–1", "in what was found by its shape alone")
    unseen_sure: float = tuned(
        0.5, "confidence 0–1", "in an object of which too little is seen: it is taken to be where it was"
    )
    settled: float = tuned(0.5, "likeness", "of another object's pixels at home, from which on other light explains them")
    elsewhere: float = tuned(0.45, "evidence", "that another object moved: it was not asked to, so it takes more")
    moved_sigmas: float = tuned(3.0, "standard deviations", "by which a pose must differ from home")
    moved_gain: float = tuned(0.03, "score", "what a move must explain more than having stayed")
    least_pixels: int = tuned(12, "pixels", "with fewer seen in the source nothing is said of an object")
    room: float = tuned(0.8, "of the narrower side", "two objects can stand so far apart")
    own_place: float = tuned(0.5, "of the diagonal", "poses further off than this do not overlap the old place")
    its_place: float = tuned(
        0.3, "mean change", "of a removed object's old place against background: something stands there", "two chess pairs"
    )
    least_free: float = tuned(0.2, "share of the pixels", "that the target must leave unhidden for a word about an object")
    least_new: float = tuned(0.3, "of the target's pixels", "a smaller new region hides no second one")
    least_second: float = tuned(0.1, "of the target's pixels", "the same beside a target that moved")
    new_changed: float = tuned(0.7, "probability", "from which on a pixel is new for that")
    covered: float = tuned(0.01, "of the width", "margin round the target's new box that counts as hidden by it …")
    covered_px: float = tuned(1.0, "pixels", "… and this much more")
    # --- heights at which another object may carry this one
    on_floor_m: float = tuned(0.02, "metres", "over the base of a flat or hollow one")
    low_share: float = tuned(0.3, "of its height", "in a hollow one")
    own_level_m: float = tuned(0.015, "metres", "a support within this of the present level is none of its own")


@dataclasses.dataclass(frozen=True)
class TrackerConfig(_TrackerNumbers):
    """Every chosen number of the tracker, and of the mapping and the alignment that come before it."""

    mapping: MappingConfig = dataclasses.field(default_factory=MappingConfig)
    alignment: AlignmentConfig = dataclasses.field(default_factory=AlignmentConfig)
    camera: CameraConfig = dataclasses.field(default_factory=CameraConfig)
    reprojection: ReprojectionConfig = dataclasses.field(default_factory=ReprojectionConfig)
    surface: SurfaceConfig = dataclasses.field(default_factory=SurfaceConfig)
    evidence: EvidenceConfig = dataclasses.field(default_factory=EvidenceConfig)
    views: ViewsConfig = dataclasses.field(default_factory=ViewsConfig)
    likelihood: LikelihoodConfig = dataclasses.field(default_factory=LikelihoodConfig)
    search: SearchConfig = dataclasses.field(default_factory=SearchConfig)
    follow: FollowConfig = dataclasses.field(default_factory=FollowConfig)
    parallax: ParallaxConfig = dataclasses.field(default_factory=ParallaxConfig)
    silhouette: SilhouetteConfig = dataclasses.field(default_factory=SilhouetteConfig)
    surroundings: SurroundingsConfig = dataclasses.field(default_factory=SurroundingsConfig)
    stance: StanceConfig = dataclasses.field(default_factory=StanceConfig)
    turns: TurnConfig = dataclasses.field(default_factory=TurnConfig)
    boxes: BoxTurnConfig = dataclasses.field(default_factory=BoxTurnConfig)
    presence: PresenceConfig = dataclasses.field(default_factory=PresenceConfig)
    results: ResultsConfig = dataclasses.field(default_factory=ResultsConfig)
    decision: DecisionConfig = dataclasses.field(default_factory=DecisionConfig)


TRACKER = TrackerConfig()
