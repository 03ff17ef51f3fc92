"""Parameters that a server does not take, as its refusals (HTTP 400 and 422) name them.

Servers of the OpenAI kind have one protocol and many dialects. OpenAI names a parameter in `error.param`, servers built on
pydantic in the `loc` of each `detail`, and others in words alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

__all__ = ["declines", "refused_parameters", "said_by"]

_DECLINED = ("content_filter", "content_policy", "responsible_ai", "moderation", "safety")
# A parameter's other names. A server that holds no reply to a schema seldom says so by the parameter's own.
_OTHER_NAMES = {
    "response_format": ("json_schema", "structured", "guided", "grammar"),
    "max_tokens": ("max_completion_tokens",),
    "max_completion_tokens": ("max_tokens",),
}
_NEEDED = ("model", "messages", "prompt", "image")  # what is wrong with these is not mended by leaving others out
_PARTS = re.compile(r"[^A-Za-z0-9_]+")
_PLACE = re.compile(r"""["']loc["']\s{0,4}:\s{0,4}[(\[]([^)\]]{0,200})""")  # pydantic's errors, written into a text
_DEEPEST = 6  # a refusal in a list in an object in an object; deeper ones are made to be walked in
_MOST_WORDS = 4000


def declines(words: str) -> bool:
    """Whether a refusal is of the content, not of the form: another form of the same request would be refused too."""
    low = words.lower()
    return any(name in low for name in _DECLINED)


def said_by(error: Any) -> tuple[Any, str]:
    """(body, words) of an answer that the OpenAI client raised as an error, whose own words leave most forms of body out."""
    words, text = str(error.message), " ".join(error.response.text[:_MOST_WORDS].split())
    return error.body, f"{words} - {text}" if text and words == f"Error code: {error.status_code}" else words


def refused_parameters(body: Any, words: str, sent: Collection[str]) -> list[str]:
    """Which of the parameters that were sent a refusal names.

    Those in fields made for it, all of them; else the first one in its words, since what follows is often advice on others.
    Words that decline the content name none.

    Args:
        body: of the answer, from JSON.
        words: what the server says, as text.
        sent: names of the parameters that may be left out.

    >>> refused_parameters({"param": "logprobs"}, "", ["logprobs", "seed"])
    ['logprobs']
    >>> refused_parameters({"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}, "", ["seed"])
    ['seed']
    >>> refused_parameters(None, "Unknown name 'seed'. Known are: temperature", ["seed", "temperature"])
    ['seed']
    """
    words = words[:_MOST_WORDS]
    places = [*_places(body, _DEEPEST), *(_PARTS.split(found) for found in _PLACE.findall(words))]
    named = dict.fromkeys(name for place in places if (name := _first(place, sent)) is not None)
    if named or declines(words) or any(_first(place, _NEEDED) for place in places):
        return list(named)
    found = _first(_PARTS.split(words), sent) or _by_other_name(words.lower(), sent)
    return [] if found is None else [found]


def _places(value: Any, depth: int) -> Iterator[list[str]]:
    """What fields made for it name, each from the outside in."""
    if depth == 0:
        return
    if isinstance(value, dict):
        if isinstance(value.get("param"), str):
            yield _PARTS.split(value["param"])
        if isinstance(value.get("loc"), list | tuple):
            yield [part for part in value["loc"] if isinstance(part, str)]
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _places(inner, depth - 1)


def _first(names: Collection[str], sent: Collection[str]) -> str | None:
    return next((name for name in names if name in sent), None)


def _by_other_name(low: str, sent: Collection[str]) -> str | None:
    return next((name for name in sent if any(other in low for other in _OTHER_NAMES.get(name, ()))), None)
