"""Judges that ask a model: what is asked, how often, what is kept, and what the replies come to.

Every edit is asked about `samples` times. A reply that cannot be read is asked for once more, with a word on what was wrong;
after that the edit is not judged, and its last reply is kept. Replies go to the records the moment they arrive, under a key of
everything that they depend on (both images, the prompt's text, the model and its settings). So nothing is asked twice, also
not after a kill, for another editor that made the same image, or when only the reading of replies was changed.
"""

from __future__ import annotations

import dataclasses
import functools
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from gsi_bench_dataset.reads import IMAGE
from gsi_bench_dataset.records import Judgement
from gsi_bench_dataset.storage.record_store import NoRecords, Records, digest
from gsi_bench_metric.detectors.base import Detector
from gsi_bench_metric.imaging.images import ImageError
from gsi_bench_metric.judges.base import JudgeError, JudgeItem
from gsi_bench_metric.judges.prompt import Prompt, Question, Verdict, thoughts_unfinished

__all__ = ["Bill", "Model", "ModelJudge", "Query", "Reply"]


@dataclasses.dataclass(frozen=True)
class Query:
    """One request to a model. `retort`: the reply that could not be read, and what is said to it."""

    key: str
    item: JudgeItem
    prompt: Prompt
    seed: int
    retort: tuple[str, str] | None = None


@dataclasses.dataclass(frozen=True)
class Reply:
    """What came back.

    Attributes:
        text: of the reply; "" where the model said nothing.
        refusal: why the model or its server declined, where it says so by itself.
        cut: whether the token limit ended the reply.
        model: what the server calls the model that answered.
        structured: whether the server was asked to hold the reply to the schema.
        left_out: parameters that it was asked without, since it does not take them.
        tokens_in, tokens_out: as the server counted them.
        failure: no reply came, and it may be otherwise next time. Never kept.
    """

    text: str = ""
    refusal: str | None = None
    cut: bool = False
    model: str | None = None
    structured: bool = False
    left_out: Sequence[str] = ()
    tokens_in: int | None = None
    tokens_out: int | None = None
    failure: str | None = None


class Model(Protocol):
    """A vision-language model, at a server or in this process."""

    name: str  # of the judge that it makes
    at_once: int  # edits that keep it busy

    def settings(self) -> Mapping[str, Any]:
        """Everything that its replies depend on: model, revision, decoding, images."""
        ...

    def describe(self) -> Mapping[str, Any]:
        """What else a run's settings say: where it was, with how many requests at a time."""
        ...

    def answer(self, queries: Sequence[Query]) -> Iterator[tuple[int, Reply]]:
        """(index, reply) of every query, as they are ready.

        Raises:
            JudgeError: it cannot go on at all.
        """
        ...


@dataclasses.dataclass
class Bill:
    """What judging took: requests that were sent, edits whose replies were on record, tokens; what was asked without."""

    requests: int = 0
    from_records: int = 0
    asked_again: int = 0
    failures: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    left_out: list[str] = dataclasses.field(default_factory=list)

    def note(self, reply: Reply) -> None:
        """Notes which parameters a reply was asked for without, now or when it was recorded."""
        self.left_out = sorted({*self.left_out, *reply.left_out})

    def add(self, reply: Reply) -> None:
        """Counts a reply."""
        self.note(reply)
        self.requests += 1
        self.failures += reply.failure is not None
        self.tokens_in += reply.tokens_in or 0
        self.tokens_out += reply.tokens_out or 0

    def to_json(self, price: tuple[float, float] | None = None) -> dict[str, Any]:
        """For the run's settings; the cost where prices are known, in their currency."""
        cost = None if price is None else (price[0] * self.tokens_in + price[1] * self.tokens_out) / 1e6
        return dataclasses.asdict(self) | {"cost": cost}


class ModelJudge:
    """Asks a model a question, and keeps its replies."""

    detector: Detector | None = None

    def __init__(
        self, model: Model, question: Question, samples: int = 1, seed: int = 0, price: tuple[float, float] | None = None
    ):
        self.name = model.name
        self.reads = IMAGE | question.reads
        self._model, self._question = model, question
        self._samples, self._seed, self._price = samples, seed, price
        self._asking = digest("asking", question.hash, dict(model.settings()))
        self.key = digest(model.name, self._asking, question.name, question.reader, samples, seed)
        self.ahead = model.at_once
        self.computes: bool = getattr(model, "computes", False)  # itself, where servers are only waited for
        self.bill = Bill()

    def describe(self) -> dict[str, Any]:
        """Question, prompt hash, model, decoding, images."""
        return {
            "judge": self.name,
            "question": self._question.name,
            "prompt_sha256": self._question.hash,
            "samples": self._samples,
            "seed": self._seed,
            **self._model.settings(),
            **self._model.describe(),
        }

    def account(self) -> dict[str, Any]:
        """What judging took since this judge was made."""
        return self.bill.to_json(self._price)

    def judge(self, items: Sequence[JudgeItem], records: Records = NoRecords()) -> list[Judgement]:  # noqa: B008 - has no state
        """A judgement for each edit; see the module.

        Raises:
            JudgeError: the model cannot be asked at all. Replies that came before are in the records.
        """
        asked: list[list[Query] | str] = [self._queries(item) for item in items]
        first = [query for queries in asked if not isinstance(queries, str) for query in queries]
        replies = self._replies(first, records)
        second = [again for query in first if (again := self._again(query, replies[query.key])) is not None]
        self.bill.asked_again += len({query.key for query in second})
        replies |= self._replies(second, records)
        return [
            Judgement(item.sample.id, self.name, problem=queries, prompt_hash=self._question.hash)
            if isinstance(queries, str)
            else self._judgement(item, queries, replies)
            for item, queries in zip(items, asked, strict=True)
        ]

    def _queries(self, item: JudgeItem) -> list[Query] | str:
        """The askings of an edit, or what is wrong with its images."""
        if item.source is None or item.edited is None:
            raise JudgeError(f"{item.sample.id}: judge {self.name!r} looks at images, and was given none")
        try:
            pictures = item.source.sha256(), item.edited.sha256()
        except ImageError as error:
            return str(error)
        prompt = self._question.ask(item.sample)
        return [
            Query(digest("reply", self._asking, prompt.to_json(), pictures, seed), item, prompt, seed)
            for seed in range(self._seed, self._seed + self._samples)
        ]

    def _again(self, query: Query, reply: Reply) -> Query | None:
        """The second asking, where the reply needs one."""
        verdict = self._read(query, reply)
        if verdict is None or verdict.score is not None or verdict.refused:
            return None
        words = self._question.again(verdict.problem or "")
        return dataclasses.replace(query, key=_again_key(query), retort=(reply.text, words))

    def _replies(self, queries: Sequence[Query], records: Records) -> dict[str, Reply]:
        """The reply to each query by its key; from the records, else from the model."""
        found: dict[str, Reply] = {}
        for query in queries:
            kept = records.get("replies", query.key)
            if kept is not None and query.key not in found:
                found[query.key] = Reply(**kept["reply"])
                self.bill.note(found[query.key])
                self.bill.from_records += 1
        new = list({query.key: query for query in queries if query.key not in found}.values())
        for i, reply in self._model.answer(new) if new else ():
            self.bill.add(reply)
            found[new[i].key] = reply
            if reply.failure is None:
                records.append([("replies", new[i].key, self._record(new[i], reply))])
        return found

    def _record(self, query: Query, reply: Reply) -> dict[str, Any]:
        item = query.item
        return {
            "reply": {name: value for name, value in dataclasses.asdict(reply).items() if name != "failure"},
            "sample_id": item.sample.id,
            "source": item.source.sha256() if item.source else None,
            "edited": item.edited.sha256() if item.edited else None,
            "prompt_sha256": self._question.hash,
            "question": self._question.name,
            "seed": query.seed,
            "again": query.retort is not None,
            "settings": dict(self._model.settings()),
        }

    def _read(self, query: Query, reply: Reply) -> Verdict | None:
        """What a reply says; None where there is none."""
        if reply.failure is not None:
            return None
        if reply.refusal is not None:
            return Verdict(None, f"the judge refused: {reply.refusal[:200]!r}", refused=True)
        if reply.cut and thoughts_unfinished(reply.text):  # a number in them is no answer yet
            return Verdict(None, "the reply was cut off by the token limit within its thoughts; raise --judge-max-tokens")
        verdict = self._question.read(reply.text, query.item.sample)
        if verdict.score is None and reply.cut:
            return Verdict(None, "the reply was cut off by the token limit; raise --judge-max-tokens")
        return verdict

    def _judgement(self, item: JudgeItem, queries: Sequence[Query], replies: Mapping[str, Reply]) -> Judgement:
        last = [replies.get(_again_key(query), replies[query.key]) for query in queries]
        verdicts = [self._read(query, reply) for query, reply in zip(queries, last, strict=True)]
        judgement = functools.partial(Judgement, item.sample.id, self.name, prompt_hash=self._question.hash)
        failures = [reply.failure for reply in last if reply.failure is not None]
        if failures:
            return judgement(problem=f"the judge could not be reached: {failures[0]}", outage=True)
        scores = [verdict.score for verdict in verdicts if verdict is not None and verdict.score is not None]
        text = _text(reply.refusal or reply.text for reply in last)
        if 2 * len(scores) <= len(queries):  # a median of the lesser part would be a choice, not a measurement
            problems = (v.problem for v in verdicts if v is not None and v.problem)
            return judgement(reply=text, problem="; ".join(dict.fromkeys(problems)))
        if len(queries) == 1:
            return judgement(score=scores[0], reply=text)
        several, spread = tuple(scores), max(scores) - min(scores)
        return judgement(score=statistics.median(scores), reply=text, scores=several, spread=spread)


def _again_key(query: Query) -> str:
    return digest("again", query.key)


def _text(replies: Iterable[str]) -> str:
    """Replies as one text, as they came where there is one."""
    return "\n\n".join(replies)
