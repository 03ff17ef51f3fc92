"""The tab *Your own image*: a photo, a mark, a box, a wish; then an edited image scored against it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import gradio as gr

from gsi_bench_metric.photos.focal import FOCAL_MM
from gsi_bench_metric.photos.standing import PITCH_DEG
from gsi_bench_space.drawing import cards
from gsi_bench_space.intake.uploads import FORMATS, MAX_BYTES, UploadError, read_upload, read_uploaded
from gsi_bench_space.intake.values import ValueProblemError
from gsi_bench_space.own import api as own_api
from gsi_bench_space.own import fields as own_fields
from gsi_bench_space.own.detector import Proposer, find_proposer
from gsi_bench_space.own.draft import CLICKS, HEIGHT_CM, PITCH, Draft
from gsi_bench_space.own.edit import DIRECTIONS, LIMITS, OPERATIONS, TURNS, Wish, require_scorable
from gsi_bench_space.own.fields import point_of
from gsi_bench_space.own.html import focal_text, told_html, wanted_html
from gsi_bench_space.own.photo import LONGEST, read_photo
from gsi_bench_space.problem import OwnError
from gsi_bench_space.scoring.findings import findings_of
from gsi_bench_space.state import AppState
from gsi_bench_space.tabs.score import Scored
from gsi_bench_space.tabs.why import why_html

__all__ = ["build"]

GROUND, DETECTOR = "ground", "detector"
_FIRST_AMOUNTS = {"move": 15, "rotate": 45, "scale": 150}  # what the sliders start with

Change = Callable[..., Draft]


def build(state: AppState, *, proposer: Proposer | None = None, lifts: bool = False) -> None:
    """Lays the tab out and ties its events, and the endpoint `/score_own`.

    `state.words` must have learnt the texts of `texts.py` before.

    Args:
        state: of the app.
        proposer: proposes boxes; by default DetAny3D where its weights are installed, else only the ground plane does.
        lifts: whether the scoring's detector can distinguish a lift from a move away; the tracker cannot.
    """
    _Tab(state, proposer or find_proposer(), lifts=lifts).tie()
    own_api.build(state, lifts=lifts)


class _Tab:
    """The layout, and what each event does."""

    def __init__(self, state: AppState, proposer: Proposer | None, *, lifts: bool):
        self._state, self._words, self._proposer, self._lifts = state, state.words, proposer, lifts
        self.draft, self.scored = gr.State(None), gr.State(None)
        with gr.Row(equal_height=False):
            with gr.Column(min_width=300, elem_id="own-first"):
                self._lay_out_photo()
            with gr.Column(min_width=300, scale=2, elem_id="own-second"):
                self._lay_out_mark()
        with gr.Row(equal_height=False):
            with gr.Column(min_width=300, elem_id="own-third"):
                self._lay_out_wish()
            with gr.Column(min_width=300, scale=2):
                self.wanted = gr.HTML(self._wanted(None, self._first_wish(), "en"), elem_id="own-wanted")
        self._lay_out_score()

    # --- layout

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

    def _picture(self, name: str, elem_id: str) -> gr.Image:
        return self._labelled(
            gr.Image,
            name,
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

    def _lay_out_photo(self) -> None:
        self._text("own_step_photo")
        formats = ", ".join(FORMATS)
        self._text("own_photo_hint", small=True, formats=formats, most=MAX_BYTES // 2**20, longest=LONGEST)
        self.photo = self._picture("own_photo", "own-photo")
        self.focal_told = gr.Markdown(elem_classes="gsi-small", elem_id="own-focal-told")
        with self._accordion("own_camera", "own-camera"):
            self.focal = self._number("own_focal", "own-focal", minimum=FOCAL_MM[0], maximum=FOCAL_MM[1])
            self.pitch = self._labelled(gr.Slider, "own_pitch", *PITCH, PITCH_DEG, step=0.5, elem_id="own-pitch")
            self.height = self._number("own_height", "own-height", minimum=HEIGHT_CM[0], maximum=HEIGHT_CM[1])
            self.known = self._number("own_known", "own-known", minimum=0)

    def _lay_out_mark(self) -> None:
        self._text("own_step_mark")
        choices = self._choices("en", "click", CLICKS)
        self.clicks = self._labelled(gr.Radio, "own_clicks", choices, value=CLICKS[0], elem_id="own-clicks")
        self.by = self._labelled(
            gr.Radio,
            "own_by",
            self._choices("en", "by", (GROUND, DETECTOR)),
            value=DETECTOR if self._proposer else GROUND,
            visible=self._proposer is not None,
            elem_id="own-by",
        )
        self.view = self._labelled(
            gr.Image, "own_view", format="png", interactive=False, elem_id="own-view", buttons=["fullscreen"]
        )
        self.told = gr.HTML(told_html(None, self._words, "en"), elem_id="own-told")
        with self._accordion("own_numbers", "own-numbers"):
            with gr.Row():
                names = ("own_left", "own_top", "own_right_edge", "own_bottom")
                self.edges = [self._number(name, name.replace("_", "-")) for name in names]
            self.propose = self._button("own_propose", "own-propose", size="sm")
        with self._accordion("own_block", "own-block"):
            self._text("own_block_hint", small=True)
            with gr.Row():
                sizes = ("own_right", "own_away", "own_width", "own_tall", "own_depth", "own_turn")
                self.numbers = [self._number(name, name.replace("_", "-")) for name in sizes]
            self.refit = self._button("own_refit", "own-refit", size="sm")

    def _lay_out_wish(self) -> None:
        self._text("own_step_edit")
        first = self._first_wish()
        kinds = [(self._say("en", kind), kind) for kind in OPERATIONS]
        self.operation = self._labelled(gr.Radio, "own_operation", kinds, value=first[0], elem_id="own-operation")
        ways, senses = self._choices("en", "way", DIRECTIONS), self._choices("en", "sense", TURNS)
        self.way = self._labelled(gr.Radio, "own_way", ways, value=first[1], elem_id="own-way")
        self.sense = self._labelled(gr.Radio, "own_sense", senses, value=first[2], elem_id="own-sense", visible=False)
        self.amounts = [
            self._labelled(
                gr.Slider, name, *LIMITS[kind], value, step=1, elem_id=f"own-amount-{kind}", visible=kind == first[0]
            )
            for kind, value, name in zip(_FIRST_AMOUNTS, first[3:6], ("own_distance", "own_angle", "own_percent"), strict=True)
        ]
        named = {"max_lines": 1, "max_length": 60}
        self.name = self._labelled(gr.Textbox, "own_name_en", first[6], elem_id="own-name", **named)
        self.name_zh = self._labelled(gr.Textbox, "own_name_zh", first[7], elem_id="own-name-zh", **named)
        self.round = self._labelled(gr.Checkbox, "own_round", first[8], elem_id="own-round")
        self.wish = [self.operation, self.way, self.sense, *self.amounts, self.name, self.name_zh, self.round]

    def _lay_out_score(self) -> None:
        with gr.Row(equal_height=False):
            with gr.Column(min_width=300):
                self._text("own_step_score")
                self._text("own_edited_hint", small=True)
                self.edited = self._picture("own_edited", "own-edited")
                self.button = self._button("score", "own-score", variant="primary")
            with gr.Column(min_width=300, scale=2):
                self.cards = gr.HTML(self._no_score("en"), elem_id="own-cards")
        self.why = gr.HTML(elem_id="own-why")

    @staticmethod
    def _first_wish() -> tuple[Any, ...]:
        defaults = Wish("remove")
        return "move", "left", TURNS[0], *_FIRST_AMOUNTS.values(), defaults.name, defaults.name_zh, defaults.round_object

    def _choices(self, language: str, group: str, names: Sequence[str] | dict[str, Any]) -> list[tuple[str, str]]:
        return [(self._say(language, f"own_{group}_{name}"), name) for name in names]

    # --- events

    def tie(self) -> None:
        """Ties the events."""
        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        latest: dict[str, Any] = {**quiet, "trigger_mode": "always_last"}
        language, common = self._state.language, [self.draft, self._state.language, self.by, *self.wish]
        cleared = [self.scored, self.cards, self.why]
        shown = self._outputs()
        self.photo.input(
            self._read,
            [self.photo, language, *self.wish],
            [self.clicks, self.known, *shown],
            preprocess=False,
            concurrency_limit=2,  # a large photo takes hundreds of megabytes while it is made smaller
            **quiet,
        )
        self.view.select(self._click, [self.clicks, *common], shown, trigger_mode="multiple", **quiet)
        self._tie_numbers(common, latest)
        self.propose.click(self._act(own_fields.proposed), [*common, *self.edges], shown, **quiet)
        self.by.input(self._act(own_fields.proposed), [*common, *self.edges], shown, **quiet)
        self.refit.click(self._act(own_fields.refitted), [*common, *self.numbers], shown, **quiet)
        self.operation.input(self._fields, self.operation, [self.way, self.sense, *self.amounts, self.round], **quiet)
        gr.on(
            [field.change if isinstance(field, gr.Textbox) else field.input for field in self.wish],
            self._wished,
            [self.draft, language, *self.wish],
            [self.wanted, *cleared],
            **latest,
        )
        self.button.click(
            self._score,
            [self.draft, self.edited, language, *self.wish],
            cleared,
            preprocess=False,
            api_visibility="private",
            concurrency_id="score",
            concurrency_limit=1,
        )
        language.change(
            self._switch,
            [self.draft, self.scored, language, self.clicks, self.by, *self.wish],
            [
                self.clicks,
                self.by,
                self.operation,
                self.way,
                self.sense,
                self.focal_told,
                self.told,
                self.wanted,
                self.cards,
                self.why,
            ],
            **quiet,
        )

    def _tie_numbers(self, common: list[Any], latest: dict[str, Any]) -> None:
        """Ties the fields of numbers: a typed number counts when it is sent or left."""
        camera = [self.focal, self.pitch, self.height, self.known]
        for group, fields, inputs, change in (
            ("camera", camera[:3], camera, own_fields.taken_by),
            ("", [self.known], camera, own_fields.taken_by),
            ("edges", self.edges, self.edges, own_fields.marked),
            ("block", self.numbers, self.numbers, own_fields.corrected),
        ):
            numbers = [field for field in fields if isinstance(field, gr.Number)]
            triggers = [event for field in numbers for event in (field.submit, field.blur)]
            triggers += [field.input for field in fields if field not in numbers]
            gr.on(triggers, self._act(change, typed=group), [*common, *inputs], self._outputs(group), **latest)

    def _read(self, file: dict[str, Any] | None, language: str, *wish: Any) -> tuple[Any, ...]:
        draft = None
        if file is not None:
            with self._friendly(language):
                draft = Draft.of(read_photo(read_uploaded(file)))
        return gr.update(value=CLICKS[0]), None, *self._shown(draft, language, wish)

    def _click(self, event: gr.SelectData, meaning: str, draft: Draft | None, language: str, by: str, *wish: Any) -> Any:
        return self._changed(draft, language, wish, lambda d: d.clicked(point_of(event.index), meaning, self._by(by)))

    def _act(self, change: Change, typed: str = "") -> Callable[..., Any]:
        """An event that makes another draft of the draft there is and of numbers that were typed into a group of fields."""

        def act(draft: Draft | None, language: str, by: str, *values: Any) -> Any:
            wish, numbers = values[: len(self.wish)], values[len(self.wish) :]
            return self._changed(draft, language, wish, lambda d: change(d, self._by(by), *numbers), typed)

        return act

    def _changed(
        self, draft: Draft | None, language: str, wish: Sequence[Any], change: Callable[[Draft], Draft], typed: str = ""
    ) -> Any:
        if draft is None:
            return gr.skip()  # numbers without a photo: nothing to draw yet
        with self._friendly(language):
            after = change(draft)
        return gr.skip() if after == draft else self._shown(after, language, wish, typed)

    def _shown(self, draft: Draft | None, language: str, wish: Sequence[Any], typed: str = "") -> tuple[Any, ...]:
        """Values for `_outputs`; what was scored before belongs to another draft."""
        wanted = self._wanted(draft, wish, language)
        cleared = (None, self._no_score(language), "")
        told = told_html(draft, self._words, language)
        numbers = own_fields.numbers(draft)
        fields = [number for group, values in numbers.items() if group != typed for number in values]
        if draft is None:
            return None, None, told, "", *fields, wanted, *cleared
        return draft, draft.picture(), told, focal_text(draft, self._words, language), *fields, wanted, *cleared

    def _outputs(self, typed: str = "") -> list[Any]:
        """What follows the draft, but for the group of fields that is being typed into: a quick visitor has typed on since."""
        groups = {"camera": [self.focal, self.pitch, self.height], "edges": self.edges, "block": self.numbers}
        fields = [field for group, members in groups.items() if group != typed for field in members]
        first = [self.draft, self.view, self.told, self.focal_told]
        return [*first, *fields, self.wanted, self.scored, self.cards, self.why]

    def _fields(self, operation: str) -> list[Any]:
        """Only what the operation asks for is shown."""
        amounts = [gr.update(visible=kind == operation) for kind in _FIRST_AMOUNTS]
        seen = gr.update(visible=operation != "rotate")
        return [gr.update(visible=operation == "move"), gr.update(visible=operation == "rotate"), *amounts, seen]

    def _wished(self, draft: Draft | None, language: str, *wish: Any) -> tuple[Any, ...]:
        return self._wanted(draft, wish, language), None, self._no_score(language), ""

    def _score(self, draft: Draft | None, file: dict[str, Any] | None, language: str, *values: Any) -> tuple[Any, ...]:
        with self._friendly(language):
            if draft is None:
                raise OwnError("own_no_photo")
            wish = self._wish(values)
            if isinstance(wish, OwnError):
                raise wish
            sample = draft.sample(wish)
            require_scorable(wish, lifts=self._lifts)
            if file is None:
                raise OwnError("own_no_edited")
            upload = read_upload(read_uploaded(file), draft.photo.size)
        scored = Scored(self._state.bench.score(sample, upload.picture), upload.notes)
        return scored, *self._result(scored, language)

    def _result(self, scored: Scored, language: str) -> tuple[str, str]:
        notes = [self._say(language, name, **facts) for name, facts in scored.notes]
        found = findings_of(scored.result)
        return (
            cards.result_html(scored.result, notes, self._words, language),
            why_html(self._state, scored.result, found, language),
        )

    def _switch(
        self, draft: Draft | None, scored: Scored | None, language: str, clicks: str, by: str, *wish: Any
    ) -> tuple[Any, ...]:
        """The same as before the visitor's eyes, in another language."""
        operation, way, sense, *_ = wish
        kinds = [(self._say(language, kind), kind) for kind in OPERATIONS]
        chosen = (
            (self._choices(language, "click", CLICKS), clicks),
            (self._choices(language, "by", (GROUND, DETECTOR)), by),
            (kinds, operation),
            (self._choices(language, "way", DIRECTIONS), way),
            (self._choices(language, "sense", TURNS), sense),
        )
        return (
            *(gr.update(choices=choices, value=value) for choices, value in chosen),
            "" if draft is None else focal_text(draft, self._words, language),
            told_html(draft, self._words, language),
            self._wanted(draft, wish, language),
            *((self._no_score(language), "") if scored is None else self._result(scored, language)),
        )

    # --- small ones

    def _by(self, by: str) -> Proposer | None:
        return self._proposer if by == DETECTOR else None

    @staticmethod
    def _wish(values: Sequence[Any]) -> Wish | OwnError:
        """What the fields ask for, or what is wrong with it."""
        operation, way, sense, *amounts, name, name_zh, is_round = values
        direction = {"move": way, "rotate": sense}.get(operation, "")
        amount = dict(zip(_FIRST_AMOUNTS, amounts, strict=True)).get(operation, 0)
        try:
            return Wish(operation, direction, amount, name, name_zh, bool(is_round) and operation != "rotate")
        except OwnError as error:
            return error

    def _wanted(self, draft: Draft | None, wish: Sequence[Any], language: str) -> str:
        return wanted_html(draft, self._wish(wish), self._words, language, lifts=self._lifts)

    def _no_score(self, language: str) -> str:
        return f'<p class="gsi-small">{self._say(language, "own_no_score")}</p>'

    @contextlib.contextmanager
    def _friendly(self, language: str) -> Iterator[None]:
        """What cannot be done becomes a message in the visitor's language."""
        try:
            yield
        except (OwnError, UploadError, ValueProblemError) as error:
            raise gr.Error(self._say(language, error.name, **error.facts), print_exception=False) from error
