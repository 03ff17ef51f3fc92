"""Twenty visitors at once: each gets the answer to the own question, and memory stays where it was."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from gradio_client import Client, handle_file

pytestmark = pytest.mark.slow

VISITORS, ROUNDS, QUESTIONS = 20, 2, 10
MOST_GROWTH_MB = 400


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="reads memory from /proc")
def test_twenty_visitors_get_their_own_results(address, bench, shelf, tmp_path):
    questions = [(sample_id, name) for sample_id in shelf.samples for name in ("after", "copy")][:QUESTIONS]
    questions = [questions[i % len(questions)] for i in range(VISITORS * ROUNDS)]
    wanted = {}
    for sample_id, name in set(questions):
        (tmp_path / f"{sample_id}-{name}.png").write_bytes(shelf.example(sample_id, name).bytes)
        result = bench.score(shelf.samples[sample_id], shelf.example(sample_id, name))
        wanted[sample_id, name] = (sample_id, result.of("strict").why["en"])
    start = threading.Barrier(VISITORS)
    before = resident_mb()

    def visitor(number: int) -> list[tuple[tuple[str, str], tuple[str, str]]]:
        client = Client(address, verbose=False)
        start.wait(timeout=120)
        answers = []
        for sample_id, name in questions[number::VISITORS]:
            found = client.predict(sample_id, handle_file(tmp_path / f"{sample_id}-{name}.png"), api_name="/score")
            answers.append(((sample_id, name), (found["sample_id"], found["protocols"]["strict"]["why"])))
        return answers

    with ThreadPoolExecutor(VISITORS) as visitors:
        answers = [answer for found in visitors.map(visitor, range(VISITORS)) for answer in found]
    assert len(answers) == VISITORS * ROUNDS
    assert [found for _, found in answers] == [wanted[question] for question, _ in answers]
    assert resident_mb() - before < MOST_GROWTH_MB
