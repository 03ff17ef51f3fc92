"""Decisions of one or several reviewers applied to a dataset: samples kept, dropped, amended."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gsi_bench_dataset.problems import some
from gsi_bench_dataset.records import Sample
from gsi_bench_dataset.safety.names import printable
from gsi_bench_dataset.storage.sample_files import facts_of
from gsi_bench_dataset.storage.shards import DatasetError, read_dataset, shard_files, split_names, write_dataset
from gsi_bench_metric.review.agreement import Agreement, agreement
from gsi_bench_metric.review.amending import amended, amendment_problems
from gsi_bench_metric.review.decisions import Decision, Decisions, ReviewError, fingerprint

__all__ = ["UNDECIDED", "Applied", "agreements", "apply_decisions"]

UNDECIDED = ("keep", "drop")


@dataclasses.dataclass(frozen=True)
class Applied:
    """What became of a dataset.

    Attributes:
        counts: split -> how many samples were kept, dropped, amended; of the dropped, how many that another reviewer did not
            drop (`apart`); and how many nobody had decided (`undecided`).
        agreements: split -> of each two of its reviewers.
    """

    counts: Mapping[str, Mapping[str, int]]
    agreements: Mapping[str, Sequence[Agreement]]


def apply_decisions(data: Path, decisions: Sequence[Decisions], out: Path, undecided: str | None = None) -> Applied:
    """Writes the dataset that decisions leave. Splits that nobody decided on are copied as they are.

    A sample that any reviewer drops is dropped; one that is amended by one and kept by others is amended. Every file is checked
    against every sample before anything is written.

    Args:
        data: dataset folder.
        decisions: of any splits and reviewers; a reviewer may have one file a split.
        out: dataset folder to write; not `data`.
        undecided: what becomes of samples that nobody decided: `keep`, `drop`, None: an error.

    Raises:
        ReviewError: with all problems: unknown ids, samples that are not those that were seen, amendments that do not say what
            the goal is, reviewers who amend one sample differently, samples that nobody decided, a split that is left empty.
        DatasetError, RecordError, OSError: the dataset cannot be read or written.
    """
    splits = split_names(data)
    problems = _beforehand(data, out, splits, decisions)
    by_split: dict[str, list[Decisions]] = defaultdict(list)
    for given in decisions:
        by_split[given.split].append(given)
    plans: dict[str, dict[str, Decision | None]] = {}
    for split, files in by_split.items():
        if split in splits:
            plans[split], found = _plan(read_dataset(data, split), files, undecided)
            problems += found
    if problems:
        raise ReviewError("these decisions cannot be applied, and nothing was written", problems)
    counts = {split: _counts(plan, by_split[split]) for split, plan in plans.items()}
    samples = {s: _decided(data, s, plans[s]) if s in plans else read_dataset(data, s) for s in splits}
    sources = {s: text for s in splits if isinstance(text := facts_of(shard_files(data, s)[0]).get("source"), str)}
    write_dataset(samples, out, sources=sources)
    return Applied(counts, {split: agreements(files) for split, files in by_split.items()})


def agreements(given: Sequence[Decisions]) -> list[Agreement]:
    """Of each two reviewers of one split."""
    verdicts = [(d.reviewer, {id_: decision.verdict for id_, decision in d.by_id.items()}) for d in given]
    return [agreement(a, b, of_a, of_b) for (a, of_a), (b, of_b) in itertools.combinations(verdicts, 2)]


def _beforehand(data: Path, out: Path, splits: Sequence[str], decisions: Sequence[Decisions]) -> list[str]:
    problems = []
    if out.resolve() == data.resolve():
        problems.append(f"--out {out}: is the dataset itself; give another folder, so that what was dropped is not lost")
    elif out.is_dir() and any(out.iterdir()):
        problems.append(f"--out {out}: expected a new or an empty folder")
    for d in decisions:
        if d.split not in splits:
            problems.append(f"{d.name}: of split {d.split}, which {data} does not hold; it holds {', '.join(splits) or 'none'}")
    names = Counter((d.split, d.reviewer) for d in decisions)
    for (split, reviewer), n in names.items():
        if n > 1:
            problems.append(f"{n} files of reviewer {printable(reviewer, 60)} on split {split}; give one, or rename a reviewer")
    return problems


def _plan(
    samples: Iterator[Sample], given: Sequence[Decisions], undecided: str | None
) -> tuple[dict[str, Decision | None], list[str]]:
    """Of each sample what becomes of it (None: nobody decided, and it stays), and all problems."""
    plan: dict[str, Decision | None] = {}
    problems: list[str] = []
    nobody: list[str] = []
    there: set[str] = set()
    for sample in samples:
        there.add(sample.id)
        said = [(d, d.by_id[sample.id]) for d in given if sample.id in d.by_id]
        mark = fingerprint(sample)
        other = [d.name for d, decision in said if decision.seen != mark]
        if other:
            problems.append(f"{sample.id}: is not what was looked at ({some(other)}); write the page again and decide anew")
            continue
        if not said:
            nobody.append(sample.id)
        plan[sample.id], found = _settled(sample, [decision for _, decision in said], undecided)
        problems += found
    for d in given:
        gone = sorted(d.by_id.keys() - there)
        problems += [f"{d.name}: no sample {printable(id_, 80)} in split {d.split}" for id_ in gone]
    if nobody and undecided is None:
        how_many = f"{len(nobody)} sample{' is' if len(nobody) == 1 else 's are'} not decided"
        problems.append(f"{how_many}: {some(nobody)}; say --undecided keep or --undecided drop")
    if plan and not problems and all(decision is not None and decision.verdict == "drop" for decision in plan.values()):
        problems.append(f"split {given[0].split}: every sample is dropped, and a split cannot be empty")
    return plan, problems


def _settled(sample: Sample, said: Sequence[Decision], undecided: str | None) -> tuple[Decision | None, list[str]]:
    """What reviewers together say of a sample."""
    if not said:
        return (Decision("drop", "") if undecided == "drop" else None), []
    problems = []
    changes = {(d.prompt, d.prompt_zh) for d in said if d.verdict == "amend"}
    for prompt, prompt_zh in sorted(changes, key=repr):
        problems += [f"{sample.id}: {problem}" for problem in amendment_problems(sample, prompt, prompt_zh)]
    if any(d.verdict == "drop" for d in said):
        return next(d for d in said if d.verdict == "drop"), problems
    if len(changes) > 1:
        problems.append(f"{sample.id}: amended differently by its reviewers; let one of them decide anew")
    return next((d for d in said if d.verdict == "amend"), said[0]), problems


def _decided(data: Path, split: str, plan: Mapping[str, Decision | None]) -> Iterator[Sample]:
    for sample in read_dataset(data, split):
        if sample.id not in plan:
            raise DatasetError(f"{data}: changed while decisions were applied; run the command again")
        decision = plan[sample.id]
        if decision is None or decision.verdict == "keep":
            yield sample
        elif decision.verdict == "amend":
            yield amended(sample, decision.prompt, decision.prompt_zh)


def _counts(plan: Mapping[str, Decision | None], given: Sequence[Decisions]) -> dict[str, int]:
    counts: Counter[str] = Counter({"kept": 0, "dropped": 0, "amended": 0, "apart": 0, "undecided": 0})
    words = {"keep": "kept", "drop": "dropped", "amend": "amended"}
    for id_, decision in plan.items():
        said = {d.by_id[id_].verdict for d in given if id_ in d.by_id}
        counts["kept" if decision is None else words[decision.verdict]] += 1
        counts["apart"] += decision is not None and decision.verdict == "drop" and len(said) > 1
        counts["undecided"] += not said
    return dict(counts)
