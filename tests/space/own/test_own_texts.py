"""Both languages of the tab say the same, and everything that it says is said."""

import re
import string
from pathlib import Path

import pytest

import gsi_bench_metric
import gsi_bench_space
from gsi_bench_metric.seeing.masks.numbering import MISFITS
from gsi_bench_space.own.draft import CLICKS
from gsi_bench_space.own.edit import DIRECTIONS, TURNS
from gsi_bench_space.own.example import EDITS
from gsi_bench_space.own.masking import SOURCES
from gsi_bench_space.own.texts import OWN_CHINESE, OWN_ENGLISH
from gsi_bench_space.state import Words

FOLDER = Path(gsi_bench_space.__file__).parent
PHOTOS = Path(gsi_bench_metric.__file__).parent / "photos"  # what raises and notes there is said here
MASKS = Path(gsi_bench_metric.__file__).parent / "seeing" / "masks"
FILES = [path for path in (FOLDER / "own").glob("*.py") if path.name != "texts.py"] + [
    PHOTOS / "standing.py",
    MASKS / "clicking.py",
]
CODE = "".join(path.read_text(encoding="utf-8") for path in FILES)
# Built out of what they are about.
GROUPS = {"click": CLICKS, "by": ("ground", "detector"), "way": DIRECTIONS, "sense": TURNS, "edit": EDITS, "source": SOURCES}
BUILT = {f"own_{group}_{name}" for group, names in GROUPS.items() for name in names}
BUILT |= {f"own_mask_{name}" for name in MISFITS}
BUILT |= {f"own_focal_{source}" for source in ("exif_35mm", "exif_sensor", "none", "cropped", "given")}


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_exists_in_both_languages_with_the_same_facts():
    assert {name: placeholders(text) for name, text in OWN_ENGLISH.items()} == {
        name: placeholders(text) for name, text in OWN_CHINESE.items()
    }


def test_chinese_texts_are_chinese():
    assert all(re.search("[\u4e00-\u9fff]", text) for text in OWN_CHINESE.values())


def test_no_text_is_left_that_nothing_shows():
    assert {name for name in OWN_ENGLISH if f'"{name}"' not in CODE} - BUILT == {"tab_own"}  # which the app shows


def test_every_problem_and_note_has_words():
    named = set(re.findall(r'"(own_[a-z_0-9]+)"', CODE))
    assert named | BUILT <= OWN_ENGLISH.keys()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_app_takes_the_texts_beside_its_own(language):
    words = Words()
    words.learn(OWN_ENGLISH, OWN_CHINESE)
    assert words.say(language, "own_shrunk", was="1", now="2")
