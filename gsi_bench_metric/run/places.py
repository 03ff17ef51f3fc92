"""Where a run's data and images are: found again from another working folder, and after the run was moved with them.

`settings.json` keeps paths as the user gave them. `places` in it says from where they count, and where the run was then.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterator, Mapping
from pathlib import Path

from gsi_bench_dataset.records import Prediction, Sample
from gsi_bench_dataset.safety.files import printable_path
from gsi_bench_dataset.storage.predictions import read_predictions
from gsi_bench_dataset.storage.shards import read_columns, read_dataset
from gsi_bench_metric.run.folder import Run

__all__ = ["found_again", "iter_pictures", "places_of"]

_WORKING, _RUN, _DATA = "working_folder", "run_folder", "data"
_LOCAL, _HUB = "folder", "repository"


def places_of(folder: Path, data: str) -> dict[str, str]:
    """What a run's settings say of where it is: the folder from which its paths count, and its own, both absolute; and
    whether its data is a folder or a repository, which can have the same name.
    """
    return {_WORKING: str(Path.cwd()), _RUN: str(folder.absolute()), _DATA: _LOCAL if Path(data).is_dir() else _HUB}


def found_again(given: str, run: Run) -> Path | None:
    """Where a file or folder is that a run was given; None where it is nowhere.

    Looked for as the run folder lies to it, then where it was, then from the present working folder, as runs of former
    versions need it. Whether it still holds what was scored is not looked at here.
    """
    return next((path for path in _places(given, run) if os.path.exists(path)), None)  # noqa: PTH110 - no error for odd names


def _places(given: str, run: Run) -> Iterator[Path]:
    places: Mapping[str, str] = run.settings.get("places") or {}
    if _WORKING in places and _RUN in places:
        was = os.path.normpath(Path(places[_WORKING]) / given)
        if run.folder is not None and Path(was).anchor == Path(places[_RUN]).anchor:
            yield Path(os.path.normpath(run.folder.absolute() / os.path.relpath(was, places[_RUN])))
        yield Path(was)
    yield Path(given)


def iter_pictures(run: Run, split: str, ids: Container[str]) -> Iterator[tuple[Sample, dict[str, Prediction | None]]]:
    """Samples of a split that have one of the ids, with each editor's prediction, from where the run found them.

    Raises:
        DatasetError, PredictionError, FileNotFoundError: they are not there any more.
    """
    records = {name: record[split] for name, record in run.settings["editors"].items() if split in record}
    editors = {
        name: read_predictions(found_again(record["predictions"], run) or record["predictions"], name, record["column"])
        for name, record in records.items()
    }
    data, revision = _data(run), run.settings["dataset"]["revision"]
    # A report shows some dozens of what may be a million: only these are read whole.
    names = read_columns(data, split, ("id",), revision)
    for place in [place for place, row in enumerate(names) if row["id"] in ids]:
        for sample in read_dataset(data, split, revision, range(place, place + 1)):
            yield sample, {name: found.predictions.get(sample.id) for name, found in editors.items()}


def _data(run: Run) -> Path | str:
    """The dataset's folder or repository."""
    given, kind = run.settings["dataset"]["path"], (run.settings.get("places") or {}).get(_DATA)
    found = None if kind == _HUB else found_again(given, run)
    if found is None and kind == _LOCAL:
        looked = " or ".join(dict.fromkeys(printable_path(path.absolute()) for path in _places(given, run)))
        raise FileNotFoundError(f"the dataset's folder {printable_path(given)} is not there any more; looked for at {looked}")
    return found or given
