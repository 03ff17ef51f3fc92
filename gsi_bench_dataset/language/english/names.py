"""What an English name of an object may hold.

A shape leaves every word between its own to the names in it. So a name is where the rest of an instruction would hide: a second
instruction, a direction or an amount that no shape took, a word that turns the meaning round. Each such word refuses the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from gsi_bench_dataset.language.english.amounts import NUMBER_WORDS, UNIT_WORDS
from gsi_bench_dataset.language.english.words import CAMERA
from gsi_bench_dataset.language.reading import NotUnderstood, Places, words

__all__ = ["name_problem"]

_ARTICLES = ("the", "a", "an")
_DEFINITE = ("the", "this", "that", "these", "those", "my", "your", "his", "her", "our", "their")
_WHOSE = "what this belongs to is not clear"
# Why a word is no part of a name -> such words.
_REASONS = {
    "a second instruction": (
        "and or then also plus add replace insert swap keep leave change make move shift rotate remove delete put enlarge "
        "shrink resize while until so before after too again please it "
        "replacing adding leaving making filling moving turning facing pointing using revealing showing look appear seem"
    ),
    "an exception, which cannot be said": (
        "but same favour favor except excluding besides instead without not never only just other others rest"
    ),
    "one object is meant at a time": ("all both each every everything everyone everybody anything any none whole entire"),
    "a direction that has no place in the sentence": (
        "left right back front forward forwards backward backwards frontward frontwards leftward leftwards rightward "
        "rightwards upward upwards downward downwards up down above below behind over across through past away off out "
        "closer nearer further farther sideways diagonally horizontally vertically inward inwards outward outwards "
        "clockwise counterclockwise anticlockwise higher lower upside north south east west"
    ),
    "where to is not said in words that are known": (
        "to toward towards into onto until via somewhere anywhere elsewhere here there apart together straight now"
    ),
    "an axis other than the vertical, or a way around": "around about along axis vertical horizontal",
    _WHOSE: "its own itself their himself herself themselves",
    "an amount that cannot be read": (
        "than less fewer slightly bit lot much far halfway midway approximately roughly exactly "
        "nearly almost least most by percent once twice thrice partway somewhat"
    ),
}
_FORBIDDEN = {word: why for why, listed in _REASONS.items() for word in listed.split()}
# Where objects are.
_PLACES = words(
    "on in at from near beside between under beneath underneath against inside outside next within among amid above below "
    "behind opposite atop"
)
_CARRIED = words("on in")
# After these an article may stand within a name.
_BEFORE_ARTICLE = _PLACES | words("of with to like for wearing holding")
_DANGLING = _PLACES | words("of with the a an for very little some more less down up open closed shut")
# What is changed in an image but is no object with a place.
_NO_OBJECTS = words(
    "camera viewpoint view perspective angle scene image picture photo photograph background foreground frame room it them "
    "this that left right brightness contrast saturation colour color hue height width depth length volume distance gap "
    "space size thickness weight opacity transparency sharpness noise blur speed number amount quality resolution "
    "temperature exposure lighting position location orientation place spot middle center centre side top bottom back "
    "front corner edge end me you us him her shadow shadows reflection reflections glare"
)
# The same behind or before the name of an object: "the table height", "the height of the table".
_PARTS = words(
    "background scene shadow reflection foreground height width depth length volume brightness distance size colour color "
    "number amount angle thickness saturation contrast"
)
_PARTS_OF = _PARTS | words("position orientation shape appearance")
_ADVERB = re.compile(r"(?:ly|wise|wards?|ways)$")
# How something is done. Before a participle it tells an object apart: "the lightly toasted bread".
_MANNERS = words(
    "gently carefully slowly quickly softly smoothly simply directly precisely really carelessly cautiously swiftly rapidly "
    "briefly quietly firmly lightly delicately immediately suddenly gradually steadily finally already neatly tightly"
)
_PARTICIPLE = re.compile(r"(?!(?:red|green|golden|wooden)$).+(?:ed|en|ing|wn|ut|pt|lt)$")
# Words that end like an adverb and are none.
_NOT_ADVERBS = words("jelly butterfly doily lily curly belly bully dolly fly holly family silly ugly")
_COLOURS = "|".join(
    words("black white red green blue yellow orange purple pink brown grey gray silver gold golden beige cyan violet")
)
_VIEWER = r"(?:you|me|the (?:camera|viewer|viewpoint|observer))"
# What may stand in any name although it holds forbidden words: it tells one object from others.
_TELLING = re.compile(
    rf"\btogether with everything (?:on|in) it\b|\b(?:{_COLOURS}) and (?:{_COLOURS})\b"
    rf"|\b(?:closest|nearest|farthest|furthest)(?: position)? (?:to|from) {_VIEWER}"
    r"|\b(?<!\S)(?:left|right|back|front)(?= (?!(?:the|a|an|by|to|and|of|its|up|down|in|on|at|side|edge|corner|end|half"
    r"|forwards?|backwards?|left|right|back|front)\b)[a-z])",
    re.IGNORECASE,
)
# The same for names that may say where their object is.
_SITUATION = re.compile(
    r"\b(?:closest|nearest|next|close|near) to(?= the\b)|\b(?:farthest|furthest|away) from(?= the\b)"
    r"|\bto the (?:left|right) of\b"
    r"|\bin (?:the )?(?:front|back|middle|cent(?:er|re)|background|foreground)(?: of)?\b|\b(?:behind|above|below)(?= )"
    r"|\b(?:on|at|in) the (?:far )?(?:upper |lower |bottom |top |back |front )?(?:left|right|front|back|rear)"
    r"(?:[ -]hand)?(?: (?:side|edge|end|corner|position))?(?: of)?\b",
    re.IGNORECASE,
)


def name_problem(name: str, *, places: Places = "any", definite: bool = False) -> NotUnderstood | None:
    """The word that makes a name more than a name; None for a plain one.

    Args:
        name: with its article.
        places: what it may say of where its object is.
        definite: it must begin with "the" or such a word.

    >>> print(name_problem("the cup to its"))
    'its': what this belongs to is not clear
    >>> name_problem("the red cup on the left") is None
    True
    """
    return next(_problems(name.strip(), places, definite=definite), None)


def _problems(name: str, places: Places, *, definite: bool) -> Iterator[NotUnderstood]:
    said = name.lower().split()
    if definite and said[0] not in _DEFINITE:
        first = said[0] if said[0] in ("a", "an", "some", "another") else name
        yield NotUnderstood(first, "does not say which object is meant: a new one is not placed")
    yield from (NotUnderstood(word, "asks for an object that is not there") for word in said if word in ("new", "another"))
    told = _TELLING.sub("§", name)
    if places == "any":
        told = _SITUATION.sub("§ of", told)
    left = [word.removesuffix("'s").removesuffix("’s") for word in told.lower().split()]
    yield from (NotUnderstood(word, _WHOSE) for word in left if _FORBIDDEN.get(word) == _WHOSE)
    if number := re.search(rf"\S*[\d½¼¾]\S*(?: {UNIT_WORDS.pattern}(?!\w))?", name, re.IGNORECASE):
        yield NotUnderstood(number[0], "a number that has no place in the sentence")
    if mark := re.search(r"\S*[.;!?:,\"“”]\S*|(?:^|(?<=\s))[-–+±~]\S*", name):
        yield NotUnderstood(mark[0], "a name cannot hold this")
    yield from (NotUnderstood(word, why) for word in left if (why := _forbidden(word, places)) is not None)
    ends = (word for word in (left[0], left[-1]) if _ADVERB.search(word) and word not in _NOT_ADVERBS)
    yield from (NotUnderstood(word, "an amount that cannot be read") for word in ends)
    manners = (word for word, after in pairwise(left) if word in _MANNERS and not _PARTICIPLE.match(after))
    yield from (NotUnderstood(word, "how it is done, which has no place in a name") for word in manners)
    yield from _odd_phrases(said, left)
    yield from _no_object(left)


def _forbidden(word: str, places: Places) -> str | None:
    """Why a word is no part of a name, wherever in it it stands."""
    parts = word.split("-")
    if word in _FORBIDDEN:
        return _FORBIDDEN[word]
    if parts[0] in NUMBER_WORDS or UNIT_WORDS.fullmatch(word):
        return "an amount that cannot be read"
    if len(parts) > 1 and all(part in _FORBIDDEN for part in parts):
        return "two directions at once"
    if word in _PLACES and (places == "none" or (places == "carrier" and word not in _CARRIED)):
        return "may say where the object is, or where it should go"
    if word == "with" and places == "none":
        return "may tell the object apart, or say how it should be"
    return None


def _odd_phrases(said: list[str], left: list[str]) -> Iterator[NotUnderstood]:
    """Phrases that lack their end or their beginning; `said` is the name, `left` what tells no object apart."""
    if said[0] in _ARTICLES and len(said) == 1:
        yield NotUnderstood(said[0], "no object is named")
    elif (left[-1] in _DANGLING and said[-1] == left[-1]) or said[-1].endswith(("'s", "’s", "s'")):
        yield NotUnderstood(said[-1], "the rest of a phrase is missing")
    elif len(said) > 2 and re.fullmatch(_COLOURS, said[-1]):
        yield NotUnderstood(said[-1], "a colour is not changed")
    elif said[0] in _PLACES or said[0] == "of":
        yield NotUnderstood(said[0], "no object is named")
    for before, word in pairwise(left):
        if word in _ARTICLES and before not in _BEFORE_ARTICLE and before != "§":
            yield NotUnderstood(word, "a second object, or no known words for where")


def _no_object(left: list[str]) -> Iterator[NotUnderstood]:
    head, why = left[1:] if left[0] in _ARTICLES else left, "is no object"
    if head and head[-1] in _NO_OBJECTS and (len(head) == 1 or head[-1] in _PARTS):
        yield NotUnderstood(head[-1], why)
    of = ("of", "between", "from", "in")
    yield from (NotUnderstood(word, why) for word, after in pairwise(head) if word in _PARTS_OF and after in of)
    if re.fullmatch(CAMERA, " ".join(head)):
        yield NotUnderstood(head[-1], why)
