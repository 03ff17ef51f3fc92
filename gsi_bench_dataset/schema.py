"""One schema engine for all records: a frozen dataclass is the only place where a field is described.

From the annotations of a dataclass come its `datasets.Features`, its Arrow row, its JSON form and its checks. Supported
annotations: `str`, `int`, `float`, `bool`, `Vector`, `Matrix`, `EncodedImage`, another record, `tuple[record, ...]`,
`tuple[str, ...]`, and `X | None` of each.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import hashlib
import math
import types
import typing
from collections.abc import Callable, Hashable, Mapping, Sequence, Set
from typing import Any, TypeAlias, TypeVar

from gsi_bench_dataset.problems import some
from gsi_bench_dataset.safety.names import printable
from gsi_bench_dataset.sound_values import ODD, Quick, quick_check, records_of

Vector: TypeAlias = tuple[float, ...]
Matrix: TypeAlias = tuple[tuple[float, ...], ...]

R = TypeVar("R", bound="Record")
T = TypeVar("T")


class RecordError(ValueError):
    """All problems of one record in one message; `problems` holds them one by one."""

    def __init__(self, record: str, problems: Sequence[str]):
        self.record = record
        self.problems = list(problems)
        super().__init__(f"{record}: " + "; ".join(self.problems))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.record, self.problems)  # so that it comes out of a worker process as it was


@dataclasses.dataclass(frozen=True)
class EncodedImage:
    """An image file kept byte for byte: `bytes` is the encoded file (JPEG, PNG ...), `path` its base name."""

    bytes: bytes
    path: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.bytes, bytes) or not self.bytes:
            raise RecordError("EncodedImage", [f"bytes must be a non-empty encoded image, found {type(self.bytes)}"])

    def __repr__(self) -> str:
        return f"EncodedImage({len(self.bytes)} bytes, path={self.path!r})"

    @functools.cached_property
    def sha256(self) -> str:
        """SHA-256 of the bytes, made once."""
        return hashlib.sha256(self.bytes).hexdigest()


def spec(
    *,
    default: Any = dataclasses.MISSING,
    shape: tuple[int, ...] | None = None,
    one_of: Sequence[str] = (),
    finite: bool = True,
) -> Any:
    """A record's field with checks: `shape` of a vector or matrix, allowed values of a string, finite numbers."""
    metadata = {"shape": shape, "one_of": tuple(one_of), "finite": finite}
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@typing.dataclass_transform(frozen_default=True, field_specifiers=(spec, dataclasses.field))
def record(cls: type[T]) -> type[T]:
    """Class decorator: a frozen dataclass with fields that may be made by `spec`."""
    return dataclasses.dataclass(frozen=True)(cls)


class Record:
    """Base of the frozen record dataclasses: converts what it is given, then checks all of it at once."""

    def __post_init__(self) -> None:
        problems: list[str] = []
        for name, quick, optional, annotation, metadata in _checks(typing.cast(Hashable, type(self))):
            given = getattr(self, name)
            if given is None and optional:
                continue
            value = quick(given)
            if value is ODD:
                value, found = _normalise(given, annotation, metadata)
                problems += [f"{name}: {problem}" for problem in found]
            if value is not given:
                object.__setattr__(self, name, value)
        if not problems:
            problems += self.check()
        if problems:
            raise RecordError(self.describe(), problems)

    def check(self) -> list[str]:
        """Problems that concern several fields together; runs only when every field is sound by itself."""
        return []

    def describe(self) -> str:
        """How errors name this record."""
        identity = getattr(self, "id", None) or getattr(self, "sample_id", None)
        return f"{type(self).__name__} {printable(identity)}" if identity else type(self).__name__

    def to_row(self) -> dict[str, Any]:
        """The Arrow row: plain lists and dicts, images as `{"bytes", "path"}`."""
        return {
            name: value if (value := getattr(self, name)) is None or plain is None else plain(value)
            for name, plain in _plain_forms(typing.cast(Hashable, type(self)))
        }

    @classmethod
    def from_row(cls: type[R], row: Mapping[str, Any]) -> R:
        """A record from an Arrow row; columns that the record does not know are refused, missing ones take defaults.

        Raises:
            RecordError: for unknown columns, or for values that do not fit.
        """
        if not isinstance(row, Mapping):
            raise RecordError(cls.__name__, [f"expected its fields by name, found {printable(row, 80)}"])
        known, needed, simple = _known_fields(typing.cast(Hashable, cls))
        problems: list[str] = []
        if not row.keys() <= known.keys():
            unknown = sorted(set(row) - set(known), key=str)
            problems += [f"unknown field {name if _plain(name) else printable(name)}" for name in unknown]
        problems += [f"missing field {name}" for name in needed if name not in row]
        values: dict[str, Any] = {}
        for name, value in row.items():
            if value is None or name in simple:
                values[name] = value
            elif name in known:
                try:
                    values[name] = _from_plain(value, known[name])
                except RecordError as error:
                    problems += [f"{name}: {problem}" for problem in error.problems]
        if problems:
            raise RecordError(f"{cls.__name__} {printable(row.get('id') or row.get('sample_id') or '')}", problems)
        return cls(**values)

    def to_json(self) -> dict[str, Any]:
        """As `to_row`, with image bytes in base64, so that `json.dumps` takes it."""
        return typing.cast(dict[str, Any], _bytes_to_text(self.to_row()))

    @classmethod
    def from_json(cls: type[R], data: Mapping[str, Any]) -> R:
        """The inverse of `to_json`."""
        return cls.from_row(typing.cast(dict[str, Any], _text_to_bytes(data, cls.__name__)))


def features_of(cls: type[Record]) -> Any:
    """The `datasets.Features` of a record class."""
    import datasets  # noqa: PLC0415 - records stay importable without it

    return datasets.Features({name: _feature(annotation) for name, annotation, _ in _fields(cls)})


Fields: TypeAlias = tuple[tuple[str, Any, Mapping[str, Any]], ...]  # name, annotation, metadata


def _fields(cls: type) -> Fields:
    return _cached_fields(typing.cast(Hashable, cls))


@functools.cache
def _cached_fields(cls: Any) -> Fields:
    hints = typing.get_type_hints(cls)
    return tuple((f.name, hints[f.name], f.metadata) for f in dataclasses.fields(cls))


Checks: TypeAlias = tuple[tuple[str, Quick, bool, Any, Mapping[str, Any]], ...]


@functools.cache
def _checks(cls: Any) -> Checks:
    """Of each field: its name, the short way for sound values, whether it may be None, annotation, metadata."""
    found = []
    for name, annotation, metadata in _fields(cls):
        inner, optional = _strip_optional(annotation)
        depth = 1 if inner == Vector else 2 if inner == Matrix else 0
        found.append((name, quick_check(depth, inner, _item_type(inner), metadata), optional, annotation, metadata))
    return tuple(found)


_SIMPLE = (str, int, float, bool)


def _is_simple(annotation: Any) -> bool:
    """Whether a value is the same in a record and in a row."""
    return _strip_optional(annotation)[0] in _SIMPLE


@functools.cache
def _plain_forms(cls: Any) -> tuple[tuple[str, Callable[[Any], Any] | None], ...]:
    """Of each field: its name, and what makes the row's value; None: it is the same."""
    forms: dict[Any, Callable[[Any], Any]] = {Vector: list, Matrix: lambda value: [list(row) for row in value]}
    return tuple(
        (name, None if _is_simple(annotation) else forms.get(_strip_optional(annotation)[0], _to_plain))
        for name, annotation, _ in _fields(cls)
    )


@functools.cache
def _known_fields(cls: Any) -> tuple[dict[str, Any], tuple[str, ...], frozenset[str]]:
    """Annotations by name, names of the fields without a default, names of those whose values are the same in a row."""
    annotations = {name: annotation for name, annotation, _ in _fields(cls)}
    alike = {name for name, annotation in annotations.items() if _is_simple(annotation) or annotation in (Vector, Matrix)}
    alike |= {name for name, a in annotations.items() if _strip_optional(a)[0] in (Vector, Matrix)}
    return annotations, tuple(f.name for f in dataclasses.fields(cls) if _is_required(f)), frozenset(alike)


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


@functools.cache  # asked for every field of every record; there are some dozens of annotations
def _strip_optional(annotation: Any) -> tuple[Any, bool]:
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        inner = [a for a in typing.get_args(annotation) if a is not type(None)]
        return inner[0], True
    return annotation, False


@functools.cache
def _item_type(annotation: Any) -> Any:
    return typing.get_args(annotation)[0] if typing.get_origin(annotation) is tuple else None


@functools.cache
def _is_record(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Record)


def _feature(annotation: Any) -> Any:
    from datasets import Image, List, Value  # noqa: PLC0415

    annotation, _ = _strip_optional(annotation)
    scalars = {str: "string", int: "int64", float: "float64", bool: "bool"}
    if annotation in scalars:
        return Value(scalars[annotation])
    if annotation is EncodedImage:
        return Image()
    if _is_record(annotation):
        return {name: _feature(inner) for name, inner, _ in _fields(annotation)}
    item = _item_type(annotation)
    if item is None:
        raise TypeError(f"no Arrow form for {annotation!r}")
    # Lists without a length: a fixed length with a null inside writes parquet that pyarrow 25 cannot read back.
    return List(_feature(item))


def _normalise(value: Any, annotation: Any, metadata: Mapping[str, Any]) -> tuple[Any, list[str]]:
    """The value in canonical form (tuples, floats) and what is wrong with it."""
    annotation, optional = _strip_optional(annotation)
    if value is None:
        return None, [] if optional else [f"expected {_name(annotation)}, found nothing"]
    if annotation in (Vector, Matrix):
        return _normalise_numbers(value, 1 if annotation == Vector else 2, metadata.get("shape"))
    if annotation is float:
        return _normalise_float(value, metadata.get("finite", True))
    item = _item_type(annotation)
    if item is not None:
        if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
            return value, [f"expected a list, found {value!r:.60}"]
        wrong = [i for i, v in enumerate(value) if not isinstance(v, item)]
        return tuple(value), [f"items {some(wrong)} are not {item.__name__}"] if wrong else []
    if not isinstance(value, annotation) or (annotation is int and isinstance(value, bool)):
        return value, [f"expected {_name(annotation)}, found {value!r:.60}"]
    allowed = metadata.get("one_of")
    if allowed and value not in allowed:
        return value, [f"expected one of {', '.join(allowed)}; found {value!r}"]
    return value, []


def _normalise_float(value: Any, finite: bool) -> tuple[Any, list[str]]:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value, [f"expected a number, found {value!r:.60}"]
    try:
        number = float(value)
    except OverflowError:
        return value, ["expected a number that fits a float, found a larger one"]
    return number, [f"expected a finite number, found {value}"] if finite and not math.isfinite(number) else []


def _normalise_numbers(value: Any, depth: int, shape: tuple[int, ...] | None) -> tuple[Any, list[str]]:
    if hasattr(value, "tolist"):
        value = value.tolist()
    try:
        items = _items(value)
        numbers = tuple(map(_number, items)) if depth == 1 else tuple(tuple(map(_number, _items(row))) for row in items)
    except OverflowError:
        return value, ["expected numbers that fit a float, found a larger one"]
    except (TypeError, ValueError):
        return value, [f"expected {_shape_name(shape, depth)} numbers, found {value!r:.80}"]
    found_shape = (len(numbers),) if depth == 1 else (len(numbers), *{len(row) for row in numbers})  # type: ignore[arg-type]
    problems = []
    if shape is not None and found_shape != shape:
        problems.append(f"expected {_shape_name(shape, depth)} numbers, found shape {found_shape}")
    flat = numbers if depth == 1 else [v for row in numbers for v in row]  # type: ignore[union-attr]
    if not all(math.isfinite(v) for v in flat):  # type: ignore[arg-type]
        problems.append(f"expected finite numbers, found {printable(value)}")
    return numbers, problems


def _items(value: Any) -> Any:
    if isinstance(value, (str, bytes, bytearray, Mapping, Set)):  # an empty one would count as no numbers
        raise TypeError(f"no list: {value!r}")
    return value


def _number(value: Any) -> float:
    if isinstance(value, (str, bytes, bool)):  # float() would take "1.5", and the digits of a text one by one
        raise TypeError(f"no number: {value!r}")
    return float(value)


def _shape_name(shape: tuple[int, ...] | None, depth: int) -> str:
    return "×".join(map(str, shape)) if shape else ("a list of" if depth == 1 else "a matrix of")


def _name(annotation: Any) -> str:
    return getattr(annotation, "__name__", str(annotation))


def _to_plain(value: Any) -> Any:
    if isinstance(value, EncodedImage):
        return {"bytes": value.bytes, "path": value.path}
    if isinstance(value, Record):
        return value.to_row()
    if isinstance(value, tuple):
        return [_to_plain(v) for v in value]
    return value


def _from_plain(value: Any, annotation: Any) -> Any:
    annotation, _ = _strip_optional(annotation)
    if value is None:
        return None
    if annotation is EncodedImage and isinstance(value, Mapping):
        unknown = sorted(set(value) - {"bytes", "path"}, key=str)
        path = value.get("path")
        if unknown or not isinstance(path, str | None):
            raise RecordError("EncodedImage", [f"expected bytes and path, found {printable(dict.fromkeys(value), 80)}"])
        return EncodedImage(value.get("bytes"), path)  # type: ignore[arg-type]
    if _is_record(annotation) and isinstance(value, Mapping):
        return annotation.from_row(value)
    item = _item_type(annotation)
    if _is_record(item) and isinstance(value, list | tuple):
        return records_of(value, item)
    return value


_BASE64 = "base64"


def _bytes_to_text(value: Any) -> Any:
    if isinstance(value, bytes):
        return {_BASE64: base64.b64encode(value).decode("ascii")}
    if isinstance(value, dict):
        return {k: _bytes_to_text(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_bytes_to_text(v) for v in value]
    return value


def _text_to_bytes(value: Any, record: str) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {_BASE64}:
            try:
                return base64.b64decode(value[_BASE64], validate=True)
            except (ValueError, TypeError) as error:
                raise RecordError(record, [f"expected bytes in base64, found {printable(value[_BASE64], 80)}"]) from error
        return {k: _text_to_bytes(v, record) for k, v in value.items()}
    if isinstance(value, list):
        return [_text_to_bytes(v, record) for v in value]
    return value


def _plain(name: object) -> bool:
    return isinstance(name, str) and name.isidentifier()
