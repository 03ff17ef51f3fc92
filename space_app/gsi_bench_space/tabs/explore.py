"""The tab *Explore*: the samples as a table, reports of runs, the validation page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import Markup

from gsi_bench_metric.report.tables import MEASURES
from gsi_bench_space.drawing import cards
from gsi_bench_space.intake.values import choice
from gsi_bench_space.scoring.run_folders import RunFolderError, found_runs, leaderboard, page_of, report_page, run_problems
from gsi_bench_space.state import AppState
from gsi_bench_space.tabs.score import ScoreTab, caption, friendly

__all__ = ["build"]

_COLUMNS = ("column_id", "split", "operation", "target", "instruction")


def build(state: AppState, follows: ScoreTab, tabs: gr.Tabs) -> None:
    """Lays the tab out. Runs and the validation page are there only if the app was given them."""
    _samples(state, follows, tabs)
    if state.runs is not None:
        _runs(state, state.runs)
    if state.validation is not None:
        _validation(state, state.validation)


def _accordion(state: AppState, name: str, *, opened: bool) -> gr.Accordion:
    return state.words.add(gr.Accordion(state.words.say("en", name), open=opened, elem_id=name), "label", name)


def _samples(state: AppState, follows: ScoreTab, tabs: gr.Tabs) -> None:
    say, words = state.words.say, state.words
    with _accordion(state, "dataset", opened=True), gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=320):
            table = gr.Dataframe(
                _rows(state, "en"),
                headers=[say("en", name) for name in _COLUMNS],
                interactive=False,
                wrap=True,
                max_height=560,
                column_widths=["23%", "12%", "13%", "16%", "36%"],
                show_search="filter",
                elem_id="table",
            )
        with gr.Column(scale=2, min_width=300):
            shown = gr.HTML(elem_id="sample-shown")
            button = words.add(gr.Button(say("en", "score_this"), visible=False, elem_id="score-this"), "value", "score_this")
    chosen = gr.State(None)
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}

    def select(language: str, event: gr.SelectData) -> tuple[str, str, Any]:
        row = event.row_value
        expected = list(state.shelf.samples)
        first = row[0] if isinstance(row, list) and row else row
        sample_id = friendly(state, language, lambda: choice(first, say(language, "column_id"), expected))
        return sample_id, _sample_html(state, sample_id, language), gr.update(visible=True)

    def switch(language: str, sample_id: str | None) -> tuple[Any, str]:
        rows = gr.update(value=_rows(state, language), headers=[say(language, name) for name in _COLUMNS])
        return rows, "" if sample_id is None else _sample_html(state, sample_id, language)

    table.select(select, state.language, [chosen, shown, button], **quiet)
    state.language.change(switch, [state.language, chosen], [table, shown], **quiet)
    button.click(follows.choose, [chosen, state.language], follows.chosen, **quiet).then(
        lambda: gr.Tabs(selected="score"), None, tabs, **quiet
    )


def _rows(state: AppState, language: str) -> list[list[str]]:
    return [
        [s.id, s.split, state.words.say(language, s.operation.kind) if s.operation else "–", s.target, caption(s, language)]
        for s in state.shelf.samples.values()
    ]


def _sample_html(state: AppState, sample_id: str, language: str) -> Markup:
    """The instruction over the source, and the right edit below where the sample has it."""
    sample, say = state.shelf.samples[sample_id], state.words.say
    page = cards.instruction_html(sample, state.words, language)
    if sample.edited_image is not None:
        page += Markup('<h4>{}</h4><div class="gsi-picture"><img src="{}" alt="{}"></div>').format(
            say(language, "after"), cards.data_url(sample.edited_image), say(language, "after")
        )
    facts = [(say(language, "origin"), f"{sample.origin}, {sample.engine or '–'} {sample.engine_version or ''}")]
    if sample.image_licence:
        facts.append((say(language, "licence"), sample.image_licence))
    lines = Markup("").join(Markup("<dt>{}</dt><dd>{}</dd>").format(*fact) for fact in facts)
    return page + Markup('<dl class="gsi-facts">{}</dl>').format(lines)


def _runs(state: AppState, folder: Path) -> None:
    say = state.words.say
    runs = found_runs(folder)
    with _accordion(state, "leaderboard", opened=False):
        gr.Dataframe(
            leaderboard(folder, runs),
            headers=["run", "protocol", "detector", "split", "editor", *(heading for heading, _ in MEASURES.values()), "n"],
            interactive=False,
            wrap=True,
            elem_id="ranking",
        )
        for problem in run_problems(folder, runs).values():
            gr.HTML(Markup('<p class="gsi-note">{}</p>').format(say("en", "run_unreadable", why=problem)))
    with _accordion(state, "runs", opened=False):
        name = gr.Dropdown(runs, label=say("en", "run"), value=None, elem_id="run")
        state.words.add(name, "label", "run")
        page = gr.HTML(elem_id="run-page")
    name.input(_shower(state, lambda run: report_page(folder, run)), [name, state.language], page, api_visibility="private")


def _shower(state: AppState, read: Callable[[str], str]) -> Callable[[str, str], str]:
    def show(run: str, language: str) -> str:
        try:
            return _framed(read(run), run)
        except RunFolderError as error:
            raise gr.Error(state.words.say(language, "run_unreadable", why=str(error)), print_exception=False) from error

    return show


def _validation(state: AppState, file: Path) -> None:
    with _accordion(state, "validation", opened=False) as accordion:
        page = gr.HTML(elem_id="validation-page")
    accordion.expand(lambda: _framed(page_of(file, file.name), "validation"), None, page, api_visibility="private")


def _framed(page: str, title: str) -> Markup:
    """A page of its own inside this one; nothing in it may run or reach out."""
    return Markup('<iframe class="gsi-frame" sandbox="" title="{}" srcdoc="{}"></iframe>').format(title, page)
