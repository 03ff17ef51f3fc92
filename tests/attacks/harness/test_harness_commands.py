"""Every sub-command with hostile paths, names and numbers: it works, or ends with one line and status 2."""

from __future__ import annotations

import pytest
from hostile.commands import command_attacks, isolated
from hostile.harness import Tally


def test_commands_end_hostile_arguments_with_one_line(tmp_path):
    with isolated(tmp_path):
        Tally("commands").try_all(command_attacks(0, 5, tmp_path)).require_clean(least=300)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_commands_end_more_hostile_arguments_with_one_line(seed, tmp_path):
    with isolated(tmp_path):
        Tally("commands", seed).try_all(command_attacks(seed, 5, tmp_path)).require_clean(least=300)
