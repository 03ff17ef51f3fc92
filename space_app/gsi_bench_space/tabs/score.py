"""The tab *Score an edit*: pick an instruction, bring the edited image, read the score."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from typing import Any

import gradio as gr

from gsi_bench_dataset.records import EncodedImage, Sample
from gsi_bench_metric.imaging.images import header_size
from gsi_bench_space.drawing import cards
from gsi_bench_space.files import Files
from gsi_bench_space.intake.uploads import FORMATS, MAX_BYTES, UploadError, read_upload, read_uploaded
from gsi_bench_space.intake.values import ValueProblemError, choice, shown
from gsi_bench_space.scoring.bench import EditResult
from gsi_bench_space.state import AppState

__all__ = ["ScoreTab", "Scored", "build", "caption", "friendly"]

SHOWN = 24  # images of the gallery; the search finds the others
ANY = "any"


@dataclasses.dataclass(frozen=True)
class Scored:
    """What a visitor sees: the result, and what was done to the upload: (name of a text, facts)."""

    result: EditResult
    notes: tuple[tuple[str, dict[str, Any]], ...] = ()


@dataclasses.dataclass(frozen=True)
class ScoreTab:
    """What other tabs follow, and how they put a sample before the visitor.

    Attributes:
        scored: state that holds a `Scored`, or None.
        choose: from a sample's id and a language to new values of `chosen`.
    """

    scored: gr.State
    choose: Callable[[str | None, str], tuple[Any, ...]]
    chosen: list[Any]


def build(state: AppState, files: Files) -> ScoreTab:
    """Lays the tab out and ties its events."""
    return _Tab(state, files).tie()


class _Tab:
    """The layout, and what each event does."""

    def __init__(self, state: AppState, files: Files):
        self._state, self._files = state, files
        self._shelf, self._words = state.shelf, state.words
        first = next(iter(state.shelf.samples))
        self.sample, self.scored = gr.State(first), gr.State(None)
        self.shown = gr.State(self._shelf.ids()[:SHOWN])
        with gr.Row(equal_height=False):
            with gr.Column(min_width=300, elem_id="pick"):
                self._lay_out_choice()
            with gr.Column(min_width=300, elem_id="ask"):
                self._lay_out_instruction(first)
            with gr.Column(min_width=300, elem_id="read"):
                self._heading("step_read_heading")
                self.cards = gr.HTML(self._empty("en"), elem_id="cards")

    # --- layout

    def _say(self, language: str, name: str, **facts: Any) -> str:
        return self._words.say(language, name, **facts)

    def _heading(self, name: str) -> None:
        self._words.add(gr.Markdown(self._say("en", name)), "value", name)

    def _labelled(self, component: Any, name: str, **facts: Any) -> Any:
        return self._words.add(component, "label", name, **facts)

    def _lay_out_choice(self) -> None:
        self._heading("step_pick_heading")
        with gr.Row():
            self.operation = self._labelled(
                gr.Dropdown(self._kinds("en"), value=ANY, label="Operation", elem_id="operation", min_width=120), "operation"
            )
            splits = [(self._say("en", "any"), ANY), *((s, s) for s in self._shelf.splits)]
            self.split = self._labelled(gr.Dropdown(splits, value=ANY, label="Split", elem_id="split", min_width=120), "split")
        self.search = gr.Textbox(label=self._say("en", "search"), placeholder=self._say("en", "search_hint"), elem_id="search")
        self._labelled(self.search, "search")
        self._words.add(self.search, "placeholder", "search_hint")
        self.random = self._words.add(gr.Button(self._say("en", "random"), size="sm", elem_id="random"), "value", "random")
        self.gallery = self._labelled(
            gr.Gallery(
                self._thumbnails(self._shelf.ids()[:SHOWN], "en"),
                label=self._say("en", "sample"),
                columns=2,
                height=560,
                object_fit="cover",
                allow_preview=False,
                format="png",
                elem_id="samples",
                elem_classes="gsi-browse",
                buttons=[],
                interactive=False,
            ),
            "sample",
        )
        self.found = gr.Markdown(self._count("en", ANY, ANY, ""), elem_id="found")

    def _lay_out_instruction(self, first: str) -> None:
        self._heading("step_bring_heading")
        self.instruction = gr.HTML(self._instruction(first, "en"), elem_id="instruction")
        self.example = gr.Radio(self._examples(first, "en"), label=self._say("en", "example"), elem_id="examples")
        self._labelled(self.example, "example")
        facts = {"formats": ", ".join(FORMATS), "most": MAX_BYTES // 2**20}
        hint = gr.Markdown(self._say("en", "upload_hint", **facts), elem_classes="gsi-small")
        self._words.add(hint, "value", "upload_hint", **facts)
        self.picture = gr.Image(
            label=self._say("en", "upload"),
            type="filepath",
            image_mode=None,
            format="png",
            sources=["upload", "clipboard"],
            height=300,
            elem_id="picture",
            buttons=["fullscreen"],
        )
        self._labelled(self.picture, "upload")
        self.button = self._words.add(gr.Button(self._say("en", "score"), variant="primary", elem_id="score"), "value", "score")

    # --- events

    def tie(self) -> ScoreTab:
        """Ties the events."""
        filters, language = [self.operation, self.split, self.search], self._state.language
        chosen = [self.sample, self.instruction, self.example, self.picture, self.scored, self.cards]
        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        changes = [self.operation.input, self.split.input, self.search.change]
        # One event for all: the answer to an older choice must not come after that to a newer one.
        seen = [self.shown, self.gallery, self.found]
        gr.on(changes, self._filter, [*filters, language], seen, trigger_mode="always_last", **quiet)
        self.random.click(self._draw, [*filters, self.sample, language], chosen, **quiet)
        self.gallery.select(self._select, [self.shown, language], chosen, **quiet)
        scoring: dict[str, Any] = {"api_visibility": "private", "concurrency_id": "score", "concurrency_limit": 1}
        self.button.click(
            self._score_upload, [self.sample, self.picture, language], [self.scored, self.cards], preprocess=False, **scoring
        )
        self.example.input(
            self._score_example, [self.sample, self.example, language], [self.picture, self.scored, self.cards], **scoring
        )
        self.picture.input(lambda: None, None, self.example, **quiet)
        language.change(
            self._switch,
            [language, *filters, self.sample, self.example, self.scored],
            [self.operation, self.split, self.gallery, self.found, self.instruction, self.example, self.cards],
            **quiet,
        )
        return ScoreTab(self.scored, self._choose, chosen)

    def _filter(self, operation: str, split: str, search: str, language: str) -> tuple[list[str], Any, str]:
        ids = self._ids(operation, split, search)[:SHOWN]
        thumbnails = gr.update(value=self._thumbnails(ids, language), selected_index=None)
        return ids, thumbnails, self._count(language, operation, split, search)

    def _draw(self, operation: str, split: str, search: str, sample: str, language: str) -> tuple[Any, ...]:
        ids = [i for i in self._ids(operation, split, search) if i != sample]
        if not ids:
            raise gr.Error(self._say(language, "nothing_found"), print_exception=False)
        return self._choose(random.choice(ids), language)

    def _select(self, ids: list[str], language: str, event: gr.SelectData) -> tuple[Any, ...]:
        by_place = {str(place): sample for place, sample in enumerate(ids)}
        what = self._say(language, "sample")
        place = friendly(self._state, language, lambda: choice(shown(event.index), what, list(by_place)))
        return self._choose(by_place[place], language)

    def _choose(self, sample: str | None, language: str) -> tuple[Any, ...]:
        """A new sample is before the visitor, and nothing of the last one's result."""
        if sample is None or sample not in self._shelf.samples:
            raise gr.Error(self._say(language, "unknown_sample", sample=shown(sample)), print_exception=False)
        examples = gr.update(choices=self._examples(sample, language), value=None)
        return sample, self._instruction(sample, language), examples, None, None, self._empty(language)

    def _score_upload(self, sample_id: str, picture: dict[str, Any] | None, language: str) -> tuple[Scored, str]:
        if not picture:
            raise gr.Error(self._say(language, "no_picture"), print_exception=False)
        sample = self._shelf.samples[sample_id]  # of the session's own state
        height, width = header_size(sample.image)
        upload = friendly(self._state, language, lambda: read_upload(read_uploaded(picture), (width, height)))
        return self._scored(sample, upload.picture, language, upload.notes)

    def _score_example(self, sample_id: str, name: str, language: str) -> tuple[str, Scored, str]:
        expected = self._shelf.examples(sample_id)
        friendly(self._state, language, lambda: choice(name, self._say(language, "example"), expected))
        picture = self._shelf.example(sample_id, name)
        return (str(self._files.keep(picture)), *self._scored(self._shelf.samples[sample_id], picture, language))

    def _scored(self, sample: Sample, picture: EncodedImage, language: str, notes: Any = ()) -> tuple[Scored, str]:
        scored = Scored(self._state.bench.score(sample, picture), tuple(notes))
        return scored, self._cards(scored, language)

    def _switch(self, language: str, *before: Any) -> tuple[Any, ...]:
        """The same as before the visitor's eyes, in another language."""
        operation, split, search, sample, example, scored = before
        splits = [(self._say(language, "any"), ANY), *((s, s) for s in self._shelf.splits)]
        return (
            gr.update(choices=self._kinds(language), value=operation),
            gr.update(choices=splits, value=split),
            self._thumbnails(self._ids(operation, split, search)[:SHOWN], language),
            self._count(language, operation, split, search),
            self._instruction(sample, language),
            gr.update(choices=self._examples(sample, language), value=example),
            self._empty(language) if scored is None else self._cards(scored, language),
        )

    # --- what is shown

    def _ids(self, operation: str, split: str, search: str) -> list[str]:
        return self._shelf.ids(None if operation == ANY else operation, None if split == ANY else split, search)

    def _kinds(self, language: str) -> list[tuple[str, str]]:
        return [(self._say(language, kind), kind) for kind in (ANY, *self._shelf.operations)]

    def _thumbnails(self, ids: list[str], language: str) -> list[tuple[str, str]]:
        return [(str(self._files.thumbnail(self._shelf.samples[i])), caption(self._shelf.samples[i], language)) for i in ids]

    def _count(self, language: str, operation: str, split: str, search: str) -> str:
        found = len(self._ids(operation, split, search))
        if not found:
            return self._say(language, "nothing_found")
        return self._say(language, "found_count", shown=min(found, SHOWN), found=found)

    def _examples(self, sample: str, language: str) -> list[tuple[str, str]]:
        return [(self._say(language, name), name) for name in self._shelf.examples(sample)]

    def _instruction(self, sample: str, language: str) -> str:
        return cards.instruction_html(self._shelf.samples[sample], self._words, language)

    def _empty(self, language: str) -> str:
        return f'<p class="gsi-small">{self._say(language, "no_score_yet")}</p>'

    def _cards(self, scored: Scored, language: str) -> str:
        notes = [self._say(language, name, **facts) for name, facts in scored.notes]
        return cards.result_html(scored.result, notes, self._words, language)


def friendly(state: AppState, language: str, read: Callable[[], Any]) -> Any:
    """What `read` gives; a refused upload or value becomes a message in the visitor's language."""
    try:
        return read()
    except (UploadError, ValueProblemError) as error:
        raise gr.Error(state.words.say(language, error.name, **error.facts), print_exception=False) from error


def caption(sample: Sample, language: str) -> str:
    """The instruction in a language, as far as there is one."""
    return sample.prompt_zh if language == "zh" and sample.prompt_zh else sample.prompt
