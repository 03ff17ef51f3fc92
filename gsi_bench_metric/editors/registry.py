"""Names of editors, as `--editor` takes them: diffusers, openai, or `module:function`."""

from __future__ import annotations

from collections.abc import Callable

from gsi_bench_metric.editors.base import Editor, EditorError, EditorOptions
from gsi_bench_metric.registry import Registry

__all__ = ["EDITORS", "make_editor"]

EDITORS: Registry[Callable[[EditorOptions], Editor]] = Registry(
    "editor",
    {
        "diffusers": "gsi_bench_metric.editors.diffusers_pipeline:DiffusersEditor",
        "openai": "gsi_bench_metric.editors.openai_endpoint:OpenAIEditor",
    },
    EditorError,
    ", or a Python function as my_module:edit",
)


def make_editor(name: str, options: EditorOptions) -> Editor:
    """The editor of that name, or the Python function `module:function`.

    Raises:
        EditorError: unknown, or lacking something.
    """
    if name not in EDITORS and ":" in name:
        from gsi_bench_metric.editors.hook import HookEditor  # noqa: PLC0415 - an editor loads when asked for

        return HookEditor(name, options)
    return EDITORS[name](options)
