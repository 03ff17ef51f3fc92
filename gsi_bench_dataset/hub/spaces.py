"""The two Spaces of this project as files to publish: the metric for `evaluate.load`, and the Gradio app.

Their files lie in folders of the packages that own them; those packages are found, not imported.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

from gsi_bench_dataset.hub.published_folders import require_own_files
from gsi_bench_dataset.safety.files import read_text
from gsi_bench_dataset.version import __version__

__all__ = ["SpaceError", "app_files", "metric_files"]

_METRIC = ("gsi_bench_metric", "hf/metric_space")
_APP_FILES = ("app.py", "README.md", "requirements.txt")
_CALLED = ("gsi_bench_dataset", "gsi_bench_metric")  # what the app imports beside its own package
_LEFT_OUT = {"__pycache__", "node_modules", "build", "dist"}
_NAME = "gsi_bench"
_MAX_REQUIREMENTS = 2**20


class SpaceError(ValueError):
    """A Space that cannot be published as asked."""


def metric_files(repo_id: str, requirement: str | None = None) -> dict[str, Path | bytes]:
    """The metric's Space: the script that `evaluate` loads, requirements, a page.

    Args:
        repo_id: `ORG/gsi_bench`: `evaluate` looks for a script that is named as the repository is.
        requirement: what pip is to install; default this version.

    Raises:
        SpaceError: another name.
    """
    organisation, _, name = repo_id.partition("/")
    if name != _NAME:
        raise SpaceError(f"{repo_id}: evaluate.load looks for {name}.py there; name the repository {organisation}/{_NAME}")
    folder = _package(_METRIC[0]) / _METRIC[1]
    values = {
        "{{repo}}": repo_id,
        "{{version}}": __version__,
        "{{requirement}}": requirement or f"gsi-bench=={__version__}",
    }
    # `.in`: templates, so that no tool takes them for modules of this package
    return {path.relative_to(folder).as_posix().removesuffix(".in"): _filled(path, values) for path in _files(folder)}


def app_files(folder: Path | None = None) -> dict[str, Path | bytes]:
    """The Gradio app's Space: everything of its folder but caches and hidden files, and the packages that it calls.

    These go along as they are installed here, unless the app's requirements name gsi-bench themselves.

    Args:
        folder: the app's folder; default the one that the installed package `gsi_bench_space` lies in.

    Raises:
        SpaceError: it holds no app.
        HubError: a link in it leads out of it, or something is no file.
        FileProblemError: its requirements are no text.
    """
    folder = _package("gsi_bench_space").parent if folder is None else folder
    lacking = [name for name in _APP_FILES if not (folder / name).is_file()]
    if lacking:
        raise SpaceError(
            f"{folder}: expected a Space with {', '.join(_APP_FILES)}, {', '.join(lacking)} not there; give the app's folder: "
            "gsi-bench push space_app --space ORG/NAME"
        )
    paths = _files(folder)
    require_own_files(folder, paths)
    files: dict[str, Path | bytes] = {path.relative_to(folder).as_posix(): path for path in paths}
    if not re.search(r"^gsi-bench\b", read_text(folder / "requirements.txt", _MAX_REQUIREMENTS), re.MULTILINE):
        for name in _CALLED:
            package = _package(name)
            files |= {f"{name}/{path.relative_to(package).as_posix()}": path for path in _files(package)}
    return files


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise SpaceError(f"the package {name} is not installed; pip install gsi-bench")
    return Path(spec.submodule_search_locations[0])


def _files(folder: Path) -> list[Path]:
    """What lies below a folder but folders, without caches and hidden ones."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_symlink() or not path.is_dir())
    return [p for p in paths if not any(part in _LEFT_OUT or part.startswith(".") for part in p.relative_to(folder).parts)]


def _filled(path: Path, values: dict[str, str]) -> bytes:
    text = path.read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(name, value)
    return text.encode()
