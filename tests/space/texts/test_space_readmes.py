"""The Chinese README says what the English one says."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def readmes() -> tuple[str, str]:
    return (ROOT / "README.md").read_text(), (ROOT / "README_zh.md").read_text()


def test_both_have_the_same_sections_and_tables(readmes):
    for pattern in (r"^#+ ", r"^\|[- :|]+\|$"):
        english, chinese = (re.findall(pattern, text, re.MULTILINE) for text in readmes)
        assert english == chinese


def test_the_chinese_tables_have_every_english_number(readmes):
    english, chinese = (
        [re.findall(r"\d+\.\d+|\d+e-\d+", line) for line in text.splitlines() if line.startswith("|")] for text in readmes
    )
    assert english == chinese


def test_every_file_that_the_chinese_one_names_exists(readmes):
    paths = re.findall(r"\]\((?!http)([^)#]+)", readmes[1])
    assert paths and all((ROOT / path).is_file() for path in paths)
