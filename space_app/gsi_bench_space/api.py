"""The same scoring for programs: `/score` and `/samples`, and a page that says how to call them."""

from __future__ import annotations

from typing import Any

import gradio as gr

from gsi_bench_metric.imaging.images import header_size
from gsi_bench_space.intake import values
from gsi_bench_space.intake.uploads import read_upload, read_uploaded
from gsi_bench_space.state import AppState
from gsi_bench_space.tabs.score import friendly

__all__ = ["EXAMPLE", "build"]

EXAMPLE = """from gradio_client import Client, handle_file

client = Client("{address}")
samples = client.predict("move", "any", "", api_name="/samples")  # operation, split, words
result = client.predict(samples[0]["id"], handle_file("edited.png"), api_name="/score")
print(result["protocols"]["strict"])  # ic, sa, el, ac, outcome, why, notes
"""
_ADDRESS = "http://127.0.0.1:7860"


def build(state: AppState) -> None:
    """Lays the page out and ties both endpoints."""
    words = state.words
    words.add(gr.Markdown(words.say("en", "api_text")), "value", "api_text")
    gr.Code(EXAMPLE.format(address=_ADDRESS), language="python", interactive=False, elem_id="api-example", show_label=False)
    with gr.Column(visible=False):
        sample, picture = gr.Textbox(label="sample id"), gr.File(label="edited image", type="filepath")
        operation, split = gr.Textbox("any", label="operation"), gr.Textbox("any", label="split")
        search, answer = gr.Textbox("", label="words"), gr.JSON(label="answer")
        ask, look = gr.Button(), gr.Button()

    # Their parameters are the endpoints'.
    def score_picture(sample_id: str, picture: dict[str, Any] | None) -> dict[str, object]:
        return score(state, sample_id, picture)

    def list_samples(operation: str, split: str, words: str) -> list[dict[str, object]]:
        return samples(state, operation, split, words)

    # Not preprocessed: Gradio would open the file itself. The door and `read_uploaded` see to it that it is an upload.
    scoring: dict[str, Any] = {"preprocess": False, "concurrency_id": "score", "concurrency_limit": 1}
    ask.click(score_picture, [sample, picture], answer, api_name="score", **scoring)
    look.click(list_samples, [operation, split, search], answer, api_name="samples")


def score(state: AppState, sample_id: str, file: dict[str, Any] | None) -> dict[str, object]:
    """Both protocols' numbers and reasons, in English.

    Raises:
        gr.Error: no such sample, no image, or one that is refused; the message says which.
    """
    friendly(state, "en", lambda: values.text(sample_id, "sample_id"))
    if sample_id not in state.shelf.samples:
        raise gr.Error(state.words.say("en", "unknown_sample", sample=sample_id), print_exception=False)
    if file is None:
        raise gr.Error(state.words.say("en", "no_picture"), print_exception=False)
    sample = state.shelf.samples[sample_id]
    height, width = header_size(sample.image)
    upload = friendly(state, "en", lambda: read_upload(read_uploaded(file), (width, height)))
    notes = [{"name": name, "text": state.words.say("en", name, **facts)} for name, facts in upload.notes]
    return {**state.bench.score(sample, upload.picture).to_json(), "upload_notes": notes}


def samples(state: AppState, operation: str, split: str, search: str) -> list[dict[str, object]]:
    """Id, split, operation, object and instruction of the samples that fit; "any" stands for all.

    Raises:
        gr.Error: something else than texts, or too long ones.
    """
    for what, value in (("operation", operation), ("split", split), ("words", search)):
        friendly(state, "en", lambda what=what, value=value: values.text(value, what))  # type: ignore[misc]
    kind, part = (None if wanted in ("", "any") else wanted for wanted in (operation, split))
    ids = state.shelf.ids(kind, part, search)
    found = [state.shelf.samples[i] for i in ids]
    return [
        {
            "id": s.id,
            "split": s.split,
            "operation": s.operation.kind if s.operation else None,
            "target": s.target,
            "prompt": s.prompt,
            "prompt_zh": s.prompt_zh,
        }
        for s in found
    ]
