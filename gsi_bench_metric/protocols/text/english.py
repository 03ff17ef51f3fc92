"""The words in English. Slots: see `rendering`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

AND, PARTS, SENTENCES = " and ", "; ", " "
NAMES = (", ", " and ")

HALF_TURN_DEG = 179.5  # from here on it is the same both ways round


def sense(angle: float) -> str:
    """Of a turn in radians, with the space before it; empty for half a turn."""
    if abs(math.degrees(angle)) >= HALF_TURN_DEG:
        return ""
    return " counter-clockwise" if angle > 0 else " clockwise"


def degrees(angle: float) -> str:
    """Whole degrees without sign."""
    size = abs(math.degrees(angle))
    return "180°" if size >= HALF_TURN_DEG else f"{size:.0f}°"


def length(metres: float) -> str:
    """Whole centimetres, or metres from ten on."""
    return f"{100 * metres:.0f} cm" if metres < 10 else f"{metres:.1f} m"


UNITS: Mapping[str, Callable[[Any], str]] = {
    "cm": lambda metres: f"{100 * metres:.1f} cm",
    "bare_cm": lambda metres: f"{100 * metres:.1f}",
    "deg": degrees,
    "deg1": lambda angle: f"{math.degrees(abs(angle)):.1f}°",
    "sense": sense,
    "percent": lambda share: f"{100 * share:.0f} %",
    "way": lambda words: " and ".join((words or "").split()),
    "turn_way": lambda word: (word or "").replace("_", " "),
    "length": length,
    "n2": lambda value: "–" if value is None else f"{value:.2f}",
    "whole": lambda number: f"{number:.0f}",
    "met": str,
    "both": str,
}

TEMPLATES: Mapping[str, str] = {
    # what was done
    "done.moved": "moved {amount:cm} {direction:way}",
    "done.moved.not": "did not move",
    "done.turned": "turned {amount:deg}{amount:sense}",
    "done.turned.not": "did not turn",
    "done.turned.unseen": "its turn is not known",
    "done.scaled": "scaled to {amount:percent}",
    "done.scaled.not": "kept its size",
    "done.scaled.unseen": "its size is not known",
    "done.put": "put {amount:cm} from where it was asked to go",
    "done.put.right": "put where it was asked to go",
    "done.gone": "the {subject} is gone",
    "done.camera_moved": "the camera moved {amount:cm} {direction:way}",
    "done.camera_moved.not": "the camera did not move",
    "done.camera_turned": "turned {amount:deg1} {direction:turn_way}",
    "done.camera_turned.not": "did not turn",
    "done.camera_unknown": "too little of the scene is found again to tell how the camera moved",
    # what was asked
    "asked.moved": "{amount:cm} {direction:way} asked",
    "asked.moved.same": "{amount:bare_cm} asked",
    "asked.camera_moved": "{amount:cm} {direction:way} asked",
    "asked.camera_moved.same": "{amount:bare_cm} asked",
    "asked.camera_turned": "{amount:deg1} {direction:turn_way} asked",
    "asked.turned": "{amount:deg}{amount:sense} asked",
    "asked.scaled": "{amount:percent} asked",
    "asked.put": "to be put on or in the {subject}",
    "asked.ends_from": ", so that it ends {amount:cm} from the {subject}",
    # what is wrong; empty where done and asked say it already
    "fault.nothing_done": "",
    "fault.too_little": "less than half of what was asked",
    "fault.too_much": "much too far",
    "fault.too_much.without": "far too much",
    "fault.opposite": "the opposite of what was asked",
    "fault.opposite.without": "the opposite of what was asked",
    "fault.off_direction": "too far off the asked direction",
    "fault.turn_missed": "too far from it",
    "fault.turn_unseen": "the detector cannot tell whether it turned",
    "fault.turned_too": "it turned {amount:deg}{amount:sense}, unasked",
    "fault.scaled_too": "it was scaled to {amount:percent}, unasked",
    "fault.moved_too": "it moved {amount:cm} {direction:way}, unasked",
    "fault.moved_too.without": "it moved {amount:cm}, unasked",
    "fault.tilted": "it is tilted by {amount:deg} from how it should stand",
    "fault.distorted": "it is stretched or squeezed: one side has {amount:percent} of its right size",
    "fault.copied": "a further {subject} stands {amount:cm} from it ({direction:way})",
    "fault.copied.without": "a further {subject} stands {amount:cm} from it",
    "fault.copied.many": "{count} further ones of the {subject} are there, the nearest {amount:cm} from it",
    "fault.left_behind": "a {subject} is left where it stood",
    "fault.place_taken": "the {subject} stands where it stood",
    "fault.place_taken_by_unknown": "an object that the sample does not know stands where it stood",
    "fault.replaced": "the {subject} stands in its place",
    "fault.replaced_by_unknown": "an object that the sample does not know stands in its place",
    "fault.still_there": "the {subject} is still there",
    "fault.elsewhere": "the {subject} is somewhere else, not gone",
    "fault.beside": "it stands {amount:cm} beside the {subject}",
    "fault.base_too_high": "its base is {amount:cm} above where the {subject} carries it",
    "fault.base_too_low": "its base is {amount:cm} below where the {subject} carries it",
    "fault.no_receptacle": "nothing to put it on or in",
    "fault.camera_lost": "scene not found",
    "fault.camera_travelled": "the camera was to stay where it is",
    "fault.camera_turned_too": "the camera was not to turn",
    "fault.blank": "the edited image shows nothing",
    # what else changed
    "changed": "{names} changed too",
    "changed.name": "the {subject}",
    "changed.near": "the {subject} next to it",
    "changed.many": "{count} other objects changed too",
    # the target or the scene is lost
    "scene_lost": "only {0:percent} of the rest of the scene is found again",
    "target_gone": "the {subject} is not found in the edited image",
    "hardly_recognisable": "the {subject} is hardly recognisable (confidence {0:n2})",
    "left_frame": "the {subject} left the image",
    "cut_away": "the edited image does not show the part of the source where the {subject} should change",
    "edited_position_unseen": "the detector cannot tell the position of the {subject} in the edited image",
    "edited_turn_unseen": "the detector cannot tell the turn of the {subject} in the edited image",
    "edited_size_unseen": "the detector cannot tell the size of the {subject} in the edited image",
    "edited_tilt_unseen": "the detector cannot tell how the {subject} stands in the edited image",
    # why a sample is excluded for every editor
    "not_scored": "not scored: {why}",
    "source_not_found": "the {subject} is not found in the source",
    "goal_outside": "the {subject} is asked to go out of the image",
    "target_hidden": "{0:percent} of the {subject} is hidden where it is asked to go",
    "cannot_tell_position": "the detector cannot tell the position of the {subject} in the source",
    "cannot_tell_turn": "the detector cannot tell the turn of the {subject} in the source",
    "cannot_tell_size": "the detector cannot tell the size of the {subject} in the source",
    "cannot_tell_presence": "the detector cannot tell whether the {subject} is there",
    "failed_position": "the detector fails its own test: it misses the position of the {subject} in the ground truth",
    "failed_turn": "the detector fails its own test: shown the {subject} turned as asked, it misses the turn",
    "failed_size": "the detector fails its own test: it misses the size of the {subject} in the ground truth",
    "failed_presence": "the detector fails its own test: it finds the {subject} in the ground truth, where it is removed",
    "same_from_all_sides": "the {subject} looks the same from all sides, by the symmetry that the sample gives it",
    "turn_too_small": "{0:deg} asked, and a turn under {1:deg} looks like none",
    "looks_as_before": "after the asked turn the {subject} looks as before, by the symmetry that the sample gives it",
    "cannot_tell_tilt": "the detector cannot tell whether the {subject} stands upright in the source",
    "failed_tilt": "the detector fails its own test: it misses how the {subject} stands in the ground truth",
    "too_few_landmarks": "too few known objects are found in the source to tell how the camera moves",
    "no_goal_move": "the sample has no new_bbox_3d, the goal of a move",
    "no_goal_place": "the sample has no region, the goal of a place",
    "no_goal_rotate": "the sample has no new_rotation_matrix, the goal of a rotate",
    "no_goal_scale": "neither the words nor new_bbox_3d ask for another size, so a scale has no goal",
    "no_goal_view": "the sample has no camera motion, the goal of a view",
    "no_goal_move_in_place": "new_bbox_3d has the place of the original, so a move has no goal",
    "no_goal_place_in_place": "new_bbox_3d has the place of the original, so a place has no goal",
    "no_goal_rotate_unturned": "new_rotation_matrix is not turned from the original, so it is not what the words ask for",
    "no_goal_scale_same_size": "new_bbox_3d has the size of the original, so it is not what the words ask for",
    "no_goal_view_still": "the sample's camera motion leaves out what the words ask for",
    "move_below_resolution": "{0:cm} asked, but the detector is sure to {1:cm} only",
    "turn_below_resolution": "{0:deg} asked, but the detector is sure to {1:deg} only",
    "size_below_resolution": "a size of {0:percent} asked, but the detector is sure to {1:percent} only",
    "no_operation": "the sample has no operation: its words are not understood",
    "no_source_detections": "no detections for the source image",
    "no_edited_detections": "no detections for the edited image",
    "shows_nothing": "the edited image shows nothing",
    "no_picture": "no image for this sample",
    # what was done to the image before it was compared
    "made": "{0:whole}×{1:whole} made {2:whole}×{3:whole}",
    "stretch": "{0:whole}×{1:whole}, to which the editor stretched the source, brought back to {2:whole}×{3:whole}",
    "padded": "{0:whole}×{1:whole} has a margin around the source's {2:whole}×{3:whole}, which was cut off",
    "cut": "{0:whole}×{1:whole} shows {4:percent} of the source's {2:whole}×{3:whole}",
    "goal_suspect": "the stored goal may not be what the words ask for: {subject}",
    "no_depth": "EL not scored: no depth",
    "no_motion": "EL not scored: no camera motion",
    "no_pixel_frame": "EL not scored: no camera matrix in source pixels",
    "little_shared": "EL not scored: the cameras share {0:percent} of the image",
    # the official protocol
    "official.unknown": "the records do not say why.",
    "official.view": (
        "a change of view is not passed or failed: IC = SA = {sa:n2} is the likeness to the ground-truth view, "
        "½·SSIM + ½·(1 − LPIPS)."
    ),
    "official.view_nothing": "it scores 0, for there was nothing to compare with: {why}.",
    "official.locality": (
        "too much changed outside of the edit: SSIM {ssim:n2}, LPIPS {lpips:n2}, and it takes SSIM above 0.6 {both:both} LPIPS "
        "under 0.3."
    ),
    "official.camera_turned": "the camera seems to have turned by 10° or more, which a rotation must not do.",
    "official.viewpoint": "the check that the camera stayed counts as failed: {why}.",
    "official.stopped": "stopped before the operation was looked at; SSIM {ssim:n2}, LPIPS {lpips:n2} outside of the edit.",
    "official.boxes_unknown": "the rule for {operation} is {met:met}; the boxes behind that are not known here.",
    "official.original_not_found": (
        "no detection in the source is the {subject} as it is stored, and without it IC and SA are 0."
    ),
    "official.not_found": "no {subject} was found in the edited image.",
    "official.none_edited": (
        "{count} × {subject} found in the edited image, but none counts as edited: here a box within {within:length} of one "
        "in the source has not changed, nor has one with an outline that went a fifth of the asked way or less."
    ),
    "official.moved": (
        "the {subject} found went {went:length} where {asked:length} were asked, and is {off:length} from its goal (overlap "
        "{overlap:n2})."
    ),
    "official.halved": "SA is halved: {before} found in the source, {after} in the edited image.",
    "official.any_way": "IC looks at how far it went and not at the direction.",
    "official.needs_above": "IC needs SA above {least}.",
    "official.turned": "the {subject} found is turned by {turned:deg} where {asked:deg} were asked, {off:deg} from its goal.",
    "official.displaced": "It stands {away:length} from its place, and from 50 cm on SA is 0.",
    "official.scaled": ("the {subject} found has {ratios} of its size (width × height × length) where {wanted} were asked."),
    "official.needs_change": "IC needs a change of more than 0.2 over the three.",
    "official.removed": (
        "nothing is found in its place any more ({before} × {subject} found in the source, {after} in the edited image)."
    ),
    "official.removed_more": (
        "nothing is found in its place any more, and {lost} more than asked ({before} × {subject} found in the source, {after} "
        "in the edited image)."
    ),
    "official.needs_least": "IC needs SA of at least {least}.",
    "official.still_there": (
        "a {subject} is still found in its place ({before} × {subject} found in the source, {after} in the edited image)."
    ),
    "official.still_there_or": (
        "a {subject} is still found in its place, or too many others went with it ({before} × {subject} found in the source, "
        "{after} in the edited image)."
    ),
    "official.sa": "SA {sa:n2}.",
}
