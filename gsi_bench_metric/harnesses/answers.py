"""What models answered in a harness -> the file of each edited image, or a named reason why there is none.

A harness hands over texts. By convention a text names the image that the model class wrote: `{"text": "", "images":
["p.png"]}`, or `Generated image saved to: p.png`. A path from a model is not trusted: only regular files below one folder are
taken, and no file answers two samples.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.records import SPLITS
from gsi_bench_dataset.safety.files import FileProblemError, printable_path, read_json, require_regular
from gsi_bench_dataset.safety.names import name_problem, printable

__all__ = ["REASONS", "Answer", "AnswerError", "Answers", "Found", "find_images", "image_named_in", "read_answers"]

FORMAT = 1
_MOST_BYTES = 512 * 2**20  # of a file of answers: 2,000 texts are a few megabytes
_MOST_TEXT = 1_000_000  # characters of one answer; a longer one is no path
_SAVED = re.compile(r"^[ \t]*Generated image saved to:[ \t]*(\S[^\r\n]*?)[ \t]*$", re.MULTILINE)

# Why an answer has no image, in the order of reports.
REASONS: Mapping[str, str] = {
    "several_answers": "the harness has different answers for this sample",
    "no_image": "the answer names no image",
    "several_images": "the answer names several images, and no way to tell which one is meant",
    "outside": "the image lies outside of the folder that images may come from",
    "no_file": "the answer names no file that can be read",
    "shared": "the same file answers several samples",
}


class AnswerError(ValueError):
    """A file of answers that is none; the message lists every problem."""


@dataclasses.dataclass(frozen=True)
class Answer:
    """Of one sample: the model's text, or the path of the image where the harness wrote it itself."""

    sample_id: str
    text: str | None = None
    image: str | None = None


@dataclasses.dataclass(frozen=True)
class Answers:
    """What a harness hands over: one editor on one split.

    Attributes:
        base: absolute folder that relative paths in the answers count from.
        content_hash: of the dataset that the tasks were made of; None: not said.
    """

    editor: str
    split: str
    base: Path
    answers: Sequence[Answer]
    content_hash: str | None = None


@dataclasses.dataclass(frozen=True)
class Found:
    """The images of the answers.

    Attributes:
        images: real path by sample id.
        lacking: (a name of `REASONS`, words) by sample id.
    """

    images: Mapping[str, Path]
    lacking: Mapping[str, tuple[str, str]]

    @property
    def ids(self) -> frozenset[str]:
        """Every sample that was asked for."""
        return frozenset(self.images) | frozenset(self.lacking)


def read_answers(path: Path) -> Answers:
    """A file of answers, as `integrations/gsi_bench_client.py` writes it.

    Raises:
        AnswerError: it is none; names every problem.
        FileNotFoundError, FileProblemError: it cannot be read.
    """
    found = read_json(path, _MOST_BYTES)
    name = printable_path(path)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise AnswerError(f"{name}: expected a harness's answers of format {FORMAT}; write them with gsi_bench_client.py")
    problems = [f"{key}: expected a text" for key in ("editor", "split", "base") if not isinstance(found.get(key), str)]
    if found.get("split") not in SPLITS:
        problems.append(f"split: expected one of {', '.join(SPLITS)}, found {printable(found.get('split'), 60)}")
    elif name_problem(str(found.get("editor")).replace("/", "_")) is not None or not Path(str(found.get("base"))).is_absolute():
        problems.append("expected a plain name as editor, and an absolute folder as base")
    answers, wrong = _answers(found.get("answers"))
    problems += wrong
    content_hash = found.get("content_hash")
    if not (content_hash is None or isinstance(content_hash, str)):
        problems.append("content_hash: expected a text")
    if problems:
        raise AnswerError(summary_of(f"{name}: no answers of a harness", problems))
    return Answers(found["editor"], found["split"], Path(found["base"]), answers, content_hash)


def _answers(given: Any) -> tuple[list[Answer], list[str]]:
    if not isinstance(given, list):
        return [], ["answers: expected a list"]
    answers, problems = [], []
    for number, entry in enumerate(given):
        one = entry if isinstance(entry, dict) else {}
        sample_id, text, image = one.get("id"), one.get("text"), one.get("image")
        if not isinstance(sample_id, str) or (problem := name_problem(sample_id)) is not None:
            why = "expected a text" if not isinstance(sample_id, str) else f"{printable(sample_id, 60)} {problem}"
            problems.append(f"answer {number}: id: {why}")
        elif not all(value is None or isinstance(value, str) for value in (text, image)) or (text is None) == (image is None):
            problems.append(f"answer {number}: expected either text or image")
        else:
            answers.append(Answer(sample_id, text, image))
    return answers, problems


def image_named_in(text: str) -> tuple[str | None, str, str]:
    """(the path that an answer names, or None; then the reason's name and its words).

    >>> image_named_in('{"text": "", "images": ["out/7.png"]}')
    ('out/7.png', '', '')
    >>> image_named_in("Generated image saved to: out/7.png")
    ('out/7.png', '', '')
    >>> image_named_in("I moved the mug.")
    (None, 'no_image', "text without an image: 'I moved the mug.'")
    """
    if len(text) > _MOST_TEXT:
        return None, "no_image", f"a text of {len(text)} characters"
    named = _in_json(text)
    if named is None:
        named = _SAVED.findall(text)
    paths = list(dict.fromkeys(path for path in named if path.strip()))
    if not paths:
        return None, "no_image", f"text without an image: {printable(text, 80)}" if text.strip() else "an empty text"
    if len(paths) > 1:
        return None, "several_images", f"{len(paths)} images, such as {printable(paths[0], 60)} and {printable(paths[1], 60)}"
    return paths[0], "", ""


def _in_json(text: str) -> list[str] | None:
    """The images of an answer in JSON; None where it is no JSON with images."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):  # a model's words that begin with a brace
        return None
    images = found.get("images") if isinstance(found, dict) else None
    return images if isinstance(images, list) and all(isinstance(one, str) for one in images) else None


def find_images(answers: Answers, root: Path) -> Found:
    """The edited image of each answer that has one.

    Args:
        answers: what the harness handed over.
        root: images are taken from below this folder only, links resolved.
    """
    by_id: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers.answers:
        by_id[answer.sample_id].append(answer)
    real_root = Path(os.path.realpath(root))
    images: dict[str, Path] = {}
    lacking: dict[str, tuple[str, str]] = {}
    for sample_id, given in by_id.items():
        found = _image_of(given, answers.base, real_root)
        if isinstance(found, Path):
            images[sample_id] = found
        else:
            lacking[sample_id] = found
    counts = Counter(images.values())
    for sample_id, path in list(images.items()):
        if counts[path] > 1:
            lacking[sample_id] = (
                "shared",
                f"{printable_path(path.name)} answers {counts[path]} samples; write a file for each",
            )
            del images[sample_id]
    return Found(images, lacking)


def _image_of(given: Sequence[Answer], base: Path, root: Path) -> Path | tuple[str, str]:
    """The real path of a sample's image below `root`, or (reason, words)."""
    if len(set(given)) > 1:
        return "several_answers", f"{len(set(given))} different answers; ask once"
    named, reason, words = (given[0].image, "", "") if given[0].text is None else image_named_in(given[0].text)
    if named is None:
        return reason, words
    try:
        path = Path(os.path.realpath(base / named))
        if not path.is_relative_to(root):
            return "outside", f"{printable_path(named)} leads out of {printable_path(root)}; name the folder of the images"
        require_regular(path)
    except FileNotFoundError:
        return "no_file", f"{printable_path(named)}: no such file"
    except (OSError, FileProblemError) as error:
        return "no_file", f"{printable_path(named)}: {getattr(error, 'strerror', None) or error}"
    except ValueError as error:  # a name that no file can have
        return "no_file", f"{printable_path(named)}: no file can have this name ({error})"
    return path
