"""Variables of the environment, changed for a while: some libraries read there what they are not to be told otherwise."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping

__all__ = ["environment_with"]


@contextlib.contextmanager
def environment_with(changes: Mapping[str, str | None]) -> Iterator[None]:
    """The environment with some variables changed (None: not set) inside, and as it was afterwards."""
    former = {name: os.environ.get(name) for name in changes}
    _set(changes)
    try:
        yield
    finally:
        _set(former)


def _set(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
