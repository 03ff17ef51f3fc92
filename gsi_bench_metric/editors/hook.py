"""An editor that is a Python function of the user: `my_module:edit`.

It takes what it names of `image` (PIL, RGB), `prompt`, `seed`, `sample` and the `--set` options, and returns a PIL image, RGB
uint8 (H, W, 3), or the bytes of a picture file.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from gsi_bench_metric.editors.base import EditError, EditorError, EditorOptions, EditRequest, as_picture

__all__ = ["HookEditor"]

_OFFERED = ("image", "prompt", "seed", "sample")


class HookEditor:
    """Calls a function, one edit at a time: it may hold a network that is not made for threads."""

    concurrency = 1

    def __init__(self, where: str, options: EditorOptions):
        self._where = where
        self._function = _load(where)
        self._options = dict(options.settings)
        self._offered = self._arguments()
        self.name = where.replace(":", "-").replace(".", "-")
        self.settings: Mapping[str, Any] = {
            "editor": where,
            "source_sha256": _source_hash(self._function),
            "settings": self._options,
        }

    def edit(self, request: EditRequest) -> Image.Image:
        """What the function returns; see `Editor.edit`."""
        values = {"image": request.image, "prompt": request.prompt, "seed": request.seed, "sample": request.sample}
        given = {name: values[name] for name in self._offered}
        try:
            result = self._function(**given, **self._options)
        except (EditError, EditorError):
            raise
        except Exception as error:
            raise EditError(f"{self._where} raised {type(error).__name__}: {error}") from error
        return as_picture(result, self._where)

    def _arguments(self) -> list[str]:
        """Which of the offered values the function takes.

        Raises:
            EditorError: it needs others, or does not take an option.
        """
        parameters = inspect.signature(self._function).parameters
        takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        plain = {n: p for n, p in parameters.items() if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
        known = {*_OFFERED, *self._options}
        needed = [n for n, p in plain.items() if p.default is p.empty and n not in known]
        untaken = [] if takes_all else sorted(set(self._options) - set(plain))
        if needed or untaken:
            what = [f"needs {', '.join(needed)}"] if needed else []
            what += [f"does not take {', '.join(untaken)}"] if untaken else []
            raise EditorError(
                f"{self._where} {' and '.join(what)}; it is given what it names of {', '.join(_OFFERED)} and of --set options"
            )
        return [name for name in _OFFERED if takes_all or name in plain]


def _load(where: str) -> Callable[..., Any]:
    module_name, _, name = where.partition(":")
    # As `python -m` does: a module beside the user's data is found.
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise EditorError(f"{where}: the module cannot be imported from {Path.cwd()} ({error})") from error
    function = getattr(module, name, None)
    if not callable(function):
        raise EditorError(f"{where}: {module_name} has no function {name!r}")
    return function


def _source_hash(function: Callable[..., Any]) -> str | None:
    """SHA-256 of the file that the function stands in, so that pictures of two versions are not mixed."""
    try:
        path = inspect.getsourcefile(function)
    except TypeError:  # an object that is called, or a function in C
        path = inspect.getsourcefile(type(function))
    return None if path is None else hashlib.sha256(Path(path).read_bytes()).hexdigest()
