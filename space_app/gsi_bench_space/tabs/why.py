"""The tab *See why*: what the numbers were read from, drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr
from markupsafe import Markup

from gsi_bench_dataset.records import Reason
from gsi_bench_metric.imaging.images import header_size, load_rgb
from gsi_bench_metric.pages.images import CHANGE_SCALE, colour_stops
from gsi_bench_metric.protocols.registry import DEFAULT
from gsi_bench_metric.protocols.strict.scoring import strict_operation
from gsi_bench_metric.report.overlay import Shape, source_shapes, strict_region_shapes, strict_shapes
from gsi_bench_space.drawing import cards
from gsi_bench_space.drawing.gauges import dial, size_bar
from gsi_bench_space.drawing.heat import heat_map
from gsi_bench_space.drawing.space3d import cloud_of, space_figure
from gsi_bench_space.drawing.topdown import topdown
from gsi_bench_space.scoring.bench import EditResult
from gsi_bench_space.scoring.findings import Findings, findings_of
from gsi_bench_space.shelf import png
from gsi_bench_space.state import AppState
from gsi_bench_space.tabs.score import Scored, ScoreTab

__all__ = ["build"]


def build(state: AppState, follows: ScoreTab, tab: gr.Tab) -> None:
    """Lays the tab out. It is drawn when a visitor opens it, and again when what it shows changes."""
    say, add = state.words.say, state.words.add
    told = gr.HTML(_nothing(state, "en"), elem_id="why")
    with gr.Column(visible=False, elem_id="why-all") as everything:
        page = gr.HTML(elem_id="why-page")
        with gr.Row():
            with gr.Column(min_width=300):
                add(gr.Markdown(say("en", "slider_heading")), "value", "slider_heading")
                slider = gr.ImageSlider(
                    format="png", show_label=False, elem_id="slider", max_height=520, buttons=["fullscreen"]
                )
            with gr.Column(min_width=300):
                add(gr.Markdown(say("en", "space_heading")), "value", "space_heading")
                space = gr.Plot(show_label=False, elem_id="space")
    outputs = [told, everything, slider, page, space]
    draw = _drawer(state)
    options: dict[str, Any] = {"api_visibility": "private", "show_progress": "minimal"}
    tab.select(draw, [follows.scored, state.language], outputs, **options)
    state.language.change(draw, [follows.scored, state.language], outputs, **options)


def _drawer(state: AppState) -> Callable[[Scored | None, str], tuple[Any, ...]]:
    def draw(scored: Scored | None, language: str) -> tuple[Any, ...]:
        if scored is None:
            return _nothing(state, language), gr.update(visible=False), None, "", None
        result, found = scored.result, findings_of(scored.result)
        source = load_rgb(result.sample.image)
        edited = load_rgb(result.edited)
        names = {kind: state.words.say(language, kind) for kind in ("original", "goal", "found", "other")}
        figure = None if found is None else space_figure(found.solids, cloud_of(result.sample), names)
        head = _head(result, state, language)
        return head, gr.update(visible=True), (source, edited), why_html(state, result, found, language), figure

    return draw


def _nothing(state: AppState, language: str) -> Markup:
    return Markup('<p class="gsi-small">{}</p>').format(state.words.say(language, "no_result"))


def _head(result: EditResult, state: AppState, language: str) -> Markup:
    texts = [result.sample.prompt_zh, result.sample.prompt] if language == "zh" else [result.sample.prompt]
    why = cards.reason_text(result.of(DEFAULT), language)
    prompt = next(text for text in texts if text)
    return Markup('<p class="gsi-prompt">{}</p><p class="gsi-why">{}</p>').format(prompt, why)


def why_html(state: AppState, result: EditResult, found: Findings | None, language: str) -> Markup:
    """All drawings but the slider and the one in space."""
    figures = [_heat(state, result, language)]
    if found is not None:
        figures += _gauges(state, found, language)
    overlays = _overlays(state, result, language)
    return overlays + Markup('<div class="gsi-figures">{}</div>').format(Markup("").join(figures))


def _figure(heading: str, drawing: Markup, below: Markup | str = "", kind: str = "") -> Markup:
    return Markup('<figure class="gsi-figure {}"><h3>{}</h3>{}<figcaption>{}</figcaption></figure>').format(
        kind, heading, drawing, below
    )


def _overlays(state: AppState, result: EditResult, language: str) -> Markup:
    say, sample = state.words.say, result.sample
    height, width = header_size(sample.image)
    size, operation = (width, height), strict_operation(sample)
    before = source_shapes(sample, operation, size)
    after = strict_shapes(sample, operation, size, result.source_detections, result.edited_detections)
    if operation == "view":  # the camera's work, and no object is what it is about
        before, after = [], [Shape("other", shape.path) for shape in after if shape.kind != "original"]
    else:
        after = strict_region_shapes(sample, size, result.source_detections, result.edited_detections) + after
    pictures = Markup('<div class="gsi-pair">{}{}</div>').format(
        cards.picture_html(sample.image, size, before, say(language, "source")),
        cards.picture_html(result.edited, size, after, say(language, "edited")),
    )
    kinds = [shape.kind for shape in (*before, *after)]
    return _figure(say(language, "overlay"), pictures, cards.legend(kinds, state.words, language))


def _heat(state: AppState, result: EditResult, language: str) -> Markup:
    say = state.words.say
    compared = state.bench.compared(result)
    if isinstance(compared, Reason):
        return _figure(say(language, "heat"), Markup('<p class="gsi-small">{}</p>').format(compared.text))
    picture = heat_map(compared)
    height, width = picture.shape[:2]
    drawn = cards.picture_html(png(picture, "heat.png"), (width, height), (), say(language, "heat"))
    stops = ", ".join(f"{colour} {percent}%" for percent, colour in colour_stops())
    scale = Markup('<span class="gsi-scale" style="background:linear-gradient(to right, {})"></span>').format(stops)
    name = "heat_view_is" if compared.alignment is None else "heat_is"
    return _figure(say(language, "heat"), drawn, scale + say(language, name, scale=CHANGE_SCALE))


def _gauges(state: AppState, found: Findings, language: str) -> list[Markup]:
    say, figures = state.words.say, []
    asked, done = say(language, "asked"), say(language, "done")
    if found.ground is not None:
        rings = found.ground.rings
        below = "map_is" if rings is not None and rings.graded else "map_limit" if rings is not None else "map_plain"
        kinds = [f.kind for f in found.ground.footprints]
        words = cards.legend(kinds, state.words, language) + say(language, below)
        drawn = topdown(found.ground, say(language, "map"), say(language, "camera"))
        figures.append(_figure(say(language, "map"), drawn, words, "gsi-map"))
    if found.dial is not None:
        figures.append(
            _figure(say(language, "dial"), dial(found.dial, say(language, "dial"), asked, done), say(language, "dial_is"))
        )
    if found.bar is not None:
        figures.append(
            _figure(say(language, "bar"), size_bar(found.bar, say(language, "bar"), asked, done), say(language, "bar_is"))
        )
    return figures
