"""One thread while scoring, wherever scoring is asked for, and the former number afterwards."""

import threading

import cv2
import pytest
import torch

from gsi_bench_metric.hf import evaluate_module
from gsi_bench_metric.run.threads import one_thread


def numbers():
    return torch.get_num_threads(), cv2.getNumThreads()


@pytest.fixture(autouse=True)
def several():
    """Two threads, whatever the machine has."""
    before = numbers()
    torch.set_num_threads(2)
    cv2.setNumThreads(2)
    yield
    torch.set_num_threads(before[0])
    cv2.setNumThreads(before[1])


def test_a_block_has_one_thread_and_leaves_the_rest_as_it_was():
    with one_thread():
        assert numbers() == (1, 1)
        with one_thread():
            assert numbers() == (1, 1)
        assert numbers() == (1, 1)
    assert numbers() == (2, 2)


def test_an_error_restores_the_threads_too():
    with pytest.raises(ValueError, match="no"), one_thread():
        raise ValueError("no")
    assert numbers() == (2, 2)


def test_blocks_of_several_threads_that_overlap_end_as_before():
    entered, leave, seen = threading.Event(), threading.Event(), []

    def other():
        with one_thread():
            entered.set()
            leave.wait(10)
            seen.append(numbers())

    thread = threading.Thread(target=other)
    with one_thread():
        thread.start()
        entered.wait(10)
    leave.set()
    thread.join(10)
    assert seen == [(1, 1)]
    assert numbers() == (2, 2)


def test_compute_scores_with_one_thread(monkeypatch):
    seen = []

    def spy(*_):
        seen.append(numbers())
        return [], {}

    monkeypatch.setattr(evaluate_module, "_score", spy)
    request = evaluate_module._Request("strict", *[None] * 3, "e", None, False, "zero", {})
    evaluate_module.GsiBench()._compute(predictions=[], references=[], request=request)
    assert (seen, numbers()) == ([(1, 1)], (2, 2))
