"""What the tab *Your own image* says and shows beside the photo, as HTML. Everything that comes from outside is escaped."""

from __future__ import annotations

import math

from markupsafe import Markup

from gsi_bench_metric.photos.focal import field_of_view
from gsi_bench_space.drawing import cards
from gsi_bench_space.own.draft import Draft
from gsi_bench_space.own.drawing import grid_step
from gsi_bench_space.own.edit import Wish, require_scorable
from gsi_bench_space.own.masking import SOURCES
from gsi_bench_space.problem import OwnError
from gsi_bench_space.shelf import png
from gsi_bench_space.state import Words

_FEW_BESIDE = 0.03  # of the mask: so much beside the box's outline is not worth a word
_TALLEST = "36rem"  # of a picture
_FAR_TURN_DEG = 60  # the sides that the photo shows are then seen from the side, or not at all

__all__ = ["focal_text", "told_html", "wanted_html"]


def focal_text(draft: Draft, words: Words, language: str) -> str:
    """Which focal length is worked with, and where it comes from."""
    noted = draft.photo.focal
    source = noted.source if math.isclose(draft.camera.focal_mm, noted.mm, abs_tol=0.05) else "given"
    angle = field_of_view(draft.camera.focal_mm, draft.photo.size)
    return words.say(language, f"own_focal_{source}", mm=draft.camera.focal_mm, angle=angle)


def told_html(draft: Draft | None, words: Words, language: str) -> Markup:
    """What to do next, or how the box was found and what it rests on."""
    if draft is None:
        return _small(words.say(language, "own_no_photo"))
    notes = Markup("").join(_note(words.say(language, name, **facts)) for name, facts in draft.photo.notes)
    if draft.problem is not None:
        name, facts = draft.problem
        return notes + _note(words.say(language, name, **facts), alert=True)
    if draft.block is None or draft.proposal is None or draft.placed is None:
        return notes + _small(words.say(language, "own_start" if draft.corner is None else "own_second_corner"))
    proposal = draft.proposal
    lines = [words.say(language, proposal.method)]
    if not draft.as_proposed:
        lines.append(words.say(language, "own_corrected"))
    lines += [words.say(language, name, **facts) for name, facts in proposal.assumptions]
    lines += _of_mask(draft, words, language)
    numbers = ", ".join(f"{value:.3f}" for value in draft.placed.box)
    lines.append(words.say(language, "own_box", numbers=numbers))
    items = Markup("").join(Markup("<li>{}</li>").format(line) for line in lines)
    notes += _unused_mask(draft, words, language)
    second = "" if draft.corner is None else _small(words.say(language, "own_second_corner"))
    return notes + second + Markup('<ul class="gsi-small" role="status">{}</ul>').format(items)


def _of_mask(draft: Draft, words: Words, language: str) -> list[str]:
    """Who made the mask, and what was done to it; or that the box alone counts."""
    if draft.mask is None:
        return [words.say(language, "own_no_mask")]
    source = draft.mask.source
    lines = [
        words.say(language, "own_mask_by", source=words.say(language, f"own_source_{source}") if source in SOURCES else source)
    ]
    if draft.mask.clicks:
        lines.append(words.say(language, "own_mask_corrected", clicks=draft.mask.clicks))
    return lines


def _unused_mask(draft: Draft, words: Words, language: str) -> Markup:
    """Why there is no mask, why it does not count, or that a part of it does not."""
    if draft.mask_problem is not None:
        name, facts = draft.mask_problem
        return _note(words.say(language, name, **facts), alert=True)
    if draft.mask is None:
        return Markup("")
    try:
        held = draft.held_mask()
    except OwnError as error:
        return _note(words.say(language, error.name, **error.facts), alert=True)
    beside = 0 if held is None else int(draft.mask.pixels().sum() - held.sum())
    if held is None or beside <= _FEW_BESIDE * held.sum():
        return Markup("")
    return _note(words.say(language, "own_mask_cut", pixels=beside))


def wanted_html(draft: Draft | None, wish: Wish | OwnError, words: Words, language: str, *, lifts: bool = False) -> Markup:
    """The instruction in both languages over the photo with the wanted box; or why there is none."""
    try:
        if isinstance(wish, OwnError):
            raise wish
        if draft is None:
            raise OwnError("own_no_photo")
        sample = draft.sample(wish)
    except OwnError as error:
        quiet = error.name in ("own_no_photo", "own_mark_first")
        text = words.say(language, error.name, **error.facts)
        return _small(text) if quiet else _note(text, alert=True)
    texts = [("en", sample.prompt), ("zh", sample.prompt_zh)]
    texts.sort(key=lambda text: text[0] != language)
    lines = Markup("").join(
        Markup('<p class="gsi-prompt{}" lang="{}">{}</p>').format("" if i == 0 else " gsi-second", lang, text)
        for i, (lang, text) in enumerate(texts)
    )
    alt = words.say(language, "own_wanted_alt", target=sample.target)
    width, height = draft.photo.size
    picture = Markup('<div style="max-width: calc({} * {} / {})">{}</div>').format(
        _TALLEST, width, height, cards.picture_html(png(draft.wanted_picture(wish), "wanted.png"), (width, height), (), alt)
    )
    legend = _small(words.say(language, "own_lines", step=100 * grid_step(draft.ground)))
    save = Markup('<a class="gsi-link" href="{}" download="photo.png">↓ {}</a>').format(
        cards.data_url(draft.photo.picture), words.say(language, "own_save")
    )
    return lines + _cautions(wish, words, language, lifts=lifts) + picture + legend + save


def _cautions(wish: Wish, words: Words, language: str, *, lifts: bool) -> Markup:
    """What scoring may get wrong or does not do, said before the visitor starts."""
    if wish.operation == "rotate" and wish.amount > _FAR_TURN_DEG:
        return _note(words.say(language, "own_far_turn"))
    try:
        require_scorable(wish, lifts=lifts)
    except OwnError as error:
        return _note(words.say(language, error.name, **error.facts))
    return Markup("")


def _small(text: str) -> Markup:
    return Markup('<p class="gsi-small" role="status">{}</p>').format(text)


def _note(text: str, *, alert: bool = False) -> Markup:
    return Markup('<p class="gsi-note" role="{}">{}</p>').format("alert" if alert else "note", text)
