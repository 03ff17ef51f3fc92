"""A published bundle on disk or on the Hub: where its parts are, and which are not there.

<split>_dataset/                       source images and edit JSONs
generated_images_<split>/              the editor's images
<editor>/<split>_eval/                 *_eval_results.json, *_eval_stats.json, infer_cache.json
predictions_infer_2000_<judge>_<split>_<editor>.json
agg_results/                           EVAL_output_*.json
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from gsi_bench_dataset.remote.client import explained, parse_ref
from gsi_bench_dataset.safety import files
from gsi_bench_dataset.safety.files import FileProblemError
from gsi_bench_dataset.safety.system import system_problem
from gsi_bench_metric.protocols.official.results import MODES
from gsi_bench_metric.reproduce.published import Published

__all__ = ["Bundle", "BundleError", "open_bundle", "read_json"]

_PICTURES = {".png", ".jpg", ".jpeg"}


class BundleError(ValueError):
    """A bundle, or a part of it, that is not there or cannot be read."""


@dataclasses.dataclass(frozen=True)
class Bundle:
    """The parts of a bundle. A part that is asked for and not there is a `BundleError` that names it."""

    root: Path
    published: Published

    @property
    def dataset(self) -> Path:
        """Source images and edit JSONs, a folder or a zip."""
        name = f"{self.published.split}_dataset"
        folder = self.root / name
        return folder if folder.is_dir() else self._there(self.root / f"{name}.zip", f"{name}/")

    @property
    def pictures(self) -> Path:
        """The editor's images."""
        name = f"generated_images_{self.published.split}"
        return self._there(self.root / name, f"{name}/")

    @property
    def detections(self) -> Path:
        """What the detector found, in every image."""
        return self._there(self._results / "infer_cache.json")

    @property
    def judgements(self) -> Path:
        """What the judge said."""
        pattern = f"predictions_infer_2000_*_{self.published.split}_{self.published.editor}.json"
        found = sorted(self.root.glob(pattern))
        if len(found) != 1:
            names = ", ".join(path.name for path in found) or "none"
            raise BundleError(f"expected one {pattern} in {self.root}, found {names}")
        return found[0]

    def results(self, mode: str) -> dict[str, dict[str, Any]]:
        """The published results of one of the reference's modes by key."""
        path = self._there(self._results / f"{mode}_eval_results.json")
        content = read_json(path)
        if not isinstance(content, dict) or not all(map(_is_result, content.values())):
            raise BundleError(f"{path}: expected an object of results by key, each an object; download the bundle again")
        return content

    def table(self, name: str) -> Any:
        """The editor's entry of one of the published tables, `EVAL_output_<name>.json`."""
        content = read_json(self._there(self.root / "agg_results" / f"EVAL_output_{name}.json"))
        try:
            return content[self.published.split][self.published.editor]
        except (KeyError, TypeError) as error:
            where = f"{self.published.split} and {self.published.editor}"
            raise BundleError(f"agg_results/EVAL_output_{name}.json: no entry of {where}") from error

    def inventory(self) -> list[str]:
        """What is not there or not as many as published, in words."""
        lacking = []
        for part in ("dataset", "pictures", "detections", "judgements"):
            try:
                getattr(self, part)
            except BundleError as error:
                lacking.append(str(error))
        for mode in MODES:
            path = self._results / f"{mode}_eval_results.json"
            if not path.is_file():
                lacking.append(f"no {path.relative_to(self.root)}")
        return lacking + self._counts()

    @property
    def _results(self) -> Path:
        return self.root / self.published.editor / f"{self.published.split}_eval"

    def _counts(self) -> list[str]:
        made, edits = self.root / f"generated_images_{self.published.split}", self.root / f"{self.published.split}_dataset"
        counted = []
        if made.is_dir():
            number = sum(path.suffix.lower() in _PICTURES for path in made.iterdir())
            counted.append((made.name, number, self.published.edits, "images"))
        if edits.is_dir():
            paths = list(edits.iterdir())
            sources = sum(path.suffix.lower() in _PICTURES and "edit_" not in path.name for path in paths)
            counted.append((edits.name, sources, self.published.sources, "source images"))
            number = sum(path.suffix == ".json" for path in paths)
            counted.append((edits.name, number, self.published.edits, "edit JSONs"))
        return [f"{name}/: {n} {what}, {wanted} were published" for name, n, wanted, what in counted if n != wanted]

    def _there(self, path: Path, name: str | None = None) -> Path:
        if not path.exists():
            raise BundleError(f"no {name or path.relative_to(self.root)} in {self.root}")
        return path


def _is_result(row: Any) -> bool:
    """Whether something may be the reference's result of an edit: its numbers are numbers, or not known."""
    if not isinstance(row, dict):
        return False
    numbers = (row.get(name) for name in ("compliance", "edit_score", "ssim", "lpips"))
    return all(number is None or isinstance(number, (int, float)) for number in numbers)


def open_bundle(where: str, published: Published, revision: str | None = None) -> Bundle:
    """A bundle in a folder (or in the only folder of one), else in a dataset repository, which is downloaded.

    Raises:
        BundleError: neither, or nothing of a bundle in it.
        HubError: no such repository, or not reachable.
    """
    root = Path(where)
    if not root.is_dir():
        root = _fetch(where, published, revision)
    parts = {f"{published.split}_dataset", f"{published.split}_dataset.zip", published.editor, "agg_results"}
    places = [root, *sorted(path for path in root.glob("*") if path.is_dir())]
    # A folder of a part's name is that part, not a bundle: the split's folder may be called as the editor is.
    found = [p for p in places if sum((p / part).exists() for part in parts) > 0 and (p == root or p.name not in parts)]
    if not found:
        raise BundleError(f"{where}: no bundle in it; expected {', '.join(sorted(parts))} and judgements, as it was published")
    return Bundle(found[0], published)


def _fetch(where: str, published: Published, revision: str | None) -> Path:
    import huggingface_hub  # noqa: PLC0415

    ref = parse_ref(where)
    if ref is None:
        raise BundleError(f"{where}: neither a folder nor a dataset repository such as ORG/NAME@REVISION")
    wanted = [f"{published.split}_dataset*", f"generated_images_{published.split}", published.editor, "agg_results"]
    patterns = [f"*{name}/*" for name in wanted] + ["*predictions_infer_*.json", f"*{published.split}_dataset.zip"]
    with explained(ref):
        revision = revision or ref.revision
        folder = huggingface_hub.snapshot_download(ref.repo_id, repo_type="dataset", revision=revision, allow_patterns=patterns)
    return Path(folder)


def read_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
        BundleError: it is none.
    """
    try:
        return files.read_json(path)
    except (OSError, FileProblemError) as error:
        raise BundleError(str(system_problem(error) or error)) from error
