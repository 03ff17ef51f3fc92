"""The tab *Explore*: a gallery of all samples with filters, a leaderboard of the runs, their reports, the validation page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import Markup

from gsi_bench_space.drawing import cards
from gsi_bench_space.files import Files
from gsi_bench_space.intake.values import choice, shown
from gsi_bench_space.scoring.run_folders import RunFolderError, found_runs, leaderboard_page, page_of, report_page
from gsi_bench_space.state import AppState
from gsi_bench_space.tabs.score import ANY, ScoreTab, caption, friendly

__all__ = ["PAGE", "build", "framed"]

PAGE = 36  # images that are shown at first, and that each press of the button adds
_MOST = 360  # images on a page; the filters find the others


def build(state: AppState, files: Files, follows: ScoreTab, tabs: gr.Tabs) -> None:
    """Lays the tab out. Runs and the validation page are there only if the app was given them."""
    with _accordion(state, "dataset", opened=True):
        _Samples(state, files).tie(follows, tabs)
    if state.runs is not None:
        _runs(state, state.runs)
    if state.validation is not None:
        _validation(state, state.validation)


def _accordion(state: AppState, name: str, *, opened: bool) -> gr.Accordion:
    return state.words.add(gr.Accordion(state.words.say("en", name), open=opened, elem_id=name), "label", name)


class _Samples:
    """The gallery over the whole width, its filters above, what was chosen below."""

    def __init__(self, state: AppState, files: Files):
        self._state, self._files, self._shelf = state, files, state.shelf
        first = self._shelf.ids()[:PAGE]
        self.ids, self.most, self.chosen = gr.State(first), gr.State(PAGE), gr.State(None)
        with gr.Row(equal_height=True):
            self.filters = [
                self._labelled(gr.Dropdown(choices, value=ANY, elem_id=f"browse-{name}", min_width=130), name)
                for name, choices in (
                    ("operation", self._kinds("en")),
                    ("split", self._splits("en")),
                    ("target", self._things("en")),
                )
            ]
            search = gr.Textbox(placeholder=self._say("en", "search_hint"), elem_id="browse-search", min_width=180, scale=2)
            self.filters.append(state.words.add(self._labelled(search, "search"), "placeholder", "search_hint"))
        self.found = gr.Markdown(self._count("en", first, len(self._shelf.samples)), elem_id="browse-found")
        self.gallery = self._labelled(
            gr.Gallery(
                self._thumbnails(first, "en"),
                columns=6,
                height=620,
                object_fit="cover",
                allow_preview=False,
                format="png",
                elem_id="browse",
                elem_classes="gsi-browse",
                buttons=[],
                interactive=False,
            ),
            "dataset",
        )
        more = gr.Button(self._say("en", "more"), size="sm", elem_id="browse-more", visible=len(self._shelf.samples) > PAGE)
        self.more = state.words.add(more, "value", "more")
        self.shown = gr.HTML(elem_id="sample-shown")
        score = gr.Button(self._say("en", "score_this"), visible=False, variant="primary", elem_id="score-this")
        self.score = state.words.add(score, "value", "score_this")

    def tie(self, follows: ScoreTab, tabs: gr.Tabs) -> None:
        """Ties the events."""
        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        language, seen = self._state.language, [self.ids, self.most, self.gallery, self.found, self.more]
        changes = [*(component.input for component in self.filters[:3]), self.filters[3].change]
        # One event for all: the answer to an older choice must not come after that to a newer one.
        gr.on(changes, self._filter, [*self.filters, language], seen, trigger_mode="always_last", **quiet)
        self.more.click(self._more, [*self.filters, self.most, language], seen, **quiet)
        self.gallery.select(self._select, [self.ids, language], [self.chosen, self.shown, self.score], **quiet)
        switched = [*self.filters[:3], *seen, self.shown]
        language.change(self._switch, [language, *self.filters, self.most, self.chosen], switched, **quiet)
        self.score.click(follows.choose, [self.chosen, language], follows.chosen, **quiet).then(
            lambda: gr.Tabs(selected="score"), None, tabs, **quiet
        )

    # --- events

    def _filter(self, *given: Any) -> tuple[Any, ...]:
        return self._page(given[:4], PAGE, given[4])

    def _more(self, *given: Any) -> tuple[Any, ...]:
        return self._page(given[:4], min(given[4] + PAGE, _MOST), given[5])

    def _select(self, ids: list[str], language: str, event: gr.SelectData) -> tuple[str, str, Any]:
        by_place = {str(place): sample for place, sample in enumerate(ids)}
        what = self._say(language, "sample")
        place = friendly(self._state, language, lambda: choice(shown(event.index), what, list(by_place)))
        return by_place[place], _sample_html(self._state, by_place[place], language), gr.update(visible=True)

    def _switch(self, language: str, *before: Any) -> tuple[Any, ...]:
        *filters, most, chosen = before
        choices = (self._kinds(language), self._splits(language), self._things(language))
        renamed = [gr.update(choices=found, value=value) for found, value in zip(choices, filters, strict=False)]
        page = "" if chosen is None else _sample_html(self._state, chosen, language)
        return (*renamed, *self._page(filters, most, language), page)

    # --- what is shown

    def _page(self, filters: Any, most: int, language: str) -> tuple[Any, ...]:
        """New values of the ids, their number, gallery, count and button."""
        operation, split, target, words = filters
        kind, of_split = (None if value == ANY else value for value in (operation, split))
        found = self._shelf.ids(kind, of_split, words, _named(target))
        ids = found[:most]
        gallery = gr.update(value=self._thumbnails(ids, language), selected_index=None)
        left = len(found) > len(ids) and most < _MOST
        return ids, most, gallery, self._count(language, ids, len(found)), gr.update(visible=left)

    def _say(self, language: str, name: str, **facts: Any) -> str:
        return self._state.words.say(language, name, **facts)

    def _labelled(self, component: Any, name: str) -> Any:
        component.label = self._say("en", name)
        return self._state.words.add(component, "label", name)

    def _kinds(self, language: str) -> list[tuple[str, str]]:
        return [(self._say(language, kind), kind) for kind in (ANY, *self._shelf.operations)]

    def _splits(self, language: str) -> list[tuple[str, str]]:
        return [(self._say(language, "any"), ANY), *((split, split) for split in self._shelf.splits)]

    def _things(self, language: str) -> list[tuple[str, str]]:
        return [(self._say(language, "any"), ANY), *((name, f"={name}") for name in self._shelf.targets)]

    def _thumbnails(self, ids: list[str], language: str) -> list[tuple[str, str]]:
        samples = (self._shelf.samples[i] for i in ids)
        return [(str(self._files.thumbnail(sample)), caption(sample, language)) for sample in samples]

    def _count(self, language: str, ids: list[str], found: int) -> str:
        if not found:
            return self._say(language, "nothing_found")
        return self._say(language, "found_count", shown=len(ids), found=found)


def _named(target: str) -> str | None:
    """The object of a choice; an object may itself be called as the choice of any is, so names begin with a sign."""
    return None if target == ANY else target.removeprefix("=")


def _sample_html(state: AppState, sample_id: str, language: str) -> Markup:
    """The instruction over the source, the right edit beside it where the sample has it, and who made them."""
    sample, say = state.shelf.samples[sample_id], state.words.say
    asked = cards.instruction_html(sample, state.words, language)
    after = Markup("")
    if sample.edited_image is not None:
        after = Markup('<h4>{}</h4><div class="gsi-picture"><img src="{}" alt="{}"></div>').format(
            say(language, "after"), cards.data_url(sample.edited_image), say(language, "after")
        )
    operation = say(language, sample.operation.kind) if sample.operation else "–"
    facts = [
        (say(language, "operation"), operation),
        (say(language, "target"), sample.target),
        (say(language, "split"), f"{sample.split}, {sample.id}"),
        (say(language, "origin"), f"{sample.origin}, {sample.engine or '–'} {sample.engine_version or ''}"),
    ]
    if sample.image_licence:
        facts.append((say(language, "licence"), sample.image_licence))
    lines = Markup("").join(Markup("<dt>{}</dt><dd>{}</dd>").format(*fact) for fact in facts)
    side = after + Markup('<dl class="gsi-facts">{}</dl>').format(lines)
    return Markup('<div class="gsi-pair gsi-sample"><div>{}</div><div>{}</div></div>').format(asked, side)


def _runs(state: AppState, folder: Path) -> None:
    say = state.words.say
    runs = found_runs(folder)
    with _accordion(state, "leaderboard", opened=False) as accordion:
        ranking = gr.HTML(elem_id="ranking")
    # Its script sorts and switches tables, and is the only one that the page allows; its origin is none.
    accordion.expand(
        lambda language: _shown(state, language, lambda: leaderboard_page(folder), "leaderboard", script=True),
        state.language,
        ranking,
        api_visibility="private",
    )
    with _accordion(state, "runs", opened=False):
        name = gr.Dropdown(runs, label=say("en", "run"), value=None, elem_id="run")
        state.words.add(name, "label", "run")
        page = gr.HTML(elem_id="run-page")
    name.input(
        lambda run, language: _shown(state, language, lambda: report_page(folder, run), run),
        [name, state.language],
        page,
        api_visibility="private",
    )


def _shown(state: AppState, language: str, read: Callable[[], str], title: str, *, script: bool = False) -> str:
    """A page in its frame; a run that cannot be shown becomes a message in the visitor's language."""
    try:
        return framed(read(), title, script=script)
    except RunFolderError as error:
        raise gr.Error(state.words.say(language, "run_unreadable", why=str(error)), print_exception=False) from error


def _validation(state: AppState, file: Path) -> None:
    with _accordion(state, "validation", opened=False) as accordion:
        page = gr.HTML(elem_id="validation-page")
    accordion.expand(lambda: framed(page_of(file, file.name), "validation"), None, page, api_visibility="private")


def framed(page: str, title: str, *, script: bool = False) -> Markup:
    """A page of its own inside this one: it reaches nothing, and runs nothing but a script that its own policy names.

    Without a base of its own its links to its own parts would be read as links to the app, which would load in the frame.
    """
    allowed = "allow-scripts" if script else ""
    frame = Markup('<iframe class="gsi-frame" sandbox="{}" title="{}" srcdoc="{}"></iframe>')
    return frame.format(allowed, title, f'<base href="about:srcdoc">{page}')
