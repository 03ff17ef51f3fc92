"""The samples that come with the app, and how they are found."""

import pytest

from gsi_bench_dataset.records import OPERATIONS
from gsi_bench_dataset.storage.shards import DatasetError
from gsi_bench_space import shelf as shelf_module
from gsi_bench_space.shelf import EMBEDDED, VARIANTS, Shelf
from gsi_bench_space.texts.english import ENGLISH


def test_embedded_samples_have_all_operations_and_rights(shelf):
    assert list(shelf.operations) == list(OPERATIONS)
    assert all(sample.redistributable and sample.prompt_zh for sample in shelf.samples.values())


def test_every_embedded_sample_has_right_and_trivial_edits(shelf):
    for sample_id, sample in shelf.samples.items():
        assert shelf.examples(sample_id)[:3] == ["after", "copy", "paste"]
        assert shelf.example(sample_id, "after") == sample.edited_image


def test_ready_examples_show_what_they_are_called(shelf):
    names = {name for sample_id in shelf.samples for name in shelf.examples(sample_id)}
    assert {"opposite", "overshoot", "duplicate", "removed", "wrong_object"} <= names <= ENGLISH.keys()
    assert set(VARIANTS) <= ENGLISH.keys()


def test_a_copy_is_the_source_pixel_by_pixel(shelf):
    from gsi_bench_metric.imaging.images import load_rgb  # noqa: PLC0415

    sample_id, sample = next(iter(shelf.samples.items()))
    assert (load_rgb(shelf.example(sample_id, "copy")) == load_rgb(sample.image)).all()


@pytest.mark.parametrize("words", ["BREAD 0.75", "面包 75", "s00000_dining_edit_00"])
def test_a_search_needs_all_words_in_either_language_or_the_id(shelf, words):
    assert shelf.ids(words=words) == ["s00000_dining_edit_00"]


def test_filters_combine_and_nothing_found_is_an_empty_list(shelf):
    bread = shelf.ids("move", "mesatask", "bread")
    assert bread == ["s00000_dining_edit_02"]
    assert shelf.ids("move", "fine", "bread") == [] == shelf.ids(words="unicorn")


def test_a_dataset_too_large_for_memory_is_refused_unread(monkeypatch):
    monkeypatch.setattr(shelf_module, "MOST_SAMPLES", 3)
    with pytest.raises(DatasetError, match="18 samples, and the app holds up to 3"):
        Shelf.read(EMBEDDED)
