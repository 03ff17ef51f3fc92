"""The last few values by key."""

import threading

import pytest

from gsi_bench_metric.recent import Recent


def test_what_was_asked_for_lately_is_not_made_again():
    made = []
    recent = Recent(2)

    def get(key):
        return recent.get(key, lambda: made.append(key) or key)

    for key in "abacab":
        get(key)
    assert made == ["a", "b", "c", "b"]  # a was asked for after b: c put b out
    assert len(recent) == 2


@pytest.mark.parametrize("value", [None, 0, [], ""])
def test_a_value_that_says_nothing_is_kept_too(value):
    recent, made = Recent(2), []
    for _ in range(3):
        assert recent.get("a", lambda: made.append(1) or value) == value
    assert made == [1]


def test_what_fails_is_not_kept():
    recent = Recent(2)
    with pytest.raises(ValueError, match="no"):
        recent.get("a", lambda: (_ for _ in ()).throw(ValueError("no")))
    assert len(recent) == 0 and recent.get("a", lambda: 1) == 1


def test_threads_that_miss_at_once_get_one_value():
    recent, both, found = Recent(4), threading.Barrier(8, timeout=10), []

    def make():
        both.wait()
        return object()

    threads = [threading.Thread(target=lambda: found.append(recent.get("a", make))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1


def test_a_size_that_keeps_nothing_is_refused():
    with pytest.raises(ValueError, match="expected 1 or more, found 0"):
        Recent(0)
