"""What a validation on photographs found, as text, Markdown, JSON and one page with the images side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gsi_bench_metric.pages.files import json_text, write_all
from gsi_bench_metric.pages.markdown import bullets, escaped
from gsi_bench_metric.pages.numbers import DASH, measure, number
from gsi_bench_metric.pages.tables import Cell, Table, markdown_table, terminal_table
from gsi_bench_metric.photos.answers import Answer, Count, expected_words
from gsi_bench_metric.photos.page import html
from gsi_bench_metric.photos.run import Validated

__all__ = ["counts_table", "headline", "questions_table", "terminal", "write_photos"]

_VERDICT = {True: "met", False: "missed", None: ""}
_WORDS = {True: "right", False: "wrong", None: "not scored"}


def write_photos(found: Validated, folder: Path) -> list[Path]:
    """Writes `photos.html`, `photos.md`, `photos.txt` and `photos.json`; the paths."""
    tables = (counts_table(found.counts), questions_table(found.answers))
    contents = {
        "photos.html": html(found, headline(found), tables[0]),
        "photos.md": markdown(found),
        "photos.txt": terminal(found) + "\n",
        "photos.json": json_text(to_json(found)),
    }
    return write_all(folder, contents)


def headline(found: Validated) -> str:
    """The figure in a sentence: how many verdicts are right, and what else there is to know."""
    whole = found.counts[-1]
    told = f"{whole.right} of {whole.right + whole.wrong} verdicts are right"
    told += f" ({number(whole.share)} %)" if whole.share is not None else ""
    if whole.wrong:
        told += f"; of the {whole.wrong} wrong ones {whole.known} are known"
    if whole.not_scored:
        told += f"; {whole.not_scored} questions are not scored"
    mended = [answer for answer in found.answers if answer.right and answer.known_fault is not None]
    if mended:
        told += f"; {len(mended)} known faults are mended: take them out of the pairs"
    return f"{told}."


def counts_table(counts: Sequence[Count]) -> Table:
    """Verdicts by kind of pair."""
    rows = [
        (
            count.kind,
            "",
            [
                Cell(str(count.pairs)),
                Cell(f"{count.right} of {count.right + count.wrong}"),
                Cell(DASH if count.share is None else number(count.share)),
                Cell(f"{count.wrong}", f"{count.known} known" if count.known else ""),
                Cell(str(count.not_scored)),
                Cell(DASH if count.error_m is None else measure(100 * count.error_m, "cm")),
            ],
        )
        for count in counts
    ]
    return Table.plain("What was done", ["pairs", "right", "right, %", "wrong", "not scored", "moves off, median"], rows)


def questions_table(answers: Sequence[Answer]) -> Table:
    """Every question."""
    rows = []
    for answer in answers:
        verdict = Cell(_WORDS[answer.right], _note(answer), _VERDICT[answer.right])
        off = "" if answer.error_m is None else f"{measure(100 * answer.error_m, 'cm')} off"
        cells = [Cell(expected_words(answer.question)), Cell(answer.outcome.lower(), off), Cell(answer.why), verdict]
        rows.append((answer.pair, answer.instruction, cells))
    return Table.plain("Pair", ["expected", "came out", "said", "verdict"], rows)


def _note(answer: Answer) -> str:
    if answer.known_fault is None:
        return ""
    return f"known: {answer.known_fault}" if answer.right is False else f"known fault, mended: {answer.known_fault}"


def terminal(found: Validated) -> str:
    """All of it for a terminal."""
    tables = (counts_table(found.counts), questions_table(found.answers))
    return "\n\n".join([headline(found), *map(terminal_table, tables)])


def markdown(found: Validated) -> str:
    """All of it as Markdown; everything from outside is escaped."""
    blocks = ["# Photographs whose outcome is known", escaped(headline(found))]
    blocks += ["## By what was done", markdown_table(counts_table(found.counts))]
    blocks += ["## Every question", markdown_table(questions_table(found.answers))]
    licences = sorted({(pair.licence, pair.origin.get("repository", "own")) for pair in found.pairs})
    blocks += ["## Licences", bullets([(where, licence) for licence, where in licences])]
    return "\n\n".join(blocks) + "\n"


def to_json(found: Validated) -> dict[str, Any]:
    """Every verdict and count, unrounded."""
    return {
        "settings": dict(found.settings),
        "counts": [
            {
                "kind": count.kind,
                "pairs": count.pairs,
                "right": count.right,
                "wrong": count.wrong,
                "known_faults": count.known,
                "not_scored": count.not_scored,
                "share_right": count.share,
                "median_error_m": count.error_m,
            }
            for count in found.counts
        ],
        "questions": [_question_json(answer) for answer in found.answers],
    }


def _question_json(answer: Answer) -> dict[str, Any]:
    score = answer.score
    return {
        "pair": answer.pair,
        "kind": answer.kind,
        "question": answer.question.name,
        "operation": answer.question.operation,
        "instruction": answer.instruction,
        "expected": {"passes": answer.question.passes, "says": list(answer.question.says)},
        "outcome": answer.outcome,
        "why": answer.why,
        "right": answer.right,
        "known_fault": answer.known_fault,
        "faults": [] if score is None else [fault.kind for fault in score.faults],
        "ic": None if score is None else score.ic,
        "sa": None if score is None else score.sa,
        "error_m": answer.error_m,
        "reasons": [] if score is None else [reason.name for reason in score.reasons],
    }
