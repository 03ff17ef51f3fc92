"""Names of editors, as `--editor` takes them: diffusers, openai, or `module:function`."""

from __future__ import annotations

from collections.abc import Callable

from gsi_bench_metric.editors.base import Editor, EditorError, EditorOptions

__all__ = ["EDITORS", "make_editor"]


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
