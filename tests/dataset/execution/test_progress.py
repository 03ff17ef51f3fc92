"""What long work costs is said before it begins, and how it goes while it runs: on a terminal, in a log, and not when quiet."""

import io

import pytest

from gsi_bench_dataset.execution import progress
from gsi_bench_dataset.execution.progress import COSTS, Cost, Dashboard


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(progress.time, "monotonic", made)
    return made


class Terminal(io.StringIO):
    def isatty(self):
        return True


def lines(stream):
    return stream.getvalue().splitlines()


def test_work_of_over_a_minute_says_what_it_costs_first():
    log = io.StringIO()
    Dashboard("scoring", 2000, "edit", workers=2, cost=Cost(0.6, 8000, ""), stream=log)
    assert lines(log) == ["scoring: 2,000 edits, about 20 CPU minutes, 10 minutes with 2 workers, 16 MB of disk"]


def test_work_of_under_a_minute_says_nothing_in_a_log(clock):
    log = io.StringIO()
    with Dashboard("scoring", 100, "edit", cost=Cost(0.5, 8000, ""), stream=log) as bar:
        for _ in range(100):
            clock.now += 0.4
            bar.update()
    assert lines(log) == []


def test_a_log_has_a_line_a_minute_and_one_at_the_end(clock):
    log = io.StringIO()
    with Dashboard("scoring", 1000, "edit", workers=4, cost=Cost(0.8, 0, ""), stream=log) as bar:
        bar.count_lost()
        bar.count_retried()
        for _ in range(1000):
            clock.now += 0.2
            bar.update()
    assert len(lines(log)) == 1 + 3 + 1  # the cost; 200 seconds
    assert lines(log)[1] == "scoring: 300 of 1,000 edits, 5 a second, 2.3 minutes left, 4 workers, 1 lost, 1 retried"
    assert lines(log)[-1] == "scoring: 1,000 of 1,000 edits, 5 a second, 4 workers, 1 lost, 1 retried"


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_quiet_work_says_nothing_of_cost_or_progress(clock, stream):
    said = stream()
    with Dashboard("scoring", 1000, "edit", quiet=True, cost=Cost(9.0, 0, ""), stream=said) as bar:
        for _ in range(1000):
            clock.now += 1
            bar.update()
    assert said.getvalue() == ""


@pytest.mark.parametrize(("seconds_each", "said"), [(0.6, 1), (3.0, 2), (0.1, 2)])
def test_a_cost_far_from_the_guess_is_said_again(clock, seconds_each, said):
    log = io.StringIO()
    bar = Dashboard("scoring", 4000, "edit", cost=Cost(0.6, 0, ""), stream=log)
    while clock.now < 40:
        clock.now += seconds_each
        bar.update()
    assert len(lines(log)) == said
    if said == 2:
        assert lines(log)[1].startswith(f"scoring: 4,000 edits, about {progress.duration(4000 * seconds_each).split()[0]} CPU ")


def test_work_without_a_known_cost_is_announced_by_its_first_items(clock):
    log = io.StringIO()
    bar = Dashboard("flux, fine", 400, "edit", device="", stream=log)
    for _ in range(8):
        clock.now += 3
        bar.update()
    assert lines(log) == ["flux, fine: 400 edits, about 20 minutes, by the first 8"]


def test_on_a_terminal_there_is_a_bar_and_no_lines(clock):
    screen = Terminal()
    with Dashboard("scoring", 10, "edit", stream=screen) as bar:
        for _ in range(10):
            clock.now += 30
            bar.update()
        bar.count_lost()
        assert bar.n == 10
    assert "a minute" not in screen.getvalue()


def test_every_constant_names_the_command_that_measured_it():
    assert COSTS
    for stage, cost in COSTS.items():
        assert cost.cpu_s > 0 <= cost.disk, stage
        assert cost.command.startswith(("python benchmarks/", "gsi-bench ")), stage
