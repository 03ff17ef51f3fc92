"""The words of the interface, in English and Chinese."""

from __future__ import annotations

from typing import Any

from gsi_bench_space.texts_zh import CHINESE

__all__ = ["ENGLISH", "LANGUAGES", "say"]

LANGUAGES = {"en": "English", "zh": "中文"}

ENGLISH = {
    "title": "GSI-Bench: can an image editor obey “move the mug 15 cm to the left”?",
    "intro": "Pick an instruction, bring the picture that your editor made of it (or take a ready example), and see what it "
    "scores and why. **IC**: was it done at all? **SA**: by the right amount? **EL**: did everything else stay? "
    "**AC**: is the object still itself?",
    "language": "Language",
    "tab_score": "Score an edit",
    "tab_why": "See why",
    "tab_explore": "Explore",
    "tab_api": "API",
    "step_pick": "1. Pick an edit",
    "step_bring": "2. Bring the edited picture",
    "step_read": "3. Read the score",
    "operation": "Operation",
    "split": "Split",
    "search": "Search",
    "search_hint": "an object, a word of the instruction",
    "sample": "Edit",
    "random": "Random edit",
    "nothing_found": "No edit fits. Take a word out of the search, or choose another operation.",
    "any": "any",
    "move": "move",
    "place": "place",
    "rotate": "rotate",
    "scale": "scale",
    "remove": "remove",
    "view": "view",
    "example": "Ready examples",
    "upload": "Edited picture (upload, paste or drop; {formats}, up to {most} MB)",
    "source_file": "Download the source picture",
    "score": "Score",
    "instruction": "Instruction",
    "original": "where it is",
    "goal": "where it should be",
    "found": "where it was found",
    "other": "what else was found",
    "left_out": "may change",
    "after": "the right edit",
    "copy": "nothing done (copy)",
    "paste": "cut and paste",
    "opposite": "the opposite",
    "overshoot": "twice as much",
    "duplicate": "a copy, the original left",
    "removed": "the object gone",
    "wrong_object": "done to another object",
    "grade020": "20 % of the way",
    "grade040": "40 % of the way",
    "grade060": "60 % of the way",
    "grade080": "80 % of the way",
    "ic": "Instruction compliance",
    "sa": "Spatial accuracy",
    "el": "Edit locality",
    "ac": "Appearance consistency",
    "strict": "Strict protocol",
    "official": "Official protocol (the paper's)",
    "strict_is": "what a spatial score should say; use it to compare editors",
    "official_is": "the released evaluation with its quirks; only to stand beside published numbers",
    "not_comparable": "Found with the embedded tracker, not with the paper's detector: these numbers are not comparable with "
    "published ones.",
    "Passed": "Passed",
    "Failed": "Failed",
    "Graded": "Graded",
    "Not scored": "Not scored",
    "not_judged_here": "not judged here",
    "ac_needs": "AC needs a judge, which this Space has none of.",
    "not_measured": "not measured",
    "gated": "EL before gating: {value:.0f}. Whatever does not comply counts 0.",
    "notes": "What could not be measured, or needs a word",
    "uploaded": "Your picture",
    "no_result": "Score an edit first; what it was scored on is then shown here.",
    "slider": "Before and after",
    "overlay": "Where it was, should be, and was found",
    "source": "Source",
    "edited": "Edited",
    "heat": "What changed outside of the allowed part",
    "heat_is": "Bright: changed (colour difference of {scale:.0f} or more); dark: unchanged. Hatched: the edit may change this "
    "part. The picture's own drift and tone were taken out first, as the strict protocol does.",
    "heat_view": "A view edit may change every pixel: there is no map of what should have stayed.",
    "map": "Seen from above",
    "map_is": "Circles: accuracy falls by a tenth from ring to ring; outside of the last SA is 0.",
    "map_view": "A view edit moves the camera and no object.",
    "dial": "Turn",
    "asked": "asked",
    "done": "done",
    "camera": "camera",
    "chinese_note": "The metric explains its scores in English.",
    "no_picture": "Bring an edited picture first: upload, paste or drop one, or take a ready example.",
    "no_sample": "Pick an edit first.",
    "too_heavy": "The file has {megabytes} MB; up to {most} MB are taken. Save it smaller, as PNG or JPEG.",
    "not_a_picture": "This is not a picture that can be read. Bring a file of type {formats}.",
    "format": "{found} files are not taken. Save the picture as one of {formats}.",
    "too_many_pixels": "The picture is {size}; up to {most} million pixels are taken. Scale it down first.",
    "too_small": "The picture is {size}; it takes at least {least} pixels on each side.",
    "animated": "This is an animation of {frames} frames. Save the frame that you mean as a picture of its own.",
    "deep": "The picture has 16 or more bits a channel, and cutting them to 8 would change it. Save it with 8 bits.",
    "damaged": "The picture cannot be decoded: {why}. Save or export it again.",
    "turned": "The picture was turned upright as its camera says (EXIF).",
    "transparent": "Transparent parts were made opaque, as the benchmark reads pictures.",
    "aspect": "The picture is {size}, the source {wanted}: another shape. It is fitted to the source, which costs accuracy. "
    "Let your editor keep the size.",
    "busy": "Many visitors are waiting. Try again in a minute.",
    "dataset": "Samples",
    "runs": "Report of a run",
    "runs_none": "Start the app with --runs FOLDER to show the reports of its runs here.",
    "target": "Object",
}


def say(language: str, name: str, **facts: Any) -> str:
    """A text of the interface.

    Raises:
        KeyError: no such text or language.
    """
    texts = {"en": ENGLISH, "zh": CHINESE}[language]
    return texts[name].format(**facts) if facts else texts[name]
