"""What the readers of both languages share: how a sentence is opened, and whom to blame."""

import pytest

from gsi_bench_dataset.language.chinese import read_zh
from gsi_bench_dataset.language.english import read
from gsi_bench_dataset.language.reading import LONGEST, NotUnderstood, blame, opened


@pytest.mark.parametrize("reader", [read, read_zh])
@pytest.mark.parametrize(
    ("prompt", "why"), [("m" * (LONGEST + 1), "longer than an instruction"), (" .", "says nothing"), ("", "says nothing")]
)
def test_no_language_reads_a_book_or_nothing(reader, prompt, why):
    assert reader(prompt).why == why


def test_a_number_that_cannot_be_read_ends_the_opening():
    odd = NotUnderstood("x", "no number")
    assert opened("move x", str.strip, lambda text: odd) is odd
    assert opened(" move 2 ", str.strip, lambda text: text + "!") == "move 2!"


@pytest.mark.parametrize(("first", "word"), [(0, "a"), (1, None)])
def test_the_first_word_is_blamed_only_where_no_verb_stands(first, word):
    assert blame(list("ab"), "".join, lambda text: text == "b", longest=1, first=first) == word
