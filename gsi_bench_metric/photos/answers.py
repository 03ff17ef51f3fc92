"""What scoring said of each question, and whether that is right; counts by kind."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Sequence

import numpy as np

from gsi_bench_dataset.records import Detection, Score
from gsi_bench_metric.photos.goals import ground_frame
from gsi_bench_metric.photos.truth import Question

__all__ = ["Answer", "Count", "answer_of", "counts_of", "expected_words", "move_error"]


@dataclasses.dataclass(frozen=True)
class Answer:
    """A question with what came out.

    Attributes:
        pair, kind: of the pair.
        instruction: what was asked, in words.
        outcome: Passed | Failed | Not scored.
        why: the score's sentence; of what is not scored, why.
        right: whether it is what is known; None: not scored.
        known_fault: why it is wrong today, as the pair says; None: nothing is known to be wrong.
        score: None where there are no images.
        error_m: of a known move that was asked for: how far the way that was found misses it; None: not found, or no such move.
    """

    pair: str
    kind: str
    question: Question
    instruction: str
    outcome: str
    why: str
    right: bool | None
    known_fault: str | None = None
    score: Score | None = None
    error_m: float | None = None

    @property
    def surprising(self) -> bool:
        """Whether it is wrong and not known to be, or known to be wrong and right."""
        return self.right is not None and self.right == (self.known_fault is not None)


@dataclasses.dataclass(frozen=True)
class Count:
    """Verdicts of one kind of pairs: how many are right and wrong, of those how many known, and how many are not scored.

    `error_m`: median over known moves that were found; None: there are none.
    """

    kind: str
    pairs: int
    right: int
    wrong: int
    known: int
    not_scored: int
    error_m: float | None = None

    @property
    def share(self) -> float | None:
        """Of the scored ones that are right, 0–100; None where none is scored."""
        scored = self.right + self.wrong
        return 100 * self.right / scored if scored else None


def answer_of(question: Question, score: Score) -> tuple[str, bool | None]:
    """(outcome, whether it is what must come out).

    A failed edit must also be said to have failed in one of the ways that are true, where the question names some.
    """
    if score.ic is None:
        return "Not scored", None
    passed = score.ic > 0
    said = {fault.kind for fault in score.faults}
    right = passed == question.passes and (passed or not question.says or bool(said & set(question.says)))
    return "Passed" if passed else "Failed", right


def move_error(
    question: Question,
    source: Sequence[Detection] | None,
    edited: Sequence[Detection] | None,
    up: tuple[float, ...],
    target: str,
) -> float | None:
    """How far the way that a detector saw its target go misses a known one, metres; None where it is not found in both."""
    if question.step_m is None:
        return None
    places = [
        next((np.array(d.bbox_3d[:3]) for d in found or () if d.object_id == target and d.state == "present"), None)
        for found in (source, edited)
    ]
    if places[0] is None or places[1] is None:
        return None
    return float(np.linalg.norm(ground_frame(up) @ (places[1] - places[0]) - question.step_m))


def expected_words(question: Question) -> str:
    """What must come out, in words.

    >>> expected_words(Question("remove", "remove", False, ("still_there",)))
    'fails: still there'
    """
    if question.passes:
        return "passes"
    return "fails" + (f": {' or '.join(kind.replace('_', ' ') for kind in question.says)}" if question.says else "")


def counts_of(answers: Sequence[Answer]) -> list[Count]:
    """One for each kind, in the order of their first pairs, and last one of all."""
    kinds = list(dict.fromkeys(answer.kind for answer in answers))
    groups = [(kind, [answer for answer in answers if answer.kind == kind]) for kind in kinds] + [("all", list(answers))]
    return [_count(kind, group) for kind, group in groups]


def _count(kind: str, group: Sequence[Answer]) -> Count:
    wrong = [answer for answer in group if answer.right is False]
    errors = [answer.error_m for answer in group if answer.error_m is not None]
    return Count(
        kind=kind,
        pairs=len({answer.pair for answer in group}),
        right=sum(answer.right is True for answer in group),
        wrong=len(wrong),
        known=sum(answer.known_fault is not None for answer in wrong),
        not_scored=sum(answer.right is None for answer in group),
        error_m=statistics.median(errors) if errors else None,
    )
