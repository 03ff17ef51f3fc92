"""Text as Markdown that GitHub renders. Whatever comes from outside goes through `escaped`."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["bullets", "escaped", "joined"]


def escaped(text: str) -> str:
    """The text with nothing in it that Markdown or HTML would read as a sign, on one line; no-break spaces stay.

    >>> escaped("a_b | <i>"), escaped("two\\nlines")
    ('a\\\\_b \\\\| &lt;i&gt;', 'two lines')
    """
    text = re.sub(r"([\\`*_{}\[\]|~#])", r"\\\1", re.sub(r"[^\S\u00a0]+", " ", text))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;").replace("://", ":&#47;/")


def joined(names: Iterable[str]) -> str:
    """Names with commas between them."""
    return ", ".join(escaped(name) for name in names)


def bullets(pairs: Iterable[tuple[str, str]]) -> str:
    """A list of what is called how: `- label: words`."""
    return "\n".join(f"- {escaped(label)}: {escaped(words)}" for label, words in pairs)
