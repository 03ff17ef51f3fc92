"""An editor that is a Python function of the user: `my_module:edit`.

It takes what it names of `image` (PIL, RGB), `prompt`, `seed`, `sample` and the `--set` options, and returns a PIL image, RGB
uint8 (H, W, 3), or the bytes of an image file.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import inspect
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from PIL import Image

from gsi_bench_dataset.reads import EVERYTHING, NOTHING
from gsi_bench_dataset.safety.names import name_problem, printable
from gsi_bench_dataset.safety.system import Terminated
from gsi_bench_metric.editors.base import EditError, EditorError, EditorOptions, EditRequest, as_picture, words_of

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
        # What a function does with a sample nobody knows.
        self.reads = EVERYTHING if "sample" in self._offered else NOTHING
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
        with _interrupts() as interrupts:
            try:
                result = self._function(**given, **self._options)
            except (EditError, EditorError, Terminated):
                raise
            except BaseException as error:  # SystemExit too: it means to end a script, not this work
                if interrupts:
                    raise
                raise EditError(f"{self._where} raised {type(error).__name__}: {words_of(error)}") from error
        return as_picture(result, self._where)

    def _arguments(self) -> list[str]:
        """Which of the offered values the function takes.

        Raises:
            EditorError: it needs others, or does not take an option.
        """
        try:
            parameters = inspect.signature(self._function).parameters
        except (ValueError, TypeError) as error:
            raise EditorError(f"{self._where}: does not say what it takes; expected a function in Python ({error})") from error
        kinds = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)
        if any(of_kind(self._function) for of_kind in kinds):
            raise EditorError(f"{self._where}: is a coroutine or a generator; expected a function that returns an image")
        unnamed = [n for n, p in parameters.items() if p.kind is p.POSITIONAL_ONLY and p.default is p.empty]
        if unnamed:
            raise EditorError(f"{self._where} needs {', '.join(unnamed)}; it is given values by name, not by place")
        reserved = sorted(set(self._options) & set(_OFFERED))
        if reserved:
            raise EditorError(f"--set {', '.join(reserved)}: given by generate itself")
        takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        plain = {n: p for n, p in parameters.items() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
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
    if name_problem(module_name) or not all(module_name.split(".")) or not name.isidentifier():
        raise EditorError(f"--editor {printable(where)}: expected my_module:function, a module's name and a function's")
    # As `python -m` does: a module beside the user's data is found.
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    with _interrupts() as interrupts:
        try:
            module = importlib.import_module(module_name)
            function = getattr(module, name, None)
        except ImportError as error:
            raise EditorError(f"{where}: the module cannot be imported from {Path.cwd()} ({words_of(error)})") from error
        except BaseException as error:  # its own code runs; a script may even end the process
            if interrupts or isinstance(error, Terminated):
                raise
            said = f"{type(error).__name__}: {words_of(error)}"
            raise EditorError(f"{where}: the module cannot be imported, for it raised {said}") from error
    if not callable(function):
        raise EditorError(f"{where}: {module_name} has no function {name!r}")
    return function


@contextlib.contextmanager
def _interrupts() -> Iterator[list[int]]:
    """The interrupts (Ctrl-C) that arrive inside: a function may raise KeyboardInterrupt by itself, which stops nothing."""
    arrived: list[int] = []
    former = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(former):
        yield arrived
        return

    def note(number: int, frame: FrameType | None) -> None:
        arrived.append(number)
        former(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield arrived
    finally:
        signal.signal(signal.SIGINT, former)


def _source_hash(function: Callable[..., Any]) -> str | None:
    """SHA-256 of the file that the function stands in, so that images of two versions are not mixed."""
    for what in (function, type(function)):  # the second for an object that is called
        try:
            path = inspect.getsourcefile(what)
        except TypeError:  # written in C
            continue
        if path is not None and Path(path).is_file():
            return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return None
