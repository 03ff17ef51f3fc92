"""Predictions without ids: names of files pair before position, nothing is guessed; what is no edit is counted."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import evaluate
import numpy as np
import pytest
from PIL import Image

from gsi_bench_dataset.records import Sample
from gsi_bench_dataset.storage.shards import read_dataset
from gsi_bench_metric.hf import evaluate_module
from gsi_bench_metric.hf.evaluate_module import GsiBench
from gsi_bench_metric.imaging.images import load_rgb
from gsi_bench_metric.run.scoring import ScoringError

VARIANTS = Path(__file__).parents[2] / "data" / "variants" / "GSI-Bench"


@pytest.fixture
def metric(tmp_path: Path) -> GsiBench:
    return GsiBench(cache_dir=str(tmp_path / "metrics"))


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return list(read_dataset(VARIANTS, "mesatask"))[1:6]


@pytest.fixture
def files(samples: list[Sample], tmp_path: Path) -> list[Path]:
    """An edit of each sample in a file called after it, the last sample's first."""
    folder = tmp_path / "edits"
    folder.mkdir()
    paths = [folder / f"{sample.id}.png" for sample in reversed(samples)]
    for path, sample in zip(paths, reversed(samples), strict=True):
        path.write_bytes(sample.edited_image.bytes)  # type: ignore[union-attr]
    return paths


def stored(metric: GsiBench) -> dict[str, bytes | None]:
    """Pixels by the sample that they were paired with."""
    metric._finalize()
    rows = [row for row in metric.data["predictions"] if row["id"]]
    return {row["id"]: load_rgb(row["image"]["bytes"] or row["image"]["path"]).tobytes() for row in rows}


def image_folder(paths: list[Path]) -> datasets.Dataset:
    folder = paths[0].parent
    return datasets.load_dataset("imagefolder", data_dir=str(folder), split="train", cache_dir=str(folder.parent / "cache"))


NAMED: dict[str, Callable[[list[Path]], Any]] = {
    "paths": list,
    "texts": lambda p: [str(path) for path in p],
    "with _rgb": lambda p: [path.rename(path.with_stem(f"{path.stem}_rgb")) for path in p],
    "mappings of a path": lambda p: [{"bytes": None, "path": str(path)} for path in p],
    "mappings of bytes and a name": lambda p: [{"bytes": path.read_bytes(), "path": path.name} for path in p],
    "rows": lambda p: [{"image": str(path)} for path in p],
    "images of PIL": lambda p: [Image.open(path) for path in p],
    "an image folder": image_folder,
    "rows of an image folder": lambda p: list(image_folder(p)),
    "a column": lambda p: image_folder(p)["image"],
}


@pytest.mark.parametrize("form", NAMED)
def test_files_called_after_samples_pair_by_name(
    metric: GsiBench, samples: list[Sample], files: list[Path], form: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        metric.add_batch(predictions=NAMED[form](files), references=samples)
    wanted = {s.id: load_rgb(s.edited_image).tobytes() for s in samples if s.edited_image}
    assert stored(metric) == wanted
    assert "paired by the names of their files" in caplog.text


def test_other_names_pair_by_position_and_say_so(
    metric: GsiBench, samples: list[Sample], files: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    renamed = [path.rename(path.with_stem(f"image{i}")) for i, path in enumerate(files)]
    metric.add_batch(predictions=renamed[::-1], references=samples)
    assert stored(metric) == {s.id: load_rgb(s.edited_image).tobytes() for s in samples if s.edited_image}
    assert "paired by position" in caplog.text


def test_some_names_and_doubled_names_are_refused(metric: GsiBench, samples: list[Sample], files: list[Path]) -> None:
    odd = files[0].rename(files[0].with_stem("final"))
    with pytest.raises(ScoringError, match=rf"4 of 5 files .*{samples[0].id}.* and 1 are not \(final\)"):
        metric.add_batch(predictions=[odd, *files[1:]], references=samples)
    with pytest.raises(ScoringError, match=r"1 are not \(number 0, without a name\)"):
        metric.add_batch(predictions=[np.zeros((8, 9, 3), np.uint8), *files[1:]], references=samples)
    with pytest.raises(ScoringError, match=f"2 files are called after '{samples[0].id}'"):
        metric.add_batch(predictions=[*files[1:], files[-1]], references=samples)
    assert len(metric) == 0


def test_pieces_paired_against_their_names_are_refused(metric: GsiBench, samples: list[Sample], files: list[Path]) -> None:
    for path, sample in zip(files, samples, strict=True):
        metric.add(prediction=path, reference=sample)
    with pytest.raises(ScoringError, match=r"was paired by position with .* called after another sample"):
        metric.compute(protocol="official", detector="simulator", device="cpu")


def test_absent_images_are_counted_and_warned_about_once(metric: GsiBench, samples: list[Sample], tmp_path: Path) -> None:
    predictions: list[Any] = [
        {"id": samples[0].id, "image": str(tmp_path / "nothing.png")},
        {"id": samples[1].id, "image": None},
        {"id": samples[2].id, "image": b"no image"},
        {"id": samples[3].id, "image": np.full((256, 256, 4), [9, 90, 200, 0], np.uint8)},
    ]
    for protocol in ("strict", "official"):
        with pytest.warns(
            UserWarning, match=r"3 with no prediction.*1 with an image that cannot.*1 with an image that shows"
        ) as told:
            row = metric.compute(
                predictions=predictions, references=samples, protocol=protocol, detector="simulator", device="cpu"
            )
        assert row is not None and (row["n_missing"], row["n_unreadable"], row["n_blank"]) == (3, 1, 1)
        assert len([w for w in told if "samples" in str(w.message)]) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"on_missing": "skip"},
        {"ignore_extra": "yes"},
        {"dataset_type": "GSI-Real"},
        {"batch_size": 4},
        {"judge_options": {"model": "x"}},
        {"judgements": "j.json"},
        {"detections": "d.json"},
    ],
)
def test_wrong_and_ignored_arguments_are_errors(metric: GsiBench, samples: list[Sample], wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}"):
        metric.compute(predictions=[], references=samples, **wrong)


def test_large_images_are_written_in_parts(metric: GsiBench, samples: list[Sample], monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrow refuses more bytes in one write than its offsets reach; here the bound is 3 MB instead of 2 GB."""
    write, sizes = evaluate.Metric.add_batch, []

    def bounded(self: Any, *, predictions: Any, references: Any) -> None:
        sizes.append(sum(len(row["image"]["bytes"]) for row in predictions))
        if sizes[-1] > 3_000_000:
            raise ValueError("Predictions and/or references don't match the expected format.")
        write(self, predictions=predictions, references=references)

    monkeypatch.setattr(evaluate.Metric, "add_batch", bounded)
    monkeypatch.setattr(evaluate_module, "_BYTES_AT_ONCE", 3_000_000, raising=False)
    noise = np.random.default_rng(0).bytes(1_400_000)
    metric.add_batch(predictions=[{"id": s.id, "image": noise} for s in samples], references=samples)
    assert len(sizes) > 2 and sum(sizes) == 5 * 1_400_000
    metric._finalize()
    assert [row["id"] for row in metric.data["predictions"]] == [s.id for s in samples]


def test_base64_and_data_uris_are_images(metric: GsiBench, samples: list[Sample]) -> None:
    data = samples[0].edited_image.bytes  # type: ignore[union-attr]
    text = base64.b64encode(data).decode()
    forms = [
        text,
        f"data:image/png;base64,{text}",
        text.rstrip("="),
        base64.urlsafe_b64encode(data).decode(),
        "\n".join([text[:76], text[76:]]),
    ]
    metric.add_batch(
        predictions=[{"id": s.id, "image": form} for s, form in zip(samples, forms, strict=True)], references=samples
    )
    assert set(stored(metric).values()) == {load_rgb(data).tobytes()}


@pytest.mark.parametrize(
    "text",
    [
        "data:image/png;base64," + "iVBORw0KGgo*" * 1000,
        "data:text/plain;base64," + base64.b64encode(b"hello " * 1000).decode(),
        "data:image/svg+xml,<svg>" + "x" * 1000,
        "https://example.org/" + "a" * 1000 + ".png",
        "file:///edits/a.png",
        "x" * 5000,
    ],
)
def test_texts_that_are_no_paths_are_named_shortly(metric: GsiBench, samples: list[Sample], text: str) -> None:
    with pytest.raises(ScoringError) as caught:
        metric.add_batch(predictions=[{"id": samples[0].id, "image": text}], references=samples)
    assert len(str(caught.value)) < 500
