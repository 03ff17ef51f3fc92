"""Records, their store and their files, changed in every place: what was given, or an error that names it."""

from __future__ import annotations

import pytest
from hostile.harness import Tally
from hostile.records import record_attacks, record_file_attacks, store_attacks


def test_changed_records_are_refused_or_kept_as_given():
    Tally("records").try_all(record_attacks(0, 500)).require_clean(least=500)


def test_a_damaged_store_never_gives_a_wrong_record(tmp_path):
    Tally("store").try_all(store_attacks(0, 150, tmp_path)).require_clean(least=150)


def test_changed_record_files_are_named_or_unharmed(tmp_path):
    Tally("files").try_all(record_file_attacks(0, 300, tmp_path)).require_clean(least=300)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_more_changed_records_are_refused_or_kept(seed, tmp_path):
    Tally("records", seed).try_all(record_attacks(seed, 500)).require_clean(least=500)
    Tally("store", seed).try_all(store_attacks(seed, 150, tmp_path)).require_clean(least=150)
    Tally("files", seed).try_all(record_file_attacks(seed, 300, tmp_path)).require_clean(least=300)
