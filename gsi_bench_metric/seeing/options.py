"""What a user may set of those who look at images, and how they fail. Light: nothing is imported that takes long."""

from __future__ import annotations

import dataclasses
from pathlib import Path

__all__ = ["Options", "SeeingError", "UnseenError"]


class SeeingError(ValueError):
    """Somebody who looks at images cannot work at all: a library, weights or an option is not right."""


class UnseenError(ValueError):
    """One image of which something cannot be told; the others go on."""


@dataclasses.dataclass(frozen=True)
class Options:
    """What a user may set of a segmenter or an estimator.

    Attributes:
        device: cpu, cuda, cuda:N or mps; None: the best one there is.
        weights: file, folder or Hub repository of the weights; None: its own.
        revision: of a Hub repository.
        fetching: whether weights that are not here may be downloaded.
    """

    device: str | None = None
    weights: str | None = None
    revision: str | None = None
    fetching: bool = True

    def require_no_weights(self, name: str) -> None:
        """Does nothing where no weights are given.

        Raises:
            SeeingError: they are.
        """
        if self.weights is not None or self.revision is not None:
            raise SeeingError(f"{name!r} has no weights that can be chosen; leave them out")

    def weights_file(self, name: str, expected: str) -> Path:
        """The file that was given.

        Raises:
            SeeingError: none was, or there is none.
        """
        if self.weights is None:
            raise SeeingError(f"{name!r} needs its weights: {expected}")
        path = Path(self.weights)
        if not path.is_file():
            raise SeeingError(f"{path}: no such file; expected {expected}")
        return path
