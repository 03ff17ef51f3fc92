"""What every tab is given: the samples, the scoring, the words in both languages."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

import gradio as gr

from gsi_bench_space.scoring.bench import Bench
from gsi_bench_space.shelf import Shelf
from gsi_bench_space.texts.chinese import CHINESE
from gsi_bench_space.texts.english import ENGLISH

__all__ = ["AppState", "Words"]

T = TypeVar("T")


class Words:
    """Texts by name in every language, and the components that show them.

        words = Words()
        button = words.add(gr.Button(words.say("en", "score")), "value", "score")

    A switch of the language then changes the button too. A tab with texts of its own adds them with `learn`.
    """

    def __init__(self) -> None:
        self._texts: dict[str, dict[str, str]] = {"en": dict(ENGLISH), "zh": dict(CHINESE)}
        self._shown: dict[int, tuple[Any, dict[str, tuple[str, dict[str, Any]]]]] = {}

    def learn(self, english: Mapping[str, str], chinese: Mapping[str, str]) -> None:
        """Adds texts under the same names in both languages.

        Raises:
            ValueError: a name is taken, or one language lacks it.
        """
        alone = sorted(english.keys() ^ chinese.keys())
        taken = sorted(english.keys() & self._texts["en"].keys())
        if alone or taken:
            raise ValueError(f"texts in one language only: {alone or 'none'}; names that are taken: {taken or 'none'}")
        self._texts["en"] |= english
        self._texts["zh"] |= chinese

    def say(self, language: str, name: str, **facts: Any) -> str:
        """A text of the interface.

        Raises:
            KeyError: no such text or language.
        """
        text = self._texts[language][name]
        return text.format(**facts) if facts else text

    def add(self, component: T, prop: str, name: str, **facts: Any) -> T:
        """Ties a property of a component (`label`, `value`, `placeholder` …) to a text; gives the component back."""
        self.say("en", name, **facts)  # a name that does not exist is found here, not when a visitor switches
        _, properties = self._shown.setdefault(id(component), (component, {}))
        properties[prop] = (name, facts)
        return component

    @property
    def components(self) -> list[Any]:
        """All that `add` was given, in that order: the outputs of a switch."""
        return [component for component, _ in self._shown.values()]

    def updates(self, language: str) -> list[Any]:
        """What a switch gives each of `components`."""
        return [
            gr.update(**cast(Any, {prop: self.say(language, name, **facts) for prop, (name, facts) in properties.items()}))
            for _, properties in self._shown.values()
        ]


@dataclasses.dataclass(frozen=True)
class AppState:
    """What a tab's `build(state)` is given.

    Attributes:
        language: "en" or "zh" as a component: an input of every function that gives words back, and the trigger
            (`state.language.change`) of those that make them anew. Components tied by `words.add` need nothing more.
        runs, validation: what the command line named, if anything.
    """

    shelf: Shelf
    bench: Bench
    words: Words
    language: gr.Radio
    runs: Path | None = None
    validation: Path | None = None
