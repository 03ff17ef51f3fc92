"""The names that scores use for reasons, changes and faults, each with its meaning; files of older releases keep theirs."""

from __future__ import annotations

__all__ = ["CHANGES", "FAULTS", "FREEDOMS", "REASONS", "SELF_TEST"]

# Among what is unobservable in a source: the detector measured the other freedoms wrong where it knew the right answer, in the
# sample's own ground-truth image.
SELF_TEST = "self_test"

# Why a number is missing, or needs an explanation: name -> what it means. Tables count by name; the text on a score says more.
REASONS = {
    "missing": "no image for this sample",
    "duplicate": "more than one image for this sample, and nothing says which one to use",
    "unreadable": "the edited image cannot be read",
    "source_unreadable": "an image of the sample itself cannot be read",
    "resized": "the edited image has another size than the source and was brought to it",
    "stretched": "the edited image has another aspect ratio than the source and was stretched to its shape",
    "too_small": "the image is too small for the network that compares images",
    "no_detections": "the detector has no result for this image",
    "not_detected": "the detector found nothing in the edited image",
    "incomplete_detection": "a detection lacks a number that the operation needs",
    "no_goal": "the sample lacks the goal that the operation is measured against",
    "unknown_operation": "the protocol does not understand the instruction",
    "viewpoint": "the check that the camera stayed could not be made and counts as failed",
    "not_judged": "no judge's score",
    "fitted": "the edited image has another aspect ratio than the source and was fitted into it, its border cut off",
    "cut": "the edited image shows only a part of the source; the rest is left out of EL",
    "padded": "the edited image has a margin around the source, which was cut off",
    "blank": "the edited image shows nothing",
    "scene_lost": "less than half of the rest of the scene is found again",
    "left_frame": "the target left the image",
    "low_confidence": "the detector is not sure enough of the target in the edited image",
    "source_not_found": "the detector does not find the target in the source, so no change of it can be measured",
    "unobservable": "the asked change is not visible in images of this sample",
    "below_resolution": "the asked change is smaller than what the detector can measure",
    "target_hidden": "over 40 % of the target is hidden where it is asked to go, or that is outside of the image",
    "goal_suspect": "the stored goal may not be what the words ask for; scored all the same",
    "no_depth": "the sample lacks the depth that the source is re-projected with",
}


# What an edit did, and what was asked of it: kind -> what `amount`, `direction` and `subject` of a `Change` are.
CHANGES = {
    "moved": "amount: metres; direction as the camera sees it; amount 0: it did not move",
    "turned": "amount: radians about the vertical, counter-clockwise from above > 0; None: its turn cannot be seen",
    "scaled": "amount: size after / size before",
    "put": "amount: metres from the region that was asked for; 0: in it; subject: the receptacle",
    "gone": "subject: the object",
    "camera_moved": "amount: metres; direction of the camera's own axes",
    "camera_turned": "amount: radians >= 0; direction: left, right, up, down, rolling_left, rolling_right",
    "camera_unknown": "too little of the scene is found again to measure how the camera moved",
    "ends_from": "amount: metres between the goal and subject, where the words give the end of a move",
    "changed": "subject: another object that changed too; amount: metres from the target, None: not known",
}

# Why an edit does not comply: kind -> what it means and what `amount`, `direction` and `subject` of a `Fault` are.
FAULTS = {
    "nothing_done": "next to nothing of what was asked; amount: share of it",
    "too_little": "less than half of what was asked; amount: share of it",
    "too_much": "over one and a half of what was asked; amount: share of it, None: without measure",
    "opposite": "the opposite of what was asked; amount: share of it, negative, None: without measure",
    "off_direction": "too far off the asked direction; amount: metres, of a camera's turn radians",
    "turn_missed": "too far from the asked turn; amount: radians between them",
    "turn_unseen": "whether it turned is not known",
    "turned_too": "it turned, unasked; amount: radians, counter-clockwise > 0",
    "scaled_too": "its size changed, unasked; amount: size after / size before",
    "moved_too": "it moved, unasked; amount: metres, direction as the camera sees it",
    "tilted": "it is toppled, upside down or leans, unasked; amount: radians from how it should stand",
    "distorted": "it is stretched or squeezed along a side; amount: size of that side / what it should be",
    "copied": "a further one of it is there, one fault for each; amount: metres from it, direction; subject: its name",
    "left_behind": "a copy is left at the original place; subject: its name",
    "place_taken": "another object stands at the original place; subject: its name",
    "place_taken_by_unknown": "an object that the sample does not know stands at the original place",
    "replaced": "another object stands at a removed object's place; subject: its name",
    "replaced_by_unknown": "an object that the sample does not know stands at a removed object's place",
    "still_there": "the object to be removed is still there; subject: its name",
    "elsewhere": "the object to be removed is somewhere else; subject: its name",
    "beside": "it stands beside the receptacle; amount: metres; subject: the receptacle",
    "base_too_high": "its base is above where the receptacle carries it; amount: metres; subject: the receptacle",
    "base_too_low": "its base is below where the receptacle carries it; amount: metres; subject: the receptacle",
    "no_receptacle": "the receptacle is gone",
    "camera_lost": "too little of the scene is found again to measure how the camera moved",
    "camera_travelled": "the camera was to stay where it is; amount: metres",
    "camera_turned_too": "the camera was not to turn; amount: radians",
    "lost": "the target or the scene is not found again; the score's reasons say why",
    "blank": "the edited image shows nothing",
    "no_image": "there is no usable edited image; the score's reasons say why",
}

# What of a pose an image may not show, in a detection's `unobservable`: name -> what is not known then. A detector that does
# not model a freedom names it in every detection: what its box says of it then counts neither for nor against an edit.
FREEDOMS = {
    "position": "where it stands",
    "turn": "its turn about the vertical",
    "tilt": "whether it stands upright: a box that only ever turns about the vertical says nothing of it",
    "size": "its size, the three sides taken together; then no side is known either",
    "height": "its size along its own vertical axis",
    "shape": "its sides beside each other: one factor for all of them says nothing of it",
    "presence": "in the source: whether it is there, which cannot be seen even in the ground truth",
}
