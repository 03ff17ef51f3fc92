"""Another instruction for a sample. It must say what the stored goal is, in both languages, to every reader of the project."""

from __future__ import annotations

import dataclasses

from gsi_bench_dataset.language import chinese, english
from gsi_bench_dataset.language.reading import NotUnderstood
from gsi_bench_dataset.layout.goals import goal_suspicion
from gsi_bench_dataset.records import Operation, Sample
from gsi_bench_dataset.safety.names import is_utf8, printable
from gsi_bench_metric.protocols.official.operations import parse_operation

__all__ = ["amended", "amendment_problems"]

# What words say of amounts and ways; the rest of an operation is known of the scene alone.
_SAID = ("kind", "direction", "distance_m", "angle_deg", "factor", "frame")
_AMOUNTS = ("direction", "distance_m", "angle_deg", "factor")
# Known of the scene, and nothing that words could prove.
_KNOWN = ("region", "camera_translation_m", "camera_rotation", "reference", "receptacle")
_OFFICIAL = {"place": "move"}


def amended(sample: Sample, prompt: str | None, prompt_zh: str | None) -> Sample:
    """The sample with other instructions (None: as they were); its operation is what the English one says.

    `official_json` is emptied: it holds the old instruction.

    Raises:
        ValueError: the instructions do not say what the goal is; `amendment_problems` names each reason.
    """
    made, problems = _checked(sample, prompt, prompt_zh)
    if made is None or problems:
        raise ValueError("; ".join(problems))
    return made


def amendment_problems(sample: Sample, prompt: str | None, prompt_zh: str | None) -> list[str]:
    """Why a sample cannot have these instructions; empty where it can."""
    return _checked(sample, prompt, prompt_zh)[1]


def _checked(sample: Sample, prompt: str | None, prompt_zh: str | None) -> tuple[Sample | None, list[str]]:
    texts = {"prompt": prompt, "prompt_zh": prompt_zh}
    problems = [f"{k}: characters that no text has" for k, t in texts.items() if t is not None and not is_utf8(t)]
    problems += [f"{k}: expected one line, found a line's end" for k, t in texts.items() if t is not None and "\n" in t.strip()]
    if problems:
        return None, problems
    en = sample.prompt if prompt is None else prompt.strip()
    zh = sample.prompt_zh if prompt_zh is None else prompt_zh.strip() or None
    if (en, zh) == (sample.prompt, sample.prompt_zh):
        return None, ["neither instruction is another than before"]
    said = english.read(en)
    if isinstance(said, NotUnderstood):
        return None, [f"prompt: {printable(en)} is not understood: {said}"]
    problems = _against_before(sample, said) + _chinese_problems(said, zh) + _official_problems(sample, said, en)
    before = sample.operation
    known = {} if before is None else {name: getattr(before, name) for name in _KNOWN}
    operation = dataclasses.replace(said, **known)
    made = dataclasses.replace(
        sample, prompt=en, prompt_zh=zh, operation=operation, goal_suspect=None, official_json=None, official_json_name=None
    )
    suspicion = goal_suspicion(made)
    if suspicion is not None:
        problems.append(f"prompt: {printable(en)} is not what the goal is: {suspicion}")
    return made, problems


def _against_before(sample: Sample, said: Operation) -> list[str]:
    """What no goal can prove must stay: the kind, the other object, and that amounts are given."""
    before = sample.operation
    if before is None:
        return _against_goal(sample, said)
    if said.kind != before.kind:
        return [f"prompt: asks to {said.kind}, and the goal is that of {before.kind}"]
    problems = []
    for name in ("reference", "receptacle"):
        old, new = getattr(before, name), getattr(said, name)
        if (old is None) != (new is None):
            problems.append(f"prompt: speaks of {_or(new, 'no other object')}, and the goal of {_or(old, 'no other object')}")
    for name in ("frame", *_AMOUNTS):
        old, new = getattr(before, name), getattr(said, name)
        if old is not None and new is None:
            problems.append(f"prompt: does not say the {name} any more, which was {old}")
    # Of these no box proves what the words say.
    unproved = {"frame"} | ({"direction", "distance_m"} if before.reference is not None else set())
    unproved |= {"direction"} if before.kind == "place" else set()
    for name in sorted(unproved):
        old, new = getattr(before, name), getattr(said, name)
        if None not in (old, new) and old != new:
            problems.append(f"prompt: says {name} {new}, and the goal was made for {old}")
    return problems


def _against_goal(sample: Sample, said: Operation) -> list[str]:
    """Of an instruction that was not understood before: there must be a goal of the kind."""
    box, turn = sample.new_bbox_3d is not None, sample.new_rotation_matrix is not None
    there = {"move": box, "place": box, "scale": box, "rotate": turn, "remove": not (box or turn), "view": False}
    return [] if there[said.kind] else [f"prompt: asks to {said.kind}, and no goal of that kind is stored"]


def _chinese_problems(said: Operation, zh: str | None) -> list[str]:
    if zh is None:
        return []
    read = chinese.read_zh(zh)
    if isinstance(read, NotUnderstood):
        return [f"prompt_zh: {printable(zh)} is not understood: {read}"]
    apart = [f"{n} {getattr(read, n)} and not {getattr(said, n)}" for n in _SAID if getattr(read, n) != getattr(said, n)]
    return [f"prompt_zh: {printable(zh)} says otherwise than the English: {', '.join(apart)}"] if apart else []


def _official_problems(sample: Sample, said: Operation, en: str) -> list[str]:
    """The released evaluation looks at the first word: what it read right before it must not read wrong now."""
    expected = _OFFICIAL.get(said.kind, said.kind)
    found = parse_operation(en)
    if found == expected or found == parse_operation(sample.prompt):
        return []
    return [f"prompt: {printable(en)} is read as {printable(found, 40)} by the released evaluation, expected {expected}"]


def _or(name: str | None, otherwise: str) -> str:
    return otherwise if name is None else printable(name, 60)
