"""What a form of training data is made of: pairs, the folder that they go into, and what its module must have."""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TextIO

from gsi_bench_dataset.records import Sample

__all__ = ["Facts", "Form", "Pair", "Place", "json_lines", "json_list"]


@dataclasses.dataclass(frozen=True)
class Pair:
    """A training pair.

    Attributes:
        number: its place in the export, from 0.
        sample: where it comes from; its images are as they were.
        source, target: PNG files, RGB, of one size, width and height multiples of 16.
        size: width and height of both, pixels.
        instructions: language ("en", "zh") -> what is asked for.
    """

    number: int
    sample: Sample
    source: bytes
    target: bytes
    size: tuple[int, int]
    instructions: Mapping[str, str]

    @property
    def stem(self) -> str:
        """The name of its files without their endings: digits alone, since a key of WebDataset ends at the first dot."""
        return f"{self.number:07d}"


@dataclasses.dataclass(frozen=True)
class Place:
    """The folder that is written.

    Attributes:
        folder: where files are put for now.
        final: where the folder will stand when all is there; what absolute paths in files must mean.
    """

    folder: Path
    final: Path

    def put(self, name: str, content: bytes) -> str:
        """Writes a file below the folder, and returns its name there."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return name

    def put_images(self, pair: Pair) -> tuple[str, str]:
        """Writes source and target, and returns their names."""
        source = self.put(f"images/{pair.stem}_in.png", pair.source)
        return source, self.put(f"images/{pair.stem}_out.png", pair.target)


@dataclasses.dataclass(frozen=True)
class Facts:
    """What commands and notes of a form depend on.

    Attributes:
        final: the folder.
        pairs: how many there are.
        largest: width and height of the largest image.
        files: of pairs, where a form writes several to a file.
    """

    final: Path
    pairs: int
    largest: tuple[int, int]
    files: int = 0

    def path(self, name: str = "") -> str:
        """The folder, or a file in it, as a shell takes it."""
        return shlex.quote(str(self.final / name))


class Form(Protocol):
    """What a form's module must have."""

    TRAINER: str  # its name and what it trains
    TRAPS: tuple[str, ...]  # what goes wrong without an error, a sentence each

    def problems(self, final: Path) -> list[str]:
        """Why pairs cannot be written there; empty where they can."""

    def write(self, pairs: Iterable[Pair], place: Place) -> int:
        """Writes all of them, one in memory at a time, and returns how many files hold several pairs (0: none do)."""

    def finish(self, place: Place, facts: Facts) -> None:
        """Writes what depends on all pairs; called once, after `write`."""

    def command(self, facts: Facts) -> str:
        """The trainer's command line, or what to put into its configuration."""


@contextmanager
def json_list(place: Place, name: str) -> Iterator[_Rows]:
    """A file of one JSON list, written row by row."""
    with (place.folder / name).open("x", encoding="utf-8", newline="\n") as stream:
        stream.write("[")
        yield _Rows(stream, ",\n", "\n")
        stream.write("\n]\n")


@contextmanager
def json_lines(place: Place, name: str) -> Iterator[_Rows]:
    """A file of a JSON object a line."""
    with (place.folder / name).open("x", encoding="utf-8", newline="\n") as stream:
        rows = _Rows(stream, "\n", "")
        yield rows
        if rows.count:
            stream.write("\n")


class _Rows:
    def __init__(self, stream: TextIO, between: str, before: str):
        self._stream, self._between, self._before, self.count = stream, between, before, 0

    def add(self, row: Mapping[str, Any]) -> None:
        """Appends a row."""
        self._stream.write((self._between if self.count else self._before) + json.dumps(row, ensure_ascii=False))
        self.count += 1
