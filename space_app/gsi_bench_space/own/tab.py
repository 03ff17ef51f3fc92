"""The tab *Your own image*: a photo, a mark, a box, a wish; then an edited image scored against it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import gradio as gr

from gsi_bench_metric.seeing.base import Segmenter
from gsi_bench_space.drawing import cards
from gsi_bench_space.files import Files
from gsi_bench_space.intake.uploads import UploadError, read_upload, read_uploaded
from gsi_bench_space.intake.values import ValueProblemError
from gsi_bench_space.own import api as own_api
from gsi_bench_space.own import fields as own_fields
from gsi_bench_space.own.detector import Proposer, find_proposer
from gsi_bench_space.own.draft import CLICKS, Draft
from gsi_bench_space.own.edit import DIRECTIONS, LIMITS, OPERATIONS, TURNS, Wish, require_scorable
from gsi_bench_space.own.example import EDITS, Example, first_wish, read_example
from gsi_bench_space.own.fields import point_of
from gsi_bench_space.own.html import focal_text, told_html, wanted_html
from gsi_bench_space.own.layout import DETECTOR, GROUND, Layout
from gsi_bench_space.own.masking import REACH_PERCENT, Tools, find_segmenter
from gsi_bench_space.own.photo import read_photo
from gsi_bench_space.problem import OwnError
from gsi_bench_space.scoring.findings import findings_of
from gsi_bench_space.state import AppState
from gsi_bench_space.tabs.score import Scored
from gsi_bench_space.tabs.why import why_html

__all__ = ["build"]

_MENDING = ("add", "take")  # of CLICKS, those that correct a mask

_MASK_CHANGES = (own_fields.undone, own_fields.segmented, own_fields.unmasked)

Change = Callable[..., Draft]


def build(
    state: AppState,
    files: Files | None = None,
    *,
    segmenter: Segmenter | None = None,
    proposer: Proposer | None = None,
    lifts: bool = False,
) -> None:
    """Lays the tab out and ties its events, and the endpoint `/score_own`.

    `state.words` must have learnt the texts of `texts.py` before.

    Args:
        state: of the app.
        files: where the example's images lie; by default a folder of the tab's own.
        segmenter: finds masks; by default by colours, which needs no weights.
        proposer: proposes boxes; by default DetAny3D where its weights are installed, else only the ground plane does.
        lifts: whether the scoring's detector can distinguish a lift from a move away; the tracker cannot.
    """
    tools = Tools(segmenter or find_segmenter("grabcut"), proposer or find_proposer())
    example = read_example(Tools(tools.segmenter))
    _Tab(state, example, files or Files(), tools, lifts=lifts).tie()
    own_api.build(state, tools.segmenter, lifts=lifts)


class _Tab(Layout):
    """What each event does."""

    def __init__(self, state: AppState, example: Example, files: Files, tools: Tools, *, lifts: bool):
        self._tools = tools
        super().__init__(state, example, files, detects=tools.proposer is not None, lifts=lifts)

    def tie(self) -> None:
        """Ties the events."""
        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        latest: dict[str, Any] = {**quiet, "trigger_mode": "always_last"}
        language, common = self._state.language, [self.draft, self._state.language, self.by, *self.wish]
        cleared = [self.scored, self.cards, self.why]
        shown, new = self._outputs(), self._of_a_new_photo()
        # Not `input`: it comes before a pasted image, and with the image that was just taken away.
        self.photo.upload(
            self._read,
            [self.photo, language, *self.wish],
            [*new, *shown],
            preprocess=False,
            concurrency_limit=2,  # a large photo takes hundreds of megabytes while it is made smaller
            **latest,
        )
        self.photo.clear(self._cleared, [language, *self.wish], [*new, *shown], **quiet)
        self.again.click(self._show_example, language, [self.photo, *new, *shown], **quiet)
        self.view.select(self._click, [self.clicks, self.reach, *common], shown, trigger_mode="multiple", **quiet)
        self.clicks.input(lambda meaning: gr.update(visible=meaning in _MENDING), self.clicks, self.reach, **quiet)
        self._tie_numbers(common, latest)
        self.propose.click(self._act(own_fields.proposed), [*common, *self.edges], shown, **quiet)
        self.by.input(self._act(own_fields.proposed), [*common, *self.edges], shown, **quiet)
        self.refit.click(self._act(own_fields.refitted), [*common, *self.numbers], shown, **quiet)
        mask_buttons = zip((self.undo, self.find, self.drop), _MASK_CHANGES, strict=True)
        for button, change in mask_buttons:
            button.click(self._act(change), common, shown, **quiet)
        self.operation.input(self._fields, self.operation, [self.way, self.sense, *self.amounts, self.round], **quiet)
        gr.on(
            [field.change if isinstance(field, gr.Textbox) else field.input for field in self.wish],
            self._wished,
            [self.draft, language, *self.wish],
            [self.wanted, *cleared],
            **latest,
        )
        scoring: dict[str, Any] = {"api_visibility": "private", "concurrency_id": "score", "concurrency_limit": 1}
        wished = [language, *self.wish]
        self.button.click(self._score, [self.draft, self.edited, self.ready, *wished], cleared, preprocess=False, **scoring)
        self.ready.input(
            self._score_ready, [self.draft, self.ready, *wished], [self.edited, *cleared], trigger_mode="always_last", **scoring
        )
        self.edited.input(lambda: None, None, self.ready, **quiet)
        language.change(
            self._switch,
            [self.draft, self.scored, language, self.clicks, self.by, self.ready, *self.wish],
            [
                self.clicks,
                self.by,
                self.ready,
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

    def _of_a_new_photo(self) -> list[Any]:
        """What a new photo sets back beside `_outputs`."""
        return [self.clicks, self.reach, self.known, self.ready, self.edited, *self.wish]

    def _read(self, file: dict[str, Any] | None, language: str, *wish: Any) -> tuple[Any, ...]:
        draft = None
        if file is not None:
            with self._friendly(language):
                draft = Draft.of(read_photo(read_uploaded(file)))
        # What is wanted of the example's cat means nothing for another photo.
        values = first_wish() if wish[6:8] == self._example.wish[6:8] else wish
        return *self._set_back(values, ready=False, language=language), *self._shown(draft, language, values)

    def _cleared(self, language: str, *wish: Any) -> tuple[Any, ...]:
        return self._read(None, language, *wish)

    def _show_example(self, language: str) -> tuple[Any, ...]:
        example, path = self._example, str(self._files.keep(self._example.picture))
        set_back = self._set_back(example.wish, ready=True, language=language)
        return path, *set_back, *self._shown(example.draft, language, example.wish)

    def _set_back(self, wish: Sequence[Any], *, ready: bool, language: str) -> tuple[Any, ...]:
        """Values for `_of_a_new_photo`. `ready`: the example's edited versions are offered."""
        edits = gr.update(choices=self._choices(language, "edit", EDITS), value=EDITS[0] if ready else None, visible=ready)
        edited = str(self._files.keep(self._example.edits[EDITS[0]])) if ready else None
        operation, seen = wish[0], self._fields(wish[0])
        fields = [gr.update(value=value) for value in wish]
        for place, update in zip((1, 2, 3, 4, 5, 8), seen, strict=True):
            fields[place] = {**fields[place], "visible": update["visible"]}
        fields[0] = gr.update(value=operation)
        return gr.update(value=CLICKS[0]), gr.update(visible=False), None, edits, edited, *fields

    def _click(  # noqa: PLR0917 - the event's inputs
        self, event: gr.SelectData, meaning: str, reach: float, draft: Draft | None, language: str, by: str, *wish: Any
    ) -> Any:
        tools = self._with(by, reach)
        return self._changed(draft, language, wish, lambda d: d.clicked(point_of(event.index), meaning, tools))

    def _act(self, change: Change, typed: str = "") -> Callable[..., Any]:
        """An event that makes another draft of the draft there is and of numbers that were typed into a group of fields."""

        def act(draft: Draft | None, language: str, by: str, *values: Any) -> Any:
            wish, numbers = values[: len(self.wish)], values[len(self.wish) :]
            return self._changed(draft, language, wish, lambda d: change(d, self._with(by), *numbers), typed)

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

    @staticmethod
    def _fields(operation: str) -> list[dict[str, Any]]:
        """Only what the operation asks for is shown: updates for way, sense, amounts and round."""
        asked = [operation == "move", operation == "rotate", *(kind == operation for kind in LIMITS), operation != "rotate"]
        return [gr.update(visible=seen) for seen in asked]

    def _wished(self, draft: Draft | None, language: str, *wish: Any) -> tuple[Any, ...]:
        return self._wanted(draft, wish, language), None, self._no_score(language), ""

    def _score(
        self, draft: Draft | None, file: dict[str, Any] | None, ready: str | None, language: str, *values: Any
    ) -> tuple[Any, ...]:
        if ready is not None and self._example.is_before(draft):
            return self._score_ready(draft, ready, language, *values)[1:]
        with self._friendly(language):
            draft, wish = self._asked(draft, values)
            sample = draft.sample(wish)
            if file is None:
                raise OwnError("own_no_edited")
            upload = read_upload(read_uploaded(file), draft.photo.size)
        scored = Scored(self._state.bench.score(sample, upload.picture), upload.notes)
        return scored, *self._result(scored, language)

    def _score_ready(self, draft: Draft | None, ready: str, language: str, *values: Any) -> tuple[Any, ...]:
        with self._friendly(language):
            draft, wish = self._asked(draft, values)
            if not self._example.is_before(draft):
                raise OwnError("own_not_the_example")
            sample = draft.sample(wish)
        picture = self._example.edits[ready]
        scored = Scored(self._state.bench.score(sample, picture))
        return str(self._files.keep(picture)), scored, *self._result(scored, language)

    def _asked(self, draft: Draft | None, values: Sequence[Any]) -> tuple[Draft, Wish]:
        """What can be scored.

        Raises:
            OwnError: nothing can.
        """
        if draft is None:
            raise OwnError("own_no_photo")
        wish = self._wish(values)
        if isinstance(wish, OwnError):
            raise wish
        require_scorable(wish, lifts=self._lifts)
        return draft, wish

    def _result(self, scored: Scored, language: str) -> tuple[str, str]:
        notes = [self._say(language, name, **facts) for name, facts in scored.notes]
        found = findings_of(scored.result)
        return (
            cards.result_html(scored.result, notes, self._words, language),
            why_html(self._state, scored.result, found, language),
        )

    def _switch(  # noqa: PLR0917 - the event's inputs
        self, draft: Draft | None, scored: Scored | None, language: str, clicks: str, by: str, ready: str | None, *wish: Any
    ) -> tuple[Any, ...]:
        """The same as before the visitor's eyes, in another language."""
        operation, way, sense, *_ = wish
        kinds = [(self._say(language, kind), kind) for kind in OPERATIONS]
        chosen = (
            (self._choices(language, "click", CLICKS), clicks),
            (self._choices(language, "by", (GROUND, DETECTOR)), by),
            (self._choices(language, "edit", EDITS), ready),
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

    def _with(self, by: str, reach_percent: float = REACH_PERCENT[2]) -> Tools:
        """Who helps, as the visitor chose."""
        return Tools(self._tools.segmenter, self._tools.proposer if by == DETECTOR else None, reach_percent)

    @staticmethod
    def _wish(values: Sequence[Any]) -> Wish | OwnError:
        """What the fields ask for, or what is wrong with it."""
        operation, way, sense, *amounts, name, name_zh, is_round = values
        direction = {"move": way, "rotate": sense}.get(operation, "")
        amount = dict(zip(LIMITS, amounts, strict=True)).get(operation, 0)
        try:
            return Wish(operation, direction, amount, name, name_zh, bool(is_round) and operation != "rotate")
        except OwnError as error:
            return error

    def _wanted(self, draft: Draft | None, wish: Sequence[Any], language: str) -> str:
        return wanted_html(draft, self._wish(wish), self._words, language, lifts=self._lifts)

    @contextlib.contextmanager
    def _friendly(self, language: str) -> Iterator[None]:
        """What cannot be done becomes a message in the visitor's language."""
        try:
            yield
        except (OwnError, UploadError, ValueProblemError) as error:
            raise gr.Error(self._say(language, error.name, **error.facts), print_exception=False) from error
