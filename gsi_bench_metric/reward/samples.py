"""The samples that a reward is asked about: found by id or by their words, read when they are needed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gsi_bench_dataset.records import Sample
from gsi_bench_dataset.safety.names import printable
from gsi_bench_dataset.storage.shards import read_columns, read_dataset, resolve, split_names
from gsi_bench_metric.reward.pictures import RewardError

__all__ = ["Samples"]

_SHOWN = 3  # ids in a message


class _Row(NamedTuple):
    """A sample's place and names."""

    split: str
    number: int
    id: str
    prompts: tuple[str | None, ...]


class Samples:
    """Samples of a dataset by id and by prompt; images are read one sample at a time. An id that several splits have is
    `<split>/<id>`.

    Args:
        dataset: folder or Hub repository of a dataset, or the samples themselves.
        splits: only these; None: all.
        revision: of a repository.

    Raises:
        DatasetError, FileNotFoundError: no such dataset or split.
        RewardError: it is empty, or an id is twice in a split.
    """

    def __init__(
        self,
        dataset: str | os.PathLike[str] | Iterable[Sample],
        splits: Sequence[str] | None = None,
        revision: str | None = None,
    ):
        self._given: dict[str, Sample] = {}
        self._where: dict[str, tuple[str, int]] = {}
        self._prompts: dict[str, list[str]] = {}
        if isinstance(dataset, (str, os.PathLike)):
            self._folder = resolve(dataset, revision, splits)
            self._add([row for split in splits or split_names(self._folder) for row in _rows(self._folder, split)])
        else:
            samples = list(dataset)
            named = self._add([_Row(s.split, n, s.id, (s.prompt, s.prompt_zh)) for n, s in enumerate(samples)])
            self._given = dict(zip(named, samples, strict=True))
        if not self._where:
            raise RewardError("the dataset holds no samples")

    def _add(self, rows: Sequence[_Row]) -> list[str]:
        """The names of all samples, in their order."""
        counts, named = Counter(row.id for row in rows), []
        for row in rows:
            name = row.id if counts[row.id] == 1 else f"{row.split}/{row.id}"
            if name in self._where:
                raise RewardError(f"two samples of split {row.split} are called {printable(row.id)}; ids must be unique")
            self._where[name] = (row.split, row.number)
            named.append(name)
            for prompt in row.prompts:
                if prompt:
                    self._prompts.setdefault(_plain(prompt), []).append(name)
        return named

    def __len__(self) -> int:
        return len(self._where)

    @property
    def ids(self) -> list[str]:
        """Of all samples, in their order."""
        return list(self._where)

    def has(self, name: str) -> bool:
        """Whether there is a sample of this id."""
        return name in self._where

    def require(self, ids: Iterable[Any]) -> None:
        """Does nothing where every id is known.

        Raises:
            RewardError: some are not.
        """
        unknown = [i for i in ids if not isinstance(i, str) or i not in self._where]
        if unknown:
            shown = ", ".join(printable(str(i), 60) for i in unknown[:_SHOWN])
            known = ", ".join(self.ids[:_SHOWN])
            raise RewardError(f"{len(unknown)} sample ids are not in the dataset: {shown}; expected ids such as {known}")

    def by_prompt(self, prompt: Any) -> str:
        """The id of the one sample with these words, English or Chinese; spaces at the ends do not count.

        Raises:
            RewardError: there is none, or several.
        """
        found = self._prompts.get(_plain(prompt), []) if isinstance(prompt, str) else []
        if len(found) == 1:
            return found[0]
        words = printable(str(prompt), 80)
        if not found:
            raise RewardError(f"no sample of the dataset has the prompt {words}; hand over sample ids instead")
        raise RewardError(
            f"{len(found)} samples share the prompt {words}: {', '.join(found[:_SHOWN])}; "
            "prompts must be unique to name a sample: train on `SpatialReward.unique_prompts()`, or hand over sample ids"
        )

    def unique_prompts(self) -> dict[str, str]:
        """Prompt -> id, of those prompts that only one sample has."""
        return {prompt: ids[0] for prompt, ids in self._prompts.items() if len(ids) == 1}

    def shared_prompts(self) -> Counter[str]:
        """Prompts that several samples have, with how many."""
        return Counter({prompt: len(ids) for prompt, ids in self._prompts.items() if len(ids) > 1})

    def get(self, name: str) -> Sample:
        """A sample by its id.

        Raises:
            RewardError: unknown.
        """
        self.require([name])
        if name in self._given:
            return self._given[name]
        split, row = self._where[name]
        (sample,) = read_dataset(self._folder, split, rows=range(row, row + 1))
        return sample


def _plain(prompt: str) -> str:
    return prompt.strip()


def _rows(folder: Path, split: str) -> Iterator[_Row]:
    for number, found in enumerate(read_columns(folder, split, ("id", "prompt", "prompt_zh"))):
        yield _Row(split, number, found["id"], (found["prompt"], found["prompt_zh"]))
