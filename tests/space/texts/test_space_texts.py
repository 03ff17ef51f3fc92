"""Both languages say the same."""

import string
from pathlib import Path

import pytest

import gsi_bench_space
from gsi_bench_dataset.records import OPERATIONS
from gsi_bench_dataset.variants import AFTER
from gsi_bench_metric.report.overlay import KINDS
from gsi_bench_space.shelf import VARIANTS
from gsi_bench_space.state import Words
from gsi_bench_space.texts.chinese import CHINESE
from gsi_bench_space.texts.english import ENGLISH, LANGUAGES


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_exists_in_both_languages_with_the_same_facts():
    assert ENGLISH.keys() == CHINESE.keys()
    assert {name: placeholders(text) for name, text in ENGLISH.items()} == {n: placeholders(t) for n, t in CHINESE.items()}


def test_chinese_texts_are_chinese():
    same = {name for name in ENGLISH if ENGLISH[name] == CHINESE[name]}
    assert same == set()


def test_no_text_is_left_that_nothing_shows():
    folder = Path(gsi_bench_space.__file__).parent
    code = "".join(path.read_text() for path in folder.rglob("*.py") if path.parent.name != "texts")
    built = {f"{p}_is" for p in ("strict", "official")} | {f"tab_{t}" for t in ("score", "why", "explore", "api")}
    # Protocols, lines, operations and variants are named by what they are.
    built |= {"strict", "official", *KINDS, *OPERATIONS, *VARIANTS, AFTER}
    assert {name for name in ENGLISH if f'"{name}"' not in code and name not in built} == set()


def test_operations_lines_and_outcomes_have_words():
    needed = {*OPERATIONS, *(set(KINDS) - {"window"}), "Passed", "Failed", "Graded", "Not scored"}
    assert needed <= ENGLISH.keys()


def test_a_switch_reaches_every_property_of_a_component():
    words, component = Words(), object()
    words.add(words.add(component, "label", "search"), "placeholder", "search_hint")
    assert words.components == [component]
    (update,) = words.updates("zh")
    assert (update["label"], update["placeholder"]) == (CHINESE["search"], CHINESE["search_hint"])


def test_a_missing_text_is_found_when_the_app_is_built():
    with pytest.raises(KeyError, match="no such text"):
        Words().add(object(), "label", "no such text")


def test_a_tab_brings_texts_of_its_own_in_both_languages():
    words = Words()
    words.learn({"own_hello": "Hello {who}"}, {"own_hello": "{who}，你好"})
    assert [words.say(language, "own_hello", who="x") for language in LANGUAGES] == ["Hello x", "x，你好"]
    with pytest.raises(ValueError, match=r"one language only: \['a'\]; names that are taken: \['score'\]"):
        words.learn({"a": "a", "score": "b"}, {"score": "c"})
