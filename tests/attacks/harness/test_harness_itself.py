"""The harness distinguishes the ends of an attack; what SECURITY.md promises is what the code does."""

from __future__ import annotations

import collections
import random
import re
from pathlib import Path

import pytest
from hostile.harness import Attack, Outcome, Tally, attempt, command
from hostile.makers import damaged, mutated, places
from hostile.summary import summary_line

from gsi_bench_dataset.layout import archives, preflight
from gsi_bench_dataset.records import RecordError
from gsi_bench_dataset.safety import files, images

ROOT = Path(__file__).resolve().parents[3]


def named():
    raise RecordError("Sample", ["too odd"])


def rude():
    raise RecordError("Sample", ["\x1b[2J"])


def raw():
    return {}["missing"]


def forever():
    while True:
        try:
            sum(range(1000))
        except Exception:  # noqa: BLE001 - what catches everything must not catch the end of its time
            continue


@pytest.mark.parametrize(
    ("run", "truth", "kind"),
    [
        (named, 1, "named"),
        (rude, 1, "tracebacks"),
        (raw, 1, "tracebacks"),
        (lambda: 1 / 0, 1, "tracebacks"),
        (lambda: bytearray(2**33), 1, "tracebacks"),
        (forever, 1, "hangs"),
        (lambda: 1, 1, "unharmed"),
        (lambda: 2, 1, "altered"),
        (lambda: Outcome("", "altered"), 1, "altered"),
        (lambda: command(["info", "no such dataset"]), 1, "named"),
        (lambda: command(["no-such-command"]), 1, "named"),
        (lambda: command(["--version"]), 1, "unharmed"),
    ],
)
def test_the_ends_of_an_attack_are_told_apart(run, truth, kind):
    assert attempt(Attack("a", run, truth, seconds=0.3 if run is forever else 5)).kind == kind


def test_a_tally_fails_with_the_names_of_what_ended_badly():
    tally = Tally("t").try_all([Attack("sound", lambda: 1), Attack("the bad one (seed 7)", lambda: 2, 1)])
    assert summary_line(tally.counts) == "2 tried: 0 named, 1 unharmed, 0 tracebacks, 0 hangs, 1 altered in silence"
    assert tally.bad and "the bad one (seed 7)" in tally.report()


def test_equal_seeds_make_equal_attacks():
    made = [[damaged(bytes(100), random.Random(f"x {seed}")) for seed in range(20)] for _ in range(2)]
    assert made[0] == made[1] and len({how for how, _ in made[0]}) > 4
    document = {"a": [1, {"b": None}]}
    assert list(places(document)) == [(), ("a",), ("a", 0), ("a", 1), ("a", 1, "b")]
    changed = collections.Counter(repr(mutated(document, random.Random(seed))[1]) for seed in range(50))
    assert len(changed) > 20 and document == {"a": [1, {"b": None}]}


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("over {} MiB", archives.MAX_MEMBER_BYTES / 2**20),
        ("1:{}", archives.MAX_RATIO),
        ("{} members", archives.MAX_MEMBERS),
        ("and {} GiB", archives.MAX_TOTAL_BYTES / 2**30),
        ("at most {} megapixels", images.MAX_PIXELS / 10**6),
        ("files of at most {} MiB", files.MAX_FILE_BYTES / 2**20),
        ("an edit of at most {} MiB", preflight.MAX_JSON_BYTES / 2**20),
        ("other files of at most {} GiB", files.MAX_JSON_BYTES / 2**30),
    ],
)
def test_the_limits_in_security_md_are_the_codes(words, value):
    text = re.sub(r"\s+", " ", (ROOT / "SECURITY.md").read_text(encoding="utf-8"))
    assert words.format(f"{value:,g}" if value < 1000 else f"{value:,.0f}") in text
