"""Words for a few meanings: one table for those who read a sentence and those who write one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

__all__ = ["Phrases"]


class Phrases:
    """Meaning -> the phrases (regular expressions) that say it. The first phrase of each is plain text: the one we write.

    >>> sides = Phrases({"left": ("to the left", "leftwards?"), "right": ("to the right", "rightwards?")})
    >>> sides.meaning("leftward"), sides.said("right")
    ('left', 'to the right')
    """

    def __init__(self, table: Mapping[str, Sequence[str]]):
        self._table = table
        self._patterns = {key: re.compile("|".join(phrases), re.IGNORECASE) for key, phrases in table.items()}

    def group(self, name: str, *, without: Sequence[str] = (), written: bool = True) -> str:
        """A named group that any of the phrases fits.

        Args:
            name: of the group.
            without: meanings that are left out.
            written: False leaves out what we write, where that is only a part of a phrase.
        """
        kept = [p for key, phrases in self._table.items() if key not in without for p in phrases[not written :]]
        return f"(?P<{name}>{'|'.join(kept)})"

    def meaning(self, words: str) -> str:
        """What `words`, which one of the phrases fits, mean.

        Raises:
            KeyError: no phrase fits.
        """
        for key, pattern in self._patterns.items():
            if pattern.fullmatch(words):
                return key
        raise KeyError(words)

    def said(self, meaning: str) -> str:
        """The phrase that we write."""
        return self._table[meaning][0]
