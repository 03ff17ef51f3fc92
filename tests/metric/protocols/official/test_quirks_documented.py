"""docs/metric-quirks.md lists all 99 quirks of the reference, each with the test that pins it or the reason why none can."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TABLE = (HERE.parents[3] / "docs" / "metric-quirks.md").read_text(encoding="utf-8")
ROWS = [(int(number), words) for number, words in re.findall(r"^\| (\d+) \|[^|]+\| ([^|]+) \|$", TABLE, flags=re.MULTILINE)]
TESTS = {
    name
    for file in ("test_quirks_official.py", "test_quirks_scoring.py")
    for name in re.findall(r"^def (test_quirk_\w+)", (HERE / file).read_text(encoding="utf-8"), flags=re.MULTILINE)
}


def test_the_table_has_every_quirk_once_in_order():
    assert [number for number, _ in ROWS] == list(range(1, 100))


@pytest.mark.parametrize(("number", "words"), ROWS)
def test_every_quirk_names_its_tests_or_why_not_applicable(number, words):
    named = set(re.findall(r"`(test_quirk_\w+)`", words))
    assert named == {name for name in TESTS if name.startswith(f"test_quirk_{number:02d}_")}
    assert bool(named) != words.startswith("not applicable: ")
