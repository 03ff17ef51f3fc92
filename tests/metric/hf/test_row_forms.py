"""Rows in another common form score the same: numbers of depth and masks, colours, texts and boxes."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, default_collate

from gsi_bench_dataset.records import PICTURE_FIELDS, Sample
from gsi_bench_metric.hf.evaluate_module import GsiBench
from gsi_bench_metric.hf.evaluate_rows import normalised, prediction_row, reference_row, samples_of
from gsi_bench_metric.hf.row_images import colour_image, number_image
from gsi_bench_metric.imaging.images import load_numbers, load_rgb
from gsi_bench_metric.run.scoring import ScoringError

VARIANTS = Path(__file__).parents[2] / "data" / "variants" / "GSI-Bench" / "data" / "mesatask-00000-of-00001.parquet"
COUNT = 3
PLAIN = ("id", "img_id", "query_id", "split", "prompt", "target", "camera_intrinsics", "original_bbox_3d", "rotation_matrix")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> datasets.Dataset:
    cache = str(tmp_path_factory.mktemp("cache"))
    whole = datasets.load_dataset("parquet", data_files=str(VARIANTS), split="train", cache_dir=cache)
    return whole.select(range(COUNT))


def read(rows: Any) -> list[Sample]:
    problems: list[str] = []
    stored = normalised(rows, "references", reference_row, problems)
    samples = samples_of([row for row in stored if row is not None], problems)
    assert problems == []
    return samples


def seen(sample: Sample) -> dict[str, Any]:
    """A sample's texts and numbers, and the pixels of its images."""
    row = sample.to_row()
    for name in PICTURE_FIELDS:
        picture = getattr(sample, name)
        if picture is not None:
            pixels = load_rgb(picture) if "image" in name else load_numbers(picture)
            row[name] = (pixels.shape, pixels.tobytes())
    return row


def lists(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def streamed(table: datasets.Dataset) -> Any:
    return datasets.IterableDataset.from_generator(lambda: iter(table))


FORMS: dict[str, Callable[[datasets.Dataset], Any]] = {
    "rows": list,
    "a generator": iter,
    "a slice": lambda t: t[:],
    "rows of a slice": lambda t: [t[0], t[1], t[2]],
    "batches": lambda t: t.batch(2),
    "slices one by one": lambda t: t.iter(2),
    "a stream": lambda t: t.to_iterable_dataset(),
    "a stream without features": streamed,
    "batches of a stream": lambda t: streamed(t).batch(2),
    "numpy": lambda t: t.with_format("numpy"),
    "torch": lambda t: t.with_format("torch"),
    "pandas": lambda t: t.with_format("pandas"),
    "a table of pandas": lambda t: t.to_pandas(),
    "tables of pandas": lambda t: t.with_format("pandas").iter(2),
    "a table of Arrow": lambda t: t.data.table,
    "lists collated": lambda t: DataLoader(t, batch_size=2, collate_fn=lists),
    "rows collated": lambda t: DataLoader(t, batch_size=2, collate_fn=list),
    "lists with columns of a dataset": lambda t: {name: t[name] for name in t.column_names},
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_split_is_the_split(table: datasets.Dataset, form: str) -> None:
    assert [seen(s) for s in read(FORMS[form](table))] == [seen(s) for s in read(table)]
    assert read(table)[0].depth is not None


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("form", [list, lambda t: t[:], lambda t: t.iter(2)])
def test_decoded_arrays_keep_pixels_and_numbers(table: datasets.Dataset, library: str, form: Callable[..., Any]) -> None:
    """The floats of such rows have 32 bits; nothing else differs."""
    for found, wanted in zip(read(form(table.with_format(library))), read(table), strict=True):
        pixels, expected = seen(found), seen(wanted)
        assert [pixels[name] for name in PICTURE_FIELDS] == [expected[name] for name in PICTURE_FIELDS]
        np.testing.assert_allclose(found.camera_intrinsics, wanted.camera_intrinsics, rtol=1e-6)
        assert (found.id, found.operation.kind) == (wanted.id, wanted.operation.kind)


@pytest.mark.parametrize("count", [2, 3, 7])
def test_torchs_collation_of_numbers_is_undone(table: datasets.Dataset, count: int) -> None:
    plain = table.select_columns(list(PLAIN))
    rows = [plain[i % COUNT] | {"img_id": f"s{i}", "id": f"s{i}_edit_{plain[i % COUNT]['query_id']}"} for i in range(count)]
    collated = default_collate(rows)
    image = colour_image(table[0]["image"])
    problems: list[str] = []
    found = normalised(collated | {"image": [image] * count}, "references", reference_row, problems)
    wanted = normalised([row | {"image": image} for row in rows], "references", reference_row, problems)
    assert problems == [] and found == wanted


def test_columns_of_different_lengths_are_named(table: datasets.Dataset) -> None:
    part = table[:2] | {"prompt": ["one"]}
    with pytest.raises(ScoringError, match=r"references: expected columns of one length, found .*prompt 1"):
        read(part)


def test_one_array_is_no_list_of_rows() -> None:
    with pytest.raises(ScoringError, match="put a single image into a list"):
        normalised(np.zeros((8, 8, 3), np.uint8), "predictions", prediction_row, [])


def pixels_of(stored: Any) -> Any:
    return load_rgb(stored["bytes"])


def test_arrays_in_colour_and_grey_are_read_in_any_order_of_axes() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    for form in (
        rgb,
        np.moveaxis(rgb, 2, 0),
        torch.from_numpy(rgb),
        torch.from_numpy(rgb).permute(2, 0, 1),
        Image.fromarray(rgb),
    ):
        np.testing.assert_array_equal(pixels_of(colour_image(form)), rgb)
    grey = rgb[..., 0]
    for form in (
        grey,
        grey[..., None],
        grey[None],
        torch.from_numpy(grey),
        grey / np.float32(255),
        grey.astype(np.uint16) << 8,
    ):
        np.testing.assert_array_equal(pixels_of(colour_image(form)), np.repeat(grey[..., None], 3, axis=2))
    opaque = np.dstack([rgb, np.full((6, 8), 255, np.uint8)])
    np.testing.assert_array_equal(pixels_of(colour_image(opaque)), rgb)
    for odd in (np.zeros((3, 8, 3), np.uint8), np.zeros((6, 8, 3), np.float32), np.zeros((6, 8, 2), np.uint8)):
        with pytest.raises(ValueError, match=r"channels that may be|expected a uint8 array"):
            colour_image(odd)


def test_depth_and_masks_keep_their_numbers_in_every_form() -> None:
    deep = np.random.default_rng(0).integers(0, 2**16, (6, 8), dtype=np.uint16)
    forms = [
        deep,
        deep[..., None],
        deep[None],
        np.repeat(deep[..., None], 3, axis=2),
        np.repeat(deep[None], 3, axis=0),
        deep.astype(np.int64),
        deep.astype(np.float32),
        torch.from_numpy(deep.astype(np.int64)),
        Image.fromarray(deep),
        Image.fromarray(deep.astype(np.int32)),
        Image.fromarray(deep.astype(">u2")),
        Image.fromarray(deep.astype(np.float32)),
    ]
    for form in forms:
        np.testing.assert_array_equal(load_numbers(number_image(form)["bytes"]), deep)
    for form in (Image.fromarray((deep & 255).astype(np.uint8)), Image.fromarray((deep & 255).astype(np.uint8)).quantize(256)):
        np.testing.assert_array_equal(load_numbers(number_image(form)["bytes"]), np.asarray(form))
    large = deep.astype(np.int32) * 1000
    np.testing.assert_array_equal(load_numbers(number_image(large)["bytes"]), large)
    for odd in (deep - 70000.0, deep + 0.5, np.dstack([deep, deep, deep + 1])):
        with pytest.raises(ValueError, match="expected"):
            number_image(odd)


def test_a_turned_image_is_read_as_the_file_is() -> None:
    """As opened by a user, the image lies on its side. `datasets` turns it. The file is turned when it is read."""
    exif = Image.Exif()
    exif[0x0112] = 6
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (16, 24, 3), dtype=np.uint8)).save(stream, "PNG", exif=exif)
    stored = {"bytes": stream.getvalue(), "path": None}
    forms = [stored, Image.open(io.BytesIO(stored["bytes"])), datasets.Image().decode_example(stored)]
    first, *others = [pixels_of(colour_image(form)) for form in forms]
    assert first.shape == (24, 16, 3)
    for other in others:
        np.testing.assert_array_equal(other, first)


def test_decoded_rows_score_as_the_dataset_does(table: datasets.Dataset, tmp_path: Path) -> None:
    some = table.select([0, 2])
    predictions = [{"id": row["id"], "image": row["edited_image"]} for row in some]
    found = [
        GsiBench(cache_dir=str(tmp_path)).compute(predictions=predictions, references=references, device="cpu")
        for references in (some, list(some), some[:], some.to_pandas())
    ]
    assert found[0]["n"] == 2
    assert found[1:] == found[:1] * 3


def test_a_table_of_predictions_pairs_by_its_ids(table: datasets.Dataset) -> None:
    frame = pd.DataFrame({"id": table["id"][:], "image": [f"{i}.png" for i in range(COUNT)]})
    problems: list[str] = []
    rows = normalised(frame, "predictions", prediction_row, problems)
    assert problems == [] and [row["id"] for row in rows] == table["id"][:]
    batch = {"id": table["id"][:], "image": torch.zeros((COUNT, 3, 8, 9), dtype=torch.uint8)}
    assert len(normalised(DataLoader([batch], batch_size=None), "predictions", prediction_row, problems)) == COUNT
    assert problems == []
