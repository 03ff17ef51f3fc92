"""What the tab *Your own image* consists of, and what each part shows at first: the example."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from gsi_bench_metric.photos.focal import FOCAL_MM
from gsi_bench_space.files import Files
from gsi_bench_space.intake.uploads import FORMATS, MAX_BYTES
from gsi_bench_space.own import fields as own_fields
from gsi_bench_space.own.draft import CLICKS, HEIGHT_CM, PITCH
from gsi_bench_space.own.edit import DIRECTIONS, LIMITS, OPERATIONS, TURNS, Wish
from gsi_bench_space.own.example import EDITS, Example
from gsi_bench_space.own.html import focal_text, told_html, wanted_html
from gsi_bench_space.own.masking import REACH_PERCENT
from gsi_bench_space.own.photo import LONGEST
from gsi_bench_space.state import AppState

__all__ = ["DETECTOR", "GROUND", "Layout"]

GROUND, DETECTOR = "ground", "detector"


class Layout:
    """The components; whoever inherits ties them.

    Args:
        state: of the app.
        example: that is there at the start.
        files: where its images lie.
        detects: whether a detector proposes boxes.
        lifts: whether lifts can be scored.
    """

    def __init__(self, state: AppState, example: Example, files: Files, *, detects: bool, lifts: bool):
        self._state, self._words, self._example, self._files, self._lifts = state, state.words, example, files, lifts
        self.draft, self.scored = gr.State(example.draft), gr.State(None)
        self._numbers_at_first = own_fields.numbers(example.draft)
        with gr.Row(equal_height=False):
            with gr.Column(min_width=300, elem_id="own-first"):
                self._lay_out_photo()
            with gr.Column(min_width=300, scale=2, elem_id="own-second"):
                self._lay_out_mark(detects)
        with gr.Row(equal_height=False):
            with gr.Column(min_width=300, elem_id="own-third"):
                self._lay_out_wish()
            with gr.Column(min_width=300, scale=2):
                wish = Wish("remove", name=str(example.wish[6]), name_zh=str(example.wish[7]))
                shown = wanted_html(example.draft, wish, self._words, "en", lifts=lifts)
                self.wanted = gr.HTML(shown, elem_id="own-wanted")
        self._lay_out_score()

    # --- kinds of components

    def _say(self, language: str, name: str, **facts: Any) -> str:
        return self._words.say(language, name, **facts)

    def _text(self, name: str, *, small: bool = False, **facts: Any) -> gr.Markdown:
        shown = gr.Markdown(self._say("en", name, **facts), elem_classes="gsi-small" if small else None)
        return self._words.add(shown, "value", name, **facts)

    def _labelled(self, kind: Callable[..., Any], name: str, *values: Any, **options: Any) -> Any:
        return self._words.add(kind(*values, label=self._say("en", name), **options), "label", name)

    def _button(self, name: str, elem_id: str, **options: Any) -> gr.Button:
        return self._words.add(gr.Button(self._say("en", name), elem_id=elem_id, **options), "value", name)

    def _number(self, name: str, elem_id: str, value: float | None = None, **options: Any) -> gr.Number:
        return self._labelled(gr.Number, name, value, elem_id=elem_id, min_width=110, **options)

    def _picture(self, name: str, elem_id: str, value: str) -> gr.Image:
        return self._labelled(
            gr.Image,
            name,
            value,
            type="filepath",
            image_mode=None,
            format="png",
            sources=["upload", "clipboard"],
            height=220,
            elem_id=elem_id,
            buttons=["fullscreen"],
        )

    def _accordion(self, name: str, elem_id: str) -> gr.Accordion:
        return self._labelled(gr.Accordion, name, open=False, elem_id=elem_id)

    def _choices(self, language: str, group: str, names: Sequence[str] | dict[str, Any]) -> list[tuple[str, str]]:
        return [(self._say(language, f"own_{group}_{name}"), name) for name in names]

    # --- the four steps

    def _lay_out_photo(self) -> None:
        self._text("own_step_photo")
        formats = ", ".join(FORMATS)
        self._text("own_photo_hint", small=True, formats=formats, most=MAX_BYTES // 2**20, longest=LONGEST)
        self.photo = self._picture("own_photo", "own-photo", str(self._files.keep(self._example.picture)))
        self.again = self._button("own_example", "own-example", size="sm")
        told = focal_text(self._example.draft, self._words, "en")
        self.focal_told = gr.Markdown(told, elem_classes="gsi-small", elem_id="own-focal-told")
        focal, pitch, height = self._numbers_at_first["camera"]
        with self._accordion("own_camera", "own-camera"):
            self.focal = self._number("own_focal", "own-focal", focal, minimum=FOCAL_MM[0], maximum=FOCAL_MM[1])
            self.pitch = self._labelled(gr.Slider, "own_pitch", *PITCH, pitch, step=0.5, elem_id="own-pitch")
            self.height = self._number("own_height", "own-height", height, minimum=HEIGHT_CM[0], maximum=HEIGHT_CM[1])
            self.known = self._number("own_known", "own-known", minimum=0)

    def _lay_out_mark(self, detects: bool) -> None:
        self._text("own_step_mark")
        choices = self._choices("en", "click", CLICKS)
        self.clicks = self._labelled(gr.Radio, "own_clicks", choices, value=CLICKS[0], elem_id="own-clicks")
        self.by = self._labelled(
            gr.Radio,
            "own_by",
            self._choices("en", "by", (GROUND, DETECTOR)),
            value=DETECTOR if detects else GROUND,
            visible=detects,
            elem_id="own-by",
        )
        self.view = self._labelled(
            gr.Image,
            "own_view",
            self._example.draft.picture(),
            format="png",
            interactive=False,
            elem_id="own-view",
            buttons=["fullscreen"],
        )
        self._lay_out_mask()
        self.told = gr.HTML(told_html(self._example.draft, self._words, "en"), elem_id="own-told")
        with self._accordion("own_numbers", "own-numbers"):
            with gr.Row():
                names = ("own_left", "own_top", "own_right_edge", "own_bottom")
                edges = zip(names, self._numbers_at_first["edges"], strict=True)
                self.edges = [self._number(name, name.replace("_", "-"), value) for name, value in edges]
            self.propose = self._button("own_propose", "own-propose", size="sm")
        with self._accordion("own_block", "own-block"):
            self._text("own_block_hint", small=True)
            with gr.Row():
                spans = ("own_right", "own_away", "own_width", "own_tall", "own_depth", "own_turn")
                sizes = zip(spans, self._numbers_at_first["block"], strict=True)
                self.numbers = [self._number(name, name.replace("_", "-"), value) for name, value in sizes]
            self.refit = self._button("own_refit", "own-refit", size="sm")

    def _lay_out_mask(self) -> None:
        least, most, first = REACH_PERCENT
        self.reach = self._labelled(gr.Slider, "own_reach", least, most, first, step=0.5, elem_id="own-reach", visible=False)
        with gr.Row(elem_id="own-mask-buttons"):
            self.undo = self._button("own_undo", "own-undo", size="sm", min_width=100)
            self.find = self._button("own_find_mask", "own-find-mask", size="sm", min_width=100)
            self.drop = self._button("own_drop_mask", "own-drop-mask", size="sm", min_width=100)

    def _lay_out_wish(self) -> None:
        self._text("own_step_edit")
        operation, way, sense, *amounts, name, name_zh, is_round = self._example.wish
        kinds = [(self._say("en", kind), kind) for kind in OPERATIONS]
        self.operation = self._labelled(gr.Radio, "own_operation", kinds, value=operation, elem_id="own-operation")
        ways, senses = self._choices("en", "way", DIRECTIONS), self._choices("en", "sense", TURNS)
        self.way = self._labelled(gr.Radio, "own_way", ways, value=way, elem_id="own-way", visible=operation == "move")
        self.sense = self._labelled(
            gr.Radio, "own_sense", senses, value=sense, elem_id="own-sense", visible=operation == "rotate"
        )
        self.amounts = [
            self._labelled(
                gr.Slider, label, *LIMITS[kind], value, step=1, elem_id=f"own-amount-{kind}", visible=kind == operation
            )
            for kind, value, label in zip(LIMITS, amounts, ("own_distance", "own_angle", "own_percent"), strict=True)
        ]
        named = {"max_lines": 1, "max_length": 60}
        self.name = self._labelled(gr.Textbox, "own_name_en", name, elem_id="own-name", **named)
        self.name_zh = self._labelled(gr.Textbox, "own_name_zh", name_zh, elem_id="own-name-zh", **named)
        self.round = self._labelled(gr.Checkbox, "own_round", is_round, elem_id="own-round", visible=operation != "rotate")
        self.wish = [self.operation, self.way, self.sense, *self.amounts, self.name, self.name_zh, self.round]

    def _lay_out_score(self) -> None:
        with gr.Row(equal_height=False):
            with gr.Column(min_width=300, elem_id="own-fourth"):
                self._text("own_step_score")
                self._text("own_edited_hint", small=True)
                self.ready = self._labelled(
                    gr.Radio, "own_ready", self._choices("en", "edit", EDITS), value=EDITS[0], elem_id="own-ready"
                )
                self.edited = self._picture("own_edited", "own-edited", str(self._files.keep(self._example.edits[EDITS[0]])))
                self.button = self._button("score", "own-score", variant="primary")
            with gr.Column(min_width=300, scale=2):
                self.cards = gr.HTML(self._no_score("en"), elem_id="own-cards")
        self.why = gr.HTML(elem_id="own-why")

    def _no_score(self, language: str) -> str:
        return f'<p class="gsi-small">{self._say(language, "own_no_score")}</p>'
