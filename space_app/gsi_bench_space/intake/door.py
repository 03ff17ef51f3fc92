"""The one way into the app: `Door`, Gradio's `Blocks` that checks every value before any function sees it.

Whatever a browser or a program calls, by an endpoint's name or by the number of a function that has none, passes here:

- Values. Every input is checked by the kind of its component (`_RULES`). Of a file only its path is kept, and only where
  it is an upload (`uploads.uploaded_path`): Gradio itself lets an image through if its value carries no `meta`, and fetches
  addresses without a limit.
- Time. A call has `limit_s` seconds. A thread cannot be killed, so a call that takes longer is given up, not ended: its place
  in the queue is freed, its visitor gets a message, and what it holds (the scoring's lock and memory) is renewed by `on_lost`.
  Lost calls are counted, and new ones wait for none of them but are refused from `MOST_LOST` on. That they end at all is
  seen to elsewhere: files are regular and bounded, images have a bounded number of pixels, nothing is fetched.
- Errors. What is known is said in the visitor's language; the rest goes into the server's log, and the visitor gets a sentence
  without paths or traces.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr
from gradio.exceptions import InvalidPathError

from gsi_bench_metric.imaging.images import ImageError
from gsi_bench_space.intake import values
from gsi_bench_space.intake.uploads import UploadError, uploaded_path
from gsi_bench_space.intake.values import ValueProblemError
from gsi_bench_space.problem import OwnError
from gsi_bench_space.scoring.run_folders import RunFolderError
from gsi_bench_space.state import Words
from gsi_bench_space.texts.english import LANGUAGES

__all__ = ["LIMIT_S", "MOST_LOST", "Door", "told"]

logger = logging.getLogger(__name__)

LIMIT_S = 180.0  # of one call; the slowest edit takes a tenth of it on a free machine
MOST_LOST = 8  # calls that were given up and still run


class Door(gr.Blocks):
    """`gr.Blocks` that checks what comes in, bounds how long it takes, and words what goes wrong.

    Args:
        words: of the interface.
        limit_s: seconds that a call may take.
        on_lost: called when a call is given up.
        options: of `gr.Blocks`.
    """

    def __init__(self, words: Words, *, limit_s: float = LIMIT_S, on_lost: Callable[[], None] | None = None, **options: Any):
        super().__init__(**options)
        self.words, self.limit_s, self.on_lost = words, limit_s, on_lost
        self.language: Any = None  # the component that says it, once there is one
        self.lost: set[asyncio.Task[Any]] = set()

    async def process_api(self, block_fn: Any, inputs: Any, state: Any = None, *rest: Any, **more: Any) -> dict[str, Any]:
        """As Gradio's own; every way to call a function ends here."""
        function = self.fns[block_fn] if isinstance(block_fn, int) else block_fn
        language = self._spoken(function.inputs, inputs)
        try:
            if len(self.lost) >= MOST_LOST:
                raise ValueProblemError("too_busy")
            checked = _checked(function.inputs, inputs, state)
            return await super().process_api(function, checked, state, *rest, **more)
        except Exception as error:
            raise told(error, self.words, language) from error

    async def call_function(self, *arguments: Any, **more: Any) -> dict[str, Any]:
        """As Gradio's own, for `limit_s` seconds."""
        call = asyncio.ensure_future(super().call_function(*arguments, **more))
        try:
            done, _ = await asyncio.wait({call}, timeout=self.limit_s)
        except asyncio.CancelledError:
            call.cancel()
            raise
        if not done:
            self._lose(call)
            raise ValueProblemError("took_too_long", seconds=round(self.limit_s))
        return call.result()

    def _lose(self, call: asyncio.Task[Any]) -> None:
        self.lost.add(call)
        call.add_done_callback(self._found_again)
        logger.error("a call took over %g s and was given up; %d such calls still run", self.limit_s, len(self.lost))
        if self.on_lost is not None:
            self.on_lost()

    def _found_again(self, call: asyncio.Task[Any]) -> None:
        self.lost.discard(call)
        if not call.cancelled() and (error := call.exception()) is not None:
            logger.error("a call that had been given up failed: %r", error)

    def _spoken(self, components: Sequence[Any], inputs: Any) -> str:
        """The visitor's language, where the call says it; programs are spoken to in English."""
        given = zip(components, inputs, strict=False) if isinstance(inputs, list) else ()
        said = next((value for component, value in given if component is self.language), "en")
        return said if isinstance(said, str) and said in LANGUAGES else "en"


def told(error: Exception, words: Words, language: str) -> gr.Error:
    """An error as the visitor reads it."""
    if isinstance(error, gr.Error):
        error.print_exception = False
        return error
    if isinstance(error, InvalidPathError):  # Gradio's own words name the path
        error = UploadError("not_uploaded")
    if isinstance(error, ValueProblemError | UploadError | OwnError):
        text = words.say(language, error.name, **error.facts)
    elif isinstance(error, RunFolderError):
        text = words.say(language, "run_unreadable", why=error)
    elif isinstance(error, MemoryError):
        text = words.say(language, "too_busy")
    else:
        logger.error("a call failed", exc_info=error)
        text = words.say(language, "damaged" if isinstance(error, ImageError) else "failed_here", why=type(error).__name__)
    return gr.Error(text, print_exception=False)


def _checked(components: Sequence[Any], inputs: Any, state: Any) -> list[Any]:
    """The inputs, each as its component's rule leaves it.

    Raises:
        ValueProblemError, UploadError: what is not taken.
    """
    found = len(inputs) if isinstance(inputs, list) else 0
    if not isinstance(inputs, list) or found != len(components):
        raise ValueProblemError("value_count", expected=len(components), found=found)
    return [_rule(component)(_as_it_is(component, state), value) for component, value in zip(components, inputs, strict=True)]


def _as_it_is(component: Any, state: Any) -> Any:
    """The component as this visitor's page has it: the choices of some change."""
    return state[component._id] if state is not None and not component.stateful and component._id in state else component


def _rule(component: Any) -> Callable[[Any, Any], Any]:
    for kinds, rule in _RULES:
        if isinstance(component, kinds):
            return rule
    raise ValueProblemError("failed_here", why=type(component).__name__)  # a component without a rule


def _kept_here(_component: Any, _value: Any) -> None:
    """A state's value lies on the server; what is sent for it is dropped."""
    return


def _file(_component: Any, value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    uploaded_path(value)
    return {"path": value["path"], "meta": {"_type": "gradio.FileData"}}


def _text(component: Any, value: Any) -> str:
    most = getattr(component, "max_length", None) or values.MOST_TEXT
    return "" if value is None else values.text(value, _what(component), most)


def _choice(component: Any, value: Any) -> Any:
    if value is None and component.constructor_args.get("value") is None:
        return None  # nothing chosen yet
    return values.choice(value, _what(component), [inner for _, inner in component.choices])


def _number(component: Any, value: Any) -> float | None:
    if value is None and isinstance(component, gr.Number):
        return None  # an empty field
    least, most = getattr(component, "minimum", None), getattr(component, "maximum", None)
    limits = (-values.MOST_NUMBER if least is None else least, values.MOST_NUMBER if most is None else most)
    return values.number(value, _what(component), *limits)


def _tick(component: Any, value: Any) -> bool:
    return value is not None and values.tick(value, _what(component))


def _json(component: Any, value: Any) -> Any:
    return values.plain_json(value, _what(component))


def _what(component: Any) -> str:
    return str(component.label or type(component).__name__)


_RULES: tuple[tuple[Any, Callable[[Any, Any], Any]], ...] = (
    (gr.State, _kept_here),
    ((gr.Image, gr.File), _file),
    (gr.Textbox, _text),
    ((gr.Radio, gr.Dropdown), _choice),
    ((gr.Number, gr.Slider), _number),
    (gr.Checkbox, _tick),
    (gr.JSON, _json),
)
