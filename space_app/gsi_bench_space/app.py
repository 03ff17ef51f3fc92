"""The web app: layout, language, look, queue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from gsi_bench_metric.seeing.base import Segmenter
from gsi_bench_space import api
from gsi_bench_space.files import Files
from gsi_bench_space.intake.body_limit import BodyLimit
from gsi_bench_space.intake.door import LIMIT_S, Door
from gsi_bench_space.intake.uploads import MAX_BYTES
from gsi_bench_space.own import tab as own_tab
from gsi_bench_space.own import texts as own_texts
from gsi_bench_space.scoring.bench import Bench
from gsi_bench_space.shelf import Shelf
from gsi_bench_space.state import AppState, Words
from gsi_bench_space.tabs import explore as explore_tab
from gsi_bench_space.tabs import score as score_tab
from gsi_bench_space.tabs import why as why_tab
from gsi_bench_space.texts.english import LANGUAGES

__all__ = ["build_app", "launch_options"]

_CSS = Path(__file__).with_name("app.css")
_WAITING = 40  # visitors in the queue; later ones are asked to come back
_BODY = MAX_BYTES + 2**20  # bytes of a request: one upload, and what its form adds
_CLEANED_S, _KEPT_S = 600, 3600  # how often temporary files are looked at, and how old they grow


def build_app(
    shelf: Shelf,
    bench: Bench,
    *,
    segmenter: Segmenter | None = None,
    runs: Path | None = None,
    validation: Path | None = None,
    limit_s: float = LIMIT_S,
) -> Door:
    """The app, ready to launch with `launch_options()`.

    Args:
        shelf: the samples to pick from.
        bench: scores them.
        segmenter: finds objects in visitors' own photos; by default by colours, which needs no weights.
        runs: folder of run folders, shown under *Explore*.
        validation: a validation page (HTML), shown under *Explore*.
        limit_s: seconds that one call may take.
    """
    words, files = Words(), Files()
    options: dict[str, Any] = {"title": "GSI-Bench", "analytics_enabled": False, "delete_cache": (_CLEANED_S, _KEPT_S)}
    with Door(words, limit_s=limit_s, on_lost=bench.renew, **options) as app:
        with gr.Row(elem_id="top"):
            words.add(gr.Markdown(words.say("en", "title_heading"), elem_id="title"), "value", "title_heading")
            language = gr.Radio(
                [(name, code) for code, name in LANGUAGES.items()],
                value="en",
                label=words.say("en", "language"),
                elem_id="language",
                container=False,
                min_width=160,
            )
        words.add(gr.Markdown(words.say("en", "intro")), "value", "intro")
        app.language = language
        state = AppState(shelf, bench, words, language, runs, validation)
        with gr.Tabs(elem_id="tabs") as tabs:
            with _tab(words, "score"):
                follows = score_tab.build(state, files)
            with _tab(words, "why") as why:
                why_tab.build(state, follows, why)
            words.learn(own_texts.OWN_ENGLISH, own_texts.OWN_CHINESE)
            with _tab(words, "own"):
                own_tab.build(state, files, segmenter=segmenter)
            with _tab(words, "explore"):
                explore_tab.build(state, files, follows, tabs)
            with _tab(words, "api"):
                api.build(state)
        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        language.change(words.updates, language, words.components, **quiet)
        app.load(_preferred, None, language, **quiet)
    # No call may pass the queue by: Gradio's direct calls know neither its length nor that one edit is scored at a time.
    app.queue(default_concurrency_limit=8, max_size=_WAITING, api_open=False)
    return app


def _tab(words: Words, name: str) -> gr.Tab:
    """A tab that is called what the text `tab_<name>` says."""
    return words.add(gr.Tab(words.say("en", f"tab_{name}"), id=name, elem_id=f"tab-{name}"), "label", f"tab_{name}")


def launch_options() -> dict[str, Any]:
    """The arguments that `launch` always gets: look and limits."""
    return {
        "theme": gr.themes.Soft(primary_hue="indigo", font=["system-ui", "sans-serif"], font_mono=["monospace"]),
        "css": _CSS.read_text(encoding="utf-8"),
        "max_file_size": MAX_BYTES,
        "ssr_mode": False,
        "footer_links": ["api", "settings"],
        "state_session_capacity": 200,
        "share": False,
        "app_kwargs": {"middleware": [Middleware(BodyLimit, most=_BODY)]},
    }


def _preferred(request: gr.Request) -> str:
    """The language that the visitor's browser asks for first."""
    return "zh" if request.headers.get("accept-language", "").lower().startswith("zh") else "en"
