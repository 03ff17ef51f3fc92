"""What a step of the work reads of a sample: groups of fields, a digest of any of them, a sample without the others.

A step (a detector, a judge, a protocol's measurement, an editor) names its fields in `reads`. Its records' key is the digest
of exactly these, and it is handed a sample that has nothing else: a field that it does not name raises when it is read. So
no record can depend on a field that its key leaves out.

Names are those of the fields of `Sample`; `operation.kind` stands for the kind of the operation without its numbers.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Hashable
from typing import Any, Final, TypeAlias, TypeVar, cast

from gsi_bench_dataset.records import EncodedImage, Operation, Sample
from gsi_bench_dataset.schema import Record
from gsi_bench_dataset.sound_values import LastMade
from gsi_bench_dataset.storage.record_store import digest

__all__ = [
    "BOX",
    "CAMERA",
    "DEPTH",
    "EVERYTHING",
    "GOAL",
    "IDENTITY",
    "IMAGE",
    "KIND",
    "MASK",
    "NOTHING",
    "OBJECTS",
    "OPERATION",
    "ORIGIN",
    "ROW",
    "TARGET",
    "TRUE_IMAGE",
    "TRUE_MASK",
    "TRUE_OBJECTS",
    "UP",
    "VARIANT",
    "WORDS",
    "Reads",
    "UndeclaredReadError",
    "digest_of",
    "narrowed",
    "reads_of",
]

Reads: TypeAlias = frozenset[str]

NOTHING: Final[Reads] = frozenset()
IDENTITY: Final[Reads] = frozenset({"id", "img_id", "query_id"})  # every step may name its sample
ROW: Final[Reads] = frozenset({"split", "scene_id"})  # where a score is counted
IMAGE: Final[Reads] = frozenset({"image"})
CAMERA: Final[Reads] = frozenset({"camera_intrinsics", "pixel_frame"})
UP: Final[Reads] = frozenset({"up"})
DEPTH: Final[Reads] = frozenset({"depth", "depth_source"})
MASK: Final[Reads] = frozenset({"instance_mask"})
OBJECTS: Final[Reads] = frozenset({"objects"})
TARGET: Final[Reads] = frozenset({"target"})  # the name of its class
BOX: Final[Reads] = frozenset({"original_bbox_3d", "rotation_matrix"})
WORDS: Final[Reads] = frozenset({"prompt"})
KIND: Final[Reads] = frozenset({"operation.kind"})
OPERATION: Final[Reads] = frozenset({"operation"})
GOAL: Final[Reads] = frozenset({"new_bbox_3d", "new_rotation_matrix"})
TRUE_IMAGE: Final[Reads] = frozenset({"edited_image"})
TRUE_OBJECTS: Final[Reads] = frozenset({"objects_after"})
TRUE_MASK: Final[Reads] = frozenset({"instance_mask_after"})
VARIANT: Final[Reads] = frozenset({"variant"})
ORIGIN: Final[Reads] = frozenset({"origin"})
EVERYTHING: Final[Reads] = frozenset(field.name for field in dataclasses.fields(Sample))

_KIND = "operation.kind"
_DIGESTS = "_digests"

R = TypeVar("R", bound=Record)


class UndeclaredReadError(Exception):
    """A step read a field that it does not name in `reads`: a mistake of its code, not of the data."""


def reads_of(step: object) -> Reads:
    """The fields that a step names in its `reads`, and the sample's identity. One that names none is taken to read all."""
    return cast(Reads, getattr(step, "reads", EVERYTHING)) | IDENTITY


def digest_of(sample: Sample, reads: Reads) -> str:
    """A digest of these fields of a sample; images count by the SHA-256 of their files.

    Each field is digested once for a sample, and each image's bytes once.

    Raises:
        UndeclaredReadError: the sample was narrowed to fields without one of these.
    """
    made = _digests(sample)
    return digest("sample", [(name, made[name]) for name in sorted(reads)])


def narrowed(sample: Sample, reads: Reads, **instead: Any) -> Sample:
    """The sample with these fields alone: to read another one raises `UndeclaredReadError`.

    Args:
        sample: stays as it is.
        reads: names of fields.
        instead: sound values of fields that take the place of the sample's own.

    Raises:
        UndeclaredReadError: the sample was narrowed before, to fields without one of these.
    """
    if reads >= EVERYTHING and not instead:
        return sample
    plain = reads - {_KIND}
    values = {name: getattr(sample, name) for name in plain - instead.keys()} | instead
    if _KIND in reads and "operation" not in values:
        asked = sample.operation
        values["operation"] = None if asked is None else _guarded(Operation, {"kind": asked.kind})
    found = _guarded(Sample, values)
    # What did not change is not digested again.
    found.__dict__[_DIGESTS] = _Digests(found, _digests(sample), frozenset(reads - instead.keys()))
    return found


class _Digests(dict[str, str]):
    """Digests of a sample's fields, made when they are asked for; of those `alike`, the `original`'s."""

    def __init__(self, sample: Sample, original: _Digests | None = None, alike: Reads = NOTHING) -> None:
        super().__init__()
        self._sample, self._original, self._alike = sample, original, alike

    def __missing__(self, name: str) -> str:
        if self._original is not None and name in self._alike:
            made = self._original[name]
        elif name == _KIND:
            made = digest(None if self._sample.operation is None else self._sample.operation.kind)
        else:
            value = getattr(self._sample, name)
            made = value.sha256 if isinstance(value, EncodedImage) else _digest_of_value(value)
        self[name] = made
        return made


def _digests(sample: Sample) -> _Digests:
    """Kept with the sample: records never change, so what was digested once holds as long as the object lives."""
    found = sample.__dict__.get(_DIGESTS)
    return found if found is not None else sample.__dict__.setdefault(_DIGESTS, _Digests(sample))


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_row()
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


_digest_of_list = LastMade(lambda value: digest(_plain(value)))  # edits of a scene share its objects


def _digest_of_value(value: Any) -> str:
    return str(_digest_of_list(value)) if isinstance(value, tuple) else digest(_plain(value))


class _Undeclared:
    """Stands for a field that a step does not name. What the object itself holds comes before it."""

    def __init__(self, name: str):
        self._name = name

    def __get__(self, found: Record | None, cls: type | None = None) -> Any:
        if found is None:
            raise AttributeError(self._name)
        raise UndeclaredReadError(
            f"{found.__dict__.get('id', 'a sample')}: `{self._name}` is read by a step that does not name it in its `reads`, "
            "so its record would outlive a change of it; add the field's group from gsi_bench_dataset.reads there"
        )


def _same(a: Record, b: Any) -> bool:
    return type(a) is type(b) and _held(a) == _held(b)


def _held(found: Record) -> dict[str, Any]:
    return {name: value for name, value in found.__dict__.items() if name != _DIGESTS}


@functools.cache
def _guard(cls: Any) -> Any:
    """A class like the record's, whose objects have the fields that they are given and guard the others."""
    members: dict[str, Any] = {field.name: _Undeclared(field.name) for field in dataclasses.fields(cls)}
    members |= {
        "__eq__": _same,
        "__hash__": None,
        "__repr__": lambda self: f"narrowed {cls.__name__} {sorted(_held(self))}",
        "__reduce__": lambda self: (_guarded, (cls, _held(self))),
    }
    return type(f"Narrowed{cls.__name__}", (cls,), members)


def _guarded(cls: type[R], values: dict[str, Any]) -> R:
    made = cast(R, object.__new__(_guard(cast(Hashable, cls))))
    made.__dict__.update(values)  # checked when the record was made
    return made
