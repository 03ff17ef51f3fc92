"""Predictions in parquet files, read when they are asked for: a table of any size takes the memory of one row group."""

from __future__ import annotations

import functools
import io
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from gsi_bench_dataset.records import EncodedImage, Prediction
from gsi_bench_dataset.safety.files import MAX_TABLE_BYTES, FileProblemError, printable_path, require_regular
from gsi_bench_dataset.safety.images import DAMAGED, require_format
from gsi_bench_dataset.safety.names import printable
from gsi_bench_dataset.storage.inline import InlineError, image_in_text

__all__ = ["PredictionError", "PredictionTable", "encode"]

_ID_COLUMNS = ("id", "sample_id")
_ROWS = 64  # looked at together while the table is indexed


class PredictionError(ValueError):
    """The predictions cannot be read; the message lists every problem."""


class _Place(NamedTuple):
    """A row of a file."""

    shard: int
    group: int
    row: int


class PredictionTable(Mapping[str, Prediction]):
    """Predictions by sample id, from a column of ids (`id` or `sample_id`) and one of images.

    Building it reads everything once, to know what is there; an image is read again when it is asked for. A row without an
    image is no prediction. May be used by several threads.

    Attributes:
        doubled: samples that stand there more than once; they are no predictions.

    Raises:
        PredictionError: files that are no parquet, lack a column, or hold what is no image; names all of them.
    """

    def __init__(self, shards: Sequence[Path], editor: str, column: str):
        self.doubled: dict[str, tuple[str, ...]] = {}
        self._shards = list(shards)
        self._editor = editor
        self._column = column
        self._places: dict[str, _Place] = {}
        self._lock = threading.Lock()
        # Rows are asked for in the order of sample ids, mostly the table's own; two, where a group ends within a source.
        self._group = functools.lru_cache(maxsize=2)(self._read_group)
        problems = [problem for number in range(len(self._shards)) for problem in self._index(number)]
        if problems:
            raise PredictionError("\n".join(problems))
        if not self._places and not self.doubled:
            raise PredictionError(f"{self._shards[0].parent}: no image in column {column}")

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __getitem__(self, sample_id: str) -> Prediction:
        place = self._places[sample_id]
        try:
            with self._lock:
                value = self._group(place.shard, place.group)[place.row].as_py()
        except _damaged_table() as error:
            raise PredictionError(f"{sample_id}: {_unreadable(self._shards[place.shard], error)}") from error
        return self._prediction(sample_id, value, place.shard)

    def _prediction(self, sample_id: str, value: Any, shard: int) -> Prediction:
        path = _path_of(value)
        try:
            data = image_in_text(path) if path else None
        except InlineError as error:
            raise PredictionError(f"{_shown(sample_id)}: {error}") from error
        if data is not None:
            return Prediction(sample_id=sample_id, editor=self._editor, image=EncodedImage(data))
        if path:  # relative ones are meant from the file that names them
            return Prediction(sample_id=sample_id, editor=self._editor, path=str(self._shards[shard].parent / path))
        return Prediction(sample_id=sample_id, editor=self._editor, image=encode(value, sample_id))

    def _read_group(self, shard: int, group: int) -> Any:
        import pyarrow.parquet as pq  # noqa: PLC0415 - other forms of predictions do not need it

        require_regular(self._shards[shard], MAX_TABLE_BYTES)
        with pq.ParquetFile(self._shards[shard], pre_buffer=False) as file:
            return file.read_row_group(group, columns=[self._column]).column(0)

    def _index(self, number: int) -> list[str]:
        import pyarrow.parquet as pq  # noqa: PLC0415

        shard = self._shards[number]
        try:
            require_regular(shard, MAX_TABLE_BYTES)
            file = pq.ParquetFile(shard, pre_buffer=False)
        except FileProblemError as error:
            return [str(error)]
        except _damaged_table() as error:
            return [_unreadable(shard, error)]
        with file:
            try:
                return self._rows(number, file)
            except _damaged_table() as error:
                return [_unreadable(shard, error)]

    def _rows(self, number: int, file: Any) -> list[str]:
        shard = self._shards[number]
        names = file.schema_arrow.names
        id_column = next((c for c in _ID_COLUMNS if c in names), None)
        if id_column is None or self._column not in names:
            return [
                f"{printable_path(shard)}: expected the columns id and {self._column}, found {printable(names)}; name the "
                "image column with --column"
            ]
        problems = []
        for group in range(file.num_row_groups):
            row = 0
            for batch in file.iter_batches(_ROWS, [group], [id_column, self._column]):
                for sample_id, value in zip(batch[id_column].to_pylist(), batch[self._column].to_pylist(), strict=True):
                    problems += self._take(sample_id, value, _Place(number, group, row))
                    row += 1
        return problems

    def _take(self, sample_id: Any, value: Any, place: _Place) -> list[str]:
        shard = self._shards[place.shard]
        if not isinstance(sample_id, str):
            return [f"{printable_path(shard)}: expected text in the column of ids, found {printable(sample_id)}"]
        if _is_nothing(value):
            return []  # no image: the sample counts as missing
        if sample_id in self._places or sample_id in self.doubled:
            self._places.pop(sample_id, None)
            self.doubled[sample_id] = (*self.doubled.get(sample_id, ("a row",)), f"another row of {shard.name}")
            return []
        try:
            self._prediction(sample_id, value, place.shard)
        except PredictionError as error:
            return [str(error)]
        self._places[sample_id] = place
        return []


def encode(value: Any, sample_id: str) -> EncodedImage:
    """An encoded image from bytes, `{"bytes", "path"}`, a PIL image or a uint8 array (H, W, 3); the last two as PNG.

    Raises:
        PredictionError: for anything else.
    """
    try:
        if isinstance(value, EncodedImage):
            return value
        if isinstance(value, bytes):
            return EncodedImage(value)
        if isinstance(value, Mapping) and isinstance(value.get("bytes"), bytes):
            return EncodedImage(value["bytes"], value.get("path"))
        if type(value).__module__ == "numpy" and getattr(value, "dtype", None) == "uint8":
            value = Image.fromarray(value)
        if isinstance(value, Image.Image):
            require_format(value)  # it may be open only, and not decoded yet
            buffer = io.BytesIO()
            value.save(buffer, format="PNG")
            return EncodedImage(buffer.getvalue(), f"{sample_id}.png")
    except DAMAGED as error:  # empty bytes, a shape or mode that is no PNG, or a damaged file behind it
        raise PredictionError(f"{_shown(sample_id)}: cannot be encoded as an image ({error})") from error
    raise PredictionError(
        f"{_shown(sample_id)}: expected a path, encoded bytes, a PIL image or a uint8 array, found {type(value).__name__}"
    )


def _shown(sample_id: str) -> str:
    return printable_path(sample_id)  # as it is where it prints well


def _is_nothing(value: Any) -> bool:
    """No image, in the forms that tables have for it."""
    if isinstance(value, Mapping):
        return not value.get("bytes") and not value.get("path")
    return value is None or value in (b"", "")


def _damaged_table() -> tuple[type[BaseException], ...]:
    """What reading a damaged parquet file raises."""
    import pyarrow as pa  # noqa: PLC0415

    return (pa.ArrowException, OSError, ValueError, TypeError, LookupError, OverflowError, MemoryError, RuntimeError)


def _unreadable(shard: Path, error: BaseException) -> str:
    return f"{printable_path(shard)}: not a readable parquet file ({printable(str(error))}); write or download it again"


def _path_of(value: Any) -> str | None:
    """The path of an image that is stored by its path alone."""
    if isinstance(value, Mapping):
        return value.get("path") if value.get("bytes") is None else None
    return value if isinstance(value, str) and value else None
