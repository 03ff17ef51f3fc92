"""What was asked and what an edit scored, as HTML. Everything that comes from outside is escaped."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from gsi_bench_dataset.records import EncodedImage, Sample
from gsi_bench_metric.imaging.images import header_size
from gsi_bench_metric.pages.images import file_url
from gsi_bench_metric.protocols.strict.scoring import strict_operation
from gsi_bench_metric.protocols.text import reason_text as text_of
from gsi_bench_metric.report.overlay import Shape, source_shapes
from gsi_bench_space.drawing import svg
from gsi_bench_space.scoring.bench import MEASURES, EditResult, ProtocolResult
from gsi_bench_space.state import Words

__all__ = ["data_url", "instruction_html", "legend", "picture_html", "reason_text", "result_html"]

_MARKS = {"Passed": "✓", "Failed": "✗", "Graded": "◐", "Not scored": "–"}
_TYPES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"RIFF": "webp"}


def data_url(picture: EncodedImage) -> str:
    """The file itself in a URL, not re-encoded: nothing of it lies where another visitor could ask for it."""
    return file_url(picture.bytes, next((kind for start, kind in _TYPES.items() if picture.bytes.startswith(start)), "bmp"))


def instruction_html(sample: Sample, words: Words, language: str) -> Markup:
    """The instruction in both languages over the source image with the original and the wanted box."""
    height, width = header_size(sample.image)
    operation = strict_operation(sample)
    # A camera edit is about no object.
    shapes = [] if operation == "view" else source_shapes(sample, operation, (width, height))
    texts = [("en", sample.prompt), ("zh", sample.prompt_zh)]
    texts.sort(key=lambda text: text[0] != language)
    lines = Markup("").join(
        Markup('<p class="gsi-prompt{}" lang="{}">{}</p>').format("" if i == 0 else " gsi-second", lang, text)
        for i, (lang, text) in enumerate((lang, text) for lang, text in texts if text)
    )
    download = Markup('<a class="gsi-link" href="{}" download="{}.png">↓ {}</a>').format(
        data_url(sample.image), sample.id, words.say(language, "source_file")
    )
    alt = words.say(language, "source_alt", target=sample.target)
    picture = picture_html(sample.image, (width, height), shapes, alt)
    return lines + picture + legend([shape.kind for shape in shapes], words, language) + download


def picture_html(picture: EncodedImage, size: tuple[int, int], shapes: Sequence[Shape], alt: str) -> Markup:
    """An image of (width, height) with outlines over it; scales with the page."""
    paths = Markup("").join(svg.path(shape.path, f"gsi-line gsi-{shape.kind}") for shape in shapes)
    return Markup(
        '<div class="gsi-picture"><img src="{}" alt="{}"><svg viewBox="0 0 {} {}" aria-hidden="true">{}</svg></div>'
    ).format(data_url(picture), alt, *size, paths)


def legend(kinds: Sequence[str], words: Words, language: str) -> Markup:
    """What the lines mean, of those that are drawn."""
    items = Markup("").join(
        Markup('<li><i class="gsi-key gsi-{}"></i>{}</li>').format(kind, words.say(language, kind))
        for kind in dict.fromkeys(kinds)
    )
    return Markup('<ul class="gsi-legend">{}</ul>').format(items)


def result_html(result: EditResult, notes: Sequence[str], words: Words, language: str) -> Markup:
    """Both protocols' cards, the strict one first; `notes` say what was done to the upload, in the visitor's language."""
    cards = Markup("").join(_card(found, words, language) for found in result.results)
    told = Markup("").join(Markup('<p class="gsi-note">{}</p>').format(note) for note in notes)
    judged = any(found.values["ac"] is not None for found in result.results)
    cautions = ["not_comparable"] if judged else ["ac_needs", "not_comparable"]
    caution = Markup("").join(Markup('<p class="gsi-small">{}</p>').format(words.say(language, name)) for name in cautions)
    return Markup('<div class="gsi-cards" role="status">{}{}{}</div>').format(told, cards, caution)


def reason_text(found: ProtocolResult, language: str) -> str:
    """Why it scored what it did, in a language."""
    why = found.why[language]
    return why[:1].upper() + why[1:]


def _card(found: ProtocolResult, words: Words, language: str) -> Markup:
    outcome = Markup('<span class="gsi-outcome gsi-{}">{} {}</span>').format(
        found.outcome.replace(" ", "").lower(), _MARKS[found.outcome], words.say(language, found.outcome)
    )
    head = Markup("<h3>{} {}</h3><p class='gsi-small'>{}</p>").format(
        words.say(language, found.protocol), outcome, words.say(language, f"{found.protocol}_is")
    )
    numbers = Markup("").join(_number(found, measure, words, language) for measure in MEASURES)
    gated = ""
    if found.locality is not None and math.isfinite(found.locality) and found.values["el"] != found.locality:
        gated = Markup('<p class="gsi-small">{}</p>').format(words.say(language, "gated", value=found.locality))
    why = reason_text(found, language)
    return Markup(
        '<section class="gsi-card gsi-{}"><div>{}</div><p class="gsi-why">{}</p><dl class="gsi-numbers">{}</dl>{}{}</section>'
    ).format(found.protocol, head, why, numbers, gated, _notes(found, words, language))


def _number(found: ProtocolResult, measure: str, words: Words, language: str) -> Markup:
    value = found.values[measure]
    known = value is not None and math.isfinite(value)
    text = f"{value:.0f}" if known else words.say(language, "not_judged_here" if measure == "ac" else "not_measured")
    bar = Markup('<span class="gsi-bar"><span style="width:{:.0f}%"></span></span>').format(
        min(100.0, max(0.0, value or 0.0)) if known else 0.0
    )
    return Markup('<div><dt title="{1}"><b>{0}</b> <span>{1}</span></dt><dd class="{2}">{3}</dd>{4}</div>').format(
        measure.upper(), words.say(language, measure), "gsi-value" if known else "gsi-none", text, bar
    )


def _notes(found: ProtocolResult, words: Words, language: str) -> Markup:
    told = [text_of(note, language) for note in found.notes if note.text.rstrip(".") not in found.why["en"]]
    if not told:
        return Markup("")
    items = Markup("").join(Markup("<li>{}</li>").format(text) for text in told)
    return Markup('<div class="gsi-notes"><h4>{}</h4><ul>{}</ul></div>').format(words.say(language, "notes"), items)
