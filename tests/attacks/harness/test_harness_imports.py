"""Imports and predictions from hostile folders, archives and files: the samples as they are, or an error that names them."""

from __future__ import annotations

import pytest
from hostile.datasets import archive_attacks, edit_attacks, folder_attacks, prediction_attacks
from hostile.harness import Tally


def test_hostile_archives_are_named_or_unharmed(tmp_path):
    Tally("archives").try_all(archive_attacks(0, 200, tmp_path)).require_clean(least=240)


def test_changed_edits_are_refused_or_kept_as_written(tmp_path):
    Tally("edits").try_all(edit_attacks(0, 200, tmp_path)).require_clean(least=200)


def test_folders_with_special_files_are_named(tmp_path):
    Tally("folders").try_all(folder_attacks(tmp_path)).require_clean(least=80)


def test_hostile_predictions_are_named_or_unharmed(tmp_path):
    Tally("predictions").try_all(prediction_attacks(0, 80, tmp_path)).require_clean(least=200)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_more_hostile_imports_are_named_or_unharmed(seed, tmp_path):
    Tally("archives", seed).try_all(archive_attacks(seed, 200, tmp_path)).require_clean(least=200)
    Tally("edits", seed).try_all(edit_attacks(seed, 200, tmp_path)).require_clean(least=200)
    Tally("predictions", seed).try_all(prediction_attacks(seed, 80, tmp_path)).require_clean(least=80)
