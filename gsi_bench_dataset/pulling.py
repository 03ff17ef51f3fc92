"""Fetching a published dataset into a folder: whole, checked, and from one commit."""

from __future__ import annotations

import dataclasses
import glob
import shutil
import tempfile
from pathlib import Path

from gsi_bench_dataset.folders import swap_in
from gsi_bench_dataset.hub import HubError, HubRef, explained
from gsi_bench_dataset.problems import summary_of
from gsi_bench_dataset.publish_plan import MANIFEST, content_of, read_manifest
from gsi_bench_dataset.shards import split_names

__all__ = ["Pulled", "pull_dataset"]


@dataclasses.dataclass(frozen=True)
class Pulled:
    """What a folder now holds. `checked`: files whose hash was compared with the list that `push` left."""

    commit: str
    files: int
    checked: int
    changed: bool


def pull_dataset(ref: HubRef, out: Path, *, overwrite: bool = False) -> Pulled:
    """Fetches card and shards of a repository to a folder; a pull that was stopped goes on where it was.

    The files are gathered beside the folder, checked, and take its place together. Asking for a branch gives the commit that
    it names now; the commit is in the answer, for papers.

    Args:
        ref: the repository, with a branch, tag or commit where one is meant.
        out: new or empty folder, or one that holds this dataset already.
        overwrite: another dataset that is there may be replaced.

    Raises:
        HubError: no such repository or revision, not reachable; it holds no dataset; files arrived damaged; `out` is in use.
    """
    import huggingface_hub  # noqa: PLC0415

    out = Path(out).resolve()
    if out.exists() and not out.is_dir():
        raise HubError(f"{out}: expected a folder, found a file; choose another place")
    in_use = out.is_dir() and any(out.iterdir())
    if in_use and not split_names(out):
        raise HubError(f"{out}: expected a dataset, a new or an empty folder, found other files; choose another place")
    with explained(ref):
        info = huggingface_hub.HfApi().dataset_info(ref.repo_id, revision=ref.revision)
        commit = str(info.sha)
        names = [sibling.rfilename for sibling in info.siblings or []]
        if not any(name.startswith("data/") and name.endswith(".parquet") for name in names):
            raise HubError(f"{ref}: holds no data/*.parquet; official archives are fetched with gsi-bench import {ref}")
        staging = out.with_name(f".{out.name}-pull-{commit[:12]}")
        huggingface_hub.snapshot_download(
            ref.repo_id,
            repo_type="dataset",
            revision=commit,
            local_dir=staging,
            allow_patterns=["README.md", "LICENSE*", "data/*.parquet", MANIFEST],
        )
    shutil.rmtree(staging / ".cache", ignore_errors=True)  # the client's notes on what it had fetched
    checked = _check(staging, ref)
    files = sum(path.is_file() for path in staging.rglob("*"))
    if in_use and _same_files(staging, out):
        shutil.rmtree(staging)
        return Pulled(commit, files, checked, changed=False)
    if in_use and not overwrite:
        raise HubError(f"{out}: holds another dataset; choose another place, or replace it with --overwrite")
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as scratch:
        swap_in(staging, out, Path(scratch) / "old")
    for unfinished in out.parent.glob(f".{glob.escape(out.name)}-pull-*"):  # of commits that the branch named before
        shutil.rmtree(unfinished, ignore_errors=True)
    return Pulled(commit, files, checked, changed=True)


def _check(folder: Path, ref: HubRef) -> int:
    """Compares files with the list that `push` left; a repository of somebody else has none."""
    if not (folder / MANIFEST).is_file():
        return 0
    listed = read_manifest((folder / MANIFEST).read_text(encoding="utf-8"))
    problems = []
    for path, expected in sorted(listed.items()):
        if not (folder / path).is_file():
            problems.append(f"{path}: missing in the repository")
        elif not content_of(folder / path).equals(expected):
            (folder / path).unlink()  # so that the next pull fetches it again
            problems.append(f"{path}: expected {expected.size} bytes with SHA-256 {expected.sha256[:16]}…, found others")
    if problems:
        advice = "changed after the push, or damaged on the way; run the command again, or pull another revision"
        raise HubError(summary_of(f"{ref}: {advice}", problems))
    return len(listed)


def _same_files(one: Path, other: Path) -> bool:
    """Whether card and shards are equal, byte for byte."""

    def contents(folder: Path) -> dict[str, str]:
        paths = [folder / "README.md", *(folder / "data").glob("*.parquet")]
        return {p.relative_to(folder).as_posix(): content_of(p).sha256 for p in paths if p.is_file()}

    return contents(one) == contents(other)
