"""Interrupts, kills, errors of the disk at every step: a reader finds the old or the new, and the next run makes it whole."""

from __future__ import annotations

import os

import pytest
from hostile.faults import MODES, faults_of, mount_possible
from hostile.harness import Tally

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks for each fault")
FOLDERS = ["a new dataset", "a dataset over one", "a split beside another", "an export over one", "an archive over one"]
FILES = ["a file over one", "a scene over one", "scores over others", "a run", "records"]


def tally_of(folder, jobs, *modes):
    tally = Tally(", ".join(modes))
    for outcome in faults_of(folder, jobs, list(modes)):
        tally.add(outcome)
    return tally


def test_a_stop_at_any_step_leaves_the_old_or_the_new(tmp_path):
    tally_of(tmp_path, [FOLDERS[1], FOLDERS[3], *FILES], "kill before", "interrupt after").require_clean(least=40)


def test_a_termination_at_any_step_leaves_the_old_or_the_new(tmp_path):
    tally_of(tmp_path, [FOLDERS[2], FILES[0]], "terminate before", "terminate after").require_clean(least=20)


def test_a_disk_that_fails_at_any_step_is_named(tmp_path):
    tally_of(tmp_path, [FOLDERS[1], FOLDERS[4], *FILES], "error", "limit").require_clean(least=40)


def test_a_full_disk_is_named_and_what_was_there_stays(tmp_path):
    if not mount_possible(tmp_path):
        pytest.skip("needs `unshare -Urm` and a tmpfs, which this system does not allow")
    tally_of(tmp_path, [FOLDERS[1], FOLDERS[3], *FILES], "full").require_clean(least=25)


@pytest.mark.slow
@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "full"])
def test_every_fault_at_any_step_of_every_job(mode, tmp_path):
    tally_of(tmp_path, FOLDERS + FILES, mode).require_clean(least=40)
