"""Names of editors, as `--editor` takes them: diffusers, openai, or `module:function`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from gsi_bench_metric.editors.base import Editor, EditorError

__all__ = ["EDITORS", "EditorOptions", "make_editor"]


@dataclasses.dataclass(frozen=True)
class EditorOptions:
    """What an editor may need. `settings` go to the pipeline's call, the endpoint's body or the function as they are."""

    model: str | None = None
    model_revision: str | None = None
    base_url: str | None = None
    device: str = "cpu"
    dtype: str | None = None
    concurrency: int = 4
    timeout: float = 300.0  # seconds an endpoint may take
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def _diffusers(options: EditorOptions) -> Editor:
    from gsi_bench_metric.editors.diffusers_pipeline import DiffusersEditor  # noqa: PLC0415 - an editor loads when asked for

    return DiffusersEditor(options)


def _openai(options: EditorOptions) -> Editor:
    from gsi_bench_metric.editors.openai_endpoint import OpenAIEditor  # noqa: PLC0415

    return OpenAIEditor(options)


EDITORS: dict[str, Callable[[EditorOptions], Editor]] = {"diffusers": _diffusers, "openai": _openai}


def make_editor(name: str, options: EditorOptions) -> Editor:
    """The editor of that name, or the Python function `module:function`.

    Raises:
        EditorError: unknown, or lacking something.
    """
    if name in EDITORS:
        return EDITORS[name](options)
    if ":" in name:
        from gsi_bench_metric.editors.hook import HookEditor  # noqa: PLC0415

        return HookEditor(name, options)
    raise EditorError(f"no editor {name!r}; expected {', '.join(sorted(EDITORS))}, or a Python function as my_module:edit")
