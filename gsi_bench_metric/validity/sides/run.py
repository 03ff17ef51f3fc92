"""`gsi-bench validate --given`: one validation a way, each in a folder of its own, and a page with all of them.

<out>/validity.html, .md, .json     side by side
<out>/settings.json                 of what this is the folder
<out>/<way>/                        the run of one way, with its own page: scored, gone on with and checked as any other
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

from gsi_bench_dataset.problems import cannot_be_written
from gsi_bench_dataset.storage.folders import write_atomically
from gsi_bench_metric.run.folder import SETTINGS, RunError, prepare_folder, require_usable
from gsi_bench_metric.validity.run import Request, validate
from gsi_bench_metric.validity.settings import SIDES, require_kind
from gsi_bench_metric.validity.sides.content import Sides, build_sides
from gsi_bench_metric.validity.sides.given import check_given
from gsi_bench_metric.validity.sides.page import write_sides
from gsi_bench_metric.validity.write import write_validity

__all__ = ["validate_sides"]


def validate_sides(request: Request, ways: Sequence[str], folder: Path, *, progress: bool = True) -> tuple[Sides, list[Path]]:
    """Scores the grid once for each way of `GIVEN`, or goes on with it; the content of the page, and what was written.

    Raises:
        GridError, ScoringError, DetectorError, DatasetError, SeeingError: what was asked for cannot be done.
        RunError: the folder holds something else, or the data changed meanwhile.
    """
    ways = check_given(ways)
    require_usable(folder)
    require_kind(folder, SIDES)
    for way in ways:
        require_usable(folder / way)
    prepare_folder(folder)
    _say_what_it_is(folder, request, ways)
    found, written = [], []
    for way in ways:
        asked = dataclasses.replace(request, given=way)
        validation = validate(asked, folder / way, progress=progress)
        written += write_validity(validation, asked, folder / way)[1]
        found.append((way, validation))
    content = build_sides(found)
    return content, write_sides(content, folder) + written


def _say_what_it_is(folder: Path, request: Request, ways: Sequence[str]) -> None:
    """Settings of the whole folder: those of each run are in its own."""
    settings = {"kind": SIDES, "given": list(ways), "protocols": list(request.protocols), "detector": request.detector}
    try:
        write_atomically(folder / SETTINGS, json.dumps(settings, indent=2) + "\n")
    except OSError as error:
        raise RunError(cannot_be_written(folder, error)) from error
