"""Which fields of a sample a step reads: digests of chosen fields, and samples that have no others."""

import dataclasses
import pickle

import pytest
from mutated import MUTATIONS, READ_BY_NO_STEP, mutated

from gsi_bench_dataset import reads
from gsi_bench_dataset.reads import EVERYTHING, IDENTITY, KIND, UndeclaredReadError, digest_of, narrowed, reads_of
from gsi_bench_dataset.records import Sample

FIELDS = [field.name for field in dataclasses.fields(Sample)]
GROUPS = {name: value for name in reads.__all__ if isinstance(value := getattr(reads, name), frozenset)}


@pytest.fixture(scope="module")
def sample(make_sample):
    return make_sample()


def test_every_field_is_in_one_group_or_known_to_be_unread():
    grouped = [name for key, group in GROUPS.items() if key not in ("EVERYTHING", "NOTHING", "KIND") for name in group]
    assert len(grouped) == len(set(grouped))
    assert set(grouped) | READ_BY_NO_STEP == set(FIELDS) == EVERYTHING
    assert not set(grouped) & READ_BY_NO_STEP


def test_every_field_has_a_mutation():
    assert set(MUTATIONS) == set(FIELDS)


@pytest.mark.parametrize("name", FIELDS)
def test_a_digest_changes_with_its_fields_and_no_others(sample, name):
    other = mutated(sample, name)
    changed = {f for f in FIELDS if getattr(sample, f) != getattr(other, f)}
    assert name in changed and len(changed) <= 3
    for field in FIELDS:
        alike = digest_of(sample, frozenset({field})) == digest_of(other, frozenset({field}))
        assert alike == (field not in changed), field


def test_a_digest_takes_images_by_their_bytes(sample):
    renamed = dataclasses.replace(sample, image=dataclasses.replace(sample.image, path="elsewhere.png"))
    assert digest_of(renamed, EVERYTHING) == digest_of(sample, EVERYTHING)


def test_the_kind_is_told_without_its_numbers(sample):
    farther = dataclasses.replace(sample, operation=dataclasses.replace(sample.operation, distance_m=9.0))
    assert digest_of(sample, KIND) == digest_of(farther, KIND)
    assert digest_of(sample, reads.OPERATION) != digest_of(farther, reads.OPERATION)
    view = narrowed(sample, KIND)
    assert view.operation.kind == "move"
    with pytest.raises(UndeclaredReadError, match="distance_m"):
        _ = view.operation.distance_m
    assert narrowed(dataclasses.replace(sample, operation=None), KIND).operation is None


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_that_is_not_named_cannot_be_read(sample, name):
    view = narrowed(sample, EVERYTHING - {name})
    with pytest.raises(UndeclaredReadError, match=f"`{name}`"):
        getattr(view, name)
    with pytest.raises(UndeclaredReadError):
        getattr(view, name, None)  # a default hides nothing
    for other in set(FIELDS) - {name}:
        assert getattr(view, other) is getattr(sample, other)


@pytest.mark.parametrize("read", [lambda s: s.to_row(), lambda s: dataclasses.replace(s, seed=1), lambda s: narrowed(s, KIND)])
def test_nor_can_it_by_way_of_the_whole_record(sample, read):
    with pytest.raises(UndeclaredReadError):
        read(narrowed(sample, IDENTITY))


def test_a_value_in_place_of_another_is_digested_as_such(sample, make_sample):
    up = frozenset({"up", "target"})
    view = narrowed(sample, up, up=(0.0, 1.0, 0.0))
    assert digest_of(view, up) == digest_of(make_sample(up=(0.0, 1.0, 0.0)), up) != digest_of(sample, up)


def test_a_narrowed_sample_travels_and_compares(sample, make_sample):
    view = narrowed(sample, IDENTITY | KIND)
    assert pickle.loads(pickle.dumps(view)) == view == narrowed(make_sample(prompt="x"), IDENTITY | KIND) != sample
    assert "narrowed" in repr(view)
    digest_of(sample, EVERYTHING)
    assert pickle.loads(pickle.dumps(sample)) == sample


def test_a_step_that_names_nothing_is_taken_to_read_all():
    assert reads_of(object()) == EVERYTHING
